//! What no command of these plots leaves behind, and others may.

use std::collections::BTreeMap;

use djogi_cluster::identity::{Epoch, OpId, RunId};
use djogi_cluster::state::{FenceClass, OutsideOperation, Sidecar, SidecarGroup};
use djogi_core::observation::Oid;
use djogi_core::{Address, Ident};
use e2e::{Database, eventually};

use crate::observe::runtime;
use crate::stage::Stage;

/// The name of a sidecar that cannot be read.
pub(super) const DAMAGED: &str = "damaged.json";

pub(super) fn damaged_sidecar(stage: &Stage) {
    stage.project.write(&format!(".djogi/recovery/{DAMAGED}"), "{\"format\": \"djogi-sid");
}

/// A partition whose detachment was ended half way, with the sidecar of who did it.
pub(super) fn half_detached_partition(stage: &Stage) {
    let database = stage.project.database();
    detach_half_way(database);
    let address =
        |name: &str| -> Address { format!("table.main.events.{name}").parse().expect("an address") };
    let oid = |name: &str| {
        let oid = database.value(&format!("SELECT 'events.{name}'::regclass::oid"));
        (address(name), Oid(oid.parse().expect("an oid")))
    };
    let (op_id, state) = (OpId::generate(), stage.state_document());
    let group = SidecarGroup {
        approvals: Vec::new(),
        addresses: vec![address("old")],
        after_digest: None,
        before_digest: None,
        group_no: 1,
        op_id,
        xid: None,
    };
    let sidecar = Sidecar {
        addresses: vec![address("old"), address("log")],
        after_digest: None,
        approval_id: None,
        backend: None,
        before_digest: None,
        before_oids: BTreeMap::from([oid("old"), oid("log")]),
        class: FenceClass::N,
        database: None,
        djogi: env!("CARGO_PKG_VERSION").to_owned(),
        epoch: Epoch::new(state["targets"]["main"]["epoch"].as_u64().expect("an epoch") + 1),
        groups: vec![group],
        lineage: state["lineage"].as_str().expect("a lineage").parse().expect("a lineage"),
        op_id,
        operation: Some(OutsideOperation::Detach),
        plan_digest: None,
        run_id: RunId::generate(),
        state: None,
        statement_digest: None,
        target: Ident::new("main").expect("a name"),
        xid: None,
    };
    runtime().block_on(stage.store().put_sidecar(&sidecar)).expect("our own folder");
}

fn detach_half_way(database: &Database) {
    let mut reader = database.connect();
    reader.batch_execute("BEGIN; SELECT FROM events.log").expect("a reader");
    let mut worker = database.connect();
    let pid: i32 = worker.query_one("SELECT pg_backend_pid()", &[]).expect("a session").get(0);
    let work = std::thread::spawn(move || {
        let detach = "ALTER TABLE events.log DETACH PARTITION events.old CONCURRENTLY";
        worker.batch_execute(detach).expect_err("its server process is ended");
    });
    let waits = format!(
        "SELECT count(*) FROM pg_locks WHERE pid = {pid} AND locktype = 'virtualxid' AND NOT granted"
    );
    eventually("it waits for the reader", || database.value(&waits) == "1");
    database.run(&format!("SELECT pg_terminate_backend({pid})"));
    work.join().expect("it has ended");
    let at_work = format!("SELECT count(*) FROM pg_stat_activity WHERE pid = {pid}");
    eventually("it is over", || database.value(&at_work) == "0");
    reader.batch_execute("COMMIT").expect("the reader's own session");
}
