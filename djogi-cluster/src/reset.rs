//! `djogi db reset`: deletes the embedded database, and what was recorded of it.
//!
//! The data goes first. A crash in between leaves a state that describes a database that is gone, which every command
//! refuses by name; a second reset finishes.

use crate::cluster::{Cluster, ServerSettings};
use crate::error::EngineError;
use crate::event::Reporter;
use crate::identity::RunId;
use crate::server::EmbeddedServer;
use crate::session::report;
use crate::state::{Content, WrittenBy, publish};

/// Deletes the data of the embedded server, and forgets the targets that live there: with their record the next
/// plan would find another database than the recorded one, and refuse.
///
/// # Errors
/// When the state cannot be read, which is found before anything is deleted; when other commands use the server;
/// when something cannot be deleted or written.
pub async fn reset(cluster: &Cluster, reporter: &dyn Reporter) -> Result<(), EngineError> {
    let store = cluster.store();
    let base = store.read().await?;
    EmbeddedServer::reset(&cluster.embedded_dir(), &|event| report(reporter, &event))?;
    let Some(state) = &base.state else { return Ok(()) };
    let (lineage, mut targets) = (state.lineage, state.content.targets.clone());
    let is_embedded = |settings: &crate::cluster::TargetSettings| {
        matches!(settings.server, ServerSettings::Embedded { .. })
    };
    targets.retain(|target, _| !cluster.targets.get(target).is_some_and(is_embedded));
    let content = Content { config_digest: None, targets, ..state.content.clone() };
    let written_by = WrittenBy::now(cluster.actor.clone(), RunId::generate()).during("db reset");
    publish(store.as_ref(), &base, lineage, content, written_by).await?;
    Ok(())
}
