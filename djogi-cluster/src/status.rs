//! What there is and what there was: `djogi status`, `show` and `history`. Looks, and writes nothing.

use std::collections::{BTreeMap, BTreeSet};

use djogi_core::desired::Desired;
use djogi_core::diff::drift::drift;
use djogi_core::diff::rebase;
use djogi_core::diff::unmanaged::unmanaged;
use djogi_core::observation::DatabaseIdentity;
use djogi_core::plan::{PlanOptions, Recovery};
use djogi_core::{Address, Ident, Resource};
use serde::Serialize;

use crate::cluster::Cluster;
use crate::error::EngineError;
use crate::event::Reporter;
use crate::identity::RunId;
use crate::inputs::{self, Survey, gather};
use crate::ledger::LockSession;
use crate::lock::lock_session;
use crate::recover::DamagedSidecar;
use crate::session::Session;
use crate::state::{
    Approval, RecordedCatalog, Serial, Sidecar, Snapshot, State, Status, Store, StoreError, StoredApproval,
    WrittenBy,
};
use crate::sweep::pending;

/// How a cluster stands.
#[derive(Debug)]
pub struct ClusterStatus {
    /// Where the state is.
    pub location: String,
    pub state: Option<State>,
    pub targets: Vec<TargetStatus>,
    /// Sidecars that nobody can read: nothing that writes goes on before they are put aside.
    pub damaged: Vec<DamagedSidecar>,
    pub approvals: ApprovalCount,
}

/// How many approvals there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ApprovalCount {
    /// Not spent; whether they still fit, `djogi approvals` tells.
    pub open: usize,
    pub spent: usize,
    /// Their files cannot be read, so they allow nothing.
    pub damaged: usize,
}

#[derive(Debug)]
pub struct TargetStatus {
    pub target: Ident,
    /// What was found, or why nothing could be.
    pub live: Result<LiveStatus, EngineError>,
}

#[derive(Debug)]
pub struct LiveStatus {
    pub identity: DatabaseIdentity,
    pub epoch: u64,
    pub managed: usize,
    pub unmanaged: usize,
    /// What is not as it was recorded.
    pub drifted: Vec<Address>,
    /// What interrupted runs have left.
    pub recoveries: Vec<Recovery>,
    /// Indexes that PostgreSQL does not use: a build failed or was ended, or goes on.
    pub invalid_indexes: Vec<Address>,
    /// Who has the run lock.
    pub lock: Option<LockSession>,
    /// The ids of approvals that nothing has spent.
    pub open_approvals: BTreeSet<String>,
}

/// Looks at the state and at every target; one that cannot be reached does not hide the others.
///
/// # Errors
/// When the state cannot be read.
pub async fn status(cluster: &Cluster, reporter: &dyn Reporter) -> Result<ClusterStatus, EngineError> {
    let store = cluster.store();
    let snapshot = store.read().await?;
    let listed = pending::list(store.as_ref()).await?;
    let mut targets = Vec::with_capacity(cluster.targets.len());
    for (target, settings) in &cluster.targets {
        let live = match Session::open(cluster, target, settings, RunId::generate(), reporter).await {
            Ok(session) => {
                look(cluster, (store.as_ref(), &snapshot), &listed.readable, session, reporter).await
            }
            Err(error) => Err(error),
        };
        targets.push(TargetStatus { target: target.clone(), live });
    }
    let damaged = listed.damaged.into_iter().map(DamagedSidecar::from).collect();
    let approvals = count(&store.approvals().await?, &targets);
    Ok(ClusterStatus { location: store.location(), state: snapshot.state, targets, damaged, approvals })
}

/// Where a target can be reached, its ledger decides what is spent.
fn count(stored: &[StoredApproval], targets: &[TargetStatus]) -> ApprovalCount {
    let mut count = ApprovalCount::default();
    for found in stored {
        let Ok(approval) = &found.approval else {
            count.damaged += 1;
            continue;
        };
        let Some(target) = targets.iter().find(|target| target.target == approval.target) else { continue };
        let is_open = match &target.live {
            Ok(live) => live.open_approvals.contains(&approval.id.to_string()),
            Err(_) => approval.spent.is_none(),
        };
        if is_open {
            count.open += 1;
        } else {
            count.spent += 1;
        }
    }
    count
}

