//! `djogi plan`: looks, thinks, and changes nothing.
//!
//! No lock is taken and nothing is written, neither to the state nor to a target.

use djogi_core::Address;
use djogi_core::plan::{Because, PlanDocument, PlanInputs, PlanOptions, compile, explain};

use crate::cluster::Cluster;
use crate::error::EngineError;
use crate::event::{Event, Reporter};
use crate::identity::RunId;
use crate::inputs::{Survey, gather, load_definitions};
use crate::session::Session;
use crate::state::{Snapshot, Store};

/// A plan with what it was made from.
#[derive(Debug)]
pub struct Planned {
    pub document: PlanDocument,
    pub inputs: PlanInputs,
}

impl Planned {
    /// Why the statements of `address` stand where they do.
    ///
    /// # Errors
    /// When the address is neither declared nor recorded.
    pub fn explain(&self, address: &Address) -> Result<Vec<Because>, EngineError> {
        Ok(explain(&self.inputs, address)?)
    }
}

/// Makes the plan of `cluster`.
///
/// # Errors
/// When the state, a target or a declaration cannot be read, or no honest plan exists.
pub async fn plan(
    cluster: &Cluster,
    options: PlanOptions,
    reporter: &dyn Reporter,
) -> Result<Planned, EngineError> {
    let store = cluster.store();
    let snapshot = store.read().await?;
    let sessions = Session::open_all(cluster, RunId::generate(), reporter).await?;
    let planned = plan_with(cluster, (store.as_ref(), &snapshot), &sessions, options, reporter).await;
    Session::close_all(sessions).await?;
    planned
}

/// The same over sessions that are open already, perhaps under their locks.
pub(crate) async fn plan_with(
    cluster: &Cluster,
    (store, snapshot): (&dyn Store, &Snapshot),
    sessions: &[Session<'_>],
    options: PlanOptions,
    reporter: &dyn Reporter,
) -> Result<Planned, EngineError> {
    let mut inputs =
        gather(cluster, (store, snapshot), sessions, Survey::Declared, options, reporter).await?;
    let mut document = compile(&inputs)?;
    if needs_definitions(&document) {
        load_definitions(&mut inputs, store, snapshot).await?;
        document = compile(&inputs)?;
    }
    reporter.report(&Event::PlanMade {
        digest: document.digest,
        summary: document.summary,
        groups: document.groups.len(),
    });
    Ok(Planned { document, inputs })
}

/// Drift is shown against the recorded definition, and a package that vanished is known only from there.
fn needs_definitions(document: &PlanDocument) -> bool {
    let summary = &document.summary;
    summary.drift > 0 || summary.delete > 0 || summary.forget > 0
}
