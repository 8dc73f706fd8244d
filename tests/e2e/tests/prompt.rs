//! The question that apply asks, at a terminal.

use e2e::{AtTerminal, Project, servers};

const EMBEDDED: &str = "[cluster]\nname = \"shop\"\n\n[models]\ncatalog = \"catalog.json\"\n";

/// A project with an applied table on the embedded server, and a second one declared.
fn asked() -> (Project, AtTerminal) {
    let project = Project::declaring(&servers()[0], "CREATE TABLE t (id bigint PRIMARY KEY);");
    project.write("djogi.toml", EMBEDDED);
    project.apply();
    project.declare("CREATE TABLE t (id bigint PRIMARY KEY); CREATE TABLE u (id bigint);");
    let mut apply = AtTerminal::start(&project.command(&["apply"]));
    apply.wait_for("Only `yes` is taken: ");
    (project, apply)
}

fn is_running(project: &Project) -> bool {
    project.run(&["db", "status", "--json"]).ok().json()["running"] == true
}

#[test]
fn interrupted_it_leaves_everything_as_it_was() {
    let (project, mut apply) = asked();
    let state = project.read(".djogi/state.json");
    assert!(is_running(&project));
    apply.type_in("\x03");
    let said = apply.ends_with(130);
    assert!(said.contains("interrupted before anything was changed"), "{said}");
    assert_eq!(project.read(".djogi/state.json"), state);
    assert!(!is_running(&project));
    project.run(&["plan"]).ok().says(&["Plan: 1 to create."]);
    project.run(&["db", "reset", "--auto-approve"]).ok();
}

#[test]
fn only_yes_is_taken() {
    let (project, mut apply) = asked();
    let state = project.read(".djogi/state.json");
    apply.type_in("y\n");
    apply.ends_with(1);
    assert_eq!(project.read(".djogi/state.json"), state);
    let mut apply = AtTerminal::start(&project.command(&["apply"]));
    apply.wait_for("Only `yes` is taken: ");
    apply.type_in("yes\n");
    apply.ends_with(0);
    project.is_converged();
    assert!(!is_running(&project));
    project.run(&["db", "reset", "--auto-approve"]).ok();
}
