//! Rows C1 to C5: CREATE DATABASE and DROP DATABASE.

use djogi_cluster::state::{DatabaseIntent, OutsideOperation, Sidecar};
use djogi_core::observation::Oid;
use e2e::{Project, Server, on_each_server};

use super::plant::{pending, plant, remembered, sidecars, statement};

struct Planted {
    project: Project,
    /// The name of the other database.
    name: String,
}

impl Drop for Planted {
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE IF EXISTS {}", self.name);
        let _ = self.project.database().connect().batch_execute(&drop);
    }
}

fn planted(
    server: &'static Server,
    operation: OutsideOperation,
    prepare: impl FnOnce(&Project, &str) -> Option<Oid>,
) -> Planted {
    let project = Project::declaring(server, "CREATE TABLE goods (id integer PRIMARY KEY);");
    project.apply();
    let name = format!("{}_more", project.database().name());
    let oid = prepare(&project, &name);
    let owner = project.database().value("SELECT current_user");
    let intent = DatabaseIntent { name: name.clone(), oid, owner };
    let empty = statement(&project, operation, "schema.main.unused");
    let sidecar = Sidecar { addresses: Vec::new(), groups: Vec::new(), database: Some(intent), ..empty };
    plant(&project, &sidecar);
    Planted { project, name }
}

fn create(project: &Project, name: &str) -> Oid {
    project.database().run(&format!("CREATE DATABASE {name} TEMPLATE template0"));
    let oid = project.database().value(&format!("SELECT oid FROM pg_database WHERE datname = '{name}'"));
    Oid(oid.parse().unwrap())
}

/// A session in the other database.
fn connect(planted: &Planted) -> postgres::Client {
    let url = planted.project.database().server().url(&planted.name);
    postgres::Client::connect(&url, postgres::NoTls).unwrap()
}

#[track_caller]
fn is_over(project: &Project, row: &str) {
    project.apply();
    assert_eq!((remembered(project), sidecars(project)), (vec![row.to_owned()], 0));
    project.is_converged();
}

fn exists(planted: &Planted) -> bool {
    let count = format!("SELECT count(*) FROM pg_database WHERE datname = '{}'", planted.name);
    planted.project.database().value(&count) == "1"
}

#[test]
fn c1_a_database_that_is_not_there_is_planned_again() {
    on_each_server(|server| {
        let planted = planted(server, OutsideOperation::DatabaseCreate, |_, _| None);
        assert_eq!(pending(&planted.project), ["C1"]);
        is_over(&planted.project, "C1");
    });
}

#[test]
fn c2_an_empty_database_of_ours_is_claimed() {
    on_each_server(|server| {
        let planted = planted(server, OutsideOperation::DatabaseCreate, |project, name| {
            create(project, name);
            None
        });
        assert_eq!(pending(&planted.project), ["C2"]);
        is_over(&planted.project, "C2");
        let lineage: String =
            connect(&planted).query_one("SELECT lineage::text FROM djogi.lease", &[]).unwrap().get(0);
        assert_eq!(planted.project.state()["lineage"], lineage);
    });
}

#[test]
fn c3_a_database_that_was_claimed_is_recorded() {
    on_each_server(|server| {
        let planted = planted(server, OutsideOperation::DatabaseCreate, |project, name| {
            create(project, name);
            None
        });
        let lineage = planted.project.state()["lineage"].as_str().unwrap().to_owned();
        connect(&planted)
            .batch_execute(&format!(
                "CREATE SCHEMA djogi;
                 CREATE TABLE djogi.migration (version integer); INSERT INTO djogi.migration VALUES (1);
                 CREATE TABLE djogi.lease (target text, lineage uuid, epoch bigint, holder jsonb);
                 INSERT INTO djogi.lease VALUES ('main', '{lineage}', 1, '{{}}');"
            ))
            .unwrap();
        assert_eq!(pending(&planted.project), ["C3"]);
        is_over(&planted.project, "C3");
    });
}

#[test]
fn c4_a_database_with_something_in_it_is_neither_claimed_nor_dropped() {
    on_each_server(|server| {
        let planted = planted(server, OutsideOperation::DatabaseCreate, |project, name| {
            create(project, name);
            None
        });
        connect(&planted).batch_execute("CREATE TABLE precious (id integer)").unwrap();
        assert_eq!(pending(&planted.project), ["C4"]);
        planted.project.run(&["recover"]).ok().says(&["database_unclaimed", "is not empty"]);
        planted.project.apply();
        assert_eq!(sidecars(&planted.project), 1);
        connect(&planted).batch_execute("SELECT FROM precious").unwrap();
    });
}

#[test]
fn c5_a_drop_is_recorded_finished_or_left_alone() {
    on_each_server(|server| {
        let dropping = |half: &str| {
            planted(server, OutsideOperation::DatabaseDrop, |project, name| {
                let oid = create(project, name);
                project.database().run(&half.replace("$name", name));
                Some(oid)
            })
        };
        let gone = dropping("DROP DATABASE $name");
        assert_eq!(pending(&gone.project), ["C5"]);
        is_over(&gone.project, "C5");

        let half = dropping("UPDATE pg_database SET datconnlimit = -2 WHERE datname = '$name'");
        assert_eq!(pending(&half.project), ["C5"]);
        half.project.run(&["recover"]).ok().says(&["is half dropped"]);
        is_over(&half.project, "C5");
        assert!(!exists(&half));

        let whole = dropping("SELECT 1");
        assert_eq!(pending(&whole.project), ["C5"]);
        is_over(&whole.project, "C5");
        assert!(exists(&whole), "an untouched database stays");
    });
}
