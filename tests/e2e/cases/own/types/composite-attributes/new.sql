CREATE TYPE c AS (s bigint, n int, m text);
CREATE TABLE t (s c);
