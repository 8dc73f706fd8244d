//! The matrix keeps its states in folders. Here a run with its state in PostgreSQL fails and dies at each point of that
//! store, first in an empty database and then in a used one.

use std::collections::BTreeSet;

use djogi_cluster::failpoint::{FAILPOINTS, Mode};
use e2e::{Output, Project, servers};
use failpoints::{await_the_end_of_sessions, djogi};

const BEFORE: &str = "CREATE TABLE goods (id bigint PRIMARY KEY);";
const AFTER: &str =
    "CREATE TABLE goods (id bigint PRIMARY KEY, name text); CREATE INDEX goods_name ON goods (name);";
const APPLY: &[&str] = &["apply", "--auto-approve"];

fn run(project: &Project, arguments: &[&str], points: &str) -> Output {
    let mut command = project.command_of(djogi(), arguments);
    let signals = project.root().join("signals");
    std::fs::create_dir_all(&signals).unwrap();
    command.env("DJOGI_FAILPOINTS", points).env("DJOGI_FAILPOINTS_DIR", &signals);
    command.env("DJOGI_FAILPOINTS_TRACE", signals.join("trace"));
    command.output().unwrap().into()
}

/// What a pipeline finds the next time: no folder, and the state in the database.
fn is_finished_by_the_next(project: &Project, case: &str) {
    std::fs::remove_dir_all(project.root().join(".djogi")).ok();
    await_the_end_of_sessions(project);
    let again = run(project, APPLY, "");
    assert_eq!(again.code, Some(0), "{case}: {again}");
    run(project, &["plan", "--detailed-exitcode"], "").ok().says(&["Nothing to do."]);
    let history = run(project, &["history", "--json"], "").ok().json();
    let serials =
        history["history"].as_array().unwrap().iter().map(|entry| entry["serial"].as_u64().unwrap());
    let serials: BTreeSet<u64> = serials.collect();
    assert_eq!(serials, (1..=serials.len() as u64).collect(), "{case}");
}

#[test]
fn a_run_that_is_disturbed_in_its_store_is_finished_by_the_next() {
    let points = FAILPOINTS.iter().filter(|point| point.name.starts_with("store_postgres."));
    let mut reached = BTreeSet::new();
    for (number, point) in points.enumerate() {
        for mode in [Mode::Error, Mode::Kill].into_iter().filter(|mode| point.modes.contains(mode)) {
            let server = &servers()[number % servers().len()];
            let mut project = Project::declaring(server, BEFORE);
            project.set_target("destructive = \"allow\"");
            project.configure_more("[state]\nbackend = \"postgres\"\n");
            for (declared, hit) in [(BEFORE, 1), (AFTER, 1), (BEFORE, 2)] {
                project.declare(declared);
                let case = format!("{}={}@{hit}", point.name, mode.as_str());
                let disturbed = run(&project, APPLY, &case);
                match (mode, disturbed.code) {
                    // It did not come by so often.
                    (_, Some(0)) => continue,
                    (Mode::Error, Some(1 | 5)) => {
                        assert!(disturbed.all().contains(point.name), "{disturbed}");
                    }
                    (Mode::Kill, None) => {}
                    _ => panic!("{case}: {disturbed}"),
                }
                reached.insert(point.name);
                is_finished_by_the_next(&project, &case);
                project.matches(declared);
            }
        }
    }
    let all = FAILPOINTS.iter().map(|point| point.name).filter(|name| name.starts_with("store_postgres."));
    assert_eq!(reached, all.collect());
}

/// The points between the commit of a group and the next write of the store.
const AFTER_COMMIT: [&str; 3] = ["group.after_commit", "apply.before_checkpoint", "apply.between_groups"];

#[test]
fn a_run_that_dies_after_the_commit_of_a_group_has_moved_the_state_with_it() {
    for server in servers() {
        for (point, hit) in AFTER_COMMIT.iter().flat_map(|point| [(point, 1), (point, 2)]) {
            let project = {
                let mut project = Project::declaring(server, BEFORE);
                project.configure_more("[state]\nbackend = \"postgres\"\n");
                run(&project, APPLY, "").ok();
                project.declare(AFTER);
                project
            };
            let online = [APPLY, &["--online", "always"]].concat();
            let case = format!("{point}=kill@{hit}");
            assert_eq!(run(&project, &online, &case).code, None, "{case}");
            let state =
                "SELECT convert_from(document, 'UTF8')::jsonb #>> '{targets,main,last_op}' FROM djogi.state";
            let ledger = "SELECT op_id FROM djogi.op ORDER BY epoch DESC, group_no DESC LIMIT 1";
            assert_eq!(project.database().value(state), project.database().value(ledger), "{case}");
            is_finished_by_the_next(&project, &case);
            project.matches(AFTER);
        }
    }
}
