CREATE ROLE pair_attributes_app LOGIN CONNECTION LIMIT 5 VALID UNTIL '2040-01-31 10:00:00+00';
ALTER ROLE pair_attributes_app SET search_path TO app, "$user";
ALTER ROLE pair_attributes_app SET work_mem TO '4MB';
COMMENT ON ROLE pair_attributes_app IS 'what the application logs in as';
CREATE ROLE pair_attributes_gone NOLOGIN;
CREATE TABLE t (id integer);
GRANT SELECT ON t TO pair_attributes_app;
