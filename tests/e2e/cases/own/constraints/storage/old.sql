CREATE TABLE t (a integer, b integer, PRIMARY KEY (a) WITH (fillfactor = 70, deduplicate_items = off), UNIQUE (b));
CREATE INDEX t_b ON t (b) WITH (deduplicate_items = off, fillfactor = 60);
