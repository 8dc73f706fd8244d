//! Interrupted work as it is found: each sidecar of a target with the rows that fit. Reads only, so that plans, `status`
//! and `recover` see what the sweep will see.

use std::collections::BTreeSet;

use djogi_core::kind::Resource;
use djogi_core::plan::Recovery;
use djogi_core::{Address, Ident, Kind, QualifiedName};

use super::backend::{Worker, worker_of, workers};
use super::constraint::{self, FoundConstraint};
use super::enum_label::{self, EnumLabels};
use super::error::SweepError;
use super::finding::{Finding, Treatment};
use super::forward::{Overtaken, Sides, is_as_declared};
use super::global;
use super::intent::{digest_of, first_touched, last_touched};
use super::seed::{self, UnfinishedSeed};
use super::statement::{self, Ended};
use super::table::Row;
use super::transactional::{self, Group, Live, Transaction};
use crate::error::EngineError;
use crate::identity::{ApprovalId, OpId, RunId};
use crate::ledger::{OpKind, OpRecord, RecordedOp, committed_ops, in_progress};
use crate::session::Session;
use crate::state::{Damage, FenceClass, Sidecar, SidecarGroup, Snapshot, Store};

/// One sidecar.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    pub(crate) sidecar: Sidecar,
    facts: Facts,
    /// The rows that fit, in the order of execution.
    pub(crate) found: Vec<Found>,
}

/// One row that fits, and what it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) op: OpId,
    pub(crate) addresses: Vec<Address>,
    pub(crate) finding: Finding,
}

/// What the server says of the groups of a run, before anything is compared.
#[derive(Clone, Debug)]
enum Facts {
    /// The rows are known.
    Decided,
    Groups {
        committed: BTreeSet<OpId>,
    },
}

/// All interrupted work of the targets of `sessions`; that of other targets is left to those who work on them. The
/// rows of groups in transactions are found by [`Pending::compare`].
///
/// # Errors
/// [`SweepError`] when a sidecar cannot be read or belongs to another state; else when a database cannot be read.
pub(crate) async fn look(
    store: &dyn Store,
    snapshot: &Snapshot,
    sessions: &[Session<'_>],
) -> Result<Vec<Pending>, EngineError> {
    let Listed { readable, damaged } = list(store).await?;
    if !damaged.is_empty() {
        return Err(SweepError::Unreadable { sidecars: damaged }.into());
    }
    look_at(&readable, snapshot, sessions).await
}

/// The sidecars of a store.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    /// With the place of each, for humans.
    pub(crate) readable: Vec<(String, Sidecar)>,
    /// With name and place.
    pub(crate) damaged: Vec<(String, String, Damage)>,
}

/// Lists the sidecars of all targets.
///
/// # Errors
/// When they cannot be listed, which is never "there is none".
pub(crate) async fn list(store: &dyn Store) -> Result<Listed, SweepError> {
    let mut listed = Listed::default();
    for found in store.sidecars().await.map_err(SweepError::unlistable)? {
        match found.sidecar {
            Ok(sidecar) => listed.readable.push((found.location, sidecar)),
            Err(damage) => listed.damaged.push((found.name, found.location, damage)),
        }
    }
    Ok(listed)
}

