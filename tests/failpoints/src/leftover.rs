//! What a disturbed run may leave, whatever has happened to it.

use std::collections::{BTreeMap, BTreeSet};

use djogi_cluster::state::{FenceClass, State, Store};
use djogi_core::{Address, Digest, Kind};
use e2e::{Project, eventually};

use crate::observe::runtime;
use crate::plot::{Keeper, Plot};
use crate::reference::{Reference, foreign_facts, owner, resources, rows};
use crate::stage::Stage;

const SESSIONS: &str = "SELECT count(*) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name LIKE 'djogi%'";

const LOCKS: &str = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'
     AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

/// Waits until the sessions of dead runs have ended in the server.
pub fn await_the_end_of_sessions(project: &Project) {
    eventually("the sessions of the run end", || project.database().value(SESSIONS) == "0");
}

/// What must not be as it is. The run has ended.
pub(crate) fn problems(stage: &Stage, plot: &Plot, reference: &Reference) -> Vec<String> {
    let project = &stage.project;
    await_the_end_of_sessions(project);
    let mut problems = Vec::new();
    if project.database().value(LOCKS) != "0" {
        problems.push("a lock is left".to_owned());
    }
    if foreign_facts(project) != reference.foreign {
        problems.push(format!("unmanaged objects have changed: {:#?}", foreign_facts(project)));
    }
    if rows(project) != reference.rows {
        problems.push(format!("rows: {:?}, and were {:?}", rows(project), reference.rows));
    }
    if let Some(plan) = plot.plan_file {
        problems.extend(of_plan_file(stage, plan));
    }
    let live = resources(project);
    let ops = Ops::read(project);
    let intents = match intents(stage.store().as_ref()) {
        Ok(intents) => intents,
        Err(problem) => {
            problems.push(problem);
            BTreeSet::new()
        }
    };
    problems.extend(of_ledger(&live, &ops, &intents, reference));
    match state_of(stage, plot) {
        Ok(Some(state)) => problems.extend(of_state(&state, &live, &ops, &intents, reference)),
        Ok(None) if !plot.before.is_empty() => problems.push("the state is lost".to_owned()),
        Ok(None) if project.root().join(".djogi/state.json").exists() => {
            problems.push("an empty state".to_owned());
        }
        Ok(None) => {}
        Err(problem) => problems.push(problem),
    }
    problems
}

/// The state where it is, or where it goes.
fn state_of(stage: &Stage, plot: &Plot) -> Result<Option<State>, String> {
    let state = state(stage.store_in(plot.state).as_ref())?;
    if state.is_some() || plot.state == plot.state_then {
        return Ok(state);
    }
    self::state(stage.store_in(Keeper::Postgres).as_ref())
}

/// What sidecars of statements outside transactions speak of: it may be on its way. One that cannot be read speaks of
/// nothing.
fn intents(store: &dyn Store) -> Result<BTreeSet<Address>, String> {
    let stored = runtime().block_on(store.sidecars());
    let stored = stored.map_err(|error| format!("the sidecars: {error}"))?;
    let sidecars = stored.into_iter().filter_map(|stored| stored.sidecar.ok());
    let statements = sidecars.filter(|sidecar| sidecar.class == FenceClass::N);
    let concerned = statements.flat_map(|sidecar| {
        let groups = sidecar.groups.into_iter().flat_map(|group| group.addresses);
        sidecar.addresses.into_iter().chain(groups)
    });
    Ok(concerned.map(|address| owner(&address)).collect())
}

/// The state and every kept revision of it, each read as strictly as djogi reads it.
pub(crate) fn state(store: &dyn Store) -> Result<Option<State>, String> {
    runtime().block_on(async {
        let text = |error: djogi_cluster::state::StoreError| format!("the state store: {error}");
        let snapshot = store.read().await.map_err(text)?;
        for serial in store.history().await.map_err(text)? {
            store.revision(serial).await.map_err(text)?;
        }
        for target in snapshot.state.iter().flat_map(|state| state.content.targets.values()) {
            store.catalog(&target.catalog).await.map_err(text)?;
        }
        Ok(snapshot.state)
    })
}

/// A plan file is whole or not there.
fn of_plan_file(stage: &Stage, name: &str) -> Option<String> {
    let text = std::fs::read(stage.project.root().join(name)).ok()?;
    let plan: Result<djogi_core::plan::PlanDocument, _> = serde_json::from_slice(&text);
    match plan {
        Ok(plan) if plan.verify_digest() => None,
        Ok(_) => Some("the saved plan is damaged".to_owned()),
        Err(error) => Some(format!("the saved plan is no plan: {error}")),
    }
}

