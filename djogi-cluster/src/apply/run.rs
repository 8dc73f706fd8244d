//! One run of apply, from its first event to its summary.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use djogi_core::Address;
use djogi_core::disposition::{Reason, Verdict};
use djogi_core::plan::{
    DESTRUCTIVE_DENIED, Group, PlanDocument, PlanInputs, Rejection, ResourceChange, TransactionMode,
};

use super::arm::{Armed, unique_build};
use super::clear::clear_away;
use super::execute::{Backing, Execution, GroupError};
use super::gates::gates_reached;
use super::kin::Kin;
use super::quiescence::Quiescence;
use super::record::Record;
use super::state_move::StateMove;
use super::work::Work;
use super::{AfterFailure, Applied, Stop};
use crate::approvals::{Spending, mark};
use crate::backfill::forget_unwanted;
use crate::cluster::Cluster;
use crate::error::EngineError;
use crate::event::{Event, Outcome, Reporter, RunSummary, millis_since};
use crate::identity::{OpId, RunId};
use crate::leave::leave_to_the_end;
use crate::locked::Locked;
use crate::secrets::Secrets;
use crate::state::{Serial, Status};
use crate::sweep::global;

#[derive(Debug)]
pub(super) struct Run {
    stop: Stop,
    id: RunId,
    began: Instant,
    serial: Option<Serial>,
    /// Changes that are done.
    applied: BTreeSet<Address>,
    /// Changes whose group failed, or was not reached because an earlier one did.
    failed: BTreeSet<Address>,
    /// Those of them that an error alone does not explain.
    stuck: BTreeMap<Address, Reason>,
    has_failed_checkpoint: bool,
}

impl Run {
    pub(super) fn start(cluster: &Cluster, stop: Stop, reporter: &dyn Reporter) -> Self {
        let id = RunId::generate();
        reporter.report(&Event::RunStarted {
            run: id,
            command: "apply".to_owned(),
            actor: cluster.actor.clone(),
            targets: cluster.targets.keys().cloned().collect(),
        });
        Self {
            stop,
            id,
            began: Instant::now(),
            serial: None,
            applied: BTreeSet::new(),
            failed: BTreeSet::new(),
            stuck: BTreeMap::new(),
            has_failed_checkpoint: false,
        }
    }

    pub(super) fn id(&self) -> RunId {
        self.id
    }

    pub(super) fn stop(&self) -> Stop {
        self.stop.clone()
    }

    /// Everything is as declared, and the state may not say so: a run was killed after its last group, or what was
    /// blocked is not declared any more.
    pub(super) async fn note_convergence(
        &mut self,
        locked: &mut Locked<'_>,
        document: &PlanDocument,
        reporter: &dyn Reporter,
    ) -> Result<(), EngineError> {
        let Some(state) = locked.snapshot.state.as_ref() else { return Ok(()) };
        if !document.converged {
            return Ok(());
        }
        let resources = || state.content.targets.values().flat_map(|target| target.resources.values());
        if resources().any(|resource| resource.status == Status::Drifted) {
            return Ok(());
        }
        let waits = resources().any(|resource| resource.status != Status::Applied);
        if state.content.config_digest.is_some() && !waits {
            return Ok(());
        }
        let mut content = state.content.clone();
        content.config_digest.get_or_insert(document.config.digest);
        for resource in content.targets.values_mut().flat_map(|target| target.resources.values_mut()) {
            (resource.status, resource.conditions) = (Status::Applied, Vec::new());
        }
        locked.publish(content, reporter).await
    }

    /// What the user took to answer is no part of the time that the run took.
    pub(super) fn begin_work(&mut self) {
        self.began = Instant::now();
    }

    pub(super) fn note_serial(&mut self, locked: &Locked<'_>) {
        self.serial = locked.snapshot.version.serial();
    }

