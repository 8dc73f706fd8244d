//! Rows E1 to E3: labels of enums.

use e2e::{Project, Server, on_each_server};

use super::plant::{pending, remembered, sidecars};
use super::stop::{apply_until, die};

const BEFORE: &str = "CREATE TYPE mood AS ENUM ('bad', 'good');";
const AFTER: &str = "CREATE TYPE mood AS ENUM ('bad', 'stop_here', 'good');";

fn interrupted(server: &'static Server) -> Project {
    let project = Project::declaring(server, BEFORE);
    project.apply();
    project.declare(AFTER);
    let (apply, holder) = apply_until(&project, "stop_here");
    die(&project, apply, holder);
    project
}

#[test]
fn e1_labels_that_were_added_are_recorded() {
    on_each_server(|server| {
        let project = interrupted(server);
        let op = project.read(&sidecar(&project));
        let op: serde_json::Value = serde_json::from_str(&op).unwrap();
        let group = &op["groups"][0];
        // The commit, as the server would have done it a moment later.
        project.database().run(&format!(
            "ALTER TYPE mood ADD VALUE 'stop_here' BEFORE 'good';
             INSERT INTO djogi.op (op_id, run_id, target, epoch, group_no, kind, addresses)
             VALUES ('{}', '{}', 'main', {}, 1, 'group', ARRAY['enum.main.public.mood'])",
            group["op_id"].as_str().unwrap(),
            op["run_id"].as_str().unwrap(),
            op["epoch"]
        ));
        assert_eq!(pending(&project), ["T2"], "recover knows no declarations");
        project.apply();
        assert_eq!((remembered(&project), sidecars(&project)), (vec!["E1".to_owned()], 0));
        project.is_converged();
        project.matches(AFTER);
    });
}

#[test]
fn e2_labels_that_were_not_added_are_planned_again() {
    on_each_server(|server| {
        let project = interrupted(server);
        project.apply();
        assert_eq!((remembered(&project), sidecars(&project)), (vec!["E2".to_owned()], 0));
        project.is_converged();
        project.matches(AFTER);
    });
}

#[test]
fn e3_labels_in_another_order_block_until_refresh_takes_them() {
    on_each_server(|server| {
        let project = interrupted(server);
        project.database().run("ALTER TYPE mood ADD VALUE 'stop_here' AFTER 'good'");
        project.run(&["apply", "--auto-approve"]).expect(3).says(&["left work to finish first", "(E3)"]);
        assert_eq!(sidecars(&project), 1);
        project.run(&["refresh"]).ok();
        assert_eq!((remembered(&project), sidecars(&project)), (vec!["E3".to_owned()], 0));
        let there = "CREATE TYPE mood AS ENUM ('bad', 'good', 'stop_here');";
        project.declare(there);
        project.apply();
        project.is_converged();
        project.matches(there);
    });
}

/// The one sidecar of the project.
fn sidecar(project: &Project) -> String {
    let mut entries = std::fs::read_dir(project.root().join(".djogi/recovery")).unwrap();
    let entry = entries.next().unwrap().unwrap();
    format!(".djogi/recovery/{}", entry.file_name().to_string_lossy())
}
