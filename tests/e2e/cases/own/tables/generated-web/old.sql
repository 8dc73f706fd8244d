CREATE TABLE t (a int, b int GENERATED ALWAYS AS (a * 2) STORED, c int, d text GENERATED ALWAYS AS (c::text || 'x') STORED, tsv tsvector GENERATED ALWAYS AS (to_tsvector('english', coalesce(d2, ''))) STORED, d2 text);
CREATE INDEX ON t USING gin (tsv);
ALTER TABLE t ADD CONSTRAINT bck CHECK (b > 0), ADD UNIQUE (b);
CREATE VIEW v AS SELECT b, d FROM t;
CREATE TABLE r (b int REFERENCES t (b));
