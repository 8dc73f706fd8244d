//! From a cluster with open sessions to everything a plan is made from: state, declarations, live catalogs.

use std::collections::BTreeSet;
use std::time::Instant;

use djogi_core::desired::Desired;
use djogi_core::kind::{Column, Comparison, Resource};
use djogi_core::observation::Observation;
use djogi_core::plan::{ConfigReference, PlanInputs, PlanOptions, TargetInputs};
use djogi_core::recorded::{Recorded, RecordedResource};
use djogi_core::{Address, Digest, Ident, Kind, QualifiedName};
use tokio_postgres::Client;

use crate::approvals;
use crate::cluster::Cluster;
use crate::error::EngineError;
use crate::event::{Event, Reporter, millis_since};
use crate::identity::{OpId, timestamp};
use crate::introspect::{Scope, extension_requirements, hold_rows, observe};
use crate::ledger::{Lease, Since, ops_since, read_lease};
use crate::normalise::normalise;
use crate::scratch::Scratch;
use crate::session::Session;
use crate::state::{Misplaced, RecordedCatalog, Snapshot, Store, check_belonging};

/// What a command wants to know besides the live and the recorded side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Survey {
    /// What is declared, in PostgreSQL's own words.
    Declared,
    /// The same, of a database that may be older than the state.
    Regressed,
    /// Nothing: what is declared does not matter.
    Undeclared,
}

/// What one target holds, whatever is recorded or declared of it.
#[derive(Debug)]
pub(crate) struct Look {
    live: Observation,
    lease: Option<Lease>,
    /// How many locks the server can hold at once.
    lock_table_size: i64,
}

