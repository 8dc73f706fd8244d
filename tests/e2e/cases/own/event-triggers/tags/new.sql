CREATE SCHEMA audit;
CREATE FUNCTION audit.note() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE DEBUG '%', tg_event; END $$;
CREATE EVENT TRIGGER notes ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'DROP TABLE') EXECUTE FUNCTION audit.note();
COMMENT ON EVENT TRIGGER notes IS 'Who did what';
CREATE TABLE a (id bigint);
