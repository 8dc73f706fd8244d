//! Event triggers.

use e2e::{Project, on_each_server};

use super::{comes_and_goes, is_imported};

const FUNCTIONS: &str = "
    CREATE FUNCTION one() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN PERFORM 1; END';
    CREATE FUNCTION two() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN PERFORM 2; END';";

fn with_functions(states: &[&str]) -> Vec<String> {
    states.iter().map(|rest| format!("{FUNCTIONS}\n{rest}")).collect()
}

#[test]
fn event_triggers_of_all_forms() {
    let states = with_functions(&[
        "CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION one();",
        "CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION one();
         ALTER EVENT TRIGGER watch ENABLE ALWAYS; COMMENT ON EVENT TRIGGER watch IS 'it''s watching';",
        "CREATE EVENT TRIGGER watch ON ddl_command_start WHEN TAG IN ('CREATE TABLE', 'DROP TABLE')
             EXECUTE FUNCTION two();
         ALTER EVENT TRIGGER watch DISABLE;
         CREATE EVENT TRIGGER \"Rewrites\" ON table_rewrite EXECUTE FUNCTION one();
         ALTER EVENT TRIGGER \"Rewrites\" ENABLE REPLICA;",
        "CREATE EVENT TRIGGER watch ON sql_drop EXECUTE FUNCTION two();",
    ]);
    comes_and_goes(&states.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn an_event_trigger_goes_and_comes_with_its_function() {
    // The function becomes another one, and PostgreSQL cannot replace it.
    comes_and_goes(&[
        &format!("{FUNCTIONS} CREATE EVENT TRIGGER watch ON sql_drop EXECUTE FUNCTION one();"),
        "CREATE FUNCTION one() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
         CREATE FUNCTION two() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN PERFORM 2; END';
         CREATE EVENT TRIGGER watch ON sql_drop EXECUTE FUNCTION two();",
    ]);
}

#[test]
fn existing_ones_are_taken_over() {
    is_imported(&format!(
        "{FUNCTIONS} CREATE EVENT TRIGGER \"Ä b\" ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION one();"
    ));
}

#[test]
fn a_renamed_function_and_a_renamed_trigger_stay_what_they_are() {
    on_each_server(|server| {
        let project = Project::declaring(
            server,
            &format!("{FUNCTIONS} CREATE EVENT TRIGGER watch ON sql_drop EXECUTE FUNCTION one();"),
        );
        project.apply();
        let after =
            "CREATE FUNCTION first() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN PERFORM 1; END';
             CREATE FUNCTION two() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN PERFORM 2; END';
             CREATE EVENT TRIGGER guard ON sql_drop EXECUTE FUNCTION first();";
        project.declare_renamed(
            after,
            &[
                ("event_trigger.main.watch", "event_trigger.main.guard"),
                ("function.main.public.one()", "function.main.public.first()"),
            ],
        );
        project.run(&["plan"]).ok().says(&["Plan: 2 to rename"]);
        project.apply();
        project.is_converged();
        project.matches(after);
    });
}

/// One that refuses every table stands in the way of nothing that is declared beside it.
#[test]
fn a_strict_one_does_not_fire_for_its_own_plan() {
    const STRICT: &str = "
        CREATE EVENT TRIGGER strict ON ddl_command_start WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION refuse();
        COMMENT ON EVENT TRIGGER strict IS 'no tables by hand';
        CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'no tables here'; END $$;";
    on_each_server(|server| {
        let mut project = Project::new(server);
        project.set_target("destructive = \"allow\"");
        project.configure("[sql]\nfiles = [\"*.sql\"]\n");
        let scratch = server.url("postgres");
        let apply = || project.run(&["--scratch-url", &scratch, "apply", "--auto-approve"]).ok();
        project.write("a.sql", &format!("{STRICT} CREATE TABLE a ();"));
        project.write("b.sql", "CREATE TABLE b ();");
        apply();
        assert_eq!(project.database().refusal("CREATE TABLE by_hand ()").message(), "no tables here");

        // Asleep, it lets the next table through; awake again, it leaves that of its own plan alone.
        project.write("a.sql", &format!("{STRICT} CREATE TABLE a (); ALTER EVENT TRIGGER strict DISABLE;"));
        project.write("b.sql", "CREATE TABLE b (); CREATE TABLE c ();");
        apply();
        project.write("a.sql", &format!("{STRICT} CREATE TABLE a ();"));
        project.write("b.sql", "CREATE TABLE b (); CREATE TABLE c (); CREATE TABLE d ();");
        apply();
        project.write("a.sql", "CREATE TABLE a ();");
        project.write("b.sql", "CREATE TABLE e ();");
        apply();
        let planned = project.run(&["--scratch-url", &scratch, "plan"]).ok();
        planned.says(&["Nothing to do"]);
    });
}
