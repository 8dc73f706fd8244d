CREATE DOMAIN email AS text CHECK (VALUE ~ '@');
CREATE DOMAIN work_email AS email NOT NULL;
CREATE TABLE t (e email, w work_email DEFAULT 'a@b', a email[]);
CREATE INDEX i ON t (lower(e));
CREATE FUNCTION f(email) RETURNS work_email LANGUAGE sql AS 'SELECT $1::work_email';
CREATE VIEW v AS SELECT e::text, w FROM t;
