CREATE SCHEMA app;
CREATE FUNCTION app.slug(t text, sep text DEFAULT '-') RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT replace(lower(t), ' ', sep) $$;
CREATE TABLE app.topics (id bigint PRIMARY KEY, title text NOT NULL, slug text GENERATED ALWAYS AS (app.slug(title)) STORED, score numeric(8,3) DEFAULT 0);
CREATE INDEX topics_slug ON app.topics (slug);
CREATE UNIQUE INDEX topics_fn ON app.topics (app.slug(title, '_'));
CREATE VIEW app.v AS SELECT slug, count(*) AS n, max(score) AS best FROM app.topics GROUP BY slug;
CREATE MATERIALIZED VIEW app.mv AS SELECT * FROM app.v;
CREATE UNIQUE INDEX mv_slug ON app.mv (slug);
