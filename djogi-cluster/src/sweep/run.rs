//! The sweep of a run that has the locks: waits for what still works, finishes what can be finished, records what the
//! ledger proves, and only then retires the sidecars.
//!
//! Order of durable writes: effect, ledger row, state, retirement. A crash in between repeats the last step.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use djogi_core::plan::PlanOptions;
use djogi_core::{Address, Digest, Ident};

use super::act::{Actor, outcome};
use super::approval::FoundApproval;
use super::error::SweepError;
use super::finding::Treatment;
use super::forward::owner;
use super::payload;
use super::pending::{Found, Pending, look};
use super::statement::Ended;
use super::table::Row;
use crate::apply::Stop;
use crate::approvals::mark_spent;
use crate::error::EngineError;
use crate::event::{Event, Reporter};
use crate::inputs::{Gathered, Survey, gather, heal_definitions, look as look_at_databases};
use crate::interrupt::until_stopped;
use crate::live::asked::already_done;
use crate::locked::Locked;
use crate::state::{Content, FenceClass, Mark, RecordedCatalog, RecoveryEntry, Status, TargetState};

/// How many finished recoveries the state remembers.
const REMEMBERED: usize = 100;

/// What a command makes of interrupted work.
pub(crate) struct Manner {
    /// Whether what somebody else has changed is taken as it is, so that nothing stays blocked for it: the user has
    /// asked for what there is.
    pub(crate) takes_what_is_there: bool,
    pub(crate) stop: Option<Stop>,
}

