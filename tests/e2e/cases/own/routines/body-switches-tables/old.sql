CREATE SCHEMA app;
CREATE DOMAIN app.code AS text NOT NULL;
CREATE TABLE app.log (c app.code);
CREATE FUNCTION app.n() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM app.log;
END;
CREATE VIEW app.nv AS SELECT app.n() AS n;
