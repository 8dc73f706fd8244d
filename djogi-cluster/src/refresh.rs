//! `djogi refresh`: brings the record up to what the databases hold, and changes nothing in them.
//!
//! What drifted is recorded as it is now, with its status and what changed; its declaration counts as not applied
//! any more, so that the next plan heals it.

use std::collections::BTreeMap;

use djogi_core::kind::Comparison;
use djogi_core::plan::{PlanInputs, PlanOptions, ResourceChange, TargetInputs, compile};
use djogi_core::recorded::RecordedResource;
use djogi_core::{Address, Digest};

use crate::apply::Stop;
use crate::cluster::Cluster;
use crate::error::EngineError;
use crate::event::{Event, Reporter};
use crate::identity::{Epoch, RunId};
use crate::inputs::{Look, Survey, gather, heal_definitions, load_definitions};
use crate::interrupt::until_stopped;
use crate::locked::Locked;
use crate::plan::read_and_look;
use crate::session::Session;
use crate::state::{Content, Mark, RecordedCatalog, Snapshot, Status, Store, TargetState, UnusedCatalogs};
use crate::sweep::run::Manner;
use crate::sweep::{payload, pending};

/// What a refresh found.
#[derive(Debug)]
pub struct Refreshed {
    /// What differs from the record as it was.
    pub drift: Vec<ResourceChange>,
    /// What was recorded as drifted before, and still is.
    pub known: Vec<Address>,
    pub snapshot: Snapshot,
}

impl Refreshed {
    pub fn is_clean(&self) -> bool {
        self.drift.is_empty() && self.known.is_empty()
    }
}

/// Looks for drift; takes no lock and writes nothing.
///
/// # Errors
/// When the state or a target cannot be read.
pub async fn check(cluster: &Cluster, reporter: &dyn Reporter) -> Result<Refreshed, EngineError> {
    let store = cluster.store();
    let (snapshot, sessions, looks) =
        read_and_look(cluster, store.as_ref(), Survey::Regressed, reporter).await?;
    let found = async {
        let pending = pending::look(store.as_ref(), &snapshot, &sessions).await?;
        let (at, seen) = ((store.as_ref(), &snapshot), (sessions.as_slice(), looks));
        let options = PlanOptions::default();
        let mut gathered = gather(cluster, at, seen, pending, Survey::Regressed, options, reporter).await?;
        load_definitions(&mut gathered.inputs, store.as_ref(), &snapshot).await?;
        compare(&gathered.inputs, reporter)
    }
    .await;
    Session::close_all(sessions).await?;
    let drift = found?;
    Ok(Refreshed { known: known_drift(&snapshot, &drift), drift, snapshot })
}

/// Finishes what interrupted runs have left, and records drift. A state that is lost is made anew from the ledger and
/// what is there; stored catalogs that are damaged are written anew.
///
/// # Errors
/// As [`check`], when another run has a lock or the state cannot be written, and [`EngineError::Interrupted`].
pub async fn refresh(
    cluster: &Cluster,
    stop: &Stop,
    reporter: &dyn Reporter,
) -> Result<Refreshed, EngineError> {
    let opened = Locked::open(cluster, RunId::generate(), "refresh", Survey::Regressed, reporter);
    let mut locked = until_stopped(stop, opened).await?;
    let refreshed = refresh_locked(&mut locked, stop, reporter).await;
    locked.close().await?;
    refreshed
}

async fn refresh_locked(
    locked: &mut Locked<'_>,
    stop: &Stop,
    reporter: &dyn Reporter,
) -> Result<Refreshed, EngineError> {
    revive_state(locked, reporter).await?;
    let manner = Manner { takes_what_is_there: true, stop: Some(stop.clone()) };
    let mut gathered =
        locked.sweep_and_gather(Survey::Regressed, PlanOptions::default(), manner, reporter).await?;
    let lost = heal_definitions(&mut gathered.inputs, locked.store.as_ref(), &locked.snapshot).await?;
    let drift = compare(&gathered.inputs, reporter)?;
    crate::failpoint!("refresh.after_observe");
    let mut content = locked.snapshot.state.as_ref().map(|state| state.content.clone()).unwrap_or_default();
    let notes = drift.iter().map(|change| (&change.address, note(change))).collect();
    for target in &gathered.inputs.targets {
        if let Some(state) = content.targets.get_mut(&target.target) {
            *state = record(locked.store.as_ref(), target, state, &notes).await?;
            // Everything that the ledger has is recorded now, also when it has less than the state knew.
            state.last_op = gathered.last_ops[&target.target];
        }
    }
    if content.targets.values().flat_map(|t| t.resources.values()).any(|r| r.status != Status::Applied) {
        content.config_digest = None;
    }
    if locked.snapshot.state.is_some() {
        crate::failpoint!("refresh.before_write");
        locked.publish(content, reporter).await?;
        crate::failpoint!("refresh.after_write");
    }
    for error in &lost {
        if let Some(finding) = payload::decide(error) {
            let message = format!("{}; it is written anew", finding.told);
            reporter.report(&Event::ServerNotice { message });
        }
    }
    let known = known_drift(&locked.snapshot, &drift);
    Ok(Refreshed { drift, known, snapshot: locked.snapshot.clone() })
}

