CREATE FUNCTION compared(integer, integer) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT btint4cmp(abs($1), abs($2))';
CREATE FUNCTION below(integer, integer) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT abs($1) < abs($2)';
CREATE FUNCTION alike(integer, integer) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT abs($1) = abs($2)';
CREATE FUNCTION hashed(integer) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT hashint4(abs($1))';
CREATE OPERATOR |<| (FUNCTION = below, LEFTARG = integer, RIGHTARG = integer);
CREATE OPERATOR |=| (FUNCTION = alike, LEFTARG = integer, RIGHTARG = integer, COMMUTATOR = |=|);
CREATE OPERATOR FAMILY sizes USING btree;
ALTER OPERATOR FAMILY sizes USING btree ADD OPERATOR 3 = (integer, bigint), FUNCTION 1 (integer, bigint) btint48cmp(integer, bigint);
CREATE OPERATOR CLASS by_size FOR TYPE integer USING btree FAMILY sizes AS
    OPERATOR 1 |<|, OPERATOR 3 |=|, FUNCTION 1 compared(integer, integer);
CREATE OPERATOR CLASS by_hash FOR TYPE integer USING hash AS OPERATOR 1 |=|, FUNCTION 1 hashed(integer);
COMMENT ON OPERATOR CLASS by_hash USING hash IS 'sizes by hash';
CREATE TABLE t (a integer, EXCLUDE USING btree (a by_size WITH |=|));
CREATE INDEX t_a ON t (a by_size DESC);
CREATE INDEX t_h ON t USING hash (a by_hash);
