CREATE TYPE e AS ENUM ('b', 'c');
CREATE TABLE t (s e DEFAULT 'b', x int);
CREATE POLICY p ON t USING (s = 'b');
