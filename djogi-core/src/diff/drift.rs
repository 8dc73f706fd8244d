//! Drift: what changed in the database since djogi last recorded it.

use std::collections::BTreeMap;

use super::rename::Rebased;
use crate::address::Address;
use crate::digest::Digest;
use crate::kind::Resource;
use crate::recorded::RecordedResource;

/// One managed resource that is not as it was recorded.
#[derive(Clone, Copy, Debug)]
pub struct Drift<'a> {
    /// `None` when only its digest was recorded.
    pub recorded: Option<&'a Resource>,
    /// `None` when it is gone.
    pub live: Option<&'a Resource>,
}

/// Compares live with recorded, whatever is desired.
pub fn drift<'a>(rebased: &'a Rebased<'_>) -> BTreeMap<&'a Address, Drift<'a>> {
    let mut drifted = BTreeMap::new();
    for (address, record) in &rebased.recorded.resources {
        let drift =
            Drift { recorded: rebased.recorded.catalog.get(address), live: rebased.live.get(address) };
        // That it is missing was recorded and is not news, or was djogi's own doing.
        if drift.live.is_none() && record.drifted || rebased.recorded.is_overtaken(address) {
            continue;
        }
        if !drift.live.is_some_and(|live| is_as_recorded(live, record, drift.recorded)) {
            drifted.insert(address, drift);
        }
    }
    drifted
}

fn is_as_recorded(live: &Resource, record: &RecordedResource, recorded: Option<&Resource>) -> bool {
    // Comparing is an order of magnitude cheaper than digesting.
    recorded == Some(live) || record.observed == Digest::of(live)
}