/// Looks at every session's database.
///
/// # Errors
/// When one cannot be read.
pub(crate) async fn look(
    sessions: &[Session<'_>],
    reporter: &dyn Reporter,
) -> Result<Vec<Look>, EngineError> {
    futures_util::future::try_join_all(sessions.iter().map(|session| look_at(session, reporter))).await
}

async fn look_at(session: &Session<'_>, reporter: &dyn Reporter) -> Result<Look, EngineError> {
    let Session { target, settings, connection, .. } = session;
    let began = Instant::now();
    let scope = Scope { target: (*target).clone(), schemas: settings.schemas.clone() };
    let client = connection.client();
    let (lease, row, live) = futures_util::join!(
        read_lease(client, target),
        client.query_typed_one(LOCK_TABLE_SIZE, &[]),
        observe(connection, &scope),
    );
    let lease = lease?;
    let lock_table_size = row.map_err(|error| EngineError::sql(&error, LOCK_TABLE_SIZE))?.get(0);
    let live = live?;
    let (target, resources) = ((*target).clone(), live.catalog.len());
    reporter.report(&Event::Observed { target, resources, elapsed_ms: millis_since(began) });
    Ok(Look { live, lease, lock_table_size })
}

/// Brings together what was seen in every session, and the declarations. Of the recorded side it takes the digests
/// only; see [`load_definitions`].
///
/// # Errors
/// When a database is not the one that the state describes, or refuses a declaration.
pub(crate) async fn gather(
    cluster: &Cluster,
    (store, snapshot): (&dyn Store, &Snapshot),
    (sessions, looks): (&[Session<'_>], Vec<Look>),
    what: Survey,
    options: PlanOptions,
    reporter: &dyn Reporter,
) -> Result<PlanInputs, EngineError> {
    let location = store.location();
    let at = sessions.iter().zip(looks);
    let targets =
        at.map(|(session, look)| survey(cluster, snapshot, &location, session, look, what, reporter));
    let mut targets = futures_util::future::try_join_all(targets).await?;
    let mut approvals = approvals::load(cluster, store, sessions).await?;
    for target in &mut targets {
        target.approvals = approvals.remove(&target.target).unwrap_or_default();
    }
    Ok(PlanInputs {
        config: ConfigReference { name: cluster.name.clone(), digest: cluster.declared.get()?.digest },
        djogi_version: env!("CARGO_PKG_VERSION").to_owned(),
        created_at: timestamp(),
        lineage: snapshot.state.as_ref().map(|state| state.lineage.to_string()),
        serial: snapshot.version.serial().map_or(0, |serial| serial.get()),
        targets,
        options,
    })
}

const LOCK_TABLE_SIZE: &str = "
SELECT pg_catalog.current_setting('max_locks_per_transaction')::bigint
       * (pg_catalog.current_setting('max_connections')::bigint
          + pg_catalog.current_setting('max_prepared_transactions')::bigint)";

async fn survey(
    cluster: &Cluster,
    snapshot: &Snapshot,
    location: &str,
    session: &Session<'_>,
    Look { mut live, lease, lock_table_size }: Look,
    what: Survey,
    reporter: &dyn Reporter,
) -> Result<TargetInputs, EngineError> {
    let Session { target, settings, connection, .. } = session;
    match check_belonging(location, snapshot.state.as_ref(), target, connection.identity(), lease.as_ref()) {
        Err(Misplaced::Regressed { .. }) if what == Survey::Regressed => {}
        belongs => belongs?,
    }
    let target = (*target).clone();
    let last_op = snapshot.state.as_ref().and_then(|state| state.content.targets.get(&target)?.last_op);
    let done = match &lease {
        Some(lease) if lease.last_op != last_op => done_since(connection.client(), &target, last_op).await?,
        Some(_) | None => BTreeSet::new(),
    };
    let desired = match what {
        Survey::Declared | Survey::Regressed => {
            let version = connection.server_version();
            let scratch = Scratch::new(cluster, target.clone(), version, reporter);
            let declarations = &cluster.declared.get()?.declarations;
            normalise(declarations, &target, version, &scratch, &scratch.cache()).await?
        }
        Survey::Undeclared => Desired::new(),
    };
    let mut recorded = recorded(snapshot, &target, RecordedCatalog::default());
    let moving = moving_extensions(&desired, &recorded, &live);
    if what != Survey::Undeclared && !moving.is_empty() {
        live.extension_requirements = extension_requirements(connection.client(), &moving).await?;
    }
    let filling = wanting_values(&desired, &target, &live);
    if !filling.is_empty() {
        let tables: Vec<&QualifiedName> = filling.iter().collect();
        let held = hold_rows(connection.client(), &tables).await?;
        for (table, held) in filling.into_iter().zip(held) {
            live.sizes.entry(table).or_default().holds_rows = held;
        }
    }
    recorded.overtaken = done.iter().filter_map(Address::relation).collect();
    claim(&mut recorded, &done, &desired, &live);
    Ok(TargetInputs {
        recorded,
        target,
        desired,
        live,
        epoch: lease.map_or(0, |lease| lease.epoch.get()),
        destructive: settings.destructive,
        approvals: Vec::new(),
        lock_timeout_ms: u64::try_from(settings.lock_timeout.as_millis()).unwrap_or(u64::MAX),
        // The lock table is shared with everybody else who is at work.
        max_locks_per_group: usize::try_from(lock_table_size / 2).unwrap_or(usize::MAX),
    })
}

/// Adds the recorded definitions, which are needed only to show what drift and drops are about.
///
/// # Errors
/// When a recorded catalog cannot be read.
pub(crate) async fn load_definitions(
    inputs: &mut PlanInputs,
    store: &dyn Store,
    snapshot: &Snapshot,
) -> Result<(), EngineError> {
    for target in &mut inputs.targets {
        if let Some(state) =
            snapshot.state.as_ref().and_then(|state| state.content.targets.get(&target.target))
        {
            let catalog = store.catalog(&state.catalog).await?;
            let known = std::mem::replace(&mut target.recorded, recorded(snapshot, &target.target, catalog));
            target.recorded.overtaken = known.overtaken;
            for (address, resource) in known.resources {
                target.recorded.resources.entry(address).or_insert(resource);
            }
        }
    }
    Ok(())
}

/// The live tables that get a column which must have a value that nothing gives: this works as long as they are empty.
fn wanting_values(desired: &Desired, target: &Ident, live: &Observation) -> Vec<QualifiedName> {
    let wants_value = |column: &Column| {
        column.not_null && column.default.is_none() && column.identity.is_none() && column.generated.is_none()
    };
    let mut found = Vec::new();
    for (address, declared) in desired {
        let Resource::Table(table) = &*declared.resource else { continue };
        let names = [address.relation(), declared.renamed_from.as_ref().and_then(Address::relation)];
        let there =
            names.into_iter().flatten().find_map(|name| Some((live.catalog.table(target, &name)?, name)));
        let Some((there, name)) = there else { continue };
        let is_new = |column: &Column| there.column(&column.name).is_none();
        if table.columns.iter().any(|column| wants_value(column) && is_new(column)) {
            found.push(name);
        }
    }
    found
}

/// The extensions that are to come or to go, and all others if one is.
fn moving_extensions<'a>(
    desired: &'a Desired,
    recorded: &'a Recorded,
    live: &'a Observation,
) -> Vec<&'a str> {
    let is_extension = |address: &&Address| address.kind() == Kind::Extension;
    let declared = || desired.keys().filter(is_extension);
    let managed = || recorded.resources.keys().filter(is_extension);
    let comes = declared().any(|address| !live.catalog.contains(address));
    let goes = managed().any(|address| !desired.contains_key(address));
    let all = declared().chain(managed().filter(|address| !desired.contains_key(*address)));
    if comes || goes { all.map(|address| address.name().as_str()).collect() } else { Vec::new() }
}

/// What was committed after the last group that the state knows: the run that did it died before it could record it.
async fn done_since(
    client: &Client,
    target: &Ident,
    last_op: Option<OpId>,
) -> Result<BTreeSet<Address>, EngineError> {
    let Since::Ops(ops) = ops_since(client, target, last_op).await? else { return Ok(BTreeSet::new()) };
    Ok(ops.into_iter().flat_map(|op| op.record.addresses).collect())
}

/// Takes what djogi has made, as the ledger proves, for managed though no state says so: else it would stand in the
/// way of its own declaration once that has changed. What is as declared is adopted like everything of that sort, and
/// a constraint that came with its table is known by being declared.
fn claim(recorded: &mut Recorded, done: &BTreeSet<Address>, desired: &Desired, live: &Observation) {
    if done.is_empty() {
        return;
    }
    let is_made = |address: &Address| done.contains(address) && !recorded.resources.contains_key(address);
    let mut claimed = Vec::new();
    for (address, oid) in &live.oids {
        let Some(resource) = live.catalog.get(address) else { continue };
        let declared = desired.get(address);
        let came_along =
            || declared.is_some() && address.table_of_member().is_some_and(|table| is_made(&table));
        let is_equal = declared
            .is_some_and(|declared| resource.compare(&declared.resource) == Comparison::InPlace(Vec::new()));
        if recorded.resources.contains_key(address) || is_equal || !is_made(address) && !came_along() {
            continue;
        }
        let package = declared.map(|declared| declared.package.clone());
        let observed = Digest::of(resource);
        let record = RecordedResource { desired: None, observed, oid: *oid, drifted: false, package };
        claimed.push((address.clone(), record));
    }
    recorded.resources.extend(claimed);
}

fn recorded(snapshot: &Snapshot, target: &Ident, catalog: RecordedCatalog) -> Recorded {
    let state = snapshot.state.as_ref().and_then(|state| state.content.targets.get(target));
    state.map_or_else(Recorded::default, |state| state.recorded(catalog))
}
