//! A state in the target's own database moves with each group, in its transaction.

use djogi_cluster::connect::ConnectParameters;
use djogi_cluster::identity::{Actor, RunId};
use djogi_cluster::state::{Content, PostgresStore, Store, WrittenBy, publish};
use djogi_core::Digest;
use e2e::{Database, Project, Server, on_each_server};

use super::plant::pending;
use super::stop::{apply_until, die};

const BEFORE: &str = "CREATE TYPE mood AS ENUM ('good'); CREATE TABLE goods (id integer PRIMARY KEY);";
/// A new label is committed before anything may use it, so it has a group of its own.
const AFTER: &str = "CREATE TYPE mood AS ENUM ('good', 'bad'); CREATE TABLE goods (id integer PRIMARY KEY);
    CREATE TABLE stop_here (id integer PRIMARY KEY);";
const IN_TARGET: &str = "[state]\nbackend = \"postgres\"\n";

fn project(server: &'static Server, state: &str) -> Project {
    let mut project = Project::declaring(server, BEFORE);
    project.configure_more(state);
    project.set_target("lock_timeout = \"60s\"\nlock_budget = \"0s\"");
    project.apply();
    project.declare(AFTER);
    project
}

/// The group that the state row knows last, and the one that the ledger has last.
fn last_groups(project: &Project) -> (String, String) {
    let state = "SELECT convert_from(document, 'UTF8')::jsonb #>> '{targets,main,last_op}' FROM djogi.state";
    let ledger = "SELECT op_id FROM djogi.op ORDER BY epoch DESC, group_no DESC LIMIT 1";
    (project.database().value(state), project.database().value(ledger))
}

#[test]
fn a_run_that_dies_after_a_commit_leaves_nothing_to_record() {
    on_each_server(|server| {
        let project = project(server, IN_TARGET);
        let before = last_groups(&project);
        let (apply, holder) = apply_until(&project, "stop_here");
        let (state, ledger) = last_groups(&project);
        assert_ne!(ledger, before.1, "the first group is committed");
        assert_eq!(state, ledger);
        die(&project, apply, holder);
        assert_eq!(last_groups(&project), (ledger.clone(), ledger));
        // Nothing has to be rolled forward, and the label is known.
        assert_eq!(pending(&project), ["T1"]);
        project.run(&["show", "enum.main.public.mood"]).ok().says(&["'bad'", "applied"]);
        project.apply();
        project.is_converged();
        project.matches(AFTER);
    });
}

/// Publishes another revision of the state.
fn publish_elsewhere(project: &Project) {
    let parameters: ConnectParameters = project.database().url().parse().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = PostgresStore::new(parameters, "e2e");
        let base = store.read().await.unwrap();
        let state = base.state.clone().unwrap();
        let content = Content { config_digest: Some(Digest::of_bytes(b"elsewhere")), ..state.content };
        let written_by = WrittenBy::now(Actor::new("other@e2e").unwrap(), RunId::generate());
        publish(&store, &base, state.lineage, content, written_by).await.unwrap();
    });
}

#[test]
fn a_group_whose_state_was_moved_by_somebody_else_is_not_committed() {
    on_each_server(|server| {
        let project = project(server, IN_TARGET);
        let (apply, mut holder) = apply_until(&project, "stop_here");
        let ledger = last_groups(&project).1;
        // As a writer does that has another target of the same state.
        publish_elsewhere(&project);
        holder.batch_execute("SELECT pg_advisory_unlock(4711)").unwrap();
        let output: e2e::Output = apply.wait_with_output().unwrap().into();
        output.expect(5).says(&["has moved"]);
        project.database().run("DROP EVENT TRIGGER wait");
        assert_eq!(project.database().value("SELECT to_regclass('stop_here') IS NULL"), "t");
        assert_eq!(last_groups(&project), (ledger.clone(), ledger));
        project.apply();
        project.is_converged();
        project.matches(AFTER);
    });
}

#[test]
fn a_group_that_fails_leaves_the_state_at_the_one_before() {
    on_each_server(|server| {
        let project = project(server, IN_TARGET);
        project.database().run(
            "CREATE FUNCTION fail() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
                 IF current_query() LIKE '%stop_here%' THEN RAISE 'no'; END IF; END $$;
             CREATE EVENT TRIGGER fail ON ddl_command_end EXECUTE FUNCTION fail();",
        );
        project.run(&["apply", "--auto-approve"]).expect(1);
        let (state, ledger) = last_groups(&project);
        assert_eq!(state, ledger);
        project.run(&["show", "enum.main.public.mood"]).ok().says(&["'bad'"]);
        project.database().run("DROP EVENT TRIGGER fail; DROP FUNCTION fail()");
        project.apply();
        project.is_converged();
    });
}

#[test]
fn a_concurrent_statement_moves_the_state_with_its_ledger_row() {
    on_each_server(|server| {
        let project = project(server, IN_TARGET);
        project.declare(&format!(
            "{BEFORE} CREATE INDEX by_id ON goods (id); CREATE TABLE stop_here (id integer);"
        ));
        let run = ["apply", "--auto-approve", "--online", "always"];
        project.run(&run).ok();
        let (state, ledger) = last_groups(&project);
        assert_eq!(state, ledger);
        project.is_converged();
        let history = project.run(&["history", "--json"]).ok().json();
        let serials =
            history["history"].as_array().unwrap().iter().map(|entry| entry["serial"].as_u64().unwrap());
        let serials: Vec<u64> = serials.collect();
        assert_eq!(serials, (1..=serials.len() as u64).collect::<Vec<_>>());
    });
}

#[test]
fn of_several_targets_the_one_with_the_state_moves_it_with_what_the_others_have_done() {
    on_each_server(|server| {
        let other = Database::create(server);
        let mut project = project(server, IN_TARGET);
        project.configure_more("[target.other]\nurl = \"env:OTHER_URL\"\nschemas = [\"public\"]\n");
        project.set_variable("OTHER_URL", &other.url());
        let mut declared = project.declarations(AFTER);
        let by_hand = Database::create(server);
        by_hand.run("CREATE TABLE elsewhere (id integer PRIMARY KEY);");
        declared.resources.extend(e2e::declarations(&by_hand, "other", &["public"]).resources);
        project.declare_all(&declared);
        let (apply, holder) = apply_until(&project, "stop_here");
        die(&project, apply, holder);
        project.apply();
        let (state, ledger) = last_groups(&project);
        assert_eq!(state, ledger);
        assert_eq!(other.value("SELECT to_regclass('elsewhere') IS NOT NULL"), "t");
        project.is_converged();
    });
}
