//! DROP INDEX CONCURRENTLY: rows X1 to X3.

use djogi_core::QualifiedName;
use djogi_core::observation::Oid;

use super::finding::{Finding, Seen, Treatment};
use super::global;
use super::table::Row;

/// Everything that decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexDrop {
    pub name: QualifiedName,
    /// The index that was to be dropped; an index of the same name with another oid is not it.
    pub oid: Option<Oid>,
    /// The index that has the name now, with its validity.
    pub index: Option<(Oid, bool)>,
    /// The server process that is at it, in words.
    pub worker: Seen<String>,
}

pub fn decide(seen: &IndexDrop) -> Finding {
    if let Some(at_work) = global::g7(&seen.worker) {
        return at_work;
    }
    match seen.index {
        None => x1(seen),
        Some((oid, _)) if Some(oid) != seen.oid => x1(seen),
        Some((_, true)) => x2(seen),
        Some((oid, false)) => x3(seen, oid),
    }
}

fn x1(seen: &IndexDrop) -> Finding {
    let told = match seen.index {
        None => format!("index {} is gone", seen.name),
        Some((oid, _)) => format!("index {} is gone; oid {} is another one", seen.name, oid.0),
    };
    Finding::new(Row::X1, told, Treatment::RollForward)
}

fn x2(seen: &IndexDrop) -> Finding {
    Finding::new(Row::X2, format!("index {} is untouched", seen.name), Treatment::Retire)
}

fn x3(seen: &IndexDrop, oid: Oid) -> Finding {
    let told = format!("index {} (oid {}) is half dropped", seen.name, oid.0);
    Finding::new(Row::X3, told, Treatment::DropIndex { index: seen.name.clone(), oid })
}

#[cfg(test)]
mod tests {
    use super::super::finding::qualified;
    use super::*;

    #[test]
    fn every_observation_has_one_row() {
        let name = qualified("x");
        let found =
            |index, worker| decide(&IndexDrop { name: name.clone(), oid: Some(Oid(10)), index, worker });
        let cases = [
            (None, Row::X1, Treatment::RollForward),
            (Some((Oid(11), false)), Row::X1, Treatment::RollForward),
            (Some((Oid(11), true)), Row::X1, Treatment::RollForward),
            (Some((Oid(10), true)), Row::X2, Treatment::Retire),
            (Some((Oid(10), false)), Row::X3, Treatment::DropIndex { index: name.clone(), oid: Oid(10) }),
        ];
        for (index, row, treatment) in cases {
            let told = found(index, Seen::Absent);
            assert_eq!((told.row, told.treatment), (row, treatment));
            for worker in [Seen::Present("a".to_owned()), Seen::Unknown("b".to_owned())] {
                assert_eq!(found(index, worker).treatment, Treatment::Wait);
            }
        }
    }
}
