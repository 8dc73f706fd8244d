//! Rows R1 to R3: REINDEX INDEX CONCURRENTLY, ended half way by its own server process.

use djogi_cluster::state::OutsideOperation;
use e2e::{Project, Server, eventually, on_each_server};

use super::plant::{oid, pending, plant, remembered, sidecars, statement};

const INDEX: &str = "CREATE TABLE goods (id integer PRIMARY KEY, a integer); CREATE INDEX by_a ON goods (a);";
const ADDRESS: &str = "index.main.public.by_a";

fn planted(server: &'static Server) -> Project {
    let project = Project::declaring(server, INDEX);
    project.apply();
    let mut sidecar = statement(&project, OutsideOperation::Reindex, ADDRESS);
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
    project.is_converged();
    project.matches(INDEX);
    project.run(&["refresh", "--check"]).ok();
}

/// Begins a rebuild in a session of its own, which waits for another.
fn rebuild(project: &Project) -> (std::thread::JoinHandle<()>, i32) {
    let mut worker = project.database().connect();
    let pid = worker.query_one("SELECT pg_backend_pid()", &[]).unwrap().get(0);
    let work = std::thread::spawn(move || {
        worker.batch_execute("REINDEX INDEX CONCURRENTLY by_a").expect_err("its server process is ended");
    });
    (work, pid)
}

fn waits(project: &Project, pid: i32) -> bool {
    let query = format!(
        "SELECT count(*) FROM pg_locks WHERE pid = {pid} AND locktype = 'virtualxid' AND NOT granted"
    );
    project.database().value(&query) == "1"
}

fn invalid(project: &Project) -> Vec<String> {
    project.database().column(
        "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
          WHERE i.indrelid = 'goods'::regclass AND NOT i.indisvalid",
    )
}

#[test]
fn r1_what_was_not_begun_is_retired_and_what_was_done_is_recorded() {
    on_each_server(|server| {
        let project = planted(server);
        assert_eq!(pending(&project), ["R1"]);
        is_over(&project, "R1");

        let project = planted(server);
        project.database().run("REINDEX INDEX CONCURRENTLY by_a");
        assert_eq!(pending(&project), ["R1"]);
        is_over(&project, "R1");
        let recorded = &project.state()["targets"]["main"]["resources"][ADDRESS]["oid"];
        assert_eq!(recorded.as_u64(), Some(oid(&project, "by_a").0.into()));
    });
}

#[test]
fn r2_a_new_index_that_was_left_over_is_dropped() {
    on_each_server(|server| {
        let project = planted(server);
        let mut reader = project.database().connect();
        reader.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1").unwrap();
        let (work, pid) = rebuild(&project);
        eventually("the rebuild waits for the reader", || waits(&project, pid));
        project.database().run(&format!("SELECT pg_terminate_backend({pid})"));
        work.join().unwrap();
        eventually("it has left its index", || invalid(&project) == ["by_a_ccnew"]);
        reader.batch_execute("COMMIT").unwrap();
        assert_eq!(pending(&project), ["R2"]);
        is_over(&project, "R2");
        assert_eq!(invalid(&project), [] as [&str; 0]);
    });
}

#[test]
fn r3_an_old_index_that_was_left_over_is_dropped() {
    on_each_server(|server| {
        let project = planted(server);
        let old = oid(&project, "by_a");
        // The first lets it begin its last phase, the second holds it there.
        let (mut first, mut second) = (project.database().connect(), project.database().connect());
        first.batch_execute("BEGIN; SELECT FROM goods").unwrap();
        let (work, pid) = rebuild(&project);
        eventually("the rebuild waits for the first reader", || waits(&project, pid));
        second.batch_execute("BEGIN; SELECT FROM goods").unwrap();
        first.batch_execute("COMMIT").unwrap();
        eventually("the indexes have changed places", || {
            oid(&project, "by_a") != old && waits(&project, pid)
        });
        project.database().run(&format!("SELECT pg_terminate_backend({pid})"));
        work.join().unwrap();
        second.batch_execute("COMMIT").unwrap();
        eventually("it has left its index", || invalid(&project) == ["by_a_ccold"]);
        assert_eq!(pending(&project), ["R3"]);
        is_over(&project, "R3");
        assert_eq!(invalid(&project), [] as [&str; 0]);
    });
}
