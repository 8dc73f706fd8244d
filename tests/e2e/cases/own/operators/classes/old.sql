CREATE FUNCTION compared(integer, integer) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT btint4cmp(abs($1), abs($2))';
CREATE FUNCTION below(integer, integer) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT abs($1) < abs($2)';
CREATE FUNCTION alike(integer, integer) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT abs($1) = abs($2)';
CREATE OPERATOR |<| (FUNCTION = below, LEFTARG = integer, RIGHTARG = integer);
CREATE OPERATOR |=| (FUNCTION = alike, LEFTARG = integer, RIGHTARG = integer, COMMUTATOR = |=|);
CREATE OPERATOR FAMILY sizes USING btree;
CREATE TABLE t (a integer);
