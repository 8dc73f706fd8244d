//! What this run will have recorded: the state as it becomes, group by group.
//!
//! Only what was observed enters it. A checkpoint after a crash is older than the ledger at most, never ahead of it.

mod target;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use djogi_core::declared::Declarations;
use djogi_core::disposition::Verdict;
use djogi_core::plan::{Group, PlanDocument, PlanInputs, ResourceChange, TransactionMode};
use djogi_core::{Address, Digest, Ident, Kind, QualifiedName};

use super::look::observe_some;
use super::work::Work;
use crate::error::EngineError;
use crate::event::Reporter;
use crate::identity::OpId;
use crate::introspect::ObservedRelations;
use crate::ledger::Fence;
use crate::locked::Locked;
use crate::session::Session;
use crate::state::{Content, Mark, RecordedCatalog, RecoveryEntry, Snapshot, Status, TargetState};

pub(super) use target::TargetRecord;

/// Between two checkpoints; what a crash in between costs is a few adoptions by the next apply.
const CHECKPOINT_INTERVAL: Duration = Duration::from_secs(2);

pub(super) struct Record<'a> {
    document: &'a PlanDocument,
    work: &'a Work<'a>,
    config_digest: Option<Digest>,
    /// What was cleared away in this run, for the state to remember.
    recovered: Vec<RecoveryEntry>,
    targets: BTreeMap<Ident, TargetRecord<'a>>,
    waiting: BTreeMap<Ident, Waiting<'a>>,
    last_checkpoint: Instant,
}

/// Committed groups of a target that nobody has looked at yet.
#[derive(Clone, Default)]
struct Waiting<'a> {
    groups: Vec<(&'a [&'a ResourceChange], OpId)>,
    /// What they may have touched.
    relations: BTreeSet<QualifiedName>,
}

/// What committed groups have left.
pub(super) struct Settled {
    pub(super) target: Ident,
    pub(super) observed: ObservedRelations,
    /// What was looked at.
    pub(super) relations: BTreeSet<QualifiedName>,
}

impl<'a> Record<'a> {
    /// Starts from what the state has.
    pub(super) fn open(
        snapshot: &Snapshot,
        document: &'a PlanDocument,
        work: &'a Work<'a>,
        inputs: PlanInputs,
        declarations: &'a Declarations,
        fences: &[Fence],
    ) -> Self {
        let content = snapshot.state.as_ref().map(|state| &state.content);
        let targets = inputs.targets.into_iter().map(|inputs| {
            let fence = fences.iter().find(|fence| fence.target == inputs.target);
            let state = content.and_then(|content| content.targets.get(&inputs.target));
            (inputs.target.clone(), TargetRecord::open(inputs, declarations, state, fence, document))
        });
        let config_digest = content.and_then(|content| content.config_digest);
        Self {
            document,
            work,
            targets: targets.collect(),
            config_digest,
            recovered: Vec::new(),
            waiting: BTreeMap::new(),
            last_checkpoint: Instant::now(),
        }
    }

    /// Adds a recovery to those that the state remembers.
    pub(super) fn remember(&mut self, entry: RecoveryEntry) {
        self.recovered.push(entry);
    }

    /// Whether what a group has left can be looked at later, together with what others have left, because nobody else
    /// writes: it is no name for what others refer to.
    pub(super) fn can_wait(&self, group: &Group) -> bool {
        self.last_checkpoint.elapsed() < CHECKPOINT_INTERVAL
            && group.transaction != TransactionMode::Outside
            && !self.work.of(group).iter().any(|change| change.previous_address.is_some())
    }

    /// Whether something is still to be looked at that a group with `relations` needs as it is.
    pub(super) fn awaits(&self, target: &Ident, relations: &BTreeSet<QualifiedName>) -> bool {
        self.waiting.get(target).is_some_and(|waiting| !waiting.relations.is_disjoint(relations))
    }

    /// Takes note that `op` has committed a group that may have touched `relations`. [`Record::settle`] takes what it has left into
    /// the record.
    pub(super) fn committed(&mut self, group: &'a Group, op: OpId, relations: BTreeSet<QualifiedName>) {
        let waiting = self.waiting.entry(group.target.clone()).or_default();
        waiting.relations.extend(relations);
        waiting.groups.push((self.work.of(group), op));
    }

    /// Looks at what the committed groups of a target have left, and takes it into the record.
    ///
    /// # Errors
    /// When the target cannot be read.
    pub(super) async fn settle(&mut self, session: &Session<'_>) -> Result<Option<Settled>, EngineError> {
        let Some(waiting) = self.waiting.remove(session.target) else { return Ok(None) };
        let record = self.targets.get_mut(session.target);
        let record = record.ok_or_else(|| EngineError::NoTarget(session.target.clone()))?;
        settle(record, waiting, session).await.map(Some)
    }

    /// As [`Record::settle`] with a group that `op` is about to commit: the record stays as it is, and what it will be
    /// then is given.
    ///
    /// # Errors
    /// When the target cannot be read.
    pub(super) async fn foresee(
        &self,
        session: &Session<'_>,
        group: &Group,
        op: OpId,
        relations: BTreeSet<QualifiedName>,
    ) -> Result<(TargetRecord<'a>, Settled), EngineError> {
        let record = self.targets.get(&group.target);
        let mut record = record.ok_or_else(|| EngineError::NoTarget(group.target.clone()))?.clone();
        let mut waiting = self.waiting.get(&group.target).cloned().unwrap_or_default();
        waiting.relations.extend(relations);
        waiting.groups.push((self.work.of(group), op));
        let settled = settle(&mut record, waiting, session).await?;
        Ok((record, settled))
    }

