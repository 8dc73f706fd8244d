//! `djogi state migrate`: a state goes to PostgreSQL and back with all of its history.

use e2e::{Database, Project, Server, eventually, on_each_server, servers};

const FIRST: &str = "CREATE TABLE goods (id bigint PRIMARY KEY);";
const SECOND: &str = "CREATE TABLE goods (id bigint PRIMARY KEY, name text);";
const THIRD: &str =
    "CREATE TABLE goods (id bigint PRIMARY KEY, name text); CREATE INDEX goods_name ON goods (name);";

const MODELS: &str = "[models]\ncatalog = \"catalog.json\"\n";
const IN_TARGET: &str = "[state]\nbackend = \"postgres\"\n";
const ELSEWHERE: &str = "[state]\nbackend = \"postgres\"\nurl = \"env:STATE_URL\"\n";

fn project(server: &'static Server) -> Project {
    let project = Project::declaring(server, FIRST);
    project.apply();
    project.declare(SECOND);
    project.apply();
    project
}

fn configure(project: &mut Project, state: &str) {
    project.configure(&format!("{MODELS}{state}"));
}

/// Everything that commands tell of the past, and the state byte for byte.
fn account(project: &Project) -> Vec<String> {
    let history = project.run(&["history", "--json"]).ok();
    let revisions = history.json()["history"].as_array().unwrap().clone();
    let shown = revisions.iter().map(|revision| {
        let serial = revision["serial"].to_string();
        project.run(&["show", "--revision", &serial, "--json"]).ok().stdout
    });
    let mut account: Vec<String> = shown.collect();
    account.push(history.stdout);
    account.push(project.run(&["state", "pull"]).ok().stdout);
    account
}

#[test]
fn a_state_goes_to_postgres_and_back_with_its_history() {
    on_each_server(|server| {
        let state = Database::create(server);
        let mut project = project(server);
        project.set_variable("STATE_URL", &state.url());
        project.run(&["state", "backup"]).ok();
        let before = account(&project);
        let serial = project.serial();

        let moved = project.run(&["state", "migrate", "--to", "postgres:env:STATE_URL"]).ok();
        moved.says(&[
            "backend = \"postgres\"",
            "url = \"env:STATE_URL\"",
            &format!(".djogi/migrated-{serial}"),
        ]);
        assert!(project.root().join(format!(".djogi/migrated-{serial}/state.json")).exists());
        assert!(!project.root().join(".djogi/state.json").exists());
        project.declare(THIRD);
        project.run(&["apply", "--auto-approve"]).expect(1).says(&["lineage_mismatch"]);
        project.declare(SECOND);

        configure(&mut project, ELSEWHERE);
        assert_eq!(account(&project), before);
        project.is_converged();
        assert_eq!(state.value("SELECT count(*) FROM djogi.state_backup"), "1");
        project.declare(THIRD);
        project.apply();
        project.is_converged();
        let later = account(&project);

        let back = project.run(&["state", "migrate", "--to", "local", "--json"]).ok().json();
        assert_eq!(back["config"], serde_json::json!(["[state]", "backend = \"local\""]));
        assert_eq!(back["missing_catalogs"], serde_json::json!([]));
        let kept = format!("e2e#migrated-{}", back["serial"]);
        assert_eq!(state.value("SELECT name FROM djogi.state"), kept);
        configure(&mut project, "");
        assert_eq!(account(&project), later);
        project.is_converged();
        project.matches(THIRD);
        assert!(project.serial() > serial);

        // And once more, to the target's own database.
        project.run(&["state", "migrate", "--to", "postgres"]).ok();
        configure(&mut project, IN_TARGET);
        assert_eq!(account(&project), later);
        project.is_converged();
    });
}

#[test]
fn a_state_does_not_move_onto_another_or_into_its_own_place() {
    let server = &servers()[0];
    let state = Database::create(server);
    let mut other = project(server);
    other.set_variable("STATE_URL", &state.url());
    other.run(&["state", "migrate", "--to", "postgres:env:STATE_URL"]).ok();
    let mut project = project(server);
    project.set_variable("STATE_URL", &state.url());
    let before = project.files();
    let theirs = state.value("SELECT digest FROM djogi.state");
    for (to, code) in [
        ("postgres:env:STATE_URL", "state_occupied"),
        ("local", "state_in_place"),
        ("s3", "usage"),
        ("postgres:env:NO_SUCH", "url_unresolved"),
    ] {
        project.run(&["state", "migrate", "--to", to]).expect(1).says(&[code]);
        assert!(project.files() == before, "{to} wrote something");
    }
    assert_eq!(state.value("SELECT digest FROM djogi.state"), theirs);
    project.is_converged();
}

#[test]
fn a_state_does_not_move_while_a_run_works_on_a_target() {
    let mut project = project(&servers()[0]);
    project.set_target("lock_timeout = \"60s\"\nlock_budget = \"0s\"");
    project.declare(THIRD);
    let mut blocker = project.database().connect();
    blocker.batch_execute("BEGIN; LOCK TABLE goods IN ROW EXCLUSIVE MODE").unwrap();
    let apply = project.start(&["apply", "--auto-approve"]);
    let waits = "SELECT count(*) FROM pg_locks WHERE relation = 'goods'::regclass AND NOT granted";
    eventually("the apply waits", || project.database().value(waits) == "1");
    let before = project.files();
    project.run(&["state", "migrate", "--to", "postgres"]).expect(4).says(&["locked"]);
    assert!(project.files() == before);
    blocker.batch_execute("COMMIT").unwrap();
    e2e::Output::from(apply.wait_with_output().unwrap()).ok();
    project.is_converged();
}

#[test]
fn a_move_that_was_interrupted_before_its_end_is_finished_by_the_next() {
    let server = &servers()[0];
    let mut project = project(server);
    let before = account(&project);
    let copy = project.read(".djogi/state.json");
    project.run(&["state", "migrate", "--to", "postgres"]).ok();
    // As if it had been killed before the source was put aside.
    let aside =
        format!(".djogi/migrated-{}", serde_json::from_str::<serde_json::Value>(&copy).unwrap()["serial"]);
    for name in ["state.json", "state.json.backup", "history", "catalogs"] {
        std::fs::rename(project.root().join(&aside).join(name), project.root().join(".djogi").join(name))
            .unwrap();
    }
    project.run(&["state", "migrate", "--to", "postgres"]).ok();
    configure(&mut project, IN_TARGET);
    assert_eq!(account(&project), before);
    project.is_converged();
}

#[test]
fn a_password_in_the_place_is_never_printed() {
    let server = &servers()[0];
    let project = project(server);
    project
        .run(&["state", "migrate", "--to", "postgres://u:hunter2@localhost:1/x"])
        .expect(1)
        .never_says(&["hunter2"]);
    let url = project.database().url();
    let moved = project.run(&["state", "migrate", "--to", &format!("postgres:{url}")]).ok();
    moved.says(&["url = \"env:STATE_URL\""]).never_says(&[&url]);
}
