CREATE TABLE t (s text NOT NULL DEFAULT 'a' CHECK (s IN ('a', 'b')), a text[]);
CREATE INDEX i ON t (s) WHERE s = 'a';
CREATE FUNCTION f(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1::text';
CREATE VIEW v AS SELECT f(s) FROM t;
