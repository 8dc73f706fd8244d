CREATE TYPE e AS ENUM ('a', 'b');
CREATE TABLE t (s e DEFAULT 'a', x int);
CREATE POLICY p ON t USING (s = 'a');

