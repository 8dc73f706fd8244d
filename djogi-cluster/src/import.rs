//! `djogi import`: takes existing objects under management. Changes only the state.

use std::collections::BTreeSet;

use djogi_core::plan::{PlanInputs, PlanOptions, TargetInputs};
use djogi_core::recorded::RecordedResource;
use djogi_core::{Address, Digest, Kind};

use crate::apply::Stop;
use crate::cluster::Cluster;
use crate::declared::Unreadable;
use crate::error::EngineError;
use crate::event::Reporter;
use crate::identity::{Epoch, RunId};
use crate::inputs::{Survey, load_definitions};
use crate::interrupt::until_stopped;
use crate::locked::Locked;
use crate::state::{Mark, RecordedCatalog, Snapshot, Status, TargetState};
use crate::sweep::run::Manner;

/// Which objects to take over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    These(BTreeSet<Address>),
    /// Everything in the managed schemas, and these but for an undeclared `public`.
    All,
}

/// What an import did.
#[derive(Debug)]
pub struct Imported {
    /// Managed from now on.
    pub taken: Vec<Address>,
    /// Asked for by name, and managed before.
    pub known: Vec<Address>,
    /// Managed from now on, and declared nowhere: the next plan proposes to drop them.
    pub undeclared: Vec<Address>,
    /// Left as it is, since it was to be written as sources and could not be.
    pub unwritten: Vec<Address>,
    pub snapshot: Snapshot,
}

/// Writes what is to be taken over as sources, before anything is, and tells what it could not write: that is not taken
/// over, since the next plan would drop it.
pub type WriteSources<'a> = dyn Fn(&PlanInputs) -> Result<BTreeSet<Address>, Unreadable> + Sync + 'a;

/// Takes over what `selection` names; `write` is called before.
///
/// # Errors
/// When a named object does not exist, and [`EngineError::Interrupted`]; nothing is taken over then. Else as for every command that writes the state.
pub async fn import(
    cluster: &Cluster,
    selection: &Selection,
    write: &WriteSources<'_>,
    stop: &Stop,
    reporter: &dyn Reporter,
) -> Result<Imported, EngineError> {
    let opened = Locked::open(cluster, RunId::generate(), "import", Survey::Declared, reporter);
    let mut locked = until_stopped(stop, opened).await?;
    let imported = import_locked(&mut locked, (selection, write), stop, reporter).await;
    locked.close().await?;
    imported
}

async fn import_locked(
    locked: &mut Locked<'_>,
    (selection, write): (&Selection, &WriteSources<'_>),
    stop: &Stop,
    reporter: &dyn Reporter,
) -> Result<Imported, EngineError> {
    let manner = Manner { takes_what_is_there: false, stop: Some(stop.clone()) };
    let gathered =
        locked.sweep_and_gather(Survey::Declared, PlanOptions::default(), manner, reporter).await?;
    let (store, snapshot) = (locked.store.as_ref(), &locked.snapshot);
    let mut inputs = gathered.inputs;
    load_definitions(&mut inputs, store, snapshot).await?;
    crate::failpoint!("import.after_observe");
    if let Selection::These(addresses) = selection {
        for address in addresses {
            let target = inputs.targets.iter().find(|target| target.target == *address.target());
            let target = target.ok_or_else(|| EngineError::UnknownTarget(address.clone()))?;
            if target.live.left_alone.contains(address) {
                return Err(EngineError::LeftAlone(address.clone()));
            }
            if !target.live.catalog.contains(address) {
                return Err(EngineError::NotLive(address.clone()));
            }
        }
    }
    let refused = write(&inputs).map_err(EngineError::Sources)?;
    let mut content = snapshot.state.as_ref().map(|state| state.content.clone()).unwrap_or_default();
    let (mut taken, mut known, mut undeclared) = (Vec::new(), Vec::new(), Vec::new());
    let mut unwritten: Vec<Address> = Vec::new();
    for target in &inputs.targets {
        let chosen: Vec<&Address> = match selection {
            Selection::These(addresses) => {
                addresses.iter().filter(|address| *address.target() == target.target).collect()
            }
            Selection::All => {
                let is_given =
                    |address: &Address| address.kind() == Kind::Schema && address.name().as_str() == "public";
                let found = target.live.catalog.iter().map(|(address, _)| address);
                // Every database has `public`, and its models do not declare it.
                found.filter(|a| target.desired.contains_key(*a) || !is_given(a)).collect()
            }
        };
        let is_known = |address: &&Address| target.recorded.resources.contains_key(*address);
        let (old, new): (Vec<&Address>, Vec<&Address>) = chosen.into_iter().partition(is_known);
        known.extend(old.into_iter().cloned());
        let (left, new): (Vec<&Address>, Vec<&Address>) =
            new.into_iter().partition(|address| refused.contains(*address));
        unwritten.extend(left.into_iter().cloned());
        if new.is_empty() {
            continue;
        }
        let state = take_over(locked, target, &new, content.targets.get(&target.target)).await?;
        content.targets.insert(target.target.clone(), state);
        undeclared.extend(new.iter().filter(|a| !target.desired.contains_key(**a)).map(|a| (*a).clone()));
        taken.extend(new.into_iter().cloned());
    }
    if !taken.is_empty() {
        crate::failpoint!("import.before_write");
        locked.publish(content, reporter).await?;
        crate::failpoint!("import.after_write");
    }
    if *selection == Selection::All {
        known.clear();
    }
    Ok(Imported { taken, known, undeclared, unwritten, snapshot: locked.snapshot.clone() })
}

async fn take_over(
    locked: &Locked<'_>,
    target: &TargetInputs,
    new: &[&Address],
    state: Option<&TargetState>,
) -> Result<TargetState, EngineError> {
    let mut recorded = target.recorded.clone();
    for address in new {
        let (Some(resource), Some(oid)) =
            (target.live.catalog.get_shared(address), target.live.oids.get(*address))
        else {
            return Err(EngineError::NotLive((*address).clone()));
        };
        let package = target.desired.get(*address).map(|declared| declared.package.clone());
        let entry = RecordedResource {
            desired: None,
            observed: Digest::of(&**resource),
            oid: *oid,
            drifted: false,
            package,
        };
        recorded.resources.insert((*address).clone(), entry);
        recorded.catalog.insert(&target.target, resource.clone());
    }
    let catalog = locked.store.put_catalog(&RecordedCatalog::from(&recorded)).await?;
    let mark = |address: &Address| match state.and_then(|state| state.resources.get(address)) {
        Some(r) => Mark { status: r.status, conditions: r.conditions.clone(), op: r.op },
        None => Mark { status: Status::Applied, conditions: vec!["imported".to_owned()], op: None },
    };
    let epoch = state.map_or(Epoch::default(), |state| state.epoch);
    let last_op = state.and_then(|state| state.last_op);
    Ok(TargetState::from_recorded(&target.live.identity, epoch, last_op, catalog, &recorded, mark))
}
