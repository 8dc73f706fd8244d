//! From a cluster with open sessions to everything a plan is made from: state, declarations, live catalogs.

use std::collections::BTreeMap;
use std::time::Instant;

use djogi_core::desired::{Desired, DesiredResource};
use djogi_core::kind::{Column, Resource, Table};
use djogi_core::migration::{Postponed, postpone};
use djogi_core::observation::Observation;
use djogi_core::plan::{ConfigReference, PlanInputs, PlanOptions, TargetInputs};
use djogi_core::recorded::Recorded;
use djogi_core::unsaid::settle;
use djogi_core::{Address, Ident, Kind, QualifiedName};

use crate::approvals::{self, Loaded};
use crate::cluster::Cluster;
use crate::desired::{Unmanaged, check_queries, desired as desired_of, prepare};
use crate::error::EngineError;
use crate::event::{Event, Reporter, millis_since};
use crate::identity::{Lineage, OpId, timestamp};
use crate::introspect::{
    existing_relations, extension_requirements, hold_rows, observe, sequence_positions, unanalysed_sizes,
};
use crate::ledger::{Lease, RecordedOp, Since, goes_on, ops_since, read_lease};
use crate::live::rules;
use crate::seeds;
use crate::session::Session;
use crate::sql_files::DesiredSide;
use crate::state::{Misplaced, RecordedCatalog, Snapshot, Store, StoreError, check_belonging};
use crate::sweep::approval::FoundApproval;
use crate::sweep::forward::{Overtaken, Sides, roll_forward};
use crate::sweep::global::{self, Records};
use crate::sweep::payload;
use crate::sweep::pending::{Pending, recoveries_of};
use crate::sweep::table::Row;
use crate::sweep::uniqueness::still_violated;

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
    /// The number that the next transaction that writes would have got, shortly before; `None` when one was at work.
    next_transaction: Option<u64>,
}

impl Look {
    /// The state that the database belongs to.
    pub(crate) fn lineage(&self) -> Option<Lineage> {
        self.lease.as_ref().map(|lease| lease.lineage)
    }

