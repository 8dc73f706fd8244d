//! DETACH PARTITION CONCURRENTLY and FINALIZE: rows D1 to D4.
//!
//! The first of its two transactions marks the partition as pending; then only FINALIZE is accepted for it, and no
//! other partition of the table can be detached concurrently.

use djogi_core::QualifiedName;

use super::finding::{Finding, Seen, Treatment};
use super::global;
use super::table::Row;

/// Everything that decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detach {
    pub table: QualifiedName,
    pub partition: QualifiedName,
    /// Whether both are there, and are what they were.
    pub is_there: bool,
    /// Whether the partition belongs to the table, and if so whether its detachment is pending.
    pub pending: Option<bool>,
    /// Another partition of the table whose detachment is pending.
    pub pending_sibling: Option<String>,
    pub worker: Seen<String>,
}

pub fn decide(seen: &Detach) -> Finding {
    if let Some(at_work) = global::g7(&seen.worker) {
        return at_work;
    }
    let Detach { table, partition, .. } = seen;
    if !seen.is_there {
        let told = format!("table {table} or its partition {partition} is gone");
        return Finding::new(Row::G8, told, Treatment::Retire);
    }
    match (seen.pending, &seen.pending_sibling) {
        (Some(false), Some(sibling)) => d4(seen, sibling),
        (Some(false), None) => d1(seen),
        (Some(true), _) => d2(seen),
        (None, _) => d3(seen),
    }
}

fn d1(seen: &Detach) -> Finding {
    let told = format!("{} is still attached to {}", seen.partition, seen.table);
    Finding::new(Row::D1, told, Treatment::Retire)
}

fn d2(seen: &Detach) -> Finding {
    let Detach { table, partition, .. } = seen;
    let told = format!("{partition} is half detached from {table}");
    let treatment = Treatment::Finalize { table: table.clone(), partition: partition.clone() };
    Finding::new(Row::D2, told, treatment)
}

fn d3(seen: &Detach) -> Finding {
    let told = format!("{} is detached from {}", seen.partition, seen.table);
    Finding::new(Row::D3, told, Treatment::RollForward)
}

fn d4(seen: &Detach, sibling: &str) -> Finding {
    let told = format!("detach_pending_elsewhere: {sibling} is half detached from {}", seen.table);
    Finding::new(Row::D4, told, Treatment::Keep)
}

#[cfg(test)]
mod tests {
    use super::super::finding::qualified;
    use super::*;

    #[test]
    fn every_observation_has_one_row() {
        let (table, partition) = (qualified("t"), qualified("p"));
        let found = |is_there, pending, sibling: Option<&str>, worker| {
            let seen = Detach {
                table: table.clone(),
                partition: partition.clone(),
                is_there,
                pending,
                pending_sibling: sibling.map(str::to_owned),
                worker,
            };
            let found = decide(&seen);
            (found.row, found.treatment)
        };
        let finalize = Treatment::Finalize { table: table.clone(), partition: partition.clone() };
        for sibling in [None, Some("public.q")] {
            for pending in [None, Some(false), Some(true)] {
                let expected = match (pending, sibling) {
                    (None, _) => (Row::D3, Treatment::RollForward),
                    (Some(true), _) => (Row::D2, finalize.clone()),
                    (Some(false), None) => (Row::D1, Treatment::Retire),
                    (Some(false), Some(_)) => (Row::D4, Treatment::Keep),
                };
                assert_eq!(found(true, pending, sibling, Seen::Absent), expected);
                assert_eq!(found(false, pending, sibling, Seen::Absent), (Row::G8, Treatment::Retire));
                let at_work = found(true, pending, sibling, Seen::Present("a".to_owned()));
                assert_eq!(at_work, (Row::G7, Treatment::Wait));
                let unknown = found(true, pending, sibling, Seen::Unknown("b".to_owned()));
                assert_eq!(unknown, (Row::G7, Treatment::Wait));
            }
        }
    }
}
