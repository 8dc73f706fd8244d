CREATE FUNCTION same(integer, text) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT $1::text = $2';
CREATE FUNCTION turned(integer) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT -$1';
CREATE OPERATOR === (FUNCTION = same, LEFTARG = integer, RIGHTARG = text, RESTRICT = eqsel);
CREATE OPERATOR ~~~ (FUNCTION = turned, RIGHTARG = integer);
CREATE TABLE t (a integer CHECK (a === '1'), b integer);
