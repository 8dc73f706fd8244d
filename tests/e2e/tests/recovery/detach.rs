//! Rows D1 to D4: DETACH PARTITION CONCURRENTLY, ended half way by its own server process.

use djogi_cluster::state::OutsideOperation;
use e2e::{Project, Server, eventually, on_each_server};

use super::plant::{oid, pending, plant, remembered, sidecars, statement};

/// A project with a partitioned table in a schema that it does not manage, and the sidecar of a detachment.
fn planted(server: &'static Server) -> Project {
    let project = Project::declaring(server, "CREATE TABLE goods (id integer PRIMARY KEY);");
    project.apply();
    project.database().run(
        "CREATE SCHEMA events;
         CREATE TABLE events.log (day integer) PARTITION BY RANGE (day);
         CREATE TABLE events.old PARTITION OF events.log FOR VALUES FROM (0) TO (10);
         CREATE TABLE events.new PARTITION OF events.log FOR VALUES FROM (10) TO (20);",
    );
    let (partition, table) = ("table.main.events.old", "table.main.events.log");
    let mut sidecar = statement(&project, OutsideOperation::Detach, partition);
    sidecar.addresses.push(table.parse().unwrap());
    sidecar.before_oids = [
        (partition.parse().unwrap(), oid(&project, "events.old")),
        (table.parse().unwrap(), oid(&project, "events.log")),
    ]
    .into();
    plant(&project, &sidecar);
    project
}

/// Detaches `partition` and is ended while it waits for a reader, half way.
fn detach_half_way(project: &Project, partition: &str) {
    let mut reader = project.database().connect();
    reader.batch_execute("BEGIN; SELECT FROM events.log").unwrap();
    let mut worker = project.database().connect();
    let pid: i32 = worker.query_one("SELECT pg_backend_pid()", &[]).unwrap().get(0);
    let sql = format!("ALTER TABLE events.log DETACH PARTITION events.{partition} CONCURRENTLY");
    let work = std::thread::spawn(move || {
        worker.batch_execute(&sql).expect_err("its server process is ended");
    });
    let waits = format!(
        "SELECT count(*) FROM pg_locks WHERE pid = {pid} AND locktype = 'virtualxid' AND NOT granted"
    );
    eventually("it waits for the reader", || project.database().value(&waits) == "1");
    project.database().run(&format!("SELECT pg_terminate_backend({pid})"));
    work.join().unwrap();
    let at_work = format!("SELECT count(*) FROM pg_stat_activity WHERE pid = {pid}");
    eventually("it is over", || project.database().value(&at_work) == "0");
    reader.batch_execute("COMMIT").unwrap();
}

fn partitions(project: &Project) -> Vec<String> {
    project.database().column(
        "SELECT format('%s %s', inhrelid::regclass, inhdetachpending) FROM pg_inherits
          WHERE inhparent = 'events.log'::regclass ORDER BY 1",
    )
}

#[track_caller]
fn is_over(project: &Project, row: &str) {
    project.apply();
    assert_eq!((remembered(project), sidecars(project)), (vec![row.to_owned()], 0));
    project.is_converged();
}

#[test]
fn d1_a_partition_that_is_attached_is_left_alone() {
    on_each_server(|server| {
        let project = planted(server);
        assert_eq!(pending(&project), ["D1"]);
        is_over(&project, "D1");
        assert_eq!(partitions(&project), ["events.new f", "events.old f"]);
    });
}

#[test]
fn d2_a_detachment_that_was_interrupted_is_finished() {
    on_each_server(|server| {
        let project = planted(server);
        detach_half_way(&project, "old");
        assert_eq!(partitions(&project), ["events.new f", "events.old t"]);
        assert_eq!(pending(&project), ["D2"]);
        is_over(&project, "D2");
        assert_eq!(partitions(&project), ["events.new f"]);
        let rows = "SELECT count(*) FROM djogi.op WHERE 'table.main.events.old' = ANY (addresses)";
        assert_eq!(project.database().value(rows), "1");
    });
}

#[test]
fn d3_a_partition_that_is_detached_is_recorded() {
    on_each_server(|server| {
        let project = planted(server);
        project.database().run("ALTER TABLE events.log DETACH PARTITION events.old CONCURRENTLY");
        assert_eq!(pending(&project), ["D3"]);
        is_over(&project, "D3");
    });
}

#[test]
fn d4_the_pending_detachment_of_another_partition_stays_where_it_is() {
    on_each_server(|server| {
        let project = planted(server);
        detach_half_way(&project, "new");
        let told = project.run(&["recover"]).ok();
        told.says(&["D4", "detach_pending_elsewhere", "FINALIZE"]);
        project.apply();
        assert_eq!(partitions(&project), ["events.new t", "events.old f"]);
        assert_eq!(sidecars(&project), 1);
        project.database().run("ALTER TABLE events.log DETACH PARTITION events.new FINALIZE");
        is_over(&project, "D1");
    });
}

#[test]
fn g8_a_partition_that_was_dropped_since_is_no_error() {
    on_each_server(|server| {
        let project = planted(server);
        project.database().run("DROP TABLE events.old");
        assert_eq!(pending(&project), ["G8"]);
        is_over(&project, "G8");
    });
}