    /// The number that the next transaction that writes would have got; `None` when one was at work.
    pub(crate) fn next_transaction(&self) -> Option<u64> {
        self.next_transaction
    }
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

/// The same, while SQL files are loaded of which `what` will ask.
///
/// # Errors
/// As [`look`]. What is wrong with the files is told later, by whoever asks for what they declare.
pub(crate) async fn look_and_prepare(
    cluster: &Cluster,
    sessions: &[Session<'_>],
    what: Survey,
    reporter: &dyn Reporter,
) -> Result<Vec<Look>, EngineError> {
    let looks = sessions.iter().map(|session| async move {
        let Session { target, settings, connection, .. } = session;
        let prepare = async {
            if what != Survey::Undeclared {
                prepare(cluster, (target, settings), connection.server_version(), reporter).await;
            }
        };
        futures_util::join!(look_at(session, reporter), prepare).0
    });
    futures_util::future::try_join_all(looks).await
}

async fn look_at(session: &Session<'_>, reporter: &dyn Reporter) -> Result<Look, EngineError> {
    let Session { target, settings, connection, .. } = session;
    let began = Instant::now();
    let scope = settings.scope(target);
    let client = connection.client();
    let (lease, row, live) = futures_util::join!(
        read_lease(client, target),
        client.query_typed_one(SERVER, &[]),
        observe(connection, &scope),
    );
    let lease = lease?;
    let row = row.map_err(|error| EngineError::sql(&error, SERVER))?;
    let lock_table_size = row.get(0);
    let next_transaction: Option<&str> = row.get(1);
    let next_transaction = next_transaction.and_then(|number| number.parse().ok());
    let mut live = live?;
    settings.ignore.strip(target, &mut live);
    let (target, resources) = ((*target).clone(), live.catalog.len());
    reporter.report(&Event::Observed { target, resources, elapsed_ms: millis_since(began) });
    Ok(Look { live, lease, lock_table_size, next_transaction })
}

/// Everything that a plan is made from, with what interrupted runs have to do with it. The recorded side is what the
/// next command that writes will have recorded before it plans.
#[derive(Debug)]
pub(crate) struct Gathered {
    pub(crate) inputs: PlanInputs,
    /// What the ledger has and the state has not.
    pub(crate) overtaken: BTreeMap<Ident, Overtaken>,
    /// The last group that the ledger has.
    pub(crate) last_ops: BTreeMap<Ident, Option<OpId>>,
    /// Every sidecar, with the rows that fit.
    pub(crate) pending: Vec<Pending>,
    /// The approvals that interrupted runs have left something to say about.
    pub(crate) approvals: Vec<FoundApproval>,
    /// The migrations that an interrupted run has brought to where they are asked to be; then there is nothing else to do.
    pub(crate) already_done: Vec<Address>,
}

/// What a target comes to.
struct Surveyed {
    inputs: TargetInputs,
    overtaken: Overtaken,
    last_op: Option<OpId>,
    pending: Vec<Pending>,
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
    mut pending: Vec<Pending>,
    what: Survey,
    options: PlanOptions,
    reporter: &dyn Reporter,
) -> Result<Gathered, EngineError> {
    let location = store.location();
    let targets = sessions.iter().zip(looks).map(|(session, look)| {
        let ours = pending.extract_if(.., |pending| pending.sidecar.target == *session.target).collect();
        survey(cluster, (snapshot, &location), session, (look, ours), (what, &options), reporter)
    });
    let targets: Vec<_> = targets.collect();
    let surveyed = futures_util::future::try_join_all(targets).await?;
    let mut gathered = Gathered {
        inputs: PlanInputs {
            config: ConfigReference { name: cluster.name.clone(), digest: cluster.declared.get()?.digest },
            djogi_version: env!("CARGO_PKG_VERSION").to_owned(),
            created_at: timestamp(),
            lineage: snapshot.state.as_ref().map(|state| state.lineage.to_string()),
            serial: snapshot.version.serial().map_or(0, |serial| serial.get()),
            targets: Vec::new(),
            options,
        },
        overtaken: BTreeMap::new(),
        last_ops: BTreeMap::new(),
        pending,
        approvals: Vec::new(),
        already_done: Vec::new(),
    };
    for Surveyed { inputs, overtaken, last_op, pending } in surveyed {
        gathered.overtaken.insert(inputs.target.clone(), overtaken);
        gathered.last_ops.insert(inputs.target.clone(), last_op);
        gathered.inputs.targets.push(inputs);
        gathered.pending.extend(pending);
    }
    // What another target declares is not known where only some are looked at.
    if what != Survey::Undeclared && sessions.len() == cluster.targets.len() {
        rules::check_names(&cluster.declared.get()?.live, &gathered.inputs.targets)?;
    }
    let Loaded { mut given, found } = approvals::load(cluster, store, sessions, &gathered.pending).await?;
    for inputs in &mut gathered.inputs.targets {
        inputs.approvals = given.remove(&inputs.target).unwrap_or_default();
        let ours = found.iter().filter(|found| found.target == inputs.target);
        inputs.recoveries.extend(ours.map(FoundApproval::recovery));
    }
    gathered.approvals = found;
    Ok(gathered)
}

/// The size of the lock table; and the number of the next transaction that writes, unless one is at work.
const SERVER: &str = "
SELECT pg_catalog.current_setting('max_locks_per_transaction')::bigint
       * (pg_catalog.current_setting('max_connections')::bigint
          + pg_catalog.current_setting('max_prepared_transactions')::bigint),
       CASE WHEN pg_catalog.pg_snapshot_xmin(s) = pg_catalog.pg_snapshot_xmax(s)
            THEN pg_catalog.pg_snapshot_xmax(s)::text END
  FROM pg_catalog.pg_current_snapshot() s";

async fn survey(
    cluster: &Cluster,
    (snapshot, location): (&Snapshot, &str),
    session: &Session<'_>,
    (Look { mut live, lease, lock_table_size, .. }, mut pending): (Look, Vec<Pending>),
    (what, options): (Survey, &PlanOptions),
    reporter: &dyn Reporter,
) -> Result<Surveyed, EngineError> {
    let Session { target, settings, connection, .. } = session;
    let belongs =
        check_belonging(location, snapshot.state.as_ref(), target, connection.identity(), lease.as_ref());
    let is_regressed = match belongs {
        Err(Misplaced::Regressed { .. }) if what == Survey::Regressed => true,
        belongs => belongs.map(|()| false)?,
    };
    let target = (*target).clone();
    let last_op = lease.as_ref().and_then(|lease| lease.last_op);
    let mut ops = if is_regressed {
        Vec::new()
    } else {
        news(session, (snapshot, location), lease.as_ref(), what).await?
    };
    let is_unspoken = {
        let records = Records { has_last_op: true, goes_on: false, news: ops.len(), has_sidecar: false };
        let is_spoken_of = |op: &RecordedOp| {
            pending.iter().any(|pending| {
                pending.sidecar.op_id == op.record.op
                    || pending.sidecar.groups.iter().any(|group| group.op_id == op.record.op)
            })
        };
        global::decide(records) == Some(Row::G3) && !ops.iter().all(is_spoken_of)
    };
    // Statements that have ended, whose ledger rows the next command that writes will write first.
    for unwritten in pending.iter().filter_map(Pending::unwritten_row) {
        if ops.iter().all(|op| op.record.op != unwritten.record.op) {
            ops.push(unwritten);
        }
    }
    let mut rows = BTreeMap::new();
    let DesiredSide { resources: mut desired, not_modelled } = match what {
        Survey::Declared | Survey::Regressed => {
            let version = connection.server_version();
            let mut side = desired_of(cluster, (&target, settings), version, reporter).await?;
            rows =
                seeds::declare(cluster, (&target, settings), version, &mut side.resources, reporter).await?;
            if what == Survey::Declared {
                check_queries(cluster, (&target, settings), version, reporter).await?;
            }
            side
        }
        Survey::Undeclared => DesiredSide::default(),
    };
    if what != Survey::Undeclared {
        let unmanaged = Unmanaged::of(cluster.declared.get()?, &target);
        let unseen = unmanaged.unseen_tables(settings);
        let existing = match unseen.is_empty() {
            true => Default::default(),
            false => existing_relations(connection.client(), &unseen).await?,
        };
        unmanaged.set_aside((&target, settings), &existing, &mut live);
        settings.set_partitions_aside(&target, &mut live, &|address| desired.contains_key(address));
    }
    settle(&mut desired, &live);
    let seeds = seeds::compare(cluster, connection, (&target, &desired, &live), rows).await?;
    let mut recorded = recorded(snapshot, &target);
    let moving = moving_extensions(&desired, &recorded, &live);
    if what != Survey::Undeclared && !moving.is_empty() {
        live.extension_requirements = extension_requirements(connection.client(), &moving).await?;
    }
    // Where nothing changes nobody asks how large a table is.
    if what != Survey::Undeclared && is_to_change(&desired, &recorded, &live) {
        measure_unanalysed(session, &mut live).await?;
    }
    let filling = wanting_values(&desired, &target, &live);
    if !filling.is_empty() {
        let tables: Vec<&QualifiedName> = filling.iter().collect();
        let held = hold_rows(connection.client(), &tables).await?;
        for (table, held) in filling.into_iter().zip(held) {
            live.sizes.entry(table).or_default().holds_rows = held;
        }
    }
    let narrowed = narrowed_sequences(&desired, &target, &live);
    if !narrowed.is_empty() {
        let (addresses, sequences): (Vec<_>, Vec<_>) = narrowed.into_iter().unzip();
        let positions = sequence_positions(connection.client(), &sequences).await?;
        live.sequence_positions =
            positions.into_iter().map(|(number, at)| (addresses[number].clone(), at)).collect();
    }
    let postponed = match what {
        Survey::Undeclared => Postponed::default(),
        Survey::Declared | Survey::Regressed => {
            let mut rules = rules::of_target(cluster.declared.get()?, &target);
            rules::ask(connection.client(), (&target, &desired, &live), &mut rules).await?;
            postpone(&target, &mut desired, &live, &rules, options)
        }
    };
    let sides = Sides { target: &target, desired: &desired, live: &live };
    let mut overtaken = roll_forward(&mut recorded, &sides, ops);
    overtaken.is_unspoken = is_unspoken;
    for pending in &mut pending {
        pending.compare(&sides, &overtaken);
    }
    let mut recoveries = recoveries_of(&pending, &target);
    recoveries.extend(overtaken.recovery(&target));
    if what != Survey::Undeclared {
        let sides = (&target, &desired, &live);
        let declarations = &cluster.declared.get()?.declarations;
        recoveries.extend(still_violated(connection.client(), snapshot, sides, declarations).await);
    }
    let inputs = TargetInputs {
        postponed,
        recoveries,
        recorded,
        target,
        desired,
        not_modelled,
        live,
        seeds,
        epoch: lease.map_or(0, |lease| lease.epoch.get()),
        destructive: settings.destructive,
        approvals: Vec::new(),
        lock_timeout_ms: u64::try_from(settings.lock_timeout.as_millis()).unwrap_or(u64::MAX),
        // The lock table is shared with everybody else who is at work.
        max_locks_per_group: usize::try_from(lock_table_size / 2).unwrap_or(usize::MAX),
    };
    Ok(Surveyed { inputs, overtaken, last_op, pending })
}

/// The groups that the ledger has after the last one that the state knows: the run that did them died before it could
/// record them, or the state is an older copy.
///
/// # Errors
/// [`Misplaced`] when the ledger has not the last one: rows G2 and G4.
async fn news(
    session: &Session<'_>,
    (snapshot, location): (&Snapshot, &str),
    lease: Option<&Lease>,
    what: Survey,
) -> Result<Vec<RecordedOp>, EngineError> {
    let (client, target) = (session.connection.client(), session.target);
    let state = snapshot.state.as_ref().and_then(|state| state.content.targets.get(target));
    let known = state.and_then(|state| state.last_op);
    let Some(lease) = lease.filter(|lease| lease.last_op != known) else { return Ok(Vec::new()) };
    match ops_since(client, target, known).await? {
        Since::Ops(ops) => Ok(ops),
        Since::Unknown => {
            let epoch = state.map(|state| state.epoch).unwrap_or_default();
            let goes_on = goes_on(client, target, epoch).await?;
            let records = Records { has_last_op: false, goes_on, news: 0, has_sidecar: false };
            let (location, target) = (location.to_owned(), target.clone());
            match global::decide(records) {
                Some(Row::G4) => Err(Misplaced::Forked { location, target, epoch }.into()),
                _ if what == Survey::Regressed => Ok(Vec::new()),
                _ => {
                    Err(Misplaced::Regressed { location, target, recorded: epoch, found: lease.epoch }.into())
                }
            }
        }
    }
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
        let state = snapshot.state.as_ref().and_then(|state| state.content.targets.get(&target.target));
        if let Some(state) = state {
            define(&mut target.recorded, &target.target, store.catalog(&state.catalog).await?);
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
        let Some(there) = live_table(address, declared, target, live) else { continue };
        // The rows of a foreign table need no value, and are not asked for from here.
        if there.foreign.is_some() {
            continue;
        }
        let is_new = |column: &Column| there.column(&column.name).is_none();
        if table.columns.iter().any(|column| wants_value(column) && is_new(column)) {
            found.push(there.qualified_name());
        }
    }
    found
}

/// The table as it is there, under its name or the one that it had.
fn live_table<'a>(
    address: &Address,
    declared: &DesiredResource,
    target: &Ident,
    live: &'a Observation,
) -> Option<&'a Table> {
    let names = [address.relation(), declared.renamed_from.as_ref().and_then(Address::relation)];
    names.into_iter().flatten().find_map(|name| live.catalog.table(target, &name))
}

