CREATE TYPE e AS ENUM ('b', 'c');
CREATE TYPE c AS (s e, n int);
CREATE TABLE t (s c, a e[]);
