//! `djogi unlock`: shows who has the run lock, and ends a session that is to have it no longer.

use std::process::Child;

use e2e::{Output, Project, Server, eventually, on_each_server, servers};

const BEFORE: &str = "CREATE TABLE goods (id integer PRIMARY KEY);";
const AFTER: &str = "CREATE TABLE goods (id integer PRIMARY KEY, price integer);";

/// A project with an apply that waits for a table that the session given back has locked.
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
fn a_free_lock_is_nothing_to_remove() {
    let project = Project::declaring(&servers()[0], BEFORE);
    project.run(&["unlock"]).ok().says(&["Target `main` is not locked"]);
    project.apply();
    let files = project.files();
    project.run(&["unlock"]).ok().says(&["not locked", "`djogi apply` by tester@e2e"]);
    project.run(&["unlock", "--terminate", "--auto-approve"]).ok().says(&["not locked"]);
    let json = project.run(&["unlock", "--json"]).ok().json();
    assert_eq!(json["locks"][0]["locked"], false);
    assert_eq!(json["locks"][0]["last_holder"]["command"], "apply");
    assert!(project.files() == files, "unlock wrote something");
}

#[test]
fn the_holder_is_shown_and_left_alone_while_its_backend_lives() {
    on_each_server(|server| {
        let (project, apply, mut blocker) = with_a_waiting_apply(server);
        let process = format!("{} on", apply.id());
        project.run(&["unlock"]).expect(4).says(&[
            "Target `main` is locked by backend",
            "anna@desk",
            "djogi apply",
            "run ",
            "since",
            &process,
            "alive",
            "ends with this backend",
            "djogi unlock --terminate",
        ]);
        let json = project.run(&["unlock", "--json"]).expect(4).json();
        let lock = &json["locks"][0];
        assert_eq!((&lock["locked"], &lock["backend_alive"]), (&true.into(), &true.into()), "{json:#}");
        assert_eq!(lock["session"]["holder"]["actor"], "anna@desk");
        // Nobody can be asked, so nothing is ended.
        project.run(&["unlock", "--terminate"]).expect(1).says(&["confirmation_needed", "--auto-approve"]);
        blocker.batch_execute("COMMIT").unwrap();
        Output::from(apply.wait_with_output().unwrap()).ok();
        project.is_converged();
    });
}

#[test]
fn a_terminated_holder_loses_its_group_and_its_lock() {
    on_each_server(|server| {
        let (project, apply, mut blocker) = with_a_waiting_apply(server);
        project.run(&["unlock", "--terminate", "--auto-approve"]).ok().says(&["anna@desk", "Ended"]);
        // The lock is free when the command returns.
        project.run(&["unlock"]).ok().says(&["not locked"]);
        Output::from(apply.wait_with_output().unwrap()).expect(1);
        blocker.batch_execute("COMMIT").unwrap();
        project.apply();
        project.is_converged();
        project.matches(AFTER);
    });
}

#[test]
fn a_role_that_may_not_end_the_session_is_told_so() {
    let (mut project, apply, mut blocker) = with_a_waiting_apply(&servers()[0]);
    let role = format!("{}_reader", project.database().name());
    project.database().run(&format!("CREATE ROLE {role} LOGIN"));
    let url = project.database().url();
    project.set_variable("DATABASE_URL", &url.replace("user=postgres", &format!("user={role}")));
    project.run(&["unlock", "--terminate", "--auto-approve"]).expect(1).says(&["42501"]);
    project.set_variable("DATABASE_URL", &url);
    blocker.batch_execute("COMMIT").unwrap();
    Output::from(apply.wait_with_output().unwrap()).ok();
    project.database().run(&format!("DROP ROLE {role}"));
}
