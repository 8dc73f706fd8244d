//! `djogi revert`: a plan toward what an earlier revision of the state has recorded. Looks, and changes nothing.
//!
//! It is a plan like any other: what was made since is a delete, with its gates. The declarations play no part in it,
//! so the next `djogi plan` leads back to them.

use djogi_core::declared::Source;
use djogi_core::desired::{Desired, DesiredResource};
use djogi_core::observation::{Observation, Oid};
use djogi_core::plan::{PlanOptions, compile};
use djogi_core::{Address, Digest, Ident};

use crate::cluster::Cluster;
use crate::error::EngineError;
use crate::event::Reporter;
use crate::inputs::{Survey, gather, load_definitions};
use crate::plan::{Planned, read_and_look};
use crate::session::Session;
use crate::state::{RecordedCatalog, Serial, Store, StoreError, TargetState, WrittenBy};
use crate::surgery::SurgeryError;
use crate::sweep::pending;

/// A plan toward a revision.
#[derive(Debug)]
pub struct Reverting {
    pub planned: Planned,
    /// Who has written the revision.
    pub written_by: WrittenBy,
}

/// Plans toward revision `serial`.
///
/// # Errors
/// When the revision, or a catalog that it names, is not kept any more, and as for every plan.
pub async fn revert(
    cluster: &Cluster,
    serial: Serial,
    options: PlanOptions,
    reporter: &dyn Reporter,
) -> Result<Reverting, EngineError> {
    let store = cluster.store();
    let revision = store.revision(serial).await?;
    let mut catalogs = Vec::with_capacity(cluster.targets.len());
    for target in cluster.targets.keys() {
        let recorded = revision.content.targets.get(target);
        let catalog = match recorded {
            Some(recorded) => catalog_of(store.as_ref(), serial, target, recorded).await?,
            None => RecordedCatalog::default(),
        };
        catalogs.push((recorded, catalog));
    }
    let (snapshot, sessions, looks) = read_and_look(cluster, store.as_ref(), reporter).await?;
    let at = (store.as_ref(), &snapshot);
    let gathered = async {
        let pending = pending::look(store.as_ref(), &snapshot, &sessions).await?;
        gather(cluster, at, (&sessions, looks), pending, Survey::Undeclared, options, reporter).await
    }
    .await;
    Session::close_all(sessions).await?;
    let mut inputs = gathered?.inputs;
    load_definitions(&mut inputs, store.as_ref(), &snapshot).await?;
    for (target, (recorded, catalog)) in inputs.targets.iter_mut().zip(catalogs) {
        target.desired =
            recorded.map(|recorded| desired(recorded, catalog, &target.live)).unwrap_or_default();
        // Here it is meant that a package may come to declare nothing.
        target.recorded.resources.values_mut().for_each(|record| record.package = None);
    }
    // Once it is applied, the configuration is not what is there.
    inputs.config.digest = Digest::of_bytes(format!("revision {serial}").as_bytes());
    let document = compile(&inputs)?;
    Ok(Reverting { planned: Planned { document, inputs }, written_by: revision.written_by })
}

async fn catalog_of(
    store: &dyn Store,
    serial: Serial,
    target: &Ident,
    recorded: &TargetState,
) -> Result<RecordedCatalog, EngineError> {
    store.catalog(&recorded.catalog).await.map_err(|error| match error {
        StoreError::CatalogMissing { digest, location } => {
            SurgeryError::NoCatalogOfRevision { serial, target: target.clone(), location, digest }.into()
        }
        error => error.into(),
    })
}

/// What was recorded, as if it were declared. An object that goes by another name since is known by its oid.
fn desired(recorded: &TargetState, catalog: RecordedCatalog, live: &Observation) -> Desired {
    let file = format!("catalogs/{}.json", recorded.catalog.hex());
    // The head of such a file takes two lines.
    (3..)
        .zip(catalog.resources)
        .map(|(line, (address, entry))| {
            let declared = DesiredResource {
                resource: entry.resource,
                source: Source { file: file.clone(), line },
                package: entry.package.unwrap_or_default(),
                renamed_from: name_since(recorded, &address, live),
                renamed_columns: std::collections::BTreeMap::new(),
            };
            (address, declared)
        })
        .collect()
}

fn name_since(recorded: &TargetState, address: &Address, live: &Observation) -> Option<Address> {
    let oid = recorded.resources.get(address)?.oid;
    let is_same = |(found, id): &(&Address, &Oid)| **id == oid && found.kind() == address.kind();
    if live.catalog.contains(address) {
        return None;
    }
    live.oids.iter().find(is_same).map(|(found, _)| found.clone())
}
