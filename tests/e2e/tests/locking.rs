//! At most one run makes effects on a target.

use std::io::{BufRead, BufReader};
use std::process::Child;

use e2e::{Output, Project, Server, eventually, installations, on_each_server};

const BEFORE: &str = "CREATE TABLE goods (id integer PRIMARY KEY);";
const AFTER: &str = "CREATE TABLE goods (id integer PRIMARY KEY, price integer);";

fn finish(child: Child) -> Output {
    child.wait_with_output().unwrap().into()
}

/// A project with an apply to `AFTER` that waits for a table that the session given back has locked.
fn with_a_waiting_apply(server: &'static Server) -> (Project, Child, postgres::Client) {
    let mut project = Project::declaring(server, BEFORE);
    project.set_target("lock_timeout = \"60s\"\nlock_budget = \"0s\"");
    project.apply();
    project.declare(AFTER);
    let mut blocker = project.database().connect();
    blocker.batch_execute("BEGIN; LOCK TABLE goods IN ACCESS SHARE MODE").unwrap();
    let apply = project.start(&["apply", "--auto-approve", "--as", "anna@desk"]);
    let waits = "SELECT count(*) FROM pg_locks WHERE relation = 'goods'::regclass AND NOT granted";
    eventually("the apply waits", || project.database().value(waits) == "1");
    (project, apply, blocker)
}

#[test]
fn a_second_apply_exits_with_4_and_names_the_holder() {
    on_each_server(|server| {
        let (project, first, mut blocker) = with_a_waiting_apply(server);
        let files = project.files();
        project.run(&["apply", "--auto-approve"]).expect(4).says(&["locked by anna@desk", "djogi apply"]);
        assert_eq!(project.files(), files);
        project.run(&["status"]).ok().says(&["locked by anna@desk"]);
        // Read-only commands need no lock.
        project.run(&["plan"]).ok();
        blocker.batch_execute("COMMIT").unwrap();
        finish(first).ok();
        project.is_converged();
    });
}

#[test]
fn a_second_apply_waits_as_long_as_it_is_told_to() {
    on_each_server(|server| {
        let (project, first, mut blocker) = with_a_waiting_apply(server);
        project.run(&["apply", "--auto-approve", "--lock-timeout", "50ms"]).expect(4);
        let mut second = project.start(&["apply", "--auto-approve", "--json", "--lock-timeout", "60s"]);
        let mut lines = BufReader::new(second.stdout.take().unwrap()).lines().map(Result::unwrap);
        assert!(lines.any(|line| line.contains("lock_waiting") && line.contains("anna@desk")));
        blocker.batch_execute("COMMIT").unwrap();
        finish(first).ok();
        let last: serde_json::Value = serde_json::from_str(&lines.last().unwrap()).unwrap();
        assert_eq!((&last["outcome"], &last["applied"]), (&"converged".into(), &0.into()), "{last}");
        finish(second).ok();
        project.is_converged();
    });
}

#[test]
fn racing_applies_do_the_work_once() {
    on_each_server(|server| {
        let project = Project::declaring(server, BEFORE);
        let racers: Vec<Child> = (0..4)
            .map(|_| project.start(&["apply", "--auto-approve", "--json", "--lock-timeout", "60s"]))
            .collect();
        let applied: u64 = racers
            .into_iter()
            .map(|racer| finish(racer).ok().json_lines().last().unwrap()["applied"].as_u64().unwrap())
            .sum();
        assert_eq!(applied, 2, "the table and its key, once");
        project.is_converged();
    });
}