async fn look(
    cluster: &Cluster,
    at: (&dyn Store, &Snapshot),
    sidecars: &[(String, Sidecar)],
    session: Session<'_>,
    reporter: &dyn Reporter,
) -> Result<LiveStatus, EngineError> {
    let sessions = [session];
    let inputs = async {
        let seen = (sessions.as_slice(), inputs::look(&sessions, reporter).await?);
        let pending = pending::look_at(sidecars, at.1, &sessions).await?;
        let options = PlanOptions::default();
        gather(cluster, at, seen, pending, Survey::Undeclared, options, reporter).await
    };
    let inputs = inputs.await;
    let [session] = sessions;
    let settings = session.settings;
    let lock = lock_session(session.connection.client(), session.target).await;
    session.close().await?;
    let mut live = inputs?.inputs.targets.into_iter().map(|mut inputs| {
        let recorded = &inputs.recorded.resources;
        let is_managed = |address: &Address| recorded.contains_key(address);
        settings.set_partitions_aside(&inputs.target, &mut inputs.live, &is_managed);
        let undeclared = Desired::new();
        let rebased = rebase(&inputs.target, &undeclared, &inputs.recorded, &inputs.live);
        let is_news = |address: &&Address| {
            inputs.recorded.resources.get(*address).is_some_and(|record| !record.drifted)
        };
        let drifted = drift(&rebased).into_keys().filter(is_news).cloned().collect();
        let known = |address: &&Address| inputs.recorded.resources.contains_key(*address);
        let managed = inputs.live.catalog.iter().map(|(address, _)| address).filter(known).count();
        LiveStatus {
            identity: inputs.live.identity.clone(),
            epoch: inputs.epoch,
            managed,
            unmanaged: unmanaged(&undeclared, &rebased).len() + inputs.live.unmodelled.len(),
            drifted,
            recoveries: inputs.recoveries,
            invalid_indexes: inputs
                .live
                .catalog
                .iter()
                .filter(|(_, r)| is_invalid(r))
                .map(|(a, _)| a.clone())
                .collect(),
            lock: None,
            open_approvals: inputs.approvals.iter().map(|given| given.id.clone()).collect(),
        }
    });
    let live = live.next().expect("one session gives one target");
    Ok(LiveStatus { lock: lock?, ..live })
}

fn is_invalid(resource: &Resource) -> bool {
    matches!(resource, Resource::Index(index) if !index.valid)
}

/// One revision of the state with what it had recorded.
#[derive(Debug)]
pub struct Revision {
    pub state: State,
    pub catalogs: BTreeMap<Ident, RecordedCatalog>,
}

/// A revision, or the current one; `None` when there is no state yet.
///
/// # Errors
/// When it is not kept any more or cannot be read.
pub async fn revision(cluster: &Cluster, serial: Option<Serial>) -> Result<Option<Revision>, EngineError> {
    let store = cluster.store();
    let state = match serial {
        Some(serial) => Some(store.revision(serial).await?),
        None => store.read().await?.state,
    };
    let Some(state) = state else { return Ok(None) };
    let mut catalogs = BTreeMap::new();
    for (target, recorded) in &state.content.targets {
        catalogs.insert(target.clone(), store.catalog(&recorded.catalog).await?);
    }
    Ok(Some(Revision { state, catalogs }))
}

/// One past write of the state.
#[derive(Debug)]
pub struct Past {
    pub serial: Serial,
    pub written_by: WrittenBy,
    /// How many resources were managed.
    pub resources: usize,
    /// `converged` when everything declared was there, else `incomplete`.
    pub outcome: &'static str,
}

/// All revisions that are kept, oldest first.
///
/// # Errors
/// When one of them cannot be read.
pub async fn history(cluster: &Cluster) -> Result<Vec<Past>, EngineError> {
    let store = cluster.store();
    let mut past = Vec::new();
    for serial in store.history().await? {
        let state = match store.revision(serial).await {
            Ok(state) => state,
            // Another run has just made it too old to be kept.
            Err(StoreError::NoSuchRevision { .. }) => continue,
            Err(error) => return Err(error.into()),
        };
        let resources = state.content.targets.values().flat_map(|target| target.resources.values());
        let open = resources.clone().any(|resource| resource.status != Status::Applied);
        let converged = state.content.config_digest.is_some() && !open;
        past.push(Past {
            serial,
            resources: resources.count(),
            outcome: if converged { "converged" } else { "incomplete" },
            written_by: state.written_by,
        });
    }
    Ok(past)
}

/// The approvals that were given for `address`, or for anything; damaged ones are left out. Oldest first.
///
/// # Errors
/// When they cannot be listed.
pub async fn approvals_of(
    cluster: &Cluster,
    address: Option<&Address>,
) -> Result<Vec<Approval>, EngineError> {
    let stored = cluster.store().approvals().await?.into_iter().filter_map(|stored| stored.approval.ok());
    let is_about = |approval: &Approval| {
        address.is_none_or(|address| {
            approval.address == *address || approval.address.table_of_member().as_ref() == Some(address)
        })
    };
    Ok(stored.filter(is_about).collect())
}
