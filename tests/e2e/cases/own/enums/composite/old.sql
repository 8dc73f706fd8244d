CREATE TYPE e AS ENUM ('a', 'b');
CREATE TYPE c AS (s e, n int);
CREATE TABLE t (s c, a e[]);
