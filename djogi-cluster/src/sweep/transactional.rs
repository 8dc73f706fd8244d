//! Groups in transactions: rows T1 to T7.
//!
//! The ledger row was written in the group's own transaction, and the run lock was held by the server process that
//! executed it. Whoever has the lock now therefore knows: with the row it happened, without the row it did not.
//! What is live decides only what else has happened since.

use super::finding::{Finding, Treatment};
use super::table::Row;

/// Everything that decides about one group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    pub group_no: u32,
    /// Whether the ledger has its row.
    pub is_committed: bool,
    /// Whether the state was written after it.
    pub is_recorded: bool,
    pub transaction: Transaction,
    pub live: Live,
}

/// What the server says of the group's transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transaction {
    /// Committed, aborted, too old to be known, or its number was never written down.
    Over,
    /// In progress or prepared.
    InProgress,
}

/// How the objects of a group are, compared with its two digests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Live {
    AsBefore,
    AsPlanned,
    /// Neither.
    Other,
    /// The digests do not say: other groups work on the same objects.
    NotCompared,
}

pub fn decide(group: &Group) -> Finding {
    match (group.is_committed, group.is_recorded, group.transaction, group.live) {
        (true, true, ..) => t3(group),
        (true, false, _, Live::AsBefore | Live::Other) => t5(group),
        (true, false, _, Live::AsPlanned | Live::NotCompared) => t2(group),
        (false, _, Transaction::InProgress, _) => t4(group),
        (false, _, Transaction::Over, Live::AsBefore | Live::NotCompared) => t1(group),
        (false, _, Transaction::Over, Live::AsPlanned) => t6(group),
        (false, _, Transaction::Over, Live::Other) => t7(group),
    }
}

fn t1(group: &Group) -> Finding {
    Finding::new(Row::T1, format!("group {} did not happen", group.group_no), Treatment::Retire)
}

fn t2(group: &Group) -> Finding {
    let told = format!("group {} is committed, and not recorded", group.group_no);
    Finding::new(Row::T2, told, Treatment::RollForward)
}

fn t3(group: &Group) -> Finding {
    let told = format!("group {} is committed and recorded", group.group_no);
    Finding::new(Row::T3, told, Treatment::Retire)
}

fn t4(group: &Group) -> Finding {
    let told = format!("the transaction of group {} has not ended", group.group_no);
    Finding::new(Row::T4, told, Treatment::Wait)
}

fn t5(group: &Group) -> Finding {
    let told = format!("group {} is committed, and somebody has changed its objects since", group.group_no);
    Finding::new(Row::T5, told, Treatment::RollForward)
}

fn t6(group: &Group) -> Finding {
    let told = format!(
        "foreign_convergence: group {} did not happen, yet somebody has made what it was to make",
        group.group_no
    );
    Finding::new(Row::T6, told, Treatment::Retire)
}

fn t7(group: &Group) -> Finding {
    let told = format!(
        "group {} did not happen, and somebody has changed its objects since they were planned",
        group.group_no
    );
    Finding::new(Row::T7, told, Treatment::Keep)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_observation_has_one_row() {
        for is_committed in [true, false] {
            for is_recorded in [true, false] {
                for transaction in [Transaction::Over, Transaction::InProgress] {
                    for live in [Live::AsBefore, Live::AsPlanned, Live::Other, Live::NotCompared] {
                        let group = Group { group_no: 1, is_committed, is_recorded, transaction, live };
                        let found = decide(&group);
                        let expected = match (is_committed, is_recorded, transaction) {
                            (true, true, _) => (Row::T3, Treatment::Retire),
                            (true, false, _) if matches!(live, Live::AsBefore | Live::Other) => {
                                (Row::T5, Treatment::RollForward)
                            }
                            (true, false, _) => (Row::T2, Treatment::RollForward),
                            (false, _, Transaction::InProgress) => (Row::T4, Treatment::Wait),
                            (false, _, Transaction::Over) => match live {
                                Live::AsBefore | Live::NotCompared => (Row::T1, Treatment::Retire),
                                Live::AsPlanned => (Row::T6, Treatment::Retire),
                                Live::Other => (Row::T7, Treatment::Keep),
                            },
                        };
                        assert_eq!((found.row, found.treatment), expected, "{group:?}");
                    }
                }
            }
        }
    }
}
