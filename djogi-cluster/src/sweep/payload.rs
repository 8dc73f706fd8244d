//! Stored catalogs: rows P1 and P2.

use djogi_core::Digest;
use djogi_core::desired::Desired;
use djogi_core::observation::Observation;
use djogi_core::recorded::Recorded;

use super::finding::{Finding, Treatment};
use super::table::Row;
use crate::state::StoreError;

/// The row of a stored catalog that could not be read; `None` when the error is about something else. What nothing
/// refers to (P2) is never read, so it is never found.
pub fn decide(error: &StoreError) -> Option<Finding> {
    match error {
        StoreError::CatalogMissing { .. } | StoreError::CatalogDamaged { .. } => Some(p1(error)),
        _ => None,
    }
}

/// Takes the definitions and packages of a lost catalog from where they can be had: from the database when it has what
/// was recorded, and from the declarations.
pub(crate) fn heal(recorded: &mut Recorded, desired: &Desired, live: &Observation) {
    let mut found = Vec::new();
    for (address, record) in &mut recorded.resources {
        if record.package.is_none() {
            record.package = desired.get(address).map(|declared| declared.package.clone());
        }
        if let Some(resource) = live.catalog.get_shared(address)
            && Digest::of(&**resource) == record.observed
        {
            found.push((address.clone(), resource.clone()));
        }
    }
    recorded.catalog.extend(found);
}

fn p1(error: &StoreError) -> Finding {
    Finding::new(Row::P1, format!("payload_corrupt: {error}"), Treatment::RollForward)
}
