CREATE SCHEMA app;
CREATE DOMAIN app.code AS varchar(10);
CREATE TABLE app.items (c app.code);
CREATE FUNCTION app.n() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM app.items;
END;
CREATE VIEW app.nv AS SELECT app.n() AS n;
