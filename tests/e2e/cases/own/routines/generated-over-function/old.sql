CREATE SCHEMA app;
CREATE FUNCTION app.slug(t text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT lower(t) $$;
CREATE TABLE app.topics (id int PRIMARY KEY, title varchar(100) NOT NULL, slug text GENERATED ALWAYS AS (app.slug(title::text)) STORED, score numeric(6,2) DEFAULT 0);
CREATE INDEX topics_slug ON app.topics (slug);
CREATE UNIQUE INDEX topics_fn ON app.topics (app.slug(title::text));
CREATE VIEW app.v AS SELECT slug, count(*) AS n FROM app.topics GROUP BY slug;
CREATE MATERIALIZED VIEW app.mv AS SELECT * FROM app.v;
CREATE UNIQUE INDEX mv_slug ON app.mv (slug);
