//! Sidecars as an interrupted run would have left them.

use std::collections::BTreeMap;

use djogi_cluster::identity::{Epoch, OpId, RunId};
use djogi_cluster::state::{Backend, FenceClass, LocalStore, OutsideOperation, Sidecar, SidecarGroup, Store};
use djogi_core::observation::Oid;
use djogi_core::{Address, Digest, Ident};
use e2e::Project;

/// A sidecar of class N of the project's state, about `object` and for `addresses`, without oids from before.
pub(crate) fn statement(project: &Project, operation: OutsideOperation, object: &str) -> Sidecar {
    let object: Address = object.parse().unwrap();
    let op_id = OpId::generate();
    let group = SidecarGroup {
        approvals: Vec::new(),
        addresses: vec![object.clone()],
        after_digest: None,
        before_digest: None,
        group_no: 1,
        op_id,
        xid: None,
    };
    Sidecar {
        addresses: vec![object],
        class: FenceClass::N,
        groups: vec![group],
        op_id,
        operation: Some(operation),
        ..empty(project)
    }
}

/// A sidecar of class T with these groups: their op ids, what each changes, and the digests before and after.
pub(crate) fn run(project: &Project, groups: Vec<SidecarGroup>) -> Sidecar {
    let addresses = groups.iter().flat_map(|group| group.addresses.clone()).collect();
    Sidecar { addresses, groups, ..empty(project) }
}

fn empty(project: &Project) -> Sidecar {
    let state = project.state();
    Sidecar {
        addresses: Vec::new(),
        after_digest: None,
        approval_id: None,
        backend: None,
        before_digest: None,
        before_oids: BTreeMap::new(),
        class: FenceClass::T,
        database: None,
        djogi: "0.1.0".to_owned(),
        epoch: Epoch::new(state["targets"]["main"]["epoch"].as_u64().unwrap_or(1) + 1),
        groups: Vec::new(),
        lineage: state["lineage"].as_str().unwrap().parse().unwrap(),
        op_id: OpId::generate(),
        operation: None,
        plan_digest: Some(Digest::of_bytes(b"plan")),
        run_id: RunId::generate(),
        state: None,
        statement_digest: None,
        target: Ident::new("main").unwrap(),
        xid: None,
    }
}

/// Writes it where the next command finds it.
pub(crate) fn plant(project: &Project, sidecar: &Sidecar) {
    let store = LocalStore::new(project.root().join(".djogi"));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(store.put_sidecar(sidecar)).unwrap();
}

/// The server process of `session`, as a sidecar names it.
pub(crate) fn backend_of(session: &mut postgres::Client) -> Backend {
    let row = session
        .query_one(
            "SELECT pid, (backend_start AT TIME ZONE 'UTC')::text || '+00'
               FROM pg_stat_activity WHERE pid = pg_backend_pid()",
            &[],
        )
        .unwrap();
    Backend { pid: row.get(0), start: row.get(1) }
}

/// The oid that SQL gives for a `regclass`.
pub(crate) fn oid(project: &Project, name: &str) -> Oid {
    let text = project.database().value(&format!("SELECT '{name}'::regclass::oid"));
    Oid(text.parse().unwrap())
}

/// How many sidecars there are.
pub(crate) fn sidecars(project: &Project) -> usize {
    let entries = std::fs::read_dir(project.root().join(".djogi/recovery"));
    let is_one =
        |entry: &std::fs::DirEntry| entry.path().extension().is_some_and(|extension| extension == "json");
    entries.map_or(0, |entries| entries.map(Result::unwrap).filter(is_one).count())
}

/// The rows that `djogi recover` tells, which changes nothing.
#[track_caller]
pub(crate) fn pending(project: &Project) -> Vec<String> {
    let files = project.files();
    let told = project.run(&["recover", "--json"]).ok().json();
    assert_eq!(project.files(), files, "recover changes nothing");
    let rows = told["recoveries"].as_array().unwrap().iter();
    rows.map(|recovery| recovery["row"].as_str().unwrap().to_owned()).collect()
}

/// The rows that the state remembers, oldest first.
pub(crate) fn remembered(project: &Project) -> Vec<String> {
    let state = project.state();
    let rows = state["recoveries"].as_array().unwrap().iter();
    rows.map(|recovery| recovery["row"].as_str().unwrap().to_owned()).collect()
}
