CREATE TABLE t (a integer NOT NULL, b integer CONSTRAINT given NOT NULL, c integer, d integer PRIMARY KEY);
CREATE TABLE source (x integer NOT NULL, y integer CONSTRAINT named NOT NULL);
CREATE TABLE copied (LIKE source);
CREATE DOMAIN d AS integer;