    /// Executes every group that nothing stands in the way of, and records what came of it.
    pub(super) async fn execute(
        &mut self,
        locked: &mut Locked<'_>,
        document: &PlanDocument,
        inputs: PlanInputs,
        after_failure: AfterFailure,
        reporter: &dyn Reporter,
    ) -> Result<(), EngineError> {
        let spendings = Spending::of(document, &inputs)?;
        let secrets = Secrets::of(locked.cluster, document)?;
        let work = Work::of_plan(document);
        let ledgers = locked.preflight(reporter).await?;
        // Both are durable before the first effect, and neither needs the other.
        let (armed, fences) = {
            let locked = &*locked;
            let at = (locked.store.as_ref(), &locked.snapshot);
            futures_util::join!(
                Armed::arm(document, &work, at, &locked.sessions, &inputs.targets, (self.id, &spendings)),
                locked.bump_epochs(&ledgers, reporter),
            )
        };
        let (mut armed, fences) = (armed?, fences?);
        armed.correct(locked.store.as_ref(), &fences).await?;
        for session in &locked.sessions {
            forget_unwanted(session.connection.client(), session.target, document).await?;
        }
        let declarations = &locked.cluster.declared.get()?.declarations;
        let kin = Kin::of(&inputs);
        let leads_back = !inputs.options.abandon.is_empty();
        let mut record = Record::open(&locked.snapshot, document, &work, inputs, declarations, &fences);
        let quiescence = Quiescence::of(locked);
        let stop = self.stop.clone();
        let mut execution = Execution::new(
            document,
            &work,
            (spendings, secrets),
            (&quiescence, kin),
            self.id,
            reporter,
            stop,
        );
        let mut rows = BTreeMap::new();
        for session in &locked.sessions {
            let row = locked.store.row_in(&session.connection).await?;
            rows.extend(row.map(|row| (session.target.clone(), row)));
        }
        let mut fatal = None;
        for (number, group) in (1..).zip(&document.groups) {
            let is_over = after_failure == AfterFailure::End && !self.failed.is_empty();
            if fatal.is_some() || self.stop.borrow().is_some() || is_over {
                self.fail(&work, group);
                continue;
            }
            if self.is_cut_off(&work, group) {
                self.give_reason(&work, group, Reason::PreviousFailure);
                self.fail(&work, group);
                continue;
            }
            let at = locked.sessions.iter().zip(&fences).find(|(session, _)| *session.target == group.target);
            let (session, fence) = at.ok_or_else(|| EngineError::NoTarget(group.target.clone()))?;
            let relations = execution.relations(group);
            if record.awaits(&group.target, &relations) {
                match record.settle(session).await {
                    Ok(settled) => execution.expect(settled),
                    Err(error) => {
                        self.fail(&work, group);
                        fatal = Some(error);
                        continue;
                    }
                }
            }
            let state = rows.get(&group.target).map(|row| StateMove::new(&record, locked, row));
            let mut backing = Backing { armed: &armed, store: locked.store.as_ref(), state };
            let executed = execution.execute(session, fence, number, group, &mut backing).await;
            let moved = backing.state.and_then(StateMove::into_moved);
            if group.transaction == TransactionMode::Outside {
                let op = armed.group(group).op_id;
                if executed.is_ok() {
                    armed.settle(op);
                } else if matches!(executed, Err(GroupError::RolledBack(_))) && self.stop.borrow().is_none() {
                    let failure = (op, execution.last_sqlstate(), unique_build(&work, group));
                    let cleared =
                        clear_away(locked, (&group.target, fence), failure, &self.stop, reporter).await;
                    // Where it failed, the next sweep goes on.
                    if let Ok(Some(entry)) = cleared {
                        record.remember(entry);
                        armed.settle(op);
                    }
                }
            }
            match executed {
                Ok(op) => {
                    let marked = mark_spent(execution.spendings(group), locked, group, op, reporter).await;
                    crate::failpoint!("apply.before_checkpoint");
                    match moved {
                        Some(moved) => execution.expect(Some(moved.take(&mut record, locked, reporter))),
                        None => {
                            record.committed(group, op, relations);
                            // A state that moves with a later group says that it has all before it.
                            let moves = rows.contains_key(&group.target);
                            if moves || !(quiescence.holds(&group.target) && record.can_wait(group)) {
                                match record.settle(session).await {
                                    Ok(settled) => execution.expect(settled),
                                    // What earlier groups have left is recorded all the same; the ledger knows of this
                                    // one.
                                    Err(error) => fatal = Some(error),
                                }
                                if fatal.is_none() {
                                    record.checkpoint(locked, reporter).await?;
                                }
                            }
                        }
                    }
                    crate::failpoint!("apply.between_groups");
                    if let Err(error) = marked {
                        fatal.get_or_insert(error);
                    }
                }
                Err(GroupError::RolledBack(reason)) => {
                    if let Some(reason) = reason {
                        self.give_reason(&work, group, reason);
                    }
                    self.fail(&work, group);
                }
                Err(GroupError::Fatal(error)) => {
                    self.fail(&work, group);
                    fatal = Some(error);
                }
            }
        }
        self.has_failed_checkpoint = execution.has_failed_checkpoint();
        let goes_on =
            |change: &&ResourceChange| matches!(change.disposition, Verdict::Applied | Verdict::Derived);
        let done = document.resource_changes.iter().filter(goes_on);
        let done = done.map(|change| &change.address).filter(|address| !self.failed.contains(*address));
        self.applied = done.cloned().collect();
        // A state that moves with its groups has moved as far as they have; how far that is, the next run sees.
        let moved_with =
            |error: &EngineError| !rows.is_empty() && matches!(error, EngineError::CommitLost { .. });
        if let Some(error) = fatal.take_if(|error| global::decide_end(error).is_some() || moved_with(error)) {
            return Err(error);
        }
        for session in &locked.sessions {
            // The ledger knows of what nobody could look at.
            if let Err(error) = record.settle(session).await {
                fatal.get_or_insert(error);
            }
        }
        record.settle_without_statements();
        record.mark_the_rest(&self.failed);
        // Whoever abandons a migration has not done what is declared.
        let converged = self.failed.is_empty() && !leads_back && leaves_nothing(document);
        record.set_config_digest(converged.then_some(document.config.digest));
        crate::failpoint!("apply.before_state_write");
        record.publish(locked, reporter).await?;
        crate::failpoint!("apply.after_state_write_before_cleanup");
        if fatal.is_none() {
            armed.retire(locked.store.as_ref()).await?;
        }
        leave_to_the_end(record);
        fatal.map_or(Ok(()), Err)
    }

