CREATE TABLE t (a bigint, b bigint GENERATED ALWAYS AS (a * 3) STORED, c text, d text GENERATED ALWAYS AS (c || 'y') STORED, tsv tsvector GENERATED ALWAYS AS (setweight(to_tsvector('simple', coalesce(d2, '')), 'A')) STORED, d2 varchar(100));
CREATE INDEX ON t USING gin (tsv);
ALTER TABLE t ADD CONSTRAINT bck CHECK (b > 0), ADD UNIQUE (b);
CREATE VIEW v AS SELECT b, d FROM t;
CREATE TABLE r (b bigint REFERENCES t (b));
