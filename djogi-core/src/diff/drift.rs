//! Drift: what changed in the database since djogi last recorded it.

use std::collections::BTreeMap;

use super::rename::Rebased;
use crate::address::Address;
use crate::digest::Digest;
use crate::kind::Resource;

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
    let (mut undecided, mut resources) = (Vec::new(), Vec::new());
    for (address, record) in &rebased.recorded.resources {
        let drift =
            Drift { recorded: rebased.recorded.catalog.get(address), live: rebased.live.get(address) };
        // That it is missing was recorded and is not news, and what is left to others is not missing.
        if drift.live.is_none() && (record.drifted || rebased.is_left_alone(address)) {
            continue;
        }
        match drift.live {
            // Comparing is an order of magnitude cheaper than digesting.
            Some(live) if drift.recorded == Some(live) => {}
            Some(live) => {
                undecided.push((address, record, drift));
                resources.push(live);
            }
            None => {
                drifted.insert(address, drift);
            }
        }
    }
    let digests = Digest::of_each(&resources);
    let moved =
        undecided.into_iter().zip(digests).filter(|((_, record, _), found)| record.observed != *found);
    drifted.extend(moved.map(|((address, _, drift), _)| (address, drift)));
    drifted
}
