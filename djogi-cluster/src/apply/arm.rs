//! Arming: what a run is about to do is durable before it does it, and stays until the outcome is.
//!
//! One sidecar a target holds all groups, under the ids they will have in the ledger; it is written once, while the
//! epoch is taken. A statement that cannot be in a transaction has one of its own, written before it is sent. All are
//! retired together, after the final state.

use std::collections::{BTreeMap, HashMap};

use djogi_core::kind::{Constraint, Index, Resource};
use djogi_core::observation::Oid;
use djogi_core::plan::{
    ConcurrentVerb, Concurrently, Group, Operation, PlanDocument, ResourceChange, TargetInputs,
    TransactionMode,
};
use djogi_core::{Address, Digest, Ident, Kind};
use futures_util::future::try_join_all;

use super::work::Work;
use crate::approvals::Spending;
use crate::error::EngineError;
use crate::identity::{Epoch, Lineage, OpId, RunId};
use crate::ledger::Fence;
use crate::left_constraint::Bounds;
use crate::session::Session;
use crate::state::{
    FailedBuild, FenceClass, OutsideOperation, Sidecar, SidecarGroup, Snapshot, StateReference, Store,
};
use crate::sweep::backend::this_backend;
use crate::sweep::intent::{Intended, build_digest, definition_digest, group_intents};

/// What a run has announced.
pub(super) struct Armed {
    /// The sidecar of each target.
    runs: BTreeMap<Ident, Sidecar>,
    /// The groups by their names in the plan.
    groups: HashMap<String, SidecarGroup>,
    /// The statements with sidecars of their own that need nobody any more once the state is written.
    statements: Vec<OpId>,
}

/// What every sidecar of a run says.
struct Common<'a> {
    document: &'a PlanDocument,
    run: RunId,
    lineage: Lineage,
    state: Option<StateReference>,
}

impl Armed {
    /// Announces all groups of `document`, each target under the epoch it is about to take: nobody else takes one under
    /// our locks, so the next one is known. Returns when that is durable.
    ///
    /// # Errors
    /// When the store cannot be written or a session is gone; nothing has been done then.
    pub(super) async fn arm(
        document: &PlanDocument,
        work: &Work<'_>,
        (store, snapshot): (&dyn Store, &Snapshot),
        sessions: &[Session<'_>],
        targets: &[TargetInputs],
        (run, spendings): (RunId, &[Spending]),
    ) -> Result<Self, EngineError> {
        let Some(state) = &snapshot.state else {
            return Ok(Self { runs: BTreeMap::new(), groups: HashMap::new(), statements: Vec::new() });
        };
        let reference = snapshot.version.serial().zip(snapshot.version.digest());
        let common = Common {
            document,
            run,
            lineage: state.lineage,
            state: reference.map(|(serial, digest)| StateReference { digest, serial }),
        };
        let mut armed = Self { runs: BTreeMap::new(), groups: HashMap::new(), statements: Vec::new() };
        for session in sessions {
            let ours: Vec<(u32, &Group)> =
                (1..).zip(&document.groups).filter(|(_, group)| group.target == *session.target).collect();
            if ours.is_empty() {
                continue;
            }
            let intended: Vec<Intended<'_>> = ours
                .iter()
                .map(|(group_no, group)| Intended {
                    group_no: *group_no,
                    op: OpId::generate(),
                    changes: work.of(group),
                    approvals: spendings
                        .iter()
                        .filter(|spending| spending.is_of(group))
                        .map(|spending| spending.approval)
                        .collect(),
                    is_transactional: group.transaction != TransactionMode::Outside,
                })
                .collect();
            let target = targets.iter().find(|inputs| inputs.target == *session.target);
            let target = target.ok_or_else(|| EngineError::NoTarget(session.target.clone()))?;
            let groups = group_intents(document, &target.live.catalog, &intended);
            armed.groups.extend(
                ours.iter().zip(&groups).map(|((_, group), intent)| (group.id.clone(), intent.clone())),
            );
            let epoch = Epoch::new(target.epoch + 1);
            let sidecar = common.sidecar(session.target, epoch, FenceClass::T);
            let addresses = groups.iter().flat_map(|group| group.addresses.iter().cloned());
            let addresses: std::collections::BTreeSet<Address> = addresses.collect();
            let sidecar = Sidecar { addresses: addresses.into_iter().collect(), groups, ..sidecar };
            armed.runs.insert(session.target.clone(), sidecar);
        }
        let puts = sessions.iter().filter_map(|session| Some((session, armed.runs.get(session.target)?)));
        let puts = puts.map(|(session, sidecar)| async {
            let backend = this_backend(session.connection.client()).await?;
            let sidecar = Sidecar { backend: Some(backend), ..sidecar.clone() };
            store.put_sidecar(&sidecar).await?;
            Ok::<_, EngineError>((sidecar.target.clone(), sidecar))
        });
        armed.runs = try_join_all(puts).await?.into_iter().collect();
        Ok(armed)
    }

    /// Writes the sidecars again where a target has another epoch than was announced.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub(super) async fn correct(&mut self, store: &dyn Store, fences: &[Fence]) -> Result<(), EngineError> {
        for fence in fences {
            if let Some(sidecar) = self.runs.get_mut(&fence.target).filter(|s| s.epoch != fence.epoch) {
                sidecar.epoch = fence.epoch;
                store.put_sidecar(sidecar).await?;
            }
        }
        Ok(())
    }

