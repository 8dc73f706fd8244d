//! A column gets another type by an expression of somebody's own.

use e2e::{Project, Server, on_each_server};

use super::{Client, leftovers};

const BEFORE: &str =
    "CREATE TABLE tickets (id integer PRIMARY KEY, state text DEFAULT 'new' NOT NULL, note text);
     CREATE INDEX tickets_state ON tickets (state);
     COMMENT ON COLUMN tickets.state IS 'a word, as of {now}, never $djogi$';";

fn after() -> String {
    BEFORE.replace("state text DEFAULT 'new'", "state smallint DEFAULT 1").replace("a word", "a number")
}

const RULE: &str = r#"
[live.tickets_state_type]
up = "(CASE state WHEN 'new' THEN 1 WHEN 'paid' THEN 2 END)::smallint"
down = "CASE state WHEN 1 THEN 'new' WHEN 2 THEN 'paid' END"
"#;

const NAME: &str = "tickets_state_type";
const FINALIZE: &[&str] = &["live", "finalize", NAME, "--auto-approve"];
const END: &[&str] = &["live", "finalize", NAME, "--auto-approve", "--now"];
const ABANDON: &[&str] = &["live", "abandon", NAME, "--auto-approve"];

const OLD_WRITES: &str = "INSERT INTO tickets (id, note) VALUES (nextval('ids'), 'x');
    UPDATE tickets SET state = 'paid' WHERE id % 97 = 1 AND state = 'new';
    UPDATE tickets SET state = 'new' WHERE id % 89 = 1 AND state = 'paid';
    UPDATE tickets SET note = 'y' WHERE id = currval('ids')";
const NEW_WRITES: &str = "INSERT INTO tickets (id, note) VALUES (nextval('ids'), 'z');
    UPDATE tickets SET state = 2 WHERE id % 97 = 1 AND state = 1;
    UPDATE tickets SET state = 1 WHERE id % 89 = 1 AND state = 2;
    UPDATE tickets SET note = 'y' WHERE id = currval('ids')";

fn project(server: &'static Server, rule: &str) -> Project {
    let mut project = Project::declaring(server, BEFORE);
    project.apply();
    project.database().run(
        "INSERT INTO tickets SELECT n, CASE WHEN n % 3 = 0 THEN 'paid' ELSE 'new' END FROM generate_series(1, 12000) AS n;
         CREATE SEQUENCE ids START 100000; ANALYZE",
    );
    project.configure_more(rule);
    project.declare(&after());
    project
}

#[test]
fn values_become_others_while_old_and_new_programs_write() {
    on_each_server(|server| {
        let project = project(server, RULE);
        let database = project.database();
        project
            .run(&["plan", "--json"])
            .ok()
            .says(&["a write fails whose value of state cannot become one of smallint"]);
        let client = Client::running(database, OLD_WRITES);
        project.apply();
        client.finish();
        let differ = "SELECT count(*) FROM tickets
            WHERE state__djogi_new IS DISTINCT FROM (CASE state WHEN 'new' THEN 1 WHEN 'paid' THEN 2 END)";
        assert_eq!(database.value(differ), "0");
        project.run(FINALIZE).ok();
        let client = Client::running(database, NEW_WRITES);
        project.run(&["plan"]).ok().says(&["djogi live finalize tickets_state_type"]);
        client.finish();
        let differ = "SELECT count(*) FROM tickets
            WHERE state__djogi_old IS DISTINCT FROM CASE state WHEN 1 THEN 'new' WHEN 2 THEN 'paid' END";
        assert_eq!(database.value(differ), "0");
        project.run(END).ok();
        assert_eq!(leftovers(database), [""; 0]);
        database.run("DROP SEQUENCE ids");
        project.is_converged();
        project.matches(&after());
    });
}

