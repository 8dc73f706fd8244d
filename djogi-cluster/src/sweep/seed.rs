//! Seeds whose rows are written in several transactions: row S1.
//!
//! Each of them holds its rows, what the ledger knows of these rows, and how far the seed is. What is left is planned by
//! comparing, so that nothing is written twice.

use super::finding::{Finding, Treatment};
use super::table::Row;
use super::transactional::Group;

/// A seed that is written in part: by its address, and how many of its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnfinishedSeed {
    pub name: String,
    pub done: u64,
    pub rows: u64,
}

pub fn decide(seed: &UnfinishedSeed, group: &Group) -> Finding {
    s1(seed, group)
}

fn s1(UnfinishedSeed { name, done, rows }: &UnfinishedSeed, group: &Group) -> Finding {
    let treatment = match group.is_committed && !group.is_recorded {
        true => Treatment::RollForward,
        false => Treatment::Retire,
    };
    let told = format!("{done} of the {rows} rows of {name} are written; the others are planned");
    Finding::new(Row::S1, told, treatment)
}

#[cfg(test)]
mod tests {
    use super::super::transactional::{Live, Transaction};
    use super::*;

    #[test]
    fn what_is_committed_is_recorded_and_what_is_not_is_planned_again() {
        let seed = UnfinishedSeed { name: "seed.main.s".to_owned(), done: 10, rows: 30 };
        let group = |is_committed, is_recorded| Group {
            group_no: 2,
            is_committed,
            is_recorded,
            transaction: Transaction::Over,
            live: Live::NotCompared,
        };
        let treatment =
            |is_committed, is_recorded| decide(&seed, &group(is_committed, is_recorded)).treatment;
        assert_eq!(treatment(true, false), Treatment::RollForward);
        assert_eq!(treatment(false, false), Treatment::Retire);
        assert_eq!(treatment(true, true), Treatment::Retire);
    }
}
