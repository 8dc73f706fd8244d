//! A state that is damaged, foreign or lost, and a database that does not belong to it, are refused by name.

use e2e::{Project, Server, fingerprint, on_each_server, servers};

const BEFORE: &str = "CREATE TABLE t (id bigint PRIMARY KEY, x text);";
const AFTER: &str = "CREATE TABLE t (id bigint PRIMARY KEY, x text, y text);";

const COMMANDS: [&[&str]; 4] = [&["plan"], &["apply", "--auto-approve"], &["refresh"], &["import", "--all"]];

fn server() -> &'static Server {
    &servers()[0]
}

/// A converged project that has something to do again.
fn with_work() -> Project {
    let project = Project::declaring(server(), BEFORE);
    project.apply();
    project.declare(AFTER);
    project
}

#[track_caller]
fn is_refused(project: &Project, parts: &[&str]) {
    let look = || (project.files(), fingerprint(project.database(), "public"));
    let before = look();
    for arguments in COMMANDS {
        project.run(arguments).expect(1).says(parts);
        assert!(look() == before, "{arguments:?} wrote something");
    }
}

#[test]
fn a_damaged_state_is_refused_with_the_way_back() {
    let project = with_work();
    let good = project.read(".djogi/state.json");
    let unknown_field = good.replacen("\"format\"", "\"wat\": 1, \"format\"", 1);
    let edited = good.replacen("\"serial\":2", "\"serial\":3", 1);
    assert_ne!(edited, good);
    for (text, code) in [
        ("", "state_empty"),
        (&good[..good.len() / 2], "state_torn"),
        (&edited, "state_altered"),
        (&unknown_field, "state_unknown_field"),
        (&"\0".repeat(64), "state_malformed"),
        (&"[".repeat(100_000), "state_invalid_value"),
    ] {
        project.write(".djogi/state.json", text);
        is_refused(&project, &[code, "state.json.backup"]);
        for arguments in [&["status"][..], &["show"], &["history"]] {
            project.run(arguments).expect(1).says(&[code]);
        }
    }
    project.write(".djogi/state.json", &good);
    project.apply();
    project.is_converged();
}

#[test]
fn the_way_back_from_a_damaged_state_leads_to_convergence() {
    let project = with_work();
    project.write(".djogi/state.json", "");
    project.run(&["plan"]).expect(1).says(&["state_empty"]);
    let backup = project.read(".djogi/state.json.backup");
    project.write(".djogi/state.json", &backup);
    project.run(&["refresh"]).ok();
    project.apply();
    project.is_converged();
    project.matches(AFTER);
}

#[test]
fn a_state_of_a_newer_djogi_is_left_to_it() {
    let project = with_work();
    let newer = project.read(".djogi/state.json").replace("djogi-state/1", "djogi-state/2");
    project.write(".djogi/state.json", &newer);
    is_refused(&project, &["state_newer", "djogi-state/2", "install the djogi"]);
}

#[test]
fn a_state_of_another_project_never_leads_to_a_plan() {
    let (project, other) = (with_work(), with_work());
    project.write(".djogi/state.json", &other.read(".djogi/state.json"));
    is_refused(&project, &["lineage_mismatch", other.database().name(), project.database().name()]);
}

#[test]
fn a_lost_state_is_no_new_project() {
    let project = with_work();
    std::fs::remove_file(project.root().join(".djogi/state.json")).expect("a state");
    let files = project.files();
    for arguments in [&["plan"][..], &["apply", "--auto-approve"], &["refresh", "--check"]] {
        let refused = project.run(arguments).expect(1);
        refused.says(&["lineage_mismatch", "holds no state", "djogi state push FILE", "djogi refresh"]);
    }
    assert!(project.files() == files, "something was written");
}

#[test]
fn a_database_that_was_made_anew_is_told_from_drift_and_healed_after_a_refresh() {
    let project = with_work();
    project.database().run("DROP SCHEMA djogi CASCADE; DROP TABLE t");
    for arguments in [&["plan"][..], &["apply", "--auto-approve"]] {
        project.run(arguments).expect(6).says(&[
            "catalog_regressed",
            "restored or made anew",
            "djogi refresh",
        ]);
    }
    project.run(&["refresh"]).ok().says(&["table.main.public.t is missing"]);
    project.apply();
    project.is_converged();
    project.matches(AFTER);
}

#[test]
fn an_apply_that_changes_one_object_keeps_whose_the_others_are() {
    on_each_server(|server| {
        let table = "CREATE TABLE goods (id integer PRIMARY KEY, name text);";
        let project = Project::declaring(server, table);
        project.apply();
        project.declare(&format!("{table} CREATE INDEX goods_name ON goods (name);"));
        project.apply();
        let state = project.state();
        let digest = state["targets"]["main"]["catalog"].as_str().unwrap().strip_prefix("sha256:").unwrap();
        let catalog: serde_json::Value =
            serde_json::from_str(&project.read(&format!(".djogi/catalogs/{digest}.json"))).unwrap();
        let resources = catalog["resources"].as_object().unwrap();
        assert_eq!(resources.len(), 3, "{catalog:#}");
        for (address, entry) in resources {
            assert!(entry["package"].is_string(), "{address}: {entry:#}");
        }
    });
}
