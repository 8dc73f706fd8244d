//! ALTER TYPE ... ADD VALUE: rows E1 to E3.
//!
//! It is in a transaction with its ledger row, so what happened is known; but a label cannot be removed again, so
//! what is there matters more than who has put it there.

use super::finding::{Finding, Treatment};
use super::table::Row;
use super::transactional::{Group, Live, Transaction};

/// Everything that decides about the labels of one enum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnumLabels<'a> {
    pub name: String,
    pub declared: &'a [String],
    pub live: &'a [String],
    /// The group that was to add them.
    pub group: Group,
}

/// The row that fits; `None` where labels say no more than the group does.
pub fn decide(seen: &EnumLabels<'_>) -> Option<Finding> {
    let Group { is_committed, is_recorded, transaction, live, .. } = seen.group;
    if is_committed && is_recorded || !is_committed && transaction == Transaction::InProgress {
        return None;
    }
    match (is_committed, live) {
        (true, Live::AsPlanned | Live::NotCompared) => Some(e1(seen)),
        (false, Live::AsBefore | Live::NotCompared) => Some(e2(seen)),
        (true, Live::AsBefore | Live::Other) | (false, Live::AsPlanned | Live::Other) => {
            (!is_in_order(seen)).then(|| e3(seen))
        }
    }
}

/// Whether adding labels is all that is left to do.
fn is_in_order(seen: &EnumLabels<'_>) -> bool {
    let mut declared = seen.declared.iter();
    seen.live.iter().all(|label| declared.any(|other| other == label))
}

fn e1(seen: &EnumLabels<'_>) -> Finding {
    let told = format!("type {} has the labels {}", seen.name, seen.live.join(", "));
    Finding::new(Row::E1, told, Treatment::RollForward)
}

fn e2(seen: &EnumLabels<'_>) -> Finding {
    Finding::new(Row::E2, format!("type {} is as it was", seen.name), Treatment::Retire)
}

fn e3(seen: &EnumLabels<'_>) -> Finding {
    let (live, declared) = (seen.live.join(", "), seen.declared.join(", "));
    let told = format!("type {} has the labels {live}, which cannot become {declared}", seen.name);
    Finding::new(Row::E3, told, Treatment::Keep)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_observation_has_one_row_or_leaves_it_to_the_group() {
        let declared = ["a", "b", "c"].map(str::to_owned);
        let lists: [&[&str]; 4] = [&["a", "c"], &["a", "b", "c"], &["a", "c", "b"], &["a", "b", "c", "d"]];
        for labels in lists {
            let labels: Vec<String> = labels.iter().map(|&label| label.to_owned()).collect();
            let in_order = labels.len() < 3 || labels == declared;
            for is_committed in [true, false] {
                for is_recorded in [true, false] {
                    for transaction in [Transaction::Over, Transaction::InProgress] {
                        for live in [Live::AsBefore, Live::AsPlanned, Live::Other, Live::NotCompared] {
                            let group = Group { group_no: 1, is_committed, is_recorded, transaction, live };
                            let name = "public.e".to_owned();
                            let seen = EnumLabels { name, declared: &declared, live: &labels, group };
                            let found = decide(&seen).map(|found| (found.row, found.treatment));
                            let wrong = (!in_order).then_some((Row::E3, Treatment::Keep));
                            let expected = match (is_committed, is_recorded, transaction, live) {
                                (true, true, ..) | (false, _, Transaction::InProgress, _) => None,
                                (true, _, _, Live::AsPlanned | Live::NotCompared) => {
                                    Some((Row::E1, Treatment::RollForward))
                                }
                                (false, _, _, Live::AsBefore | Live::NotCompared) => {
                                    Some((Row::E2, Treatment::Retire))
                                }
                                _ => wrong,
                            };
                            assert_eq!(found, expected, "{seen:?}");
                        }
                    }
                }
            }
        }
    }
}
