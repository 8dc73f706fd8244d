CREATE SCHEMA app;
CREATE TABLE app.a (id bigint PRIMARY KEY, v varchar(20), w int);
CREATE FUNCTION app.f(i bigint) RETURNS text LANGUAGE sql BEGIN ATOMIC SELECT v || w FROM app.a WHERE id = i;
END;
CREATE PROCEDURE app.p(i int, x text) LANGUAGE sql BEGIN ATOMIC INSERT INTO app.a VALUES (i, x, 1);
UPDATE app.a SET v = app.f(i) WHERE id = i;
END;
CREATE VIEW app.v AS SELECT id, app.f(id) AS fv FROM app.a;
CREATE TABLE app.b (id int, CHECK (app.f(id::bigint) IS NOT NULL));
