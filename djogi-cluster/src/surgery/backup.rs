//! `djogi state backup`: keeps a copy of the current state until somebody removes it.

use super::pull;
use crate::cluster::Cluster;
use crate::error::EngineError;
use crate::identity::RunId;
use crate::state::Serial;

/// Keeps a copy in the store. Gives its serial, and its place for humans.
///
/// # Errors
/// When there is no state, or the store cannot be written.
pub async fn backup(cluster: &Cluster) -> Result<(Serial, String), EngineError> {
    let state = pull(cluster).await?;
    let location = cluster.store().save_backup(&state, RunId::generate()).await?;
    Ok((state.serial, location))
}
