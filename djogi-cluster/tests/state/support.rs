//! Made-up states, and databases of a test's own on every server that is to be tested.

use std::path::Path;

use djogi_cluster::identity::{Actor, ApprovalId, Epoch, Lineage, OpId, RunId};
use djogi_cluster::state::{
    Approval, ApprovedAction, Backend, Content, FenceClass, OutsideOperation, RecordedCatalog, RecordedEntry,
    ResourceState, Serial, Sidecar, SidecarGroup, Signature, Snapshot, State, StateReference, Status, Store,
    TargetState, WrittenBy, publish,
};
use djogi_core::kind::Schema;
use djogi_core::observation::{DatabaseIdentity, Oid, ServerVersion};
use djogi_core::{Address, Digest, Ident, Resource};
use tokio::task::AbortHandle;
use tokio_postgres::{Client, Config, NoTls};

pub(crate) fn ident(name: &str) -> Ident {
    Ident::new(name).unwrap()
}

pub(crate) fn written_by() -> WrittenBy {
    WrittenBy::now(Actor::new("ana@test").unwrap(), RunId::generate())
}

pub(crate) fn identity() -> DatabaseIdentity {
    DatabaseIdentity {
        system_identifier: "7412".into(),
        database: "shop".into(),
        server_version: ServerVersion(180_004),
    }
}

/// A content with one target and one schema; different for each `name`.
pub(crate) fn content(name: &str) -> Content {
    let resource = ResourceState {
        conditions: Vec::new(),
        desired: None,
        observed: Digest::of_bytes(name.as_bytes()),
        oid: Oid(16_401),
        op: Some(OpId::generate()),
        status: Status::Applied,
    };
    let target = TargetState {
        catalog: Digest::of_bytes(b"catalog"),
        database: "shop".into(),
        epoch: Epoch::new(3),
        last_op: None,
        resources: [(Address::schema(&ident("main"), &ident(name)), resource)].into(),
        server_version: ServerVersion(180_004),
        system_identifier: "7412".into(),
    };
    Content { config_digest: None, recoveries: Vec::new(), targets: [(ident("main"), target)].into() }
}

/// A content of some 300 KiB, which no file system writes in one piece.
pub(crate) fn large_content(name: &str) -> Content {
    let mut large = content(name);
    let target = large.targets.get_mut(&ident("main")).unwrap();
    for number in 0..1000 {
        target
            .resources
            .extend(content(&format!("s{number}")).targets.into_values().next().unwrap().resources);
    }
    large
}

pub(crate) fn catalog(name: &str) -> RecordedCatalog {
    let mut catalog = RecordedCatalog::default();
    let resource = Resource::Schema(Schema { name: ident(name), comment: None });
    let entry = RecordedEntry { package: Some("shop".into()), resource: resource.into() };
    catalog.resources.insert(Address::schema(&ident("main"), &ident(name)), entry);
    catalog
}

/// A sidecar in which everything is said that can be.
pub(crate) fn sidecar() -> Sidecar {
    let address = Address::schema(&ident("main"), &ident("Größe"));
    let digest = |text: &str| Some(Digest::of_bytes(text.as_bytes()));
    let group = SidecarGroup {
        approvals: Vec::new(),
        addresses: vec![address.clone()],
        after_digest: digest("after"),
        before_digest: digest("before"),
        group_no: 1,
        op_id: OpId::generate(),
        xid: Some(u64::MAX),
    };
    Sidecar {
        addresses: vec![address.clone()],
        after_digest: digest("after"),
        approval_id: Some(ApprovalId::generate()),
        backend: Some(Backend { pid: 4711, start: "2026-01-01 00:00:00.123456+00".into() }),
        before_digest: digest("before"),
        before_oids: [(address, Oid(u32::MAX))].into(),
        class: FenceClass::N,
        database: None,
        djogi: env!("CARGO_PKG_VERSION").into(),
        epoch: Epoch::new(7),
        groups: vec![group],
        lineage: Lineage::generate(),
        op_id: OpId::generate(),
        operation: Some(OutsideOperation::IndexCreate),
        plan_digest: digest("plan"),
        run_id: RunId::generate(),
        state: Some(StateReference { digest: Digest::of_bytes(b"state"), serial: Serial::FIRST }),
        statement_digest: digest("statement"),
        target: ident("main"),
        xid: Some(741),
    }
}

