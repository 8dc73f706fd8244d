CREATE TABLE t (a integer NOT NULL, b integer) PARTITION BY LIST (a);
CREATE INDEX i ON ONLY t (b);
