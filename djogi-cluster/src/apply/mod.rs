//! `djogi apply`: makes the databases what is declared, as one straight line.
//!
//! [`prepare`] locks, sweeps, looks, and plans or verifies; everything that can refuse refuses there.
//! [`Prepared::execute`] then does, for each group: fence, compare, execute, commit, observe, record. A crash leaves
//! committed groups with their ledger rows, and at most one transaction for PostgreSQL to roll back; the next apply
//! goes on from what it finds.

mod arm;
mod backfill;
mod clear;
mod concurrent;
mod execute;
mod gates;
mod holders;
mod kin;
mod ladder;
mod look;
mod patience;
mod precheck;
mod progress;
mod quiescence;
mod record;
mod run;
mod state_move;
mod transact;
mod unrolled;
mod verify;
mod work;

use djogi_core::Address;
use djogi_core::disposition::Verdict;
use djogi_core::plan::{PlanDocument, PlanOptions};
use tokio::sync::watch;

use crate::cluster::Cluster;
use crate::error::EngineError;
use crate::event::{Event, Reporter, RunSummary};
use crate::inputs::Survey;
use crate::locked::Locked;
use crate::plan::{Planned, plan_gathered};
use crate::sweep::run::Manner;

use run::Run;
use verify::verify;

/// Holds the exit code that a signal stands for as soon as somebody wants the run to end. It then ends cleanly: the
/// running statement is cancelled, its group rolled back, and what was done before is recorded.
pub type Stop = watch::Receiver<Option<u8>>;

/// What to apply.
#[derive(Debug)]
pub enum Request {
    /// What is declared now.
    Declared(PlanOptions),
    /// A saved plan: exactly its statements, or a refusal.
    Saved(Box<PlanDocument>),
}

/// What a run does once a group has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterFailure {
    /// Executes what does not depend on the group.
    GoOn,
    /// Executes nothing more.
    End,
}

/// What a run came to.
#[derive(Debug)]
pub struct Applied {
    pub summary: RunSummary,
    /// What was planned; `None` when it did not come to that.
    pub document: Option<PlanDocument>,
    pub error: Option<EngineError>,
}

/// A run that holds its locks and knows what it would do.
#[derive(Debug)]
pub struct Prepared<'a> {
    run: Run,
    locked: Locked<'a>,
    planned: Planned,
}

/// Begins a run: opens and locks every target, finishes what interrupted runs have left, and plans or verifies. Where
/// nothing was interrupted, nothing is written.
///
/// # Errors
/// When there is no plan to run, or none is needed, because an interrupted run had done what is asked of a migration; the
/// run is over then, and [`Event::Summary`] was its last event.
pub async fn prepare<'a>(
    cluster: &'a Cluster,
    request: Request,
    stop: Stop,
    reporter: &dyn Reporter,
) -> Result<Prepared<'a>, Box<Applied>> {
    let mut run = Run::start(cluster, stop, reporter);
    let what = match &request {
        Request::Declared(_) => Survey::Declared,
        Request::Saved(_) => Survey::Undeclared,
    };
    let mut locked = match Locked::open(cluster, run.id(), "apply", what, reporter).await {
        Ok(locked) => locked,
        Err(error) => return Err(Box::new(run.finish(None, Some(error), reporter))),
    };
    let error = match think(&mut locked, request, run.stop(), reporter).await {
        Ok((planned, already_done)) if already_done.is_empty() => {
            return Ok(Prepared { run, locked, planned });
        }
        Ok((planned, already_done)) => {
            let noted = run.note_convergence(&mut locked, &planned.document, reporter).await;
            run.note_serial(&locked);
            for address in already_done {
                reporter.report(&Event::AlreadyDone { address });
            }
            noted.err()
        }
        Err(error) => Some(error),
    };
    let closed = locked.close().await;
    Err(Box::new(run.finish(None, closed.err().or(error), reporter)))
}

/// The plan, and the migrations that have already come to where they are asked to be.
async fn think(
    locked: &mut Locked<'_>,
    request: Request,
    stop: Stop,
    reporter: &dyn Reporter,
) -> Result<(Planned, Vec<Address>), EngineError> {
    let manner = Manner { takes_what_is_there: false, stop: Some(stop) };
    match request {
        Request::Declared(options) => {
            let mut gathered = locked.sweep_and_gather(Survey::Declared, options, manner, reporter).await?;
            let already_done = std::mem::take(&mut gathered.already_done);
            let at = (locked.store.as_ref(), &locked.snapshot);
            Ok((plan_gathered(gathered, locked.cluster, at, reporter).await?, already_done))
        }
        Request::Saved(document) => {
            let options = PlanOptions::default();
            let gathered = locked.sweep_and_gather(Survey::Undeclared, options, manner, reporter).await?;
            let verified = verify(*document, locked, gathered.inputs).await?;
            crate::failpoint!("plan.apply_after_verify");
            Ok((verified, Vec::new()))
        }
    }
}

impl Prepared<'_> {
    /// What would be done.
    pub fn document(&self) -> &PlanDocument {
        &self.planned.document
    }

    /// Whether there is anything to do now.
    pub fn has_work(&self) -> bool {
        self.document().resource_changes.iter().any(|change| change.disposition == Verdict::Applied)
    }

    /// Does it. The summary is the last event, whatever happens.
    pub async fn execute(self, after_failure: AfterFailure, reporter: &dyn Reporter) -> Applied {
        let has_work = self.has_work();
        let Self { mut run, mut locked, planned: Planned { document, inputs } } = self;
        run.begin_work();
        let ended = if has_work {
            run.execute(&mut locked, &document, inputs, after_failure, reporter).await
        } else {
            run.note_convergence(&mut locked, &document, reporter).await
        };
        run.note_serial(&locked);
        let closed = locked.close().await;
        crate::failpoint!(infallible "apply.after_cleanup");
        run.finish(Some(document), ended.and(closed).err(), reporter)
    }

    /// Ends the run without having done anything.
    pub async fn decline(self, reporter: &dyn Reporter) -> Applied {
        let Self { run, locked, planned } = self;
        let closed = locked.close().await;
        let error = closed.err().unwrap_or(EngineError::Declined);
        run.finish(Some(planned.document), Some(error), reporter)
    }
}
