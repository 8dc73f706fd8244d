//! The order in which statements are tried again: each behind those that make what it names, else as they were.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use super::item::Item;

/// The positions in `failed`, sorted. What is named in a circle stays in its order.
pub(super) fn by_names(items: &[Item<'_>], failed: &[usize]) -> Vec<usize> {
    let mut makers: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, &item) in failed.iter().enumerate() {
        if let Some(name) = items[item].creates() {
            makers.entry(name).or_default().push(at);
        }
    }
    let mut waits_for: Vec<BTreeSet<usize>> = Vec::with_capacity(failed.len());
    let mut waiters: Vec<Vec<usize>> = vec![Vec::new(); failed.len()];
    for (at, &item) in failed.iter().enumerate() {
        let named = items[item].statement.words().filter_map(|word| makers.get(word));
        let needs: BTreeSet<usize> = named.flatten().copied().filter(|maker| *maker != at).collect();
        needs.iter().for_each(|&maker| waiters[maker].push(at));
        waits_for.push(needs);
    }
    let mut ready: BinaryHeap<Reverse<usize>> =
        (0..failed.len()).filter(|&at| waits_for[at].is_empty()).map(Reverse).collect();
    let mut waiting: BTreeSet<usize> = (0..failed.len()).filter(|&at| !waits_for[at].is_empty()).collect();
    let mut sorted = Vec::with_capacity(failed.len());
    while sorted.len() < failed.len() {
        // Where everything waits for something the first goes first.
        let Some(at) = ready.pop().map(|Reverse(at)| at).or_else(|| waiting.pop_first()) else { break };
        sorted.push(failed[at]);
        for &waiter in &waiters[at] {
            waits_for[waiter].remove(&at);
            if waits_for[waiter].is_empty() && waiting.remove(&waiter) {
                ready.push(Reverse(waiter));
            }
        }
    }
    sorted
}

#[cfg(test)]
mod tests {
    use djogi_core::script::Script;

    use super::*;
    use crate::sql_files::item::of_scripts;

    fn sorted(text: &str) -> Vec<usize> {
        let scripts = [Script::read("schema.sql", text).unwrap()];
        let items = of_scripts(&scripts);
        let all: Vec<usize> = (0..items.len()).collect();
        by_names(&items, &all)
    }

    #[test]
    fn a_chain_that_is_written_backwards_is_turned_around() {
        let text = "create view c as select * from b; create view b as select * from a; alter table a add x int; \
                    create table a ()";
        assert_eq!(sorted(text), [3, 1, 0, 2]);
    }

    #[test]
    fn a_circle_stays_in_its_order() {
        assert_eq!(sorted("create view a as select * from b; create view b as select * from a"), [0, 1]);
    }
}
