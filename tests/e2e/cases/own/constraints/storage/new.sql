CREATE TABLE t (a integer, b integer, PRIMARY KEY (a) WITH (deduplicate_items = off, fillfactor = 70),
    UNIQUE (b) WITH (fillfactor = 50));
CREATE INDEX t_b ON t (b) WITH (fillfactor = 65, deduplicate_items = off);
