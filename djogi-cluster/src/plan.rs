//! `djogi plan`: looks, thinks, and changes nothing.
//!
//! No lock is taken and nothing is written, neither to the state nor to a target.

use djogi_core::Address;
use djogi_core::plan::{Because, PlanDocument, PlanInputs, PlanOptions, compile, explain};

use crate::cluster::Cluster;
use crate::error::EngineError;
use crate::event::{Event, Reporter};
use crate::identity::RunId;
use crate::inputs::{Gathered, Look, Survey, gather, load_definitions, look_and_prepare};
use crate::live::retention;
use crate::secrets;
use crate::session::Session;
use crate::state::{Snapshot, Store, StoreError};
use crate::sweep::pending;

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
    let (snapshot, sessions, looks) =
        read_and_look(cluster, store.as_ref(), Survey::Declared, reporter).await?;
    let planned = async {
        let pending = pending::look(store.as_ref(), &snapshot, &sessions).await?;
        let at = (store.as_ref(), &snapshot);
        let seen = (sessions.as_slice(), looks);
        let gathered = gather(cluster, at, seen, pending, Survey::Declared, options, reporter).await?;
        plan_gathered(gathered, cluster, at, reporter).await
    }
    .await;
    Session::close_all(sessions).await?;
    planned
}

/// Reads the state while the databases are looked at. A server is started only for a state that is good.
pub(crate) async fn read_and_look<'a>(
    cluster: &'a Cluster,
    store: &dyn Store,
    what: Survey,
    reporter: &dyn Reporter,
) -> Result<(Snapshot, Vec<Session<'a>>, Vec<Look>), EngineError> {
    let known = if cluster.has_embedded_server() { Some(store.read().await?) } else { None };
    let read = async {
        match known {
            Some(snapshot) => Ok(snapshot),
            None => store.read().await,
        }
    };
    let look = async {
        let sessions = Session::open_all(cluster, RunId::generate(), reporter).await?;
        let looks = look_and_prepare(cluster, &sessions, what, reporter).await?;
        Ok::<_, EngineError>((sessions, looks))
    };
    let (snapshot, looked): (Result<Snapshot, StoreError>, _) = futures_util::join!(read, look);
    let (snapshot, (sessions, looks)) = (snapshot?, looked?);
    Ok((snapshot, sessions, looks))
}

/// The plan of what was gathered.
///
/// # Errors
/// When no honest plan exists, or a recorded catalog cannot be read.
pub(crate) async fn plan_gathered(
    gathered: Gathered,
    cluster: &Cluster,
    (store, snapshot): (&dyn Store, &Snapshot),
    reporter: &dyn Reporter,
) -> Result<Planned, EngineError> {
    let mut inputs = gathered.inputs;
    for target in &inputs.targets {
        retention::keep(&target.live.catalog, &inputs.options)?;
    }
    let mut document = compile(&inputs)?;
    if needs_definitions(&document) {
        load_definitions(&mut inputs, store, snapshot).await?;
        document = compile(&inputs)?;
    }
    if let Some(finding) = secrets::finding(cluster, &document) {
        document.diagnostics.push(finding);
        document.digest = document.body_digest();
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