#[test]
fn a_table_that_stays_locked_costs_its_group_and_nothing_else() {
    on_each_server(|server| {
        let mut project = Project::declaring(server, BEFORE);
        project.set_target("lock_timeout = \"100ms\"\nlock_budget = \"0s\"");
        project.apply();
        project.declare(&format!("{AFTER} CREATE TABLE other (id integer);"));
        // Busy tables are worked on in groups of their own.
        project.database().run("INSERT INTO goods SELECT generate_series(1, 20000); ANALYZE goods");
        let mut blocker = project.database().connect();
        blocker.batch_execute("BEGIN; LOCK TABLE goods IN ACCESS SHARE MODE").unwrap();
        project.run(&["apply", "--auto-approve"]).expect(1).says(&["55P03", "goods"]);
        assert_eq!(project.database().value("SELECT count(*) FROM other"), "0");
        blocker.batch_execute("COMMIT").unwrap();
        project.apply();
        project.is_converged();
    });
}

/// On a server where nobody else writes, so that nothing is looked at twice, and two tables that are groups of their own.
fn waiting_for_the_first_of_two(server: &'static Server) -> (Project, Child, postgres::Client) {
    let mut project = Project::declaring(server, "CREATE TABLE a (id integer); CREATE TABLE b (id integer);");
    project.set_target("lock_timeout = \"60s\"\nlock_budget = \"0s\"");
    project.apply();
    let database = project.database();
    database.run("INSERT INTO a SELECT generate_series(1, 10000); INSERT INTO b SELECT id FROM a");
    database.run("ANALYZE a, b");
    project.declare("CREATE TABLE a (id integer, n integer); CREATE TABLE b (id integer, n integer);");
    let plan = project.run(&["plan", "--json"]).ok().json();
    assert_eq!(plan["groups"].as_array().unwrap().len(), 2, "{plan:#}");
    let mut blocker = project.database().connect();
    blocker.batch_execute("BEGIN; LOCK TABLE a IN ACCESS SHARE MODE").unwrap();
    let apply = project.start(&["apply", "--auto-approve"]);
    let waits = "SELECT count(*) FROM pg_locks WHERE relation = 'a'::regclass AND NOT granted";
    eventually("the apply waits", || project.database().value(waits) == "1");
    (project, apply, blocker)
}

#[test]
fn what_somebody_changes_while_a_group_waits_for_its_lock_is_noticed() {
    for installation in installations() {
        let server = Server::alone(installation);
        // By the very session that is waited for, so that the lock and the change come together.
        let (project, apply, mut blocker) = waiting_for_the_first_of_two(server);
        blocker.batch_execute("ALTER TABLE a ALTER id SET DEFAULT 1; COMMIT").unwrap();
        finish(apply).expect(5).says(&["`table.main.public.a` was changed"]);
        assert_eq!(project.database().value("SELECT count(*) FROM pg_attribute WHERE attname = 'n'"), "0");

        // Elsewhere, where the next group comes by.
        let (project, apply, mut blocker) = waiting_for_the_first_of_two(server);
        project.database().run("ALTER TABLE b ALTER id SET DEFAULT 1");
        blocker.batch_execute("COMMIT").unwrap();
        finish(apply).expect(5).says(&["`table.main.public.b` was changed"]);
        // The group before is done, and recorded.
        let state = project.state()["targets"]["main"]["resources"].clone();
        assert_eq!(state["table.main.public.a"]["status"], "applied", "{state:#}");
        // What was planned for `b` no longer fits, and waits until somebody has looked.
        project.run(&["refresh"]).ok();
        project.apply();
        project.is_converged();
    }
}

#[test]
fn groups_that_nobody_disturbs_are_all_recorded() {
    for installation in installations() {
        let (project, apply, mut blocker) = waiting_for_the_first_of_two(Server::alone(installation));
        blocker.batch_execute("COMMIT").unwrap();
        finish(apply).ok();
        project.is_converged();
        project.matches("CREATE TABLE a (id integer, n integer); CREATE TABLE b (id integer, n integer);");
        let ops =
            project.database().value("SELECT op_id FROM djogi.op ORDER BY epoch DESC, group_no DESC LIMIT 1");
        assert_eq!(project.state()["targets"]["main"]["last_op"], ops.as_str());
    }
}
