//! `djogi state list`: what is managed, from the state alone.

use djogi_core::Address;
use djogi_core::observation::Oid;
use serde::Serialize;

use super::no_state;
use super::select::Selection;
use crate::cluster::Cluster;
use crate::error::EngineError;
use crate::identity::Lineage;
use crate::state::{Serial, Status};

/// The managed resources of one revision.
#[derive(Debug, Serialize)]
pub struct Listing {
    pub serial: Serial,
    pub lineage: Lineage,
    pub resources: Vec<Listed>,
}

#[derive(Debug, Serialize)]
pub struct Listed {
    pub address: Address,
    pub status: Status,
    pub oid: Oid,
}

/// Lists what `selection` names, in the order of the kinds.
///
/// # Errors
/// When there is no state, it cannot be read, or an address names nothing.
pub async fn list(cluster: &Cluster, selection: &Selection) -> Result<Listing, EngineError> {
    let store = cluster.store();
    let Some(state) = store.read().await?.state else { return Err(no_state(&store.location())) };
    let chosen = selection.resolve(&state, store.as_ref()).await?;
    let resources = state.content.targets.values().flat_map(|target| &target.resources);
    let resources = resources.filter(|(address, _)| chosen.contains(*address));
    let listed = |(address, resource): (&Address, &crate::state::ResourceState)| Listed {
        address: address.clone(),
        status: resource.status,
        oid: resource.oid,
    };
    Ok(Listing { serial: state.serial, lineage: state.lineage, resources: resources.map(listed).collect() })
}