    /// What was announced of a group.
    ///
    /// # Panics
    /// When the group is of another plan.
    pub(super) fn group(&self, group: &Group) -> &SidecarGroup {
        self.groups.get(&group.id).expect("every group of the plan was announced")
    }

    /// The sidecar of the run on `target`, with the transaction of `group`.
    pub(super) fn with_xid(&self, group: &Group, xid: u64) -> Option<Sidecar> {
        let op = self.group(group).op_id;
        let mut sidecar = self.runs.get(&group.target)?.clone();
        sidecar
            .groups
            .iter_mut()
            .filter(|intent| intent.op_id == op)
            .for_each(|intent| intent.xid = Some(xid));
        Some(sidecar)
    }

    /// The sidecar of the statement that `group` is. `before` is what has the names that matter to it.
    pub(super) fn statement(
        &self,
        document: &PlanDocument,
        work: &Work<'_>,
        group: &Group,
        (operation, concurrently, bounds): (&Operation, &Concurrently, Option<&Bounds>),
        before: &BTreeMap<Address, Oid>,
    ) -> Option<Sidecar> {
        let run = self.runs.get(&group.target)?;
        let intent = self.group(group);
        let before = before.iter().filter(|(address, _)| matches!(address.kind(), Kind::Index | Kind::Table));
        let change = work.of(group).iter().find(|change| change.address == operation.address);
        let after = match concurrently.verb {
            ConcurrentVerb::IndexCreate => {
                let declared = || change.and_then(|change| declared_index(change));
                concurrently.builds.as_deref().cloned().or_else(declared)
            }
            .map(|index| {
                let name = concurrently.object.name().clone();
                build_digest(&Resource::Index(Index { name, ..index }))
            }),
            ConcurrentVerb::Detach => bounds.map(|bounds| bounds.digest),
            ConcurrentVerb::IndexDrop | ConcurrentVerb::Reindex => None,
        };
        Some(Sidecar {
            addresses: std::iter::once(&concurrently.object).chain(&concurrently.from).cloned().collect(),
            after_digest: after,
            approval_id: intent.approvals.first().copied(),
            before_oids: before
                .chain(bounds.into_iter().flat_map(|bounds| &bounds.checks))
                .map(|(address, oid)| (address.clone(), *oid))
                .collect(),
            class: FenceClass::N,
            groups: vec![intent.clone()],
            op_id: intent.op_id,
            operation: Some(match concurrently.verb {
                ConcurrentVerb::IndexCreate => OutsideOperation::IndexCreate,
                ConcurrentVerb::IndexDrop => OutsideOperation::IndexDrop,
                ConcurrentVerb::Reindex => OutsideOperation::Reindex,
                ConcurrentVerb::Detach => OutsideOperation::Detach,
            }),
            plan_digest: Some(document.digest),
            statement_digest: Some(Digest::of_bytes(operation.sql.as_bytes())),
            ..run.clone()
        })
    }

    /// Takes note that a statement's sidecar is needed only until the state is written.
    pub(super) fn settle(&mut self, op: OpId) {
        self.statements.push(op);
    }

    /// Removes what the durable state has made needless.
    ///
    /// # Errors
    /// When the store cannot be written; the next command that writes removes it then.
    pub(super) async fn retire(self, store: &dyn Store) -> Result<(), EngineError> {
        for op in self.statements.into_iter().chain(self.runs.into_values().map(|sidecar| sidecar.op_id)) {
            store.retire_sidecar(op).await?;
        }
        Ok(())
    }
}

impl Common<'_> {
    fn sidecar(&self, target: &Ident, epoch: Epoch, class: FenceClass) -> Sidecar {
        Sidecar {
            addresses: Vec::new(),
            after_digest: None,
            approval_id: None,
            backend: None,
            before_digest: None,
            before_oids: BTreeMap::new(),
            class,
            database: None,
            djogi: env!("CARGO_PKG_VERSION").to_owned(),
            epoch,
            groups: Vec::new(),
            lineage: self.lineage,
            op_id: OpId::generate(),
            operation: None,
            plan_digest: Some(self.document.digest),
            run_id: self.run,
            state: self.state,
            statement_digest: None,
            target: target.clone(),
            xid: None,
        }
    }
}

/// What the state is to remember of the build that `group` is, when it fails for its rows.
pub(super) fn unique_build(work: &Work<'_>, group: &Group) -> Option<FailedBuild> {
    let operation = group.operations.first()?;
    let change = work.of(group).iter().find(|change| change.address == operation.address)?;
    let index = declared_index(change)?;
    Some(FailedBuild { address: change.address.clone(), definition: definition_digest(&index) })
}

/// The index that a change is to leave: a declared one, or that of a key.
fn declared_index(change: &ResourceChange) -> Option<Index> {
    let body = change.change.after.clone()?;
    match change.address.kind() {
        Kind::Constraint => serde_json::from_value::<Constraint>(body).ok()?.index(),
        _ => serde_json::from_value(body).ok(),
    }
}
