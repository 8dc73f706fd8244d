CREATE TYPE mood AS ENUM ('sad', 'so so', 'happy');
CREATE SEQUENCE numbers AS bigint MAXVALUE 1000 CYCLE;
CREATE SCHEMA app;
CREATE TABLE app.people (id bigserial PRIMARY KEY, mood mood[] NOT NULL DEFAULT '{happy}');
CREATE TABLE people (id integer PRIMARY KEY DEFAULT nextval('numbers'), mood mood);
