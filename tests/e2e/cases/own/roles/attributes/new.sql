CREATE ROLE pair_attributes_app NOLOGIN CREATEDB NOINHERIT;
ALTER ROLE pair_attributes_app SET work_mem TO '8MB';
CREATE ROLE pair_attributes_fresh CREATEROLE;
COMMENT ON ROLE pair_attributes_fresh IS 'new here';
CREATE TABLE t (id integer);
GRANT SELECT, INSERT ON t TO pair_attributes_app;
GRANT SELECT ON t TO pair_attributes_fresh;