#[test]
fn the_way_back_is_by_the_other_expression() {
    on_each_server(|server| {
        let project = project(server, RULE);
        let database = project.database();
        project.apply();
        project.run(FINALIZE).ok();
        database.run("INSERT INTO tickets (id, state) VALUES (-1, 2), (-2, DEFAULT)");
        project.run(ABANDON).ok();
        assert_eq!(
            database.column("SELECT state FROM tickets WHERE id IN (-1, -2, 1, 3) ORDER BY id"),
            ["new", "paid", "new", "paid"]
        );
        assert_eq!(leftovers(database), [""; 0]);
        database.run("DROP SEQUENCE ids");
        project.declare(BEFORE);
        project.is_converged();
        project.matches(BEFORE);
    });
}

#[test]
fn without_the_other_expression_there_is_no_way_back_from_the_cutover() {
    on_each_server(|server| {
        let project = project(server, &RULE[..RULE.find("down").unwrap()]);
        project.apply();
        project.run(&["plan"]).ok().says(&["there is no way back"]);
        project.run(ABANDON).ok();
        assert_eq!(leftovers(project.database()), [""; 0]);
    });
}

#[test]
fn a_small_table_is_converted_at_once() {
    on_each_server(|server| {
        let mut project = project(server, RULE);
        project.set_target("destructive = \"allow\"");
        let database = project.database();
        database.run("DELETE FROM tickets WHERE id > 100");
        database.run("VACUUM ANALYZE tickets");
        project
            .run(&["plan", "--format", "sql"])
            .ok()
            .says(&["ALTER COLUMN state TYPE smallint USING ((CASE state WHEN 'new'"])
            .never_says(&["live.main"]);
        project.apply();
        assert_eq!(database.column("SELECT DISTINCT state FROM tickets ORDER BY 1"), ["1", "2"]);
        database.run("DROP SEQUENCE ids");
        project.is_converged();
        project.matches(&after());
    });
}

#[test]
fn what_cannot_be_an_expression_is_refused_by_the_plan() {
    on_each_server(|server| {
        for (up, said, code) in [
            ("nowhere", "does not take nowhere for it", 3),
            ("state", "state is of another type: cast it", 3),
            (
                "1::smallint)) AS one (v) LIMIT 1) IS NULL; DROP TABLE tickets; SELECT (SELECT v FROM (VALUES (1), (1",
                "cannot insert multiple commands",
                3,
            ),
            ("count(state)::smallint", "aggregate functions are not allowed", 3),
            ("(CASE note WHEN 'x' THEN 1 END)::smallint", "names note, whose writes would go unseen", 7),
        ] {
            let rule = format!("\n[live.tickets_state_type]\nup = {up:?}\n");
            let project = project(server, &rule);
            project.run(&["plan", "--json"]).ok().says(&[said]).never_says(&["live.main"]);
            project.run(&["apply", "--auto-approve"]).expect(code);
        }
    });
}

#[test]
fn what_is_said_otherwise_meanwhile_is_a_question() {
    on_each_server(|server| {
        let project = project(server, RULE);
        project.apply();
        let begun = project.read("djogi.toml");
        project.write("djogi.toml", &begun.replace("'paid' THEN 2", "'paid' THEN 3"));
        project.run(&["plan"]).ok().says(&["it was begun with up = ", "THEN 3", "djogi live abandon"]);
        project.run(FINALIZE).expect(1);
        project.write("djogi.toml", &begun);
        project.run(FINALIZE).ok();
    });
}

#[test]
fn a_slip_in_the_configuration_is_named() {
    on_each_server(|server| {
        for (rule, said) in [
            (
                "[live.tickets_state_type]\ndown = \"state\"\n",
                "`down` is the way back from `up`, which is missing",
            ),
            ("[live.tickets_state_type]\nbackfill = \"1\"\n", "belongs to <table>_<column>_fill"),
            ("[live.tickets_state_fill]\nup = \"1\"\n", "belong to <table>_<column>_type"),
            ("[live.tickets_stat_type]\nup = \"1\"\n", "is about no live migration"),
        ] {
            project(server, rule).run(&["plan"]).expect(1).says(&[said]);
        }
    });
}
