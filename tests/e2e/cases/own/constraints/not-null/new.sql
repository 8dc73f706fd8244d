CREATE TABLE t (a integer CONSTRAINT chosen NOT NULL NO INHERIT, b integer NOT NULL, c integer, d integer NOT NULL);
ALTER TABLE t ADD CONSTRAINT later NOT NULL c NOT VALID;
COMMENT ON CONSTRAINT later ON t IS 'later';
CREATE TABLE source (x integer CONSTRAINT named NOT NULL, y integer);
CREATE TABLE copied (x integer NOT NULL, y integer NOT NULL);
CREATE DOMAIN d AS integer CONSTRAINT there NOT NULL;