/// Where the ledger knows a state and the store has none, begins one of the same lineage: the sweep then finds all that
/// the ledger has done, and records it.
async fn revive_state(locked: &mut Locked<'_>, reporter: &dyn Reporter) -> Result<(), EngineError> {
    if locked.snapshot.state.is_some() {
        return Ok(());
    }
    // Targets of several states in one configuration are refused when the first of them is compared.
    let Some(lineage) = locked.looks.iter().find_map(Look::lineage) else { return Ok(()) };
    locked.publish_under(lineage, Content::default(), UnusedCatalogs::Keep, reporter).await
}

/// How the live side differs from the record.
fn compare(inputs: &PlanInputs, reporter: &dyn Reporter) -> Result<Vec<ResourceChange>, EngineError> {
    let drift = compile(inputs)?.resource_drift;
    for change in &drift {
        let fields = change.fields.iter().map(|field| field.path.clone()).collect();
        reporter.report(&Event::DriftFound { address: change.address.clone(), fields });
    }
    Ok(drift)
}

/// The record of one target as it is to be.
async fn record(
    store: &dyn Store,
    target: &TargetInputs,
    state: &TargetState,
    notes: &BTreeMap<&Address, String>,
) -> Result<TargetState, EngineError> {
    let TargetInputs { live, desired, .. } = target;
    let mut recorded = target.recorded.clone();
    let mut marks = BTreeMap::new();
    for (address, entry) in &mut recorded.resources {
        let mut mark = state.resources.get(address).map_or(Mark::APPLIED, |before| Mark {
            status: before.status,
            conditions: before.conditions.clone(),
            op: before.op,
        });
        let declared = desired.get(address).map(|declared| &*declared.resource);
        match (live.catalog.get_shared(address), live.oids.get(address)) {
            (Some(resource), Some(oid)) => {
                let is_declared = declared
                    .is_some_and(|declared| resource.compare(declared) == Comparison::InPlace(Vec::new()));
                if let Some(note) = notes.get(address) {
                    *entry = RecordedResource {
                        desired: None,
                        observed: Digest::of(&**resource),
                        oid: *oid,
                        drifted: true,
                        package: entry.package.take(),
                    };
                    mark = Mark { status: Status::Drifted, conditions: vec![note.clone()], ..mark };
                }
                if is_declared && mark.status == Status::Drifted {
                    entry.desired = declared.map(Digest::of);
                    mark = Mark { status: Status::Applied, conditions: Vec::new(), ..mark };
                }
                recorded.catalog.insert(&target.target, resource.clone());
            }
            _ if live.left_alone.contains(address) => {}
            _ => {
                let note = "it is missing in the database".to_owned();
                mark = Mark { status: Status::Drifted, conditions: vec![note], ..mark };
            }
        }
        marks.insert(address.clone(), mark);
    }
    let catalog = store.put_catalog(&RecordedCatalog::from(&recorded)).await?;
    // A database that was restored is at an older epoch than the state, and is what counts.
    let epoch = state.epoch.min(Epoch::new(target.epoch));
    let mark = |address: &Address| marks.get(address).cloned().unwrap_or(Mark::APPLIED);
    Ok(TargetState::from_recorded(&live.identity, epoch, state.last_op, catalog, &recorded, mark))
}

fn note(change: &ResourceChange) -> String {
    let fields: Vec<_> = change.fields.iter().map(|field| field.path.as_str()).collect();
    if fields.is_empty() { "it was changed".to_owned() } else { format!("changed: {}", fields.join(", ")) }
}

fn known_drift(snapshot: &Snapshot, found: &[ResourceChange]) -> Vec<Address> {
    let targets = snapshot.state.iter().flat_map(|state| state.content.targets.values());
    let drifted = targets.flat_map(|target| &target.resources).filter(|(_, r)| r.status == Status::Drifted);
    let is_new = |address: &Address| found.iter().any(|change| change.address == *address);
    drifted.map(|(address, _)| address.clone()).filter(|address| !is_new(address)).collect()
}
