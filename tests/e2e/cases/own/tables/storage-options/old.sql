CREATE SCHEMA app;
CREATE TABLE app.t (a int, b text, c jsonb) WITH (fillfactor=80, autovacuum_enabled=false, toast.autovacuum_enabled=false);
ALTER TABLE app.t ALTER b SET STORAGE EXTERNAL, ALTER c SET COMPRESSION pglz, ALTER a SET STATISTICS 100, ALTER a SET (n_distinct=5);
CREATE INDEX i ON app.t USING gin (c jsonb_path_ops) WITH (fastupdate=off, gin_pending_list_limit=128);
CREATE INDEX br ON app.t USING brin (a) WITH (pages_per_range=16, autosummarize=on);
CREATE MATERIALIZED VIEW app.mv WITH (fillfactor=70) AS SELECT a FROM app.t WITH NO DATA;
CREATE UNLOGGED TABLE app.l (id int PRIMARY KEY);
CREATE UNLOGGED TABLE app.m (id int REFERENCES app.l);
ALTER TABLE app.t REPLICA IDENTITY FULL;
