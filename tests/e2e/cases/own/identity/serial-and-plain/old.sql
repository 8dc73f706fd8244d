CREATE SCHEMA app;
CREATE TABLE app.a (id serial PRIMARY KEY, n smallserial, x int);
CREATE TABLE app.b (id int GENERATED ALWAYS AS IDENTITY, n bigint NOT NULL);
CREATE TABLE app.c (id int NOT NULL);
CREATE SEQUENCE app.shared;
CREATE TABLE app.d (id int DEFAULT nextval('app.shared'), e int DEFAULT nextval('app.shared'));
GRANT USAGE ON SEQUENCE app.a_id_seq TO public;
COMMENT ON SEQUENCE app.a_id_seq IS 'ids';
