//! Rows of statements outside transactions, reached by killing the client, or the server process that it leaves behind.

use std::process::Child;

use e2e::{Project, Server, eventually, on_each_server};

use super::plant::{pending, remembered, sidecars};
use super::stop::no_session_left;

const TABLE: &str = "CREATE TABLE goods (id integer PRIMARY KEY, a integer);";
const INDEX: &str = "CREATE TABLE goods (id integer PRIMARY KEY, a integer); CREATE INDEX by_a ON goods (a);";
const APPLY: &[&str] = &["apply", "--auto-approve", "--online", "always"];

/// An apply from `before` to `after` that waits, in a concurrent statement, for a reader.
fn behind_a_reader(server: &'static Server, before: &str, after: &str) -> (Project, Child, postgres::Client) {
    let project = Project::declaring(server, before);
    project.apply();
    project.database().run("INSERT INTO goods SELECT n, n FROM generate_series(1, 1000) AS n");
    project.declare(after);
    let mut reader = project.database().connect();
    // A build waits for snapshots of the past, a drop for locks.
    reader.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM goods LIMIT 1").unwrap();
    let pid: i32 = reader.query_one("SELECT pg_backend_pid()", &[]).unwrap().get(0);
    let apply = project.start(APPLY);
    let waits = format!(
        "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
          WHERE l.locktype = 'virtualxid' AND NOT l.granted AND a.datname = current_database()
            AND a.application_name LIKE 'djogi/%' AND {pid} = ANY (pg_blocking_pids(l.pid))"
    );
    eventually("the apply waits for the reader", || project.database().value(&waits) == "1");
    (project, apply, reader)
}

fn kill(mut apply: Child) {
    apply.kill().unwrap();
    apply.wait().unwrap();
}

fn terminate_backends(project: &Project) {
    project.database().run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND application_name LIKE 'djogi/%'",
    );
    no_session_left(project);
}

#[test]
fn a_killed_client_whose_server_process_builds_on_is_waited_for_and_then_recorded() {
    on_each_server(|server| {
        let (project, apply, mut reader) = behind_a_reader(server, TABLE, INDEX);
        assert_eq!(sidecars(&project), 2, "one of the run, one of the statement");
        kill(apply);
        // The server process builds on, and has the lock.
        assert!(pending(&project).contains(&"I3".to_owned()), "{:?}", pending(&project));
        project.run(&["plan"]).ok().says(&["is still working"]);
        let refused = project.run(&[APPLY, &["--lock-timeout", "0s"]].concat()).expect(4);
        refused.says(&["locked by tester@e2e", "CREATE INDEX CONCURRENTLY"]);
        reader.batch_execute("COMMIT").unwrap();
        no_session_left(&project);
        project.run(APPLY).ok();
        assert!(remembered(&project).contains(&"I2".to_owned()), "{:?}", remembered(&project));
        assert_eq!(sidecars(&project), 0);
        project.is_converged();
        project.matches(INDEX);
    });
}

#[test]
fn a_build_whose_server_process_died_too_is_cleared_away_and_done_again() {
    on_each_server(|server| {
        let (project, apply, mut reader) = behind_a_reader(server, TABLE, INDEX);
        kill(apply);
        terminate_backends(&project);
        reader.batch_execute("COMMIT").unwrap();
        let invalid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'by_a'::regclass";
        assert_eq!(project.database().value(invalid), "f");
        assert!(pending(&project).contains(&"I4".to_owned()), "{:?}", pending(&project));
        project.run(APPLY).ok();
        assert!(remembered(&project).contains(&"I4".to_owned()), "{:?}", remembered(&project));
        assert_eq!(sidecars(&project), 0);
        project.is_converged();
        project.matches(INDEX);
    });
}

#[test]
fn a_build_that_loses_its_server_process_is_finished_by_the_next_apply() {
    on_each_server(|server| {
        let (project, apply, mut reader) = behind_a_reader(server, TABLE, INDEX);
        terminate_backends(&project);
        let output: e2e::Output = apply.wait_with_output().unwrap().into();
        output.expect(1);
        reader.batch_execute("COMMIT").unwrap();
        project.run(APPLY).ok();
        assert_eq!(sidecars(&project), 0);
        project.is_converged();
        project.matches(INDEX);
    });
}

#[test]
fn a_drop_that_was_killed_is_finished() {
    on_each_server(|server| {
        let (project, apply, mut reader) = behind_a_reader(server, INDEX, TABLE);
        kill(apply);
        terminate_backends(&project);
        reader.batch_execute("COMMIT").unwrap();
        assert!(pending(&project).contains(&"X3".to_owned()), "{:?}", pending(&project));
        project.run(APPLY).ok();
        assert!(remembered(&project).contains(&"X3".to_owned()), "{:?}", remembered(&project));
        assert_eq!(sidecars(&project), 0);
        project.is_converged();
        project.matches(TABLE);
    });
}

#[test]
fn an_interrupted_build_leaves_nothing() {
    on_each_server(|server| {
        let (project, apply, mut reader) = behind_a_reader(server, TABLE, INDEX);
        rustix::process::kill_process(rustix::process::Pid::from_child(&apply), rustix::process::Signal::INT)
            .unwrap();
        // What is left of the build can only be dropped behind the reader.
        reader.batch_execute("COMMIT").unwrap();
        let output: e2e::Output = apply.wait_with_output().unwrap().into();
        output.expect(130);
        project.run(APPLY).ok();
        assert_eq!(sidecars(&project), 0);
        project.is_converged();
        project.matches(INDEX);
    });
}

#[test]
fn g5_a_run_that_another_one_has_overtaken_writes_nothing_more() {
    on_each_server(|server| {
        let after = &format!("{INDEX} CREATE TABLE more (id integer PRIMARY KEY);");
        let (project, apply, mut reader) = behind_a_reader(server, TABLE, after);
        let files = project.files();
        let ledger = "SELECT count(*), max(epoch) FROM djogi.op";
        let rows = project.database().rows(ledger);
        // As a run does that has got the lock, which only a proxy in between could have given away.
        project.database().run("UPDATE djogi.lease SET epoch = epoch + 1");
        reader.batch_execute("COMMIT").unwrap();
        let output: e2e::Output = apply.wait_with_output().unwrap().into();
        output.expect(5).says(&["error[fenced]", "taken over", "djogi status"]);
        assert_eq!((project.files(), project.database().rows(ledger)), (files, rows));
        // What it has done meanwhile is found by the next run.
        project.run(APPLY).ok();
        assert!(remembered(&project).contains(&"I2".to_owned()), "{:?}", remembered(&project));
        assert_eq!(sidecars(&project), 0);
        project.is_converged();
        project.matches(after);
    });
}
