//! Where live migrations wait once a run is over.

use std::collections::BTreeSet;

use djogi_core::disposition::Verdict;
use djogi_core::kind::MigrationPhase;
use djogi_core::plan::ResourceChange;
use djogi_core::{Address, Kind};

use crate::event::Event;

/// The migrations that have come to a gate which the plan had still before it.
pub(super) fn gates_reached(changes: &[&ResourceChange], applied: &BTreeSet<Address>) -> Vec<Event> {
    let step = |change: &ResourceChange| {
        (change.kind == Kind::MigrationStep).then(|| change.address.parent_name().cloned())
    };
    let waits = |change: &&&ResourceChange| {
        change.disposition == Verdict::Deferred && change.name == MigrationPhase::Cutover.as_str()
    };
    let reached = changes.iter().filter(waits).filter_map(|cutover| {
        let migration = step(cutover)??;
        let is_before = |other: &&&ResourceChange| {
            step(other).flatten().as_ref() == Some(&migration) && other.disposition != Verdict::Deferred
        };
        let mut before = changes.iter().filter(is_before);
        let is_there = before.all(|other| match other.disposition {
            Verdict::Applied => applied.contains(&other.address),
            Verdict::Derived => true,
            Verdict::Deferred | Verdict::Blocked => false,
        });
        is_there.then(|| Event::GateReached {
            address: cutover.address.clone(),
            way_out: format!("djogi live finalize {migration}"),
        })
    });
    reached.collect()
}
