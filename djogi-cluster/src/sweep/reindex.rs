//! REINDEX INDEX CONCURRENTLY: rows R1 to R3.
//!
//! It builds `<name>_ccnew`, swaps the names, so that the old index is `<name>_ccold`, and drops that. The index that
//! has the name has another oid afterwards.

use std::collections::BTreeSet;

use djogi_core::QualifiedName;
use djogi_core::observation::Oid;

use super::finding::{Finding, Seen, Treatment};
use super::global;
use super::table::Row;

/// An invalid index beside the one that is built anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leftover {
    pub name: QualifiedName,
    pub oid: Oid,
}

/// Everything that decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reindex {
    pub name: QualifiedName,
    /// What had the name before.
    pub before: Option<Oid>,
    /// All oids that were there before.
    pub known: BTreeSet<Oid>,
    /// What has the name now.
    pub now: Option<Oid>,
    /// Invalid indexes of the same table.
    pub invalid: Vec<Leftover>,
    pub worker: Seen<String>,
}

pub fn decide(seen: &Reindex) -> Finding {
    if let Some(at_work) = global::g7(&seen.worker) {
        return at_work;
    }
    // The old index is known by its oid, a new one by its name and by not having been there.
    let old = seen.invalid.iter().find(|left| {
        Some(left.oid) == seen.before && seen.now != seen.before && is_made_from(left, &seen.name, "ccold")
    });
    let new = seen
        .invalid
        .iter()
        .find(|left| !seen.known.contains(&left.oid) && is_made_from(left, &seen.name, "ccnew"));
    match (old, new) {
        (Some(old), _) => r3(old),
        (None, Some(new)) => r2(new),
        (None, None) => r1(seen),
    }
}

fn r1(seen: &Reindex) -> Finding {
    match seen.now {
        Some(now) if seen.before.is_some_and(|before| before != now) => {
            let told = format!("index {} was built anew (oid {})", seen.name, now.0);
            Finding::new(Row::R1, told, Treatment::RollForward)
        }
        Some(_) => Finding::new(Row::R1, format!("index {} is the one it was", seen.name), Treatment::Retire),
        None => Finding::new(Row::G8, format!("index {} is gone", seen.name), Treatment::Retire),
    }
}

fn r2(left: &Leftover) -> Finding {
    let told = format!("index {} (oid {}) is left over from a rebuild", left.name, left.oid.0);
    Finding::new(Row::R2, told, Treatment::DropIndex { index: left.name.clone(), oid: left.oid })
}

fn r3(left: &Leftover) -> Finding {
    let told = format!("index {} (oid {}) was replaced, and is left over", left.name, left.oid.0);
    Finding::new(Row::R3, told, Treatment::DropIndex { index: left.name.clone(), oid: left.oid })
}

/// Whether PostgreSQL would make this name from `base`: it cuts the base so that 63 bytes are enough, and adds a
/// number when the name is taken.
fn is_made_from(left: &Leftover, base: &QualifiedName, label: &str) -> bool {
    const LONGEST: usize = 63;
    let (name, base_name) = (left.name.name.as_str(), base.name.as_str());
    let without_number = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let Some(stem) = without_number.strip_suffix(label).and_then(|stem| stem.strip_suffix('_')) else {
        return false;
    };
    // What is cut is cut at a character, which has up to four bytes.
    let is_cut = || base_name.starts_with(stem) && name.len() + 4 > LONGEST;
    left.name.schema == base.schema && (stem == base_name || is_cut())
}

#[cfg(test)]
mod tests {
    use super::super::finding::qualified;
    use super::*;

    fn name(text: &str) -> QualifiedName {
        qualified(text)
    }

    fn found(base: &str, now: Option<u32>, invalid: &[(&str, u32)]) -> Finding {
        decide(&Reindex {
            name: name(base),
            before: Some(Oid(10)),
            known: [Oid(10), Oid(11)].into(),
            now: now.map(Oid),
            invalid: invalid.iter().map(|(n, oid)| Leftover { name: name(n), oid: Oid(*oid) }).collect(),
            worker: Seen::Absent,
        })
    }

    #[test]
    fn every_observation_has_one_row() {
        let drop = |text: &str, oid| Treatment::DropIndex { index: name(text), oid: Oid(oid) };
        let is = |found: Finding, row, treatment| assert_eq!((found.row, found.treatment), (row, treatment));
        is(found("x", Some(10), &[]), Row::R1, Treatment::Retire);
        is(found("x", Some(20), &[]), Row::R1, Treatment::RollForward);
        is(found("x", None, &[]), Row::G8, Treatment::Retire);
        is(found("x", Some(10), &[("x_ccnew", 20)]), Row::R2, drop("x_ccnew", 20));
        is(found("x", Some(10), &[("x_ccnew3", 20)]), Row::R2, drop("x_ccnew3", 20));
        is(found("x", Some(20), &[("x_ccold", 10)]), Row::R3, drop("x_ccold", 10));
        // What was there before, or is called otherwise, is nobody's leftover of ours.
        is(found("x", Some(10), &[("x_ccnew", 11)]), Row::R1, Treatment::Retire);
        is(found("x", Some(10), &[("y_ccnew", 20)]), Row::R1, Treatment::Retire);
        is(found("x", Some(10), &[("other", 20)]), Row::R1, Treatment::Retire);
        is(found("x", Some(20), &[("x_ccold", 11)]), Row::R1, Treatment::RollForward);
    }

    #[test]
    fn a_name_that_postgresql_has_cut_is_known() {
        let long = "a".repeat(63);
        let cut = format!("{}_ccnew", "a".repeat(57));
        assert_eq!(found(&long, Some(10), &[(&cut, 20)]).row, Row::R2);
        assert_eq!(found(&long, Some(10), &[("aaa_ccnew", 20)]).row, Row::R1);
    }

    #[test]
    fn a_worker_is_waited_for() {
        for worker in [Seen::Present("a".to_owned()), Seen::Unknown("b".to_owned())] {
            let seen = Reindex {
                name: name("x"),
                before: Some(Oid(10)),
                known: BTreeSet::new(),
                now: Some(Oid(10)),
                invalid: Vec::new(),
                worker,
            };
            assert_eq!(decide(&seen).treatment, Treatment::Wait);
        }
    }
}
