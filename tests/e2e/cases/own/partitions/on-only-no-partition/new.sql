CREATE TABLE t (a integer NOT NULL, b integer) PARTITION BY LIST (a);
