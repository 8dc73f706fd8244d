CREATE LANGUAGE plself HANDLER plpgsql_call_handler INLINE plpgsql_inline_handler VALIDATOR plpgsql_validator;
COMMENT ON LANGUAGE plself IS 'our own';
CREATE FUNCTION f() RETURNS integer LANGUAGE plself AS 'BEGIN RETURN 1; END';
CREATE TRANSFORM FOR integer LANGUAGE plself (FROM SQL WITH FUNCTION prsd_lextype(internal));
REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC;