/// An approval in which everything is said that can be.
pub(crate) fn approval() -> Approval {
    Approval {
        action: ApprovedAction::Delete,
        address: Address::schema(&ident("main"), &ident("app")),
        after_digest: Some(Digest::of_bytes(b"after")),
        approved_at: djogi_cluster::identity::timestamp(),
        approver: Actor::new("ana@test").unwrap(),
        before_digest: Digest::of_bytes(b"before"),
        id: ApprovalId::generate(),
        oid: Oid(16_401),
        plan_digest: Some(Digest::of_bytes(b"plan")),
        reason: "no longer used,\nsays \"ana\"".into(),
        signature: Some(Signature { key: "ana".into(), signature: "c2lnbmVk".into() }),
        spent: Some(OpId::generate()),
        target: ident("main"),
    }
}

/// Publishes `content` on top of what is there.
pub(crate) async fn write(store: &dyn Store, content: Content) -> Snapshot {
    let base = store.read().await.unwrap();
    let lineage = base.state.as_ref().map_or_else(Lineage::generate, |state| state.lineage);
    publish(store, &base, lineage, content, written_by()).await.unwrap().into_snapshot()
}

pub(crate) async fn head(store: &dyn Store) -> State {
    store.read().await.unwrap().state.unwrap()
}

/// Path and content of everything under `dir`.
pub(crate) fn tree(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let Ok(entries) = std::fs::read_dir(dir) else { return found };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.push((path.display().to_string(), Vec::new()));
            found.extend(tree(&path));
        } else {
            found.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
    found.sort();
    found
}

/// A database of one test, dropped with it.
pub(crate) struct TestDatabase {
    server: Config,
    name: String,
}

impl TestDatabase {
    pub(crate) async fn create(server: Config) -> Self {
        let name = format!("djogi_test_{}", RunId::generate()).to_lowercase();
        connect(&server).await.0.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
        Self { server, name }
    }

    /// What sessions are opened with.
    pub(crate) fn config(&self) -> Config {
        let mut config = self.server.clone();
        config.dbname(&self.name);
        config
    }

    pub(crate) async fn connect(&self) -> Client {
        self.connect_mortal().await.0
    }

    /// A client, and the task whose abortion cuts its connection without a word to the server.
    pub(crate) async fn connect_mortal(&self) -> (Client, AbortHandle) {
        connect(self.server.clone().dbname(&self.name)).await
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let (server, statement) = (self.server.clone(), format!("DROP DATABASE {} WITH (FORCE)", self.name));
        let dropper = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async { connect(&server).await.0.batch_execute(&statement).await })
        });
        let dropped = dropper.join();
        if !std::thread::panicking() {
            dropped.unwrap().unwrap();
        }
    }
}

async fn connect(config: &Config) -> (Client, AbortHandle) {
    let (client, connection) = config.connect(NoTls).await.unwrap();
    (client, tokio::spawn(connection).abort_handle())
}

/// Runs `test` in a new database on each server.
pub(crate) async fn on_every_server(test: impl AsyncFn(&TestDatabase)) {
    for server in e2e::servers() {
        let database = TestDatabase::create(server.url("postgres").parse().unwrap()).await;
        test(&database).await;
    }
}

/// Runs `condition` (a query of one boolean) until it holds; fails after 30 seconds.
pub(crate) async fn until(client: &Client, condition: &str) {
    let began = std::time::Instant::now();
    let holds = async || {
        let row = client.query_opt(condition, &[]).await.unwrap();
        row.and_then(|row| row.get::<_, Option<bool>>(0)).unwrap_or(false)
    };
    while !holds().await {
        assert!(began.elapsed().as_secs() < 30, "never came true: {condition}");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}
