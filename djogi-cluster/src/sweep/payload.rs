//! Stored catalogs: rows P1 and P2.

use std::collections::BTreeSet;

use djogi_core::Digest;
use djogi_core::desired::Desired;
use djogi_core::observation::Observation;
use djogi_core::recorded::Recorded;

use super::finding::{Finding, Treatment};
use super::table::Row;
use crate::state::StoreError;

/// The row of a stored catalog that could not be read; `None` when the error is about something else.
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

/// The row of stored catalogs that nothing refers to; `None` when there are none. They are in nobody's way, so no command
/// that only looks asks for them.
pub fn decide_unused(unused: &BTreeSet<Digest>) -> Option<Finding> {
    (!unused.is_empty()).then(|| p2(unused))
}

fn p2(unused: &BTreeSet<Digest>) -> Finding {
    let told = match unused.len() {
        1 => "nothing refers to 1 stored catalog".to_owned(),
        count => format!("nothing refers to {count} stored catalogs"),
    };
    Finding::new(Row::P2, told, Treatment::Discard)
}

fn p1(error: &StoreError) -> Finding {
    Finding::new(Row::P1, format!("payload_corrupt: {error}"), Treatment::RollForward)
}
