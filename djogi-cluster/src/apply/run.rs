//! One run of apply, from its first event to its summary.

use std::collections::BTreeSet;
use std::time::Instant;

use djogi_core::Address;
use djogi_core::disposition::Verdict;
use djogi_core::plan::{Group, PlanDocument, ResourceChange};

use super::execute::{Execution, GroupError};
use super::record::Record;
use super::verify::verify;
use super::{Applied, Confirm, Request, Stop};
use crate::cluster::Cluster;
use crate::error::EngineError;
use crate::event::{Event, Outcome, Reporter, RunSummary, millis_since};
use crate::identity::RunId;
use crate::locked::Locked;
use crate::plan::{Planned, plan_with};
use crate::state::Serial;

pub(super) struct Run<'a> {
    cluster: &'a Cluster,
    reporter: &'a dyn Reporter,
    stop: Stop,
    id: RunId,
    began: Instant,
    document: Option<PlanDocument>,
    serial: Option<Serial>,
    /// Changes that are done.
    applied: BTreeSet<Address>,
    /// Changes whose group failed, or was not reached because an earlier one did.
    failed: BTreeSet<Address>,
}

impl<'a> Run<'a> {
    pub(super) fn start(cluster: &'a Cluster, stop: Stop, reporter: &'a dyn Reporter) -> Self {
        let id = RunId::generate();
        reporter.report(&Event::RunStarted {
            run: id,
            command: "apply".to_owned(),
            actor: cluster.actor.clone(),
            targets: cluster.targets.keys().cloned().collect(),
        });
        Self {
            cluster,
            reporter,
            stop,
            id,
            began: Instant::now(),
            document: None,
            serial: None,
            applied: BTreeSet::new(),
            failed: BTreeSet::new(),
        }
    }

    pub(super) async fn apply(&mut self, request: Request, confirm: Confirm<'_>) -> Result<(), EngineError> {
        let mut locked = Locked::open(self.cluster, self.id, self.reporter).await?;
        self.serial = locked.snapshot.version.serial();
        let ended = self.apply_locked(&mut locked, request, confirm).await;
        self.serial = locked.snapshot.version.serial();
        locked.close().await?;
        ended
    }

    async fn apply_locked(
        &mut self,
        locked: &mut Locked<'a>,
        request: Request,
        confirm: Confirm<'_>,
    ) -> Result<(), EngineError> {
        let planned = match request {
            Request::Declared(options) => {
                let Locked { store, snapshot, sessions, .. } = &*locked;
                plan_with(self.cluster, (store.as_ref(), snapshot), sessions, options, self.reporter).await?
            }
            Request::Saved(document) => verify(*document, locked, self.reporter).await?,
        };
        let document = self.document.insert(planned.document.clone()).clone();
        let has_work = document.resource_changes.iter().any(|change| change.disposition == Verdict::Applied);
        if has_work {
            if !confirm(&document) {
                return Err(EngineError::Declined);
            }
            self.execute(locked, &planned).await?;
        }
        self.report_what_stays(&document);
        Ok(())
    }

    async fn execute(&mut self, locked: &mut Locked<'a>, planned: &Planned) -> Result<(), EngineError> {
        let document = &planned.document;
        let fences = locked.take_epochs("apply", self.reporter).await?;
        let mut record = Record::open(&locked.snapshot, planned, &fences);
        let mut execution = Execution::new(document, self.id, self.reporter, self.stop.clone());
        let mut fatal = None;
        for (number, group) in (1..).zip(&document.groups) {
            if fatal.is_some() || *self.stop.borrow() || self.is_cut_off(document, group) {
                self.fail(group);
                continue;
            }
            let at = locked.sessions.iter().zip(&fences).find(|(session, _)| *session.target == group.target);
            let (session, fence) = at.ok_or_else(|| EngineError::NoTarget(group.target.clone()))?;
            match execution.execute(session, fence, number, group).await {
                Ok(committed) => {
                    let settled = record.settle(session, group, &committed).await?;
                    execution.expect(&settled.observed, &settled.relations);
                    record.checkpoint(locked, self.reporter).await?;
                }
                Err(GroupError::RolledBack) => self.fail(group),
                Err(GroupError::Fatal(error)) => {
                    self.fail(group);
                    fatal = Some(error);
                }
            }
        }
        record.settle_without_statements();
        record.mark_the_rest(&self.failed);
        let applied = document.resource_changes.iter().filter(|change| change.disposition == Verdict::Applied);
        let applied = applied.map(|change| change.address.clone());
        self.applied = applied.filter(|address| !self.failed.contains(address)).collect();
        let converged = self.failed.is_empty() && leaves_nothing(document);
        record.set_config_digest(converged.then_some(document.config.digest));
        record.publish(locked, self.reporter).await?;
        fatal.map_or(Ok(()), Err)
    }

    /// Whether a group needs something that failed.
    fn is_cut_off(&self, document: &PlanDocument, group: &Group) -> bool {
        changes_of(document, group).any(|change| {
            self.failed.contains(&change.address) || change.depends_on.iter().any(|need| self.failed.contains(need))
        })
    }

    fn fail(&mut self, group: &Group) {
        self.failed.extend(group.operations.iter().map(|operation| operation.address.clone()));
    }

    fn report_what_stays(&self, document: &PlanDocument) {
        for change in &document.resource_changes {
            if let (Verdict::Blocked, Some(reason)) = (change.disposition, change.reason) {
                self.reporter.report(&Event::ChangeBlocked { address: change.address.clone(), reason });
            }
        }
    }

    pub(super) fn finish(self, error: Option<EngineError>) -> Applied {
        let count = |verdict| {
            let changes = self.document.iter().flat_map(|document| &document.resource_changes);
            changes.filter(|change| change.disposition == verdict).count()
        };
        let blocked = count(Verdict::Blocked);
        let interrupted = *self.stop.borrow();
        let (outcome, exit_code) = match &error {
            Some(error) => (Outcome::Failed, error.exit_code()),
            None if !self.failed.is_empty() => (Outcome::Failed, 1),
            None if blocked > 0 => (Outcome::Blocked, 3),
            None => (Outcome::Converged, 0),
        };
        let outcome = if interrupted && outcome == Outcome::Failed { Outcome::Interrupted } else { outcome };
        let summary = RunSummary {
            run: self.id,
            outcome,
            exit_code,
            applied: self.applied.len(),
            deferred: count(Verdict::Deferred),
            blocked,
            failed: self.failed.len(),
            drift: self.document.as_ref().map_or(0, |document| document.summary.drift),
            serial: self.serial,
            elapsed_ms: millis_since(self.began),
        };
        self.reporter.report(&Event::Summary(summary.clone()));
        Applied { summary, document: self.document, error }
    }
}

/// The changes that `group` works on.
pub(super) fn changes_of<'d>(
    document: &'d PlanDocument,
    group: &Group,
) -> impl Iterator<Item = &'d ResourceChange> {
    document.resource_changes.iter().filter(|change| change.groups.contains(&group.id))
}

/// Whether everything declared is there once the applied changes are done.
fn leaves_nothing(document: &PlanDocument) -> bool {
    let stays = |change: &ResourceChange| matches!(change.disposition, Verdict::Blocked | Verdict::Deferred);
    !document.resource_changes.iter().any(stays)
}
