//! `djogi state migrate`: moves the state to another store with its lineage, serial and history.
//!
//! Everything is copied before the state itself, which makes the destination the one that counts; then the source is put
//! aside. Killed in between, the command finds its own state at the destination the next time, and goes on.

use std::collections::BTreeSet;

use djogi_core::Digest;

use super::error::SurgeryError;
use super::{Edit, all_targets, is_stopped};
use crate::apply::Stop;
use crate::cluster::{Cluster, StateSettings};
use crate::error::EngineError;
use crate::event::Reporter;
use crate::identity::{Lineage, RunId};
use crate::state::{Approval, RecordedCatalog, Serial, Sidecar, State, Store, StoreError, Version};

/// What has moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migrated {
    pub lineage: Lineage,
    pub serial: Serial,
    pub from: String,
    pub to: String,
    /// Where the source is kept.
    pub put_aside: String,
    /// The revisions before the current one.
    pub revisions: usize,
    pub catalogs: usize,
    pub backups: usize,
    pub sidecars: usize,
    pub approvals: usize,
    /// Catalogs that were missing or damaged, so that `djogi refresh` has to make the current ones anew.
    pub missing: BTreeSet<Digest>,
}

/// Moves the state to the store that `to` leads to.
///
/// # Errors
/// When another run has a lock, there is no state, the destination holds something else, or something cannot be read
/// or written. The source is as it was then, and so is the state of the destination.
pub async fn migrate(
    cluster: &Cluster,
    to: &StateSettings,
    stop: &Stop,
    reporter: &dyn Reporter,
) -> Result<Migrated, EngineError> {
    let recorded = cluster.store().read().await?.state;
    let targets = all_targets(cluster, recorded.as_ref());
    let edit = Edit::begin(cluster, targets, "state migrate", stop, reporter).await?;
    let destination = cluster.store_of(to);
    match under_lock(&edit, destination.as_ref(), stop).await {
        Ok(migrated) => edit.locked.close().await.map(|()| migrated),
        Err(error) => Err(edit.give_up(error).await),
    }
}

async fn under_lock(edit: &Edit<'_>, destination: &dyn Store, stop: &Stop) -> Result<Migrated, EngineError> {
    let source = edit.locked.store.as_ref();
    let (from, to) = (source.location(), destination.location());
    if from == to {
        return Err(SurgeryError::SamePlace { location: from }.into());
    }
    let head = edit.state()?;
    let load = Load::read(source, head).await?;
    let version = &edit.locked.snapshot.version;
    let found = destination.read().await?.version;
    if found != *version {
        refuse_occupied(destination, found, &load).await?;
        // From here on a stop comes too late: what is written twice is the same.
        is_stopped(stop)?;
        load.write(destination, head).await?;
    }
    let put_aside = source.put_aside(version).await?;
    let Load { history, catalogs, backups, sidecars, approvals, missing } = load;
    Ok(Migrated {
        lineage: head.lineage,
        serial: head.serial,
        from,
        to,
        put_aside,
        revisions: history.len(),
        catalogs: catalogs.len(),
        backups: backups.len(),
        sidecars: sidecars.len(),
        approvals: approvals.len(),
        missing,
    })
}

/// Whatever is there already is somebody else's, unless an earlier attempt has brought it.
async fn refuse_occupied(destination: &dyn Store, found: Version, load: &Load) -> Result<(), EngineError> {
    let location = destination.location();
    if let Some(serial) = found.serial() {
        return Err(
            SurgeryError::Occupied { location, holds: format!("a state with serial {serial}") }.into()
        );
    }
    for sidecar in destination.sidecars().await? {
        if !sidecar.sidecar.is_ok_and(|sidecar| load.sidecars.contains(&sidecar)) {
            let holds = format!("the sidecar {}", sidecar.location);
            return Err(SurgeryError::Occupied { location, holds }.into());
        }
    }
    for approval in destination.approvals().await? {
        if !approval.approval.is_ok_and(|approval| load.approvals.contains(&approval)) {
            let holds = format!("the approval {}", approval.location);
            return Err(SurgeryError::Occupied { location, holds }.into());
        }
    }
    Ok(())
}

/// Everything in a store but the current state.
struct Load {
    history: Vec<State>,
    catalogs: Vec<RecordedCatalog>,
    backups: Vec<(State, RunId)>,
    sidecars: Vec<Sidecar>,
    approvals: Vec<Approval>,
    missing: BTreeSet<Digest>,
}

impl Load {
    async fn read(source: &dyn Store, head: &State) -> Result<Self, EngineError> {
        let mut history = Vec::new();
        for serial in source.history().await?.into_iter().filter(|serial| *serial != head.serial) {
            history.push(source.revision(serial).await?);
        }
        let mut backups = Vec::new();
        for name in source.saved_backups().await? {
            let run = name.split_once('-').and_then(|(_, run)| run.parse().ok());
            if let Some(run) = run {
                backups.push((source.saved_backup(&name).await?, run));
            }
        }
        let mut sidecars = Vec::new();
        for stored in source.sidecars().await? {
            let location = stored.location;
            sidecars
                .push(stored.sidecar.map_err(|damage| SurgeryError::DamagedDocument { location, damage })?);
        }
        let mut approvals = Vec::new();
        for stored in source.approvals().await? {
            let location = stored.location;
            approvals
                .push(stored.approval.map_err(|damage| SurgeryError::DamagedDocument { location, damage })?);
        }
        let states = history.iter().chain(backups.iter().map(|(state, _)| state)).chain([head]);
        let named: BTreeSet<Digest> =
            states.flat_map(|state| state.content.targets.values().map(|target| target.catalog)).collect();
        let (mut catalogs, mut missing) = (Vec::new(), BTreeSet::new());
        for digest in named {
            match source.catalog(&digest).await {
                Ok(catalog) => catalogs.push(catalog),
                Err(StoreError::CatalogMissing { .. } | StoreError::CatalogDamaged { .. }) => {
                    missing.insert(digest);
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Self { history, catalogs, backups, sidecars, approvals, missing })
    }

    /// The state comes last: until then the destination has none.
    async fn write(&self, destination: &dyn Store, head: &State) -> Result<(), EngineError> {
        destination.preflight_writable().await?;
        for catalog in &self.catalogs {
            destination.put_catalog(catalog).await?;
        }
        for (state, run) in &self.backups {
            destination.save_backup(state, *run).await?;
        }
        for approval in &self.approvals {
            destination.put_approval(approval).await?;
        }
        for sidecar in &self.sidecars {
            destination.put_sidecar(sidecar).await?;
        }
        destination.take_over(head, &self.history).await?;
        Ok(())
    }
}
