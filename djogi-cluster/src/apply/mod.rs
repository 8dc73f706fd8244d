//! `djogi apply`: makes the databases what is declared, as one straight line.
//!
//! Lock, look, plan or verify, confirm; up to here nothing is written and everything that can refuse has refused.
//! Then, for each group: fence, compare, execute, commit, observe, record. A crash leaves committed groups with
//! their ledger rows, and at most one transaction for PostgreSQL to roll back; the next apply goes on from what it
//! finds.

mod execute;
mod record;
mod run;
mod verify;

use djogi_core::plan::{PlanDocument, PlanOptions};
use tokio::sync::watch;

use crate::cluster::Cluster;
use crate::error::EngineError;
use crate::event::{Reporter, RunSummary};

use run::Run;

/// Asks the user whether the plan may run.
pub type Confirm<'a> = &'a (dyn Fn(&PlanDocument) -> bool + Sync);

/// Becomes true when somebody wants the run to end. It then ends cleanly: the running statement is cancelled, its
/// group rolled back, and what was done before is recorded.
pub type Stop = watch::Receiver<bool>;

/// What to apply.
#[derive(Debug)]
pub enum Request {
    /// What is declared now.
    Declared(PlanOptions),
    /// A saved plan: exactly its statements, or a refusal.
    Saved(Box<PlanDocument>),
}

/// What a run came to.
#[derive(Debug)]
pub struct Applied {
    pub summary: RunSummary,
    /// What was planned; `None` when it did not come to that.
    pub document: Option<PlanDocument>,
    pub error: Option<EngineError>,
}

/// Applies. [`Event::Summary`](crate::event::Event::Summary) is the last event, whatever happens.
pub async fn apply(
    cluster: &Cluster,
    request: Request,
    confirm: Confirm<'_>,
    stop: Stop,
    reporter: &dyn Reporter,
) -> Applied {
    let mut run = Run::start(cluster, stop, reporter);
    let error = run.apply(request, confirm).await.err();
    run.finish(error)
}
