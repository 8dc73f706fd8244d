//! Rows X1 to X3, planted: DROP INDEX CONCURRENTLY.

use djogi_cluster::state::OutsideOperation;
use e2e::{Project, Server, on_each_server};

use super::plant::{oid, pending, plant, remembered, sidecars, statement};

const TABLE: &str = "CREATE TABLE goods (id integer PRIMARY KEY, a integer);";
const INDEX: &str = "CREATE TABLE goods (id integer PRIMARY KEY, a integer); CREATE INDEX by_a ON goods (a);";
const ADDRESS: &str = "index.main.public.by_a";

/// A project whose index is not declared any more, with the sidecar of its interrupted drop.
fn interrupted(server: &'static Server) -> Project {
    let project = Project::declaring(server, INDEX);
    project.apply();
    project.declare(TABLE);
    let mut sidecar = statement(&project, OutsideOperation::IndexDrop, ADDRESS);
    sidecar.before_oids = [
        ("table.main.public.goods".parse().unwrap(), oid(&project, "goods")),
        (ADDRESS.parse().unwrap(), oid(&project, "by_a")),
    ]
    .into();
    plant(&project, &sidecar);
    project
}

#[track_caller]
fn is_over(project: &Project, row: &str) {
    project.apply();
    assert_eq!((remembered(project), sidecars(project)), (vec![row.to_owned()], 0));
    assert!(project.state()["targets"]["main"]["resources"].get(ADDRESS).is_none());
    project.is_converged();
    project.matches(TABLE);
}

#[test]
fn x1_an_index_that_is_gone_is_recorded_as_gone() {
    on_each_server(|server| {
        let project = interrupted(server);
        project.database().run("DROP INDEX by_a");
        assert_eq!(pending(&project), ["X1"]);
        project.run(&["plan"]).ok().never_says(&["behind djogi's back"]);
        is_over(&project, "X1");
    });
}

#[test]
fn x1_an_index_of_the_same_name_is_another_one() {
    on_each_server(|server| {
        let project = interrupted(server);
        project.database().run("DROP INDEX by_a; CREATE INDEX by_a ON goods (a DESC)");
        let other = oid(&project, "by_a");
        assert_eq!(pending(&project), ["X1"]);
        project.run(&["refresh"]).ok();
        assert_eq!((oid(&project, "by_a"), sidecars(&project)), (other, 0));
    });
}

#[test]
fn x2_an_index_that_is_untouched_is_dropped_by_the_plan() {
    on_each_server(|server| {
        let project = interrupted(server);
        assert_eq!(pending(&project), ["X2"]);
        is_over(&project, "X2");
    });
}

#[test]
fn x3_a_drop_that_was_interrupted_is_finished() {
    on_each_server(|server| {
        let project = interrupted(server);
        project.database().run("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'by_a'::regclass");
        assert_eq!(pending(&project), ["X3"]);
        is_over(&project, "X3");
    });
}