/// As [`look`], for sidecars that are listed.
///
/// # Errors
/// When one belongs to another state, or a database cannot be read.
pub(crate) async fn look_at(
    sidecars: &[(String, Sidecar)],
    snapshot: &Snapshot,
    sessions: &[Session<'_>],
) -> Result<Vec<Pending>, EngineError> {
    if sidecars.is_empty() {
        return Ok(Vec::new());
    }
    let state = snapshot.state.as_ref().map(|state| state.lineage);
    let mut pending = Vec::new();
    for session in sessions {
        let ours: Vec<&(String, Sidecar)> =
            sidecars.iter().filter(|(_, sidecar)| sidecar.target == *session.target).collect();
        if ours.is_empty() {
            continue;
        }
        for (location, sidecar) in &ours {
            if let Some(state) = state.filter(|state| *state != sidecar.lineage) {
                let (location, sidecar) = (location.clone(), sidecar.lineage);
                return Err(SweepError::OtherLineage { location, sidecar, state }.into());
            }
        }
        let all: Vec<&Sidecar> = ours.iter().map(|(_, sidecar)| sidecar).collect();
        let workers = workers(session.connection.client(), &all).await?;
        for (_, sidecar) in ours {
            pending.push(Pending::look(session, sidecar, &workers).await?);
        }
    }
    // Ids and clocks order nothing.
    pending.sort_by_key(|pending| {
        let group = pending.sidecar.groups.first().map_or(0, |group| group.group_no);
        (pending.sidecar.target.clone(), pending.sidecar.epoch, group)
    });
    Ok(pending)
}

impl Pending {
    /// A statement whose row is known.
    pub(crate) fn of_statement(sidecar: Sidecar, finding: Finding) -> Self {
        let mut pending = Self { sidecar, facts: Facts::Decided, found: Vec::new() };
        pending.decide(finding);
        pending
    }

    async fn look(session: &Session<'_>, sidecar: &Sidecar, workers: &[Worker]) -> Result<Self, EngineError> {
        let mut pending = Self { sidecar: sidecar.clone(), facts: Facts::Decided, found: Vec::new() };
        match sidecar.class {
            FenceClass::T => {
                if let Some(at_work) = global::g7(&worker_of(sidecar, workers)) {
                    pending.decide(at_work);
                    return Ok(pending);
                }
                let client = session.connection.client();
                let ops: Vec<OpId> = sidecar.groups.iter().map(|group| group.op_id).collect();
                let committed = committed_ops(client, &ops).await?;
                let open = sidecar.groups.iter().filter(|group| !committed.contains(&group.op_id));
                let xids: Vec<u64> = open.filter_map(|group| group.xid).collect();
                let in_progress = in_progress(client, &xids).await?;
                let is_open = |group: &&SidecarGroup| {
                    !committed.contains(&group.op_id)
                        && group.xid.is_some_and(|xid| in_progress.contains(&xid))
                };
                if let Some(open) = sidecar.groups.iter().find(is_open) {
                    // Whatever is live may be something else in a moment.
                    pending.decide(transactional::decide(&Group {
                        group_no: open.group_no,
                        is_committed: false,
                        is_recorded: false,
                        transaction: Transaction::InProgress,
                        live: Live::NotCompared,
                    }));
                    return Ok(pending);
                }
                pending.facts = Facts::Groups { committed };
            }
            FenceClass::N => {
                let finding = statement::find(session, sidecar, workers, Ended::Unknown).await?;
                pending.decide(finding);
            }
            FenceClass::D | FenceClass::X => {
                let told = "this djogi does no such work; a newer one may have";
                pending.decide(Finding::new(Row::G6, told, Treatment::Keep));
            }
        }
        Ok(pending)
    }

    /// Sets the one row of a sidecar as a whole.
    pub(crate) fn decide(&mut self, finding: Finding) {
        let Sidecar { addresses, groups, op_id, .. } = &self.sidecar;
        let mut concerned: BTreeSet<&Address> = addresses.iter().collect();
        concerned.extend(groups.iter().flat_map(|group| &group.addresses));
        let addresses = concerned.into_iter().cloned().collect();
        self.facts = Facts::Decided;
        self.found = vec![Found { op: *op_id, addresses, finding }];
    }

    /// Finds the rows of groups in transactions, now that the three sides are known. `overtaken` is what the ledger has
    /// and the state has not.
    pub(crate) fn compare(&mut self, sides: &Sides<'_>, overtaken: &Overtaken) {
        let Facts::Groups { committed } = &self.facts else { return };
        let news: BTreeSet<OpId> = overtaken.ops.iter().map(|op| op.record.op).collect();
        let groups = &self.sidecar.groups;
        let addresses: Vec<BTreeSet<Address>> =
            groups.iter().map(|group| group.addresses.iter().cloned().collect()).collect();
        let (first, last) = (first_touched(&addresses), last_touched(&addresses));
        let touched: BTreeSet<QualifiedName> = groups
            .iter()
            .filter(|group| committed.contains(&group.op_id))
            .flat_map(|group| group.addresses.iter().filter_map(Address::relation))
            .collect();
        let (mut found, mut known, mut interrupted) = (Vec::new(), None, false);
        for (at, intent) in groups.iter().enumerate() {
            let is_committed = committed.contains(&intent.op_id);
            let is_first_open = !is_committed && !interrupted;
            interrupted |= !is_committed;
            let live = if is_committed {
                live_after(sides, intent, &last[at])
            } else if is_first_open
                && addresses[at].iter().all(|a| a.relation().is_none_or(|r| !touched.contains(&r)))
            {
                live_before(sides, intent, &first[at], &last[at])
            } else {
                // The groups before it have changed what it rests on, or it was never begun.
                Live::NotCompared
            };
            let group = Group {
                group_no: intent.group_no,
                is_committed,
                is_recorded: !news.contains(&intent.op_id),
                transaction: Transaction::Over,
                live,
            };
            let finding =
                refine(sides, &group, &intent.addresses).unwrap_or_else(|| transactional::decide(&group));
            let is_begun = is_committed || is_first_open;
            let finding = unfinished(sides, &intent.addresses)
                .filter(|_| is_begun && finding.row != Row::T3)
                .map_or(finding, |unfinished| seed::decide(&unfinished, &group));
            let entry = Found { op: intent.op_id, addresses: intent.addresses.clone(), finding };
            match entry.finding.row {
                Row::T3 => known = Some(entry),
                // Of what did not happen only the beginning is worth a word.
                Row::T1 if !is_first_open => {}
                _ => found.push(entry),
            }
        }
        if found.is_empty() {
            found.extend(known);
        }
        self.found = found;
    }

    /// The ledger row of a statement that has ended, as it will be written.
    pub(crate) fn unwritten_row(&self) -> Option<RecordedOp> {
        let is_done = self.found.iter().any(|found| found.finding.treatment == Treatment::RollForward);
        let record = op_record(&self.sidecar).filter(|_| self.sidecar.class == FenceClass::N && is_done)?;
        Some(RecordedOp { record, xid: 0, committed_at: String::new() })
    }

    /// The work that was to spend `approval`, when it did not happen and is over.
    pub(crate) fn has_not_spent(&self, approval: ApprovalId) -> Option<(OpId, RunId)> {
        let group = self.sidecar.groups.iter().find(|group| group.approvals.contains(&approval))?;
        let is_over = match &self.facts {
            Facts::Groups { committed } => {
                let is_kept = self.found.iter().any(|found| found.finding.treatment == Treatment::Keep);
                !is_kept && !committed.contains(&group.op_id)
            }
            Facts::Decided => self.found.iter().all(|found| found.finding.treatment == Treatment::Retire),
        };
        is_over.then_some((group.op_id, self.sidecar.run_id))
    }

    /// What is still at work, in words.
    pub(crate) fn waits_for(&self) -> Option<&Found> {
        self.found.iter().find(|found| found.finding.treatment == Treatment::Wait)
    }

    /// For plans and reports.
    pub(crate) fn recoveries(&self) -> impl Iterator<Item = Recovery> {
        self.found.iter().map(|Found { op, addresses, finding }| Recovery {
            row: finding.row.code().to_owned(),
            target: self.sidecar.target.clone(),
            op: op.to_string(),
            run: self.sidecar.run_id.to_string(),
            addresses: addresses.clone(),
            observed: finding.told.clone(),
            action: finding.row.action().to_owned(),
            way_out: finding.row.way_out().to_owned(),
            reason: finding.gate(),
        })
    }
}

/// The ledger row of a statement, as the interrupted run would have written it: it belongs where that run was.
pub(crate) fn op_record(sidecar: &Sidecar) -> Option<OpRecord> {
    let group = sidecar.groups.first()?;
    Some(OpRecord {
        op: sidecar.op_id,
        run: sidecar.run_id,
        target: sidecar.target.clone(),
        epoch: sidecar.epoch,
        group_no: group.group_no,
        kind: OpKind::Concurrent,
        plan_digest: sidecar.plan_digest,
        addresses: group.addresses.clone(),
        before_digest: group.before_digest,
        after_digest: group.after_digest,
    })
}

/// All the interrupted work of one target, as its plan tells it.
pub(crate) fn recoveries_of(pending: &[Pending], target: &Ident) -> Vec<Recovery> {
    let ours = pending.iter().filter(|pending| pending.sidecar.target == *target);
    ours.flat_map(Pending::recoveries).collect()
}

/// How the objects of a committed group are: those that no later group was to change.
fn live_after(sides: &Sides<'_>, intent: &SidecarGroup, finished: &BTreeSet<&Address>) -> Live {
    let Some(after) = intent.after_digest.filter(|_| !finished.is_empty()) else { return Live::NotCompared };
    let is_as_planned = digest_of(&sides.live.catalog, finished) == after
        || finished.iter().all(|address| is_as_declared(sides, address));
    if is_as_planned { Live::AsPlanned } else { Live::Other }
}

/// How the objects are of the group that was interrupted.
fn live_before(
    sides: &Sides<'_>,
    intent: &SidecarGroup,
    first: &BTreeSet<&Address>,
    last: &BTreeSet<&Address>,
) -> Live {
    let Some(before) = intent.before_digest.filter(|_| !first.is_empty()) else { return Live::NotCompared };
    if digest_of(&sides.live.catalog, first) == before {
        return Live::AsBefore;
    }
    let is_as_planned =
        intent.after_digest.is_some_and(|after| digest_of(&sides.live.catalog, last) == after);
    if is_as_planned { Live::AsPlanned } else { Live::Other }
}

/// A seed of the group that is written in part.
fn unfinished(sides: &Sides<'_>, addresses: &[Address]) -> Option<UnfinishedSeed> {
    addresses.iter().find_map(|address| match sides.live.catalog.get(address) {
        Some(Resource::Seed(seed)) => {
            Some(UnfinishedSeed { name: address.to_string(), done: seed.unfinished?, rows: seed.rows })
        }
        _ => None,
    })
}

/// The row of labels or of a constraint, where it says more than that of the group.
fn refine(sides: &Sides<'_>, group: &Group, addresses: &[Address]) -> Option<Finding> {
    let catalog = &sides.live.catalog;
    let labels = addresses.iter().filter(|address| address.kind() == Kind::Enum).filter_map(|address| {
        let (Some(Resource::Enum(live)), Some(declared)) = (catalog.get(address), sides.desired.get(address))
        else {
            return None;
        };
        let Resource::Enum(declared) = &*declared.resource else { return None };
        enum_label::decide(&EnumLabels {
            name: live.qualified_name().to_string(),
            declared: &declared.labels,
            live: &live.labels,
            group: *group,
        })
    });
    let waits = |address: &&Address| matches!(catalog.get(address), Some(Resource::Constraint(constraint)) if !constraint.validated);
    let constraint = || {
        let address = addresses.iter().find(waits)?;
        let is_news = group.is_committed && !group.is_recorded;
        is_news.then(|| constraint::decide(&address.to_string(), FoundConstraint::NotValid))
    };
    labels.into_iter().next().or_else(constraint)
}
