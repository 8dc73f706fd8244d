CREATE SCHEMA app;
CREATE TABLE app.t (a int, b text, c jsonb) WITH (autovacuum_vacuum_scale_factor=0.01, toast.autovacuum_vacuum_threshold=10);
ALTER TABLE app.t ALTER b SET STORAGE MAIN, ALTER c SET COMPRESSION default, ALTER a SET (n_distinct_inherited=-0.5);
CREATE INDEX i ON app.t USING gin (c) WITH (fastupdate=on);
CREATE INDEX br ON app.t USING brin (a int4_minmax_multi_ops) WITH (pages_per_range=32);
CREATE MATERIALIZED VIEW app.mv AS SELECT a, b FROM app.t;
CREATE TABLE app.l (id int PRIMARY KEY);
CREATE TABLE app.m (id int REFERENCES app.l);
ALTER TABLE app.l REPLICA IDENTITY USING INDEX l_pkey;