impl Locked<'_> {
    /// Sweeps, then gathers everything that a plan is made from.
    ///
    /// # Errors
    /// When a sidecar cannot be read, an earlier run is not over, or what has to be done fails; else as [`gather`].
    pub(crate) async fn sweep_and_gather(
        &mut self,
        survey: Survey,
        options: PlanOptions,
        manner: Manner,
        reporter: &dyn Reporter,
    ) -> Result<Gathered, EngineError> {
        let mut pending = looking(&manner, self.wait_for_the_end(reporter)).await?;
        crate::failpoint!("sweep.after_list");
        if pending.iter().any(needs_database) {
            self.finish_statements(&mut pending, &manner, reporter).await?;
            self.looks.clear();
        }
        let mut gathered =
            looking(&manner, self.gather_now(&pending, survey, options.clone(), reporter)).await?;
        if !gathered.has_news(&manner) {
            return Ok(gathered);
        }
        if survey == Survey::Undeclared || options.asks_of_migrations() {
            // What is recorded says whether it is as declared, whatever is asked now.
            let declared = if survey == Survey::Undeclared { Survey::Declared } else { survey };
            let plain = options.without_asking();
            gathered = looking(&manner, self.gather_now(&pending, declared, plain, reporter)).await?;
        }
        let at = (self.store.as_ref(), &self.snapshot);
        let already_done = already_done(&options, &gathered, at).await.unwrap_or_default();
        self.record(gathered, &manner, reporter).await?;
        let pending = look(self.store.as_ref(), &self.snapshot, &self.sessions).await?;
        let options = if already_done.is_empty() { options } else { options.without_asking() };
        let gathered = looking(&manner, self.gather_now(&pending, survey, options, reporter)).await?;
        Ok(Gathered { already_done, ..gathered })
    }

    async fn gather_now(
        &mut self,
        pending: &[Pending],
        survey: Survey,
        options: PlanOptions,
        reporter: &dyn Reporter,
    ) -> Result<Gathered, EngineError> {
        let mut looks = std::mem::take(&mut self.looks);
        if looks.is_empty() {
            looks = look_at_databases(&self.sessions, reporter).await?;
        }
        let at = (self.store.as_ref(), &self.snapshot);
        gather(self.cluster, at, (&self.sessions, looks), pending.to_vec(), survey, options, reporter).await
    }

    /// Looks until nothing of an earlier run is at work any more, for as long as a run waits for its lock.
    async fn wait_for_the_end(&self, reporter: &dyn Reporter) -> Result<Vec<Pending>, EngineError> {
        const PAUSE: Duration = Duration::from_millis(200);
        let began = Instant::now();
        let mut is_told = false;
        loop {
            let pending = look(self.store.as_ref(), &self.snapshot, &self.sessions).await?;
            let Some(Found { op, finding, .. }) = pending.iter().find_map(Pending::waits_for) else {
                return Ok(pending);
            };
            let left = self.cluster.lock_patience.saturating_sub(began.elapsed());
            if left.is_zero() {
                return Err(SweepError::InFlight { op: *op, told: finding.told.clone() }.into());
            }
            if !std::mem::replace(&mut is_told, true) {
                reporter.report(&Event::RecoveryWaiting { op: *op, message: finding.told.clone() });
            }
            tokio::time::sleep(PAUSE.min(left)).await;
        }
    }

    /// Does what is to be done in the databases.
    async fn finish_statements(
        &mut self,
        pending: &mut [Pending],
        manner: &Manner,
        reporter: &dyn Reporter,
    ) -> Result<(), EngineError> {
        let fences = self.take_epochs(reporter).await?;
        for pending in pending.iter_mut().filter(|pending| needs_database(pending)) {
            let target = &pending.sidecar.target;
            let at = self.sessions.iter().position(|session| session.target == target);
            let at = at.ok_or_else(|| EngineError::NoTarget(target.clone()))?;
            let actor = Actor {
                session: &self.sessions[at],
                lock: &self.locks[at],
                fence: &fences[at],
                store: self.store.as_ref(),
                run: self.run,
                actor: &self.cluster.actor,
                stop: manner.stop.clone(),
            };
            actor.finish_statement(pending, Ended::Unknown).await?;
        }
        Ok(())
    }

    /// Makes what was found the state, then retires the sidecars that are done with.
    async fn record(
        &mut self,
        mut gathered: Gathered,
        manner: &Manner,
        reporter: &dyn Reporter,
    ) -> Result<(), EngineError> {
        let unused = self.store.unused_catalogs().await?;
        heal_definitions(&mut gathered.inputs, self.store.as_ref(), &self.snapshot).await?;
        let mut content = self.snapshot.state.as_ref().map(|state| state.content.clone()).unwrap_or_default();
        let drifted = drifted(&gathered);
        for target in &gathered.inputs.targets {
            let marks = drifted.get(&target.target);
            let overtaken = &gathered.overtaken[&target.target];
            if overtaken.ops.is_empty() && marks.is_none() {
                continue;
            }
            let state = content.targets.get(&target.target);
            if state.is_none() && overtaken.ops.is_empty() {
                continue;
            }
            let catalog = self.store.put_catalog(&RecordedCatalog::from(&target.recorded)).await?;
            let mark = |address: &Address| {
                let before = state.and_then(|state| state.resources.get(address)).map(|resource| Mark {
                    status: resource.status,
                    conditions: resource.conditions.clone(),
                    op: resource.op,
                });
                let mark = overtaken.marks.get(address).cloned().or(before).unwrap_or(Mark::APPLIED);
                match marks.and_then(|marks| marks.get(address)) {
                    Some(condition) => {
                        Mark { status: Status::Drifted, conditions: vec![condition.clone()], ..mark }
                    }
                    None => mark,
                }
            };
            let last = overtaken.ops.last();
            let epoch = last.map(|op| op.record.epoch).or(state.map(|state| state.epoch)).unwrap_or_default();
            let last_op = overtaken.last_op().or(state.and_then(|state| state.last_op));
            let identity = &target.live.identity;
            let state = TargetState::from_recorded(identity, epoch, last_op, catalog, &target.recorded, mark);
            content.targets.insert(target.target.clone(), state);
        }
        let is_news = gathered.overtaken.values().any(|overtaken| !overtaken.ops.is_empty());
        if is_news
            || content
                .targets
                .values()
                .flat_map(|t| t.resources.values())
                .any(|r| r.status != Status::Applied)
        {
            // Which configuration this is, the next apply that finds nothing to do can say.
            content.config_digest = None;
        }
        let done: Vec<&Pending> =
            gathered.pending.iter().filter(|pending| !is_kept(pending, manner)).collect();
        self.remember(&mut content, &gathered, &done, unused);
        crate::failpoint!("sweep.before_persist");
        self.publish_and_collect(content, reporter).await?;
        crate::failpoint!("sweep.after_persist");
        mark_spent(self.store.as_ref(), &self.sessions).await?;
        crate::failpoint!("sweep.before_cleanup");
        for FoundApproval { target, op, address, finding, .. } in &gathered.approvals {
            reporter.report(&Event::Recovered {
                target: target.clone(),
                op: *op,
                row: finding.row.code().to_owned(),
                addresses: vec![address.clone()],
                outcome: outcome(finding),
            });
        }
        for pending in done {
            self.store.retire_sidecar(pending.sidecar.op_id).await?;
            for Found { op, addresses, finding } in &pending.found {
                reporter.report(&Event::Recovered {
                    target: pending.sidecar.target.clone(),
                    op: *op,
                    row: finding.row.code().to_owned(),
                    addresses: addresses.clone(),
                    outcome: outcome(finding),
                });
            }
        }
        Ok(())
    }

    /// Adds what is done to the recoveries that the state remembers.
    fn remember(
        &self,
        content: &mut Content,
        gathered: &Gathered,
        done: &[&Pending],
        unused: BTreeSet<Digest>,
    ) {
        let run = self.run;
        let found = done.iter().flat_map(|pending| &pending.found);
        content.recoveries.extend(found.map(|found| RecoveryEntry {
            build: None,
            op: found.op,
            outcome: outcome(&found.finding),
            row: found.finding.row.code().to_owned(),
            run,
        }));
        content.recoveries.extend(gathered.approvals.iter().map(|found| RecoveryEntry {
            build: None,
            op: found.op,
            outcome: outcome(&found.finding),
            row: found.finding.row.code().to_owned(),
            run,
        }));
        let unspoken = gathered.overtaken.values().filter(|overtaken| overtaken.is_unspoken);
        content.recoveries.extend(unspoken.filter_map(|overtaken| {
            let count = overtaken.ops.len();
            let outcome =
                format!("state_regressed: {count} groups of the ledger were not recorded: recorded");
            Some(RecoveryEntry {
                build: None,
                op: overtaken.last_op()?,
                outcome,
                row: Row::G3.code().to_owned(),
                run,
            })
        }));
        self.remember_unused(content, unused);
        let surplus = content.recoveries.len().saturating_sub(REMEMBERED);
        content.recoveries.drain(..surplus);
    }

    /// Adds what is removed with the state that is about to be written, to what the same sweep has found besides.
    fn remember_unused(&self, content: &mut Content, mut unused: BTreeSet<Digest>) {
        for target in content.targets.values() {
            unused.remove(&target.catalog);
        }
        if let (Some(finding), Some(last)) = (payload::decide_unused(&unused), content.recoveries.last()) {
            let (outcome, row) = (outcome(&finding), finding.row.code().to_owned());
            content.recoveries.push(RecoveryEntry { build: None, op: last.op, outcome, row, run: self.run });
        }
    }
}

