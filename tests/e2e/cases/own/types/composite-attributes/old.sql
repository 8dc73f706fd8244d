CREATE TYPE c AS (s int, n int);
CREATE TABLE t (s c);