/// The groups that the ledger holds, in order.
pub(crate) struct Ops {
    ids: Vec<String>,
    pub(crate) addresses: Vec<Vec<Address>>,
}

impl Ops {
    pub(crate) fn read(project: &Project) -> Self {
        let database = project.database();
        let mut ops = Self { ids: Vec::new(), addresses: Vec::new() };
        if database.value("SELECT to_regclass('djogi.op') IS NOT NULL") == "f" {
            return ops;
        }
        let query = "SELECT op_id, array_to_string(addresses, ' ') FROM djogi.op ORDER BY epoch, group_no";
        for row in database.rows(query) {
            ops.ids.push(row[0].clone());
            ops.addresses.push(
                row[1]
                    .split(' ')
                    .map(|a| owner(&a.parse().expect("an address")))
                    .collect::<BTreeSet<_>>()
                    .into_iter()
                    .collect(),
            );
        }
        ops
    }

    /// What was committed after `last`.
    fn since(&self, last: Option<&str>) -> &[Vec<Address>] {
        let from = last.map_or(0, |last| self.ids.iter().position(|id| id == last).map_or(0, |at| at + 1));
        &self.addresses[from..]
    }
}

/// A group's row is there exactly when its effect is: each address that the plan works on is as it was when none of its
/// groups has a row, and as it is to be when all of them have. Outside of a transaction the row comes after the effect:
/// then its intent must be there.
fn of_ledger(
    live: &BTreeMap<Address, Digest>,
    ops: &Ops,
    intents: &BTreeSet<Address>,
    reference: &Reference,
) -> Vec<String> {
    let mut problems = Vec::new();
    let planned: BTreeSet<&Address> = reference.groups.iter().flatten().collect();
    for address in planned {
        let (begin, end) = (reference.begin.get(address), reference.end.get(address));
        let groups = reference.groups.iter().filter(|group| group.contains(address)).count();
        let rows = ops.addresses.iter().filter(|row| row.contains(address)).count();
        // The first apply of the plot has rows for what it made.
        let earlier = reference.earlier_groups.get(address).copied().unwrap_or_default();
        let (expected, when) = match rows - earlier {
            0 => (begin, "no group with it"),
            committed if committed >= groups => (end, "all groups with it"),
            _ => continue,
        };
        let found = live.get(address);
        if found != expected && !intents.contains(address) {
            problems.push(format!("{address} is {found:?} though {when} committed, expected {expected:?}"));
        }
    }
    problems
}

/// The state claims nothing that the catalog lacks, but for what the ledger has committed since and what the sidecar of a
/// statement outside transactions speaks of.
fn of_state(
    state: &State,
    live: &BTreeMap<Address, Digest>,
    ops: &Ops,
    intents: &BTreeSet<Address>,
    reference: &Reference,
) -> Vec<String> {
    let mut problems = Vec::new();
    for target in state.content.targets.values() {
        let last = target.last_op.map(|op| op.to_string());
        let since = ops.since(last.as_deref());
        // A rename takes members along, and a changed column what is about it.
        let is_newer = |address: &Address| {
            let kind = address.kind();
            let newer = since.iter().flatten();
            newer
                .flat_map(|newer| [Some(newer), reference.renamed.get(newer)])
                .flatten()
                .any(|newer| newer == address || is_related(newer, address))
                || !since.is_empty() && matches!(kind, Kind::Constraint | Kind::Index)
        };
        for (address, resource) in &target.resources {
            let found = live.get(address);
            if found != Some(&resource.observed)
                && !is_newer(address)
                && !reference.drifted.contains(address)
                && !intents.contains(address)
            {
                problems.push(format!(
                    "the state claims {address} as {}, but there is {found:?}; since: {since:?}",
                    resource.observed
                ));
            }
        }
    }
    problems
}

fn is_related(one: &Address, other: &Address) -> bool {
    // What a step of a migration has made is called otherwise after a later one, as what is on a table may be.
    let are_of_one_migration = [one, other].iter().all(|address| address.kind() == Kind::MigrationStep)
        && one.parent_name() == other.parent_name();
    are_of_one_migration
        || one.table_of_member().as_ref() == Some(other)
        || other.table_of_member().as_ref() == Some(one)
        || one.relation().is_some() && one.relation() == other.relation()
}
