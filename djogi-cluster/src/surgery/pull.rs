//! `djogi state pull`: the current state, byte for byte.

use super::no_state;
use crate::cluster::Cluster;
use crate::error::EngineError;
use crate::state::State;

/// Reads the state; [`State::to_bytes`] is its text.
///
/// # Errors
/// When there is none, or it cannot be read.
pub async fn pull(cluster: &Cluster) -> Result<State, EngineError> {
    let store = cluster.store();
    store.read().await?.state.ok_or_else(|| no_state(&store.location()))
}