/// The live sequences that are to have narrower bounds: this works only if they stand within them. Each with its relation,
/// and the column where it is that of an identity column.
fn narrowed_sequences(
    desired: &Desired,
    target: &Ident,
    live: &Observation,
) -> Vec<(Address, (QualifiedName, Option<Ident>))> {
    let mut found = Vec::new();
    for (address, declared) in desired {
        match &*declared.resource {
            Resource::Sequence(sequence) => {
                let there = [Some(address), declared.renamed_from.as_ref()].into_iter().flatten();
                let there = there.filter_map(|address| Some((address, live.catalog.get(address)?)));
                for (address, there) in there {
                    if let Resource::Sequence(there) = there
                        && sequence.options.is_narrower_than(&there.options)
                    {
                        found.push((address.clone(), (there.qualified_name(), None)));
                    }
                }
            }
            Resource::Table(table) => {
                let Some(there) = live_table(address, declared, target, live) else { continue };
                let name = there.qualified_name();
                for column in &table.columns {
                    let old_name = declared.renamed_columns.get(&column.name).unwrap_or(&column.name);
                    let old = there.column(old_name).and_then(|old| old.identity.as_ref());
                    if let (Some(new), Some(old)) = (&column.identity, old)
                        && new.options.is_narrower_than(&old.options)
                    {
                        let address = Address::column(target, &name, old_name);
                        found.push((address, (name.clone(), Some(old_name.clone()))));
                    }
                }
            }
            _ => {}
        }
    }
    found
}

