//! The order in which statements are tried: in phases, and again behind those that make what they name.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque};

use super::item::Item;

/// What comes first of the statements of a family of tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Families {
    /// What stands first.
    AsWritten,
    /// Partitions and children join before their parents are altered: a parent that got a constraint takes in nobody
    /// who lacks it, while a table with children gives it to all of them.
    Joined,
}

/// The statements at `positions` in phases, of which each begins when those before it are done.
pub(super) fn phases(
    items: &[Item<'_>],
    positions: impl Iterator<Item = usize>,
    families: Families,
) -> VecDeque<Vec<usize>> {
    let parents = match families {
        Families::AsWritten => BTreeSet::new(),
        Families::Joined => joined_parents(items),
    };
    let is_parent = |name: &String| parents.contains(name.as_str());
    // An index of a type that has no default operator class yet is built with that of all types of its sort.
    let has_classes = items.iter().any(makes_default_class);
    let phase = |item: &Item<'_>| {
        // Event triggers would fire for the statements behind them.
        if item.is_of_event_triggers() {
            4
        } else if item.is_read_last() {
            3
        } else if item.statement.altered_table.as_ref().is_some_and(is_parent) && !joins(item) {
            2
        } else {
            usize::from(has_classes && builds_indexes(item))
        }
    };
    let mut phases = VecDeque::from([const { Vec::new() }; 5]);
    positions.for_each(|at| phases[phase(&items[at])].push(at));
    phases.retain(|phase| !phase.is_empty());
    phases
}

/// Whether it makes what indexes of a type are built with where they do not say otherwise, as far as its words tell.
fn makes_default_class(item: &Item<'_>) -> bool {
    makes(item, &["operator class"]) && item.statement.mentions("default")
}

/// Whether there may be an index or a partition key in it.
fn builds_indexes(item: &Item<'_>) -> bool {
    item.statement.altered_table.is_some() || makes(item, &["table", "index"])
}

fn makes(item: &Item<'_>, kinds: &[&str]) -> bool {
    item.statement.created.as_ref().is_some_and(|created| kinds.contains(&created.kind.as_str()))
}

/// Whether an order in which families are joined first is another one.
pub(super) fn has_parents_to_alter(items: &[Item<'_>]) -> bool {
    phases(items, 0..items.len(), Families::Joined) != phases(items, 0..items.len(), Families::AsWritten)
}

/// Whether a table joins a family by it, as far as its words tell.
fn joins(item: &Item<'_>) -> bool {
    let statement = &item.statement;
    statement.altered_table.is_some() && (statement.mentions("attach") || statement.mentions("inherit"))
}

/// The tables that others join.
fn joined_parents<'a>(items: &'a [Item<'_>]) -> BTreeSet<&'a str> {
    let parents_in = |item: &'a Item<'_>| {
        let altered = item.statement.altered_table.as_deref();
        let attaches = item.statement.mentions("attach");
        item.statement.words().filter(move |word| (altered == Some(word)) == attaches)
    };
    items.iter().filter(|item| joins(item)).flat_map(parents_in).collect()
}

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
    fn parents_are_altered_once_their_families_are_there() {
        let text = "alter table log add check (a > 0); alter table log attach partition log_1 default; \
                    create table log_1 (a int); create table log (a int) partition by range (a); \
                    alter table child inherit only_parent; alter table only_parent add b int; alter table child add c int";
        let scripts = [Script::read("schema.sql", text).unwrap()];
        let items = of_scripts(&scripts);
        let all = || 0..items.len();
        assert_eq!(phases(&items, all(), Families::Joined), [vec![1, 2, 3, 4, 6], vec![0, 5]]);
        assert_eq!(phases(&items, all(), Families::AsWritten), [all().collect::<Vec<_>>()]);
        assert!(has_parents_to_alter(&items));
    }

    #[test]
    fn default_operator_classes_come_before_indexes() {
        let text = "create index i on t (a); create table t (a z); alter table t add unique (a); create type z as (x int); \
                    create operator class c default for type z using btree as operator 1 <<<";
        let scripts = [Script::read("schema.sql", text).unwrap()];
        let items = of_scripts(&scripts);
        let phases = |items: &[Item<'_>]| phases(items, 0..items.len(), Families::AsWritten);
        assert_eq!(phases(&items), [vec![3, 4], vec![0, 1, 2]]);
        assert_eq!(phases(&items[..4]), [[0, 1, 2, 3]]);
    }

    #[test]
    fn what_is_read_last_waits_for_all_else() {
        let scripts = [("~b/a.sql", "create index i on only t (a)"), ("c/t~1.sql", "create table t (a int)")];
        let scripts = scripts.map(|(file, text)| Script::read(file, text).unwrap());
        let items = of_scripts(&scripts);
        assert_eq!(phases(&items, 0..items.len(), Families::AsWritten), [[1], [0]]);
    }

    #[test]
    fn a_circle_stays_in_its_order() {
        assert_eq!(sorted("create view a as select * from b; create view b as select * from a"), [0, 1]);
    }
}
