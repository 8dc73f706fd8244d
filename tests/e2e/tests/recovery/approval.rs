//! Rows A1 and A2: approvals of work that was interrupted.

use e2e::{Project, Server, on_each_server};

use super::plant::{pending, remembered, sidecars};
use super::stop::{apply_until, die};

const BEFORE: &str =
    "CREATE TABLE part (id integer PRIMARY KEY); CREATE TABLE whole (id integer PRIMARY KEY);";
const AFTER: &str = "CREATE TABLE whole (id integer PRIMARY KEY);";
const PART: &str = "table.main.public.part";

/// A project whose table may be dropped, by an approval that nothing has spent.
fn approved(server: &'static Server) -> Project {
    let mut project = Project::declaring(server, BEFORE);
    project.set_target("destructive = \"approve\"");
    project.apply();
    project.declare(AFTER);
    project.run(&["approve", PART, "--reason", "not needed"]).ok();
    project
}

/// What `djogi approvals` says of the one that there is.
fn status(project: &Project) -> String {
    let listed = project.run(&["approvals", "--json"]).ok().json();
    listed["approvals"][0]["status"].as_str().unwrap().to_owned()
}

fn uses(project: &Project) -> String {
    project.database().value("SELECT count(*) FROM djogi.approval_use")
}

#[test]
fn a1_the_file_of_a_spent_approval_is_marked_and_nothing_is_authorised_again() {
    on_each_server(|server| {
        let project = approved(server);
        let file = std::fs::read_dir(project.root().join(".djogi/approvals")).unwrap();
        let file = file.map(|entry| entry.unwrap().path()).next().unwrap();
        let unspent = std::fs::read(&file).unwrap();
        project.apply();
        let spent = std::fs::read(&file).unwrap();
        let commands = [&["apply", "--auto-approve"][..], &["refresh"], &["import", "--all"]];
        for (done, command) in (1..).zip(commands) {
            // As a kill leaves it that comes before the file is marked.
            std::fs::write(&file, &unspent).unwrap();
            assert_eq!((pending(&project), status(&project)), (vec!["A1".to_owned()], "spent".to_owned()));
            project.run(&["plan", "--json"]).ok();
            project.run(command).ok();
            assert_eq!(std::fs::read(&file).unwrap(), spent);
            assert_eq!(remembered(&project), vec!["A1"; done]);
        }
        let op = project.database().value("SELECT op_id FROM djogi.approval_use");
        assert_eq!(project.state()["recoveries"][0]["op"], op.as_str());
        assert_eq!((pending(&project), uses(&project).as_str()), (Vec::new(), "1"));
        project.is_converged();
    });
}

#[test]
fn a2_an_approval_of_what_did_not_happen_stays_good_and_is_spent_by_the_next_apply() {
    on_each_server(|server| {
        let project = approved(server);
        let (apply, holder) = apply_until(&project, "DROP TABLE");
        die(&project, apply, holder);
        assert_eq!(pending(&project), ["T1", "A2"]);
        assert_eq!((status(&project).as_str(), uses(&project).as_str()), ("present", "0"));
        project.run(&["recover"]).ok().says(&["A2", "delete of `table.main.public.part`", "still good"]);
        project.apply();
        assert_eq!(remembered(&project), ["T1", "A2"]);
        assert_eq!((status(&project).as_str(), uses(&project).as_str()), ("spent", "1"));
        assert_eq!(sidecars(&project), 0);
        project.is_converged();
        project.matches(AFTER);
    });
}

#[test]
fn a2_an_approval_stays_good_only_while_nothing_it_is_bound_to_moves() {
    on_each_server(|server| {
        let project = approved(server);
        let (apply, holder) = apply_until(&project, "DROP TABLE");
        die(&project, apply, holder);
        project.database().run("ALTER TABLE part ADD note text");
        project.run(&["apply", "--auto-approve"]).expect(3).says(&["(T7)"]);
        project.run(&["refresh"]).ok();
        assert_eq!(status(&project), "stale");
        project.run(&["apply", "--auto-approve"]).expect(3).says(&["djogi approve"]);
        assert_eq!(uses(&project), "0");
    });
}