    /// Takes note that a group has committed together with the state that holds `record` and everything before it.
    pub(super) fn take_published(&mut self, record: TargetRecord<'a>) {
        self.waiting.remove(&record.target);
        self.targets.insert(record.target.clone(), record);
        self.is_published();
    }

    /// Adoptions and forgettings: they change only the record.
    pub(super) fn settle_without_statements(&mut self) {
        for change in &self.document.resource_changes {
            if change.disposition == Verdict::Applied
                && change.groups.is_empty()
                && let Some(record) = self.targets.get_mut(change.address.target())
            {
                record.settle_without_statements(change);
            }
        }
    }

    /// Records why what is managed is not as declared, and forgets it of what the plan leaves as it is.
    pub(super) fn mark_the_rest(&mut self, failed: &BTreeSet<Address>) {
        let planned: BTreeSet<Address> =
            self.document.resource_changes.iter().map(|change| owner(&change.address)).collect();
        self.targets.values_mut().for_each(|record| record.clear_marks(&planned));
        for change in &self.document.resource_changes {
            let (status, condition) = match (failed.contains(&change.address), change.disposition) {
                (true, _) => (Status::Error, format!("the last apply of `{}` failed", change.address)),
                (false, Verdict::Blocked) => (Status::Blocked, gate(change)),
                (false, Verdict::Deferred) => (Status::Pending, gate(change)),
                (false, Verdict::Applied | Verdict::Derived) => continue,
            };
            if let Some(record) = self.targets.get_mut(change.address.target()) {
                record.mark(owner(&change.address), status, condition);
            }
        }
    }

    /// The digest of the configuration when all of it is there; `None` otherwise.
    pub(super) fn set_config_digest(&mut self, digest: Option<Digest>) {
        self.config_digest = digest;
    }

    /// Publishes if the last time was a while ago.
    ///
    /// # Errors
    /// When the state has been moved by somebody else or cannot be written.
    pub(super) async fn checkpoint(
        &mut self,
        locked: &mut Locked<'_>,
        reporter: &dyn Reporter,
    ) -> Result<(), EngineError> {
        if self.last_checkpoint.elapsed() < CHECKPOINT_INTERVAL {
            return Ok(());
        }
        self.publish(locked, reporter).await
    }

    /// Makes the record the state.
    ///
    /// # Errors
    /// When the state has been moved by somebody else or cannot be written.
    pub(super) async fn publish(
        &mut self,
        locked: &mut Locked<'_>,
        reporter: &dyn Reporter,
    ) -> Result<(), EngineError> {
        let content = self.content(locked, None).await?;
        locked.publish(content, reporter).await?;
        self.is_published();
        Ok(())
    }

    /// The record as the content of a state, its catalogs stored. `instead` stands for the record of its target.
    ///
    /// # Errors
    /// When a catalog cannot be stored.
    pub(super) async fn content(
        &self,
        locked: &Locked<'_>,
        instead: Option<&TargetRecord<'a>>,
    ) -> Result<Content, EngineError> {
        let before = locked.snapshot.state.as_ref().map(|state| &state.content);
        let records = self.targets.iter().map(|(target, record)| {
            (target, instead.filter(|instead| instead.target == *target).unwrap_or(record))
        });
        let records: BTreeMap<&Ident, &TargetRecord<'a>> = records.collect();
        let is_settled = |(target, _): &(&Ident, &TargetState)| {
            records.get(*target).is_none_or(|record| !record.is_changed)
        };
        let settled = before.iter().flat_map(|content| &content.targets).filter(is_settled);
        let remembered = before.map(|content| content.recoveries.as_slice()).unwrap_or_default();
        let mut content = Content {
            config_digest: self.config_digest,
            recoveries: remembered.iter().chain(&self.recovered).cloned().collect(),
            targets: settled.map(|(target, state)| (target.clone(), state.clone())).collect(),
        };
        for (target, record) in records.into_iter().filter(|(_, record)| record.is_changed) {
            let catalog = locked.store.put_catalog(&RecordedCatalog::from(&record.recorded)).await?;
            let state = TargetState::from_recorded(
                &record.identity,
                record.epoch,
                record.last_op,
                catalog,
                &record.recorded,
                |address| record.marks.get(address).cloned().unwrap_or(Mark::APPLIED),
            );
            content.targets.insert(target.clone(), state);
        }
        Ok(content)
    }

    /// Takes note that all of it is in the state.
    fn is_published(&mut self) {
        self.targets.values_mut().for_each(|record| record.is_changed = false);
        self.recovered.clear();
        self.last_checkpoint = Instant::now();
    }
}

/// Looks at what groups have left, and takes it into `record`.
async fn settle(
    record: &mut TargetRecord<'_>,
    Waiting { groups, mut relations }: Waiting<'_>,
    session: &Session<'_>,
) -> Result<Settled, EngineError> {
    let mut changes = groups.iter().flat_map(|(changes, _)| *changes);
    if changes.any(|change| change.previous_address.is_some()) {
        // Whatever referred to the old name reads differently now.
        relations.extend(record.relations());
    }
    let observed = observe_some(session, &relations).await?;
    record.settle(&groups, &observed, &relations);
    Ok(Settled { target: session.target.clone(), observed, relations })
}

/// The address under which something is recorded: a column belongs to its table.
fn owner(address: &Address) -> Address {
    match (address.kind(), address.table_of_member()) {
        (Kind::Column, Some(table)) => table,
        _ => address.clone(),
    }
}

fn gate(change: &ResourceChange) -> String {
    let reason = change.reason.map_or("", |reason| reason.code());
    format!("`{}` is {}: {reason}", change.address, change.disposition.as_str())
}