/// Ends what only looks or waits as soon as somebody wants the command to end.
async fn looking<T>(
    manner: &Manner,
    work: impl Future<Output = Result<T, EngineError>>,
) -> Result<T, EngineError> {
    match &manner.stop {
        Some(stop) => until_stopped(stop, work).await,
        None => work.await,
    }
}

/// Whether a statement has to be finished, or its ledger row to be written.
fn needs_database(pending: &Pending) -> bool {
    pending.sidecar.class == FenceClass::N
        && pending
            .found
            .iter()
            .any(|found| found.finding.has_effect() || found.finding.treatment == Treatment::RollForward)
}

/// Whether the sidecar stays, and its addresses stay blocked.
fn is_kept(pending: &Pending, manner: &Manner) -> bool {
    let stays = |found: &Found| {
        let is_taken = manner.takes_what_is_there && matches!(found.finding.row, Row::T7 | Row::I6 | Row::E3);
        found.finding.treatment == Treatment::Keep && !is_taken
    };
    pending.found.iter().any(stays)
}

/// What the rows say was changed by somebody else, with the reason.
fn drifted(gathered: &Gathered) -> BTreeMap<Ident, BTreeMap<Address, String>> {
    let mut drifted: BTreeMap<Ident, BTreeMap<Address, String>> = BTreeMap::new();
    for pending in &gathered.pending {
        let Some(target) = gathered.inputs.targets.iter().find(|t| t.target == pending.sidecar.target) else {
            continue;
        };
        for Found { addresses, finding, .. } in &pending.found {
            if !matches!(finding.row, Row::T5 | Row::T6 | Row::T7 | Row::E3) {
                continue;
            }
            for address in addresses.iter().map(owner) {
                if target.recorded.resources.contains_key(&address) {
                    drifted.entry(target.target.clone()).or_default().insert(address, finding.told.clone());
                }
            }
        }
    }
    drifted
}

impl Gathered {
    /// Whether the sweep has something to record or to retire.
    fn has_news(&self, manner: &Manner) -> bool {
        self.overtaken.values().any(|overtaken| !overtaken.ops.is_empty())
            || self.pending.iter().any(|pending| !is_kept(pending, manner))
            || self.approvals.iter().any(|found| found.finding.row == Row::A1)
    }
}
