CREATE SCHEMA app;
CREATE FUNCTION app.on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'ddl %', tg_tag;
END $$;
CREATE EVENT TRIGGER pgrst_watch ON ddl_command_end EXECUTE FUNCTION app.on_ddl();
CREATE EVENT TRIGGER drops ON sql_drop WHEN TAG IN ('DROP TABLE') EXECUTE FUNCTION app.on_ddl();
COMMENT ON EVENT TRIGGER drops IS 'drops';
CREATE TABLE app.t (id serial PRIMARY KEY);
