//! A saved plan runs exactly its statements, once, or not at all.

use e2e::{Project, on_each_server};
use serde_json::Value;

const BEFORE: &str = "CREATE TABLE goods (id integer PRIMARY KEY, price integer);
    CREATE TABLE other (id integer PRIMARY KEY);";
const AFTER: &str = "CREATE TABLE goods (id integer PRIMARY KEY, price bigint, note text);
    CREATE TABLE other (id integer PRIMARY KEY);
    CREATE TABLE part (id integer PRIMARY KEY, goods integer REFERENCES goods);
    CREATE INDEX part_goods_idx ON part (goods);";

/// Writes every DDL statement of other sessions down.
const LISTEN: &str = "CREATE SCHEMA listener CREATE TABLE heard (number serial, statement text);
    CREATE FUNCTION listener.hear() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO listener.heard (statement) VALUES (current_query()); END $$;
    CREATE EVENT TRIGGER hear ON ddl_command_end EXECUTE FUNCTION listener.hear();";

/// A project that is as `BEFORE`, with a saved plan to `AFTER` in `saved.plan`.
fn with_a_saved_plan(server: &'static e2e::Server) -> Project {
    let project = Project::declaring(server, BEFORE);
    project.apply();
    project.declare(AFTER);
    project.run(&["plan", "--out", "saved.plan"]).ok().says(&["djogi apply", "saved.plan"]);
    project
}

fn statements(project: &Project) -> Vec<String> {
    let plan: Value = serde_json::from_str(&project.read("saved.plan")).unwrap();
    let groups = plan["groups"].as_array().unwrap().iter();
    let operations = groups.flat_map(|group| group["operations"].as_array().unwrap());
    operations.map(|operation| operation["sql"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_saved_plan_runs_exactly_its_statements_whatever_is_declared_by_now() {
    on_each_server(|server| {
        let project = with_a_saved_plan(server);
        project.database().run(LISTEN);
        project.declare("CREATE TABLE something_else (id integer);");
        let events = project.run(&["apply", "saved.plan", "--json"]).ok().json_lines();
        let started = events.iter().filter(|event| event["event"] == "operation_started");
        let told: Vec<&str> = started.map(|event| event["sql"].as_str().unwrap()).collect();
        assert_eq!(told, statements(&project));
        assert_eq!(project.database().column("SELECT statement FROM listener.heard ORDER BY number"), told);

        project.declare(AFTER);
        project.is_converged();
        project.matches(AFTER);
    });
}

#[test]
fn a_saved_plan_cannot_run_twice() {
    on_each_server(|server| {
        let project = with_a_saved_plan(server);
        project.run(&["apply", "saved.plan"]).ok();
        let files = project.files();
        project.run(&["apply", "saved.plan"]).expect(5).says(&["applied already"]);
        assert_eq!(project.files(), files);
        // Not even when everything is as it was before.
        project.database().run("DROP TABLE part; ALTER TABLE goods DROP note, ALTER price TYPE integer");
        project.run(&["apply", "saved.plan"]).expect(5).says(&["applied already"]);
    });
}

#[test]
fn a_plan_is_stale_when_what_it_touches_has_moved() {
    on_each_server(|server| {
        let moves = [
            ("ALTER TABLE goods ALTER price SET DEFAULT 1", "`table.main.public.goods` was changed"),
            ("CREATE TABLE part (x integer)", "`table.main.public.part` exists by now"),
            ("ALTER TABLE goods ADD note text", "`table.main.public.goods` was changed"),
            ("DROP TABLE goods", "`table.main.public.goods` is gone"),
        ];
        for (sql, said) in moves {
            let project = with_a_saved_plan(server);
            project.database().run(sql);
            let files = project.files();
            project.run(&["apply", "saved.plan"]).expect(5).says(&[said]);
            assert_eq!(project.files(), files, "a refused plan writes nothing");
        }
    });
}

#[test]
fn a_plan_is_not_stale_when_something_unrelated_has_moved() {
    on_each_server(|server| {
        let project = with_a_saved_plan(server);
        project.database().run("ALTER TABLE other ADD x integer; CREATE TABLE foreign_table (id integer)");
        // Another apply in between.
        project.declare(&format!("{BEFORE} CREATE TABLE third (id integer);"));
        project.run(&["apply", "--auto-approve", "--only", "table.main.public.third"]).ok();
        project.run(&["apply", "saved.plan"]).ok();
        let tables = "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class
                       WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'";
        assert_eq!(project.database().value(tables), "foreign_table goods other part third");
    });
}

#[test]
fn an_edited_plan_is_refused() {
    on_each_server(|server| {
        let project = with_a_saved_plan(server);
        project.write("saved.plan", &project.read("saved.plan").replace("bigint", "smallint"));
        project.run(&["apply", "saved.plan"]).expect(5).says(&["was edited or damaged"]);
    });
}