/// Whether what is there differs from what is declared.
fn is_to_change(desired: &Desired, recorded: &Recorded, live: &Observation) -> bool {
    desired.iter().any(|(address, declared)| live.catalog.get(address) != Some(&*declared.resource))
        || recorded.resources.keys().any(|address| !desired.contains_key(address))
}

/// Notes the sizes of tables that were never analysed, which are unknown to `pg_class` however large they are.
///
/// # Errors
/// When the target cannot be read.
pub(crate) async fn measure_unanalysed(
    session: &Session<'_>,
    live: &mut Observation,
) -> Result<(), EngineError> {
    if live.sizes.values().all(|size| size.rows.is_some()) {
        return Ok(());
    }
    for (table, bytes) in unanalysed_sizes(session.connection.client(), &session.settings.schemas).await? {
        if let Some(size) = live.sizes.get_mut(&table) {
            size.bytes = bytes;
        }
    }
    Ok(())
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

/// As [`load_definitions`], and what cannot be read any more is taken from the database, where that has what was
/// recorded: row P1. Gives back what was wrong.
///
/// # Errors
/// When the store fails otherwise.
pub(crate) async fn heal_definitions(
    inputs: &mut PlanInputs,
    store: &dyn Store,
    snapshot: &Snapshot,
) -> Result<Vec<StoreError>, EngineError> {
    let mut wrong = Vec::new();
    for target in &mut inputs.targets {
        let state = snapshot.state.as_ref().and_then(|state| state.content.targets.get(&target.target));
        let Some(state) = state else { continue };
        match store.catalog(&state.catalog).await {
            Ok(catalog) => define(&mut target.recorded, &target.target, catalog),
            Err(error) if payload::decide(&error).is_some() => {
                payload::heal(&mut target.recorded, &target.desired, &target.live);
                wrong.push(error);
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(wrong)
}

fn define(recorded: &mut Recorded, target: &Ident, catalog: RecordedCatalog) {
    for (address, entry) in catalog.resources {
        let Some(record) = recorded.resources.get_mut(&address) else { continue };
        record.package = record.package.take().or(entry.package);
        if !recorded.catalog.contains(&address) {
            recorded.catalog.insert(target, entry.resource);
        }
    }
}

fn recorded(snapshot: &Snapshot, target: &Ident) -> Recorded {
    let state = snapshot.state.as_ref().and_then(|state| state.content.targets.get(target));
    state.map_or_else(Recorded::default, |state| state.recorded(RecordedCatalog::default()))
}
