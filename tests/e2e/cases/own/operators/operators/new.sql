CREATE FUNCTION same(integer, text) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT $1::text = $2';
CREATE FUNCTION same(text, integer) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT $1 = $2::text';
CREATE FUNCTION other(integer, text) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT $1::text <> $2';
CREATE OPERATOR === (FUNCTION = same, LEFTARG = integer, RIGHTARG = text, COMMUTATOR = ===, NEGATOR = <>,
    JOIN = eqjoinsel, HASHES);
CREATE OPERATOR === (FUNCTION = same, LEFTARG = text, RIGHTARG = integer, COMMUTATOR = ===);
CREATE OPERATOR <> (FUNCTION = other, LEFTARG = integer, RIGHTARG = text, NEGATOR = ===);
COMMENT ON OPERATOR <> (integer, text) IS 'not the same';
CREATE TABLE t (a integer, b integer CHECK (b === '1'));
CREATE INDEX t_a ON t ((a === '2'));
CREATE VIEW v AS SELECT a <> '3' AS differs FROM t;