    /// Whether a group needs something that failed.
    fn is_cut_off(&self, work: &Work<'_>, group: &Group) -> bool {
        let failed = |address: &Address| self.failed.contains(address);
        work.of(group).iter().any(|change| failed(&change.address) || change.depends_on.iter().any(failed))
    }

    /// What has failed before needs no other reason.
    fn give_reason(&mut self, work: &Work<'_>, group: &Group, reason: Reason) {
        let changes = work.of(group).iter().filter(|change| change.disposition == Verdict::Applied);
        let others = changes.filter(|change| !self.failed.contains(&change.address));
        self.stuck.extend(others.map(|change| (change.address.clone(), reason)));
    }

    fn fail(&mut self, work: &Work<'_>, group: &Group) {
        self.failed.extend(work.of(group).iter().map(|change| change.address.clone()));
    }

    pub(super) fn finish(
        self,
        document: Option<PlanDocument>,
        error: Option<EngineError>,
        reporter: &dyn Reporter,
    ) -> Applied {
        let changes: Vec<&ResourceChange> =
            document.iter().flat_map(|document| &document.resource_changes).collect();
        let count = |verdict| changes.iter().filter(|change| change.disposition == verdict).count();
        for change in &changes {
            if let (Verdict::Blocked, Some(reason)) = (change.disposition, change.reason) {
                let (address, notes) = (change.address.clone(), change.notes.clone());
                let way_out = change.way_out.clone();
                reporter.report(&Event::ChangeBlocked { address, reason, notes, way_out });
            }
        }
        for gate in gates_reached(&changes, &self.applied) {
            reporter.report(&gate);
        }
        for (address, reason) in &self.stuck {
            let (address, reason, notes) = (address.clone(), *reason, Vec::new());
            reporter.report(&Event::ChangeBlocked { address, reason, notes, way_out: None });
        }
        let blocked = count(Verdict::Blocked);
        let findings = document.iter().flat_map(|document| &document.diagnostics);
        let is_refusal = |code: &str| code == DESTRUCTIVE_DENIED || Rejection::CODES.contains(&code);
        let is_offline = |change: &&ResourceChange| change.reason == Some(Reason::OfflineOnly);
        let denied =
            findings.into_iter().any(|found| is_refusal(&found.code)) || changes.iter().any(is_offline);
        let stopped = *self.stop.borrow();
        let (outcome, exit_code) = match (stopped, &error) {
            (Some(code), _) => (Outcome::Interrupted, code),
            (None, Some(error)) => (Outcome::Failed, error.exit_code()),
            (None, None) if self.has_failed_checkpoint => (Outcome::Failed, 8),
            (None, None) if !self.failed.is_empty() => (Outcome::Failed, 1),
            (None, None) if denied => (Outcome::Blocked, 7),
            (None, None) if blocked > 0 => (Outcome::Blocked, 3),
            (None, None) => (Outcome::Converged, 0),
        };
        let summary = RunSummary {
            run: self.id,
            outcome,
            exit_code,
            applied: self.applied.len(),
            deferred: count(Verdict::Deferred),
            blocked,
            failed: self.failed.len(),
            drift: document.as_ref().map_or(0, |document| document.summary.drift),
            serial: self.serial,
            elapsed_ms: millis_since(self.began),
        };
        reporter.report(&Event::Summary(summary.clone()));
        Applied { summary, document, error }
    }
}

/// Tells of the approvals that a committed group has spent, and marks their files. The ledger has the rows already.
async fn mark_spent<'s>(
    spent: impl Iterator<Item = &'s Spending>,
    locked: &Locked<'_>,
    group: &Group,
    op: OpId,
    reporter: &dyn Reporter,
) -> Result<(), EngineError> {
    for Spending { address, approval, approver, reason, .. } in spent {
        reporter.report(&Event::ApprovalSpent {
            target: group.target.clone(),
            group: group.id.clone(),
            address: address.clone(),
            approval: *approval,
            approver: approver.clone(),
            reason: reason.clone(),
        });
        mark(locked.store.as_ref(), *approval, op).await?;
    }
    Ok(())
}

/// Whether everything declared is there once the applied changes are done.
fn leaves_nothing(document: &PlanDocument) -> bool {
    let stays = |change: &ResourceChange| matches!(change.disposition, Verdict::Blocked | Verdict::Deferred);
    !document.resource_changes.iter().any(stays)
}
