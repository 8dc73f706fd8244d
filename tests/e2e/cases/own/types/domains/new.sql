CREATE EXTENSION citext;
CREATE DOMAIN email AS citext CHECK (VALUE ~ '@') CHECK (length(VALUE) < 200);
CREATE DOMAIN work_email AS email DEFAULT 'x@y';
CREATE TABLE t (e email NOT NULL, w work_email DEFAULT 'a@b', a email[]);
CREATE INDEX i ON t (lower(e::text));
CREATE FUNCTION f(email) RETURNS work_email LANGUAGE sql AS 'SELECT $1::work_email';
CREATE VIEW v AS SELECT e::text, w FROM t;
