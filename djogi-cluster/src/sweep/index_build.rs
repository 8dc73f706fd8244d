//! CREATE INDEX CONCURRENTLY: rows I1 to I7.
//!
//! An interrupted build and an interrupted drop leave the same invalid index behind. What tells them apart is the
//! recorded intent, and the set of oids that were there before.

use std::collections::BTreeSet;

use djogi_core::observation::Oid;
use djogi_core::{Address, QualifiedName};

use super::finding::{Finding, Seen, Treatment};
use super::table::Row;

/// An index of the intended name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundIndex {
    pub oid: Oid,
    pub valid: bool,
    /// Whether its definition, validity aside, is what the statement was to make.
    pub is_intended: bool,
}

/// Everything that decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexBuild {
    pub name: QualifiedName,
    pub index: Option<FoundIndex>,
    /// The server process that builds it, in words.
    pub builder: Seen<String>,
    /// The oids that the name and its neighbours had before the statement.
    pub before: BTreeSet<Oid>,
    /// Whether the index was built only to take the name of another one later.
    pub is_to_be_renamed: bool,
    /// Whether the statement is known to have ended with a violation of uniqueness.
    pub is_not_unique: bool,
}

pub fn decide(seen: &IndexBuild) -> Finding {
    if let Seen::Present(who) | Seen::Unknown(who) = &seen.builder {
        return i3(who);
    }
    match &seen.index {
        None if seen.is_not_unique => i7(seen, None),
        None => i1(seen),
        // Nothing that was there before is this statement's work.
        Some(index) if index.valid && seen.before.contains(&index.oid) => i1(seen),
        Some(index) if index.valid && index.is_intended => i2(seen, index),
        Some(index) if index.valid => i6(seen, index),
        Some(index) if seen.before.contains(&index.oid) || !index.is_intended => i5(seen, index),
        Some(index) if seen.is_not_unique => i7(seen, Some(index)),
        Some(index) => i4(seen, index),
    }
}

fn i1(seen: &IndexBuild) -> Finding {
    let told = match &seen.index {
        None => format!("index {} is not there", seen.name),
        Some(index) => format!("index {} (oid {}) was there before", seen.name, index.oid.0),
    };
    Finding::new(Row::I1, told, Treatment::Retire)
}

fn i2(seen: &IndexBuild, index: &FoundIndex) -> Finding {
    let told = format!("index {} (oid {}) was built to its end", seen.name, index.oid.0);
    if seen.is_to_be_renamed {
        // It is nobody's resource yet; the plan finds it under its name and goes on.
        return Finding::new(Row::I2, format!("{told}, to take another's name"), Treatment::Retire);
    }
    Finding::new(Row::I2, told, Treatment::RollForward)
}

fn i3(who: &str) -> Finding {
    Finding::new(Row::I3, who, Treatment::Wait)
}

fn i4(seen: &IndexBuild, index: &FoundIndex) -> Finding {
    let told = format!("index {} (oid {}) was left invalid by the interrupted build", seen.name, index.oid.0);
    Finding::new(Row::I4, told, Treatment::DropIndex { index: seen.name.clone(), oid: index.oid })
}

fn i5(seen: &IndexBuild, index: &FoundIndex) -> Finding {
    let why = if seen.before.contains(&index.oid) { "was there before" } else { "has another definition" };
    let told = format!("index {} (oid {}) is invalid, and {why}", seen.name, index.oid.0);
    Finding::new(Row::I5, told, Treatment::Keep)
}

fn i6(seen: &IndexBuild, index: &FoundIndex) -> Finding {
    let told =
        format!("index {} (oid {}) has another definition than was to be built", seen.name, index.oid.0);
    Finding::new(Row::I6, told, Treatment::Keep)
}

fn i7(seen: &IndexBuild, left: Option<&FoundIndex>) -> Finding {
    let told = format!("rows violate the uniqueness of index {}", seen.name);
    let treatment = match left {
        Some(index) => Treatment::DropIndex { index: seen.name.clone(), oid: index.oid },
        None => Treatment::Retire,
    };
    Finding::new(Row::I7, told, treatment)
}

/// The row of a build that has failed for its rows in an earlier run, when they still violate its uniqueness. `rows` is
/// what they have in common.
pub fn decide_again(address: &Address, rows: &str) -> Finding {
    let told = format!("rows still violate the uniqueness of `{address}`: {rows}");
    Finding::new(Row::I7, told, Treatment::Keep)
}

/// The same, where nobody has asked the rows.
pub fn decide_untried(address: &Address) -> Finding {
    let told = format!("the last build of `{address}` failed because rows violated its uniqueness");
    Finding::new(Row::I7, told, Treatment::Keep)
}

#[cfg(test)]
mod tests {
    use super::super::finding::qualified;
    use super::*;

    const OURS: Oid = Oid(20);
    const OLD: Oid = Oid(10);

    fn seen(index: Option<FoundIndex>, builder: Seen<String>, is_not_unique: bool) -> IndexBuild {
        let name = qualified("x");
        IndexBuild { name, index, builder, before: [OLD].into(), is_to_be_renamed: false, is_not_unique }
    }

    #[test]
    fn what_was_built_to_take_a_name_is_left_to_the_plan() {
        let index = FoundIndex { oid: OURS, valid: true, is_intended: true };
        let built = IndexBuild { is_to_be_renamed: true, ..seen(Some(index), Seen::Absent, false) };
        let found = decide(&built);
        assert_eq!((found.row, found.treatment), (Row::I2, Treatment::Retire));
    }

    #[test]
    fn every_observation_has_one_row() {
        let drop = |oid| Treatment::DropIndex { index: qualified("x"), oid };
        for builder in [Seen::Absent, Seen::Present("a".to_owned()), Seen::Unknown("b".to_owned())] {
            for oid in [None, Some(OURS), Some(OLD)] {
                for valid in [false, true] {
                    for is_intended in [false, true] {
                        for not_unique in [false, true] {
                            let index = oid.map(|oid| FoundIndex { oid, valid, is_intended });
                            let found = decide(&seen(index, builder.clone(), not_unique));
                            let expected = match (&builder, oid, valid, is_intended, not_unique) {
                                (Seen::Present(_) | Seen::Unknown(_), ..) => (Row::I3, Treatment::Wait),
                                (_, None, _, _, false) => (Row::I1, Treatment::Retire),
                                (_, None, _, _, true) => (Row::I7, Treatment::Retire),
                                (_, Some(OLD), true, ..) => (Row::I1, Treatment::Retire),
                                (_, Some(_), true, true, _) => (Row::I2, Treatment::RollForward),
                                (_, Some(_), true, false, _) => (Row::I6, Treatment::Keep),
                                (_, Some(OLD), false, ..) => (Row::I5, Treatment::Keep),
                                (_, Some(_), false, false, _) => (Row::I5, Treatment::Keep),
                                (_, Some(oid), false, true, false) => (Row::I4, drop(oid)),
                                (_, Some(oid), false, true, true) => (Row::I7, drop(oid)),
                            };
                            assert_eq!((found.row, found.treatment), expected);
                        }
                    }
                }
            }
        }
    }
}
