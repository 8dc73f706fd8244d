//! The embedded server: kept, found, deleted, and never a trap.

use e2e::{Project, servers};

const CONFIG: &str = "[cluster]\nname = \"shop\"\n\n[models]\ncatalog = \"catalog.json\"\n";

/// A project without a url.
fn project() -> Project {
    let project = Project::declaring(&servers()[0], "CREATE TABLE t (id bigint PRIMARY KEY);");
    project.write("djogi.toml", CONFIG);
    project
}

/// Stops the server and deletes its data, which need not be below the project's folder, however the test ends.
struct Cleared<'a>(&'a Project);

impl Drop for Cleared<'_> {
    fn drop(&mut self) {
        self.0.run(&["db", "reset", "--auto-approve"]);
    }
}

#[test]
fn after_a_reset_everything_is_made_anew() {
    let project = project();
    let _cleared = Cleared(&project);
    project.apply();
    project.is_converged();
    project.run(&["db", "reset"]).expect(1).says(&["confirmation_needed", "--auto-approve"]);
    project.is_converged();
    project.run(&["db", "reset", "--auto-approve"]).ok();
    project.run(&["plan"]).ok().says(&["2 to create"]).never_says(&["behind djogi's back"]);
    project.apply();
    project.is_converged();
    assert_eq!(project.run(&["history", "--json"]).ok().json()["history"].as_array().map(Vec::len), Some(4));
}

#[test]
fn a_server_that_is_kept_serves_until_it_is_told_to_go_down() {
    let project = project();
    let _cleared = Cleared(&project);
    project.run(&["db", "url"]).expect(1).says(&["db_not_running", "djogi db up"]);
    project.run(&["db", "down"]).ok().says(&["not running"]);
    let url = project.run(&["db", "up"]).ok().stdout;
    assert_eq!(project.run(&["db", "url"]).ok().stdout, url);
    project.apply();
    project.is_converged();
    let status = project.run(&["db", "status", "--json"]).ok().json();
    assert_eq!((&status["running"], &status["kept"]), (&true.into(), &true.into()));
    assert_eq!(status["url"], url.trim());
    project.run(&["db", "down"]).ok().says(&["Stopped."]);
    assert_eq!(project.run(&["db", "status", "--json"]).ok().json()["running"], false);
    project.is_converged();
}

#[test]
fn a_target_with_a_url_has_no_embedded_server() {
    let project = Project::new(&servers()[0]);
    for action in ["up", "down", "url", "status", "reset"] {
        project.run(&["db", action]).expect(1).says(&["db_not_embedded"]);
    }
}
