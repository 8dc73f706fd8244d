//! What a plan is narrowed to.

use std::collections::{BTreeMap, BTreeSet};

use super::{Candidate, Gates, migration};
use crate::address::{Address, Kind};
use crate::diff::Action;

/// What `--only` selects: the addresses themselves, the parts of a selected table's own resource, and
/// everything that these require.
pub(super) fn targeted(
    candidates: &[Candidate<'_>],
    gates: &Gates<'_>,
    requires: &[Vec<usize>],
) -> Vec<bool> {
    if gates.only.is_empty() {
        return vec![true; candidates.len()];
    }
    let is_named = |address: &Address| {
        let column_of = address.table_of_member().filter(|_| address.kind() == Kind::Column);
        let owner = gates.parents.parent(address).cloned().or(column_of);
        let migration = migration::of_step(address);
        gates.only.contains(address)
            || migration.is_some_and(|migration| gates.only.contains(&migration))
            || owner.is_some_and(|owner| gates.only.contains(&owner))
    };
    let mut chosen = vec![false; candidates.len()];
    let mut queue: Vec<usize> =
        (0..candidates.len()).filter(|&at| is_named(&candidates[at].change.address)).collect();
    let mut children: BTreeMap<&Address, Vec<usize>> = BTreeMap::new();
    for (at, candidate) in candidates.iter().enumerate() {
        if let Some(parent) = gates.parents.parent(&candidate.change.address) {
            children.entry(parent).or_default().push(at);
        }
    }
    let along = taken_along(candidates);
    while let Some(at) = queue.pop() {
        if !std::mem::replace(&mut chosen[at], true) {
            queue.extend(&requires[at]);
            queue.extend(along.get(&candidates[at].change.address).into_iter().flatten());
            // What its statement does besides cannot be left out.
            queue.extend(children.get(&candidates[at].change.address).into_iter().flatten());
        }
    }
    chosen
}

/// What goes and comes back with an object that is made anew, and what comes with the column that another takes the place of.
fn taken_along<'c>(candidates: &'c [Candidate<'_>]) -> BTreeMap<&'c Address, Vec<usize>> {
    let of = |is_one: fn(&Candidate<'_>) -> bool| -> BTreeSet<&'c Address> {
        let found = candidates.iter().filter(|candidate| is_one(candidate));
        found.map(|candidate| &candidate.change.address).collect()
    };
    let is_anew = |candidate: &Candidate<'_>| matches!(candidate.change.action, Action::Replace(_));
    let anew = of(is_anew);
    let mut bringing = of(|candidate| candidate.change.exchanges.is_some());
    let is_brought = |candidate: &&Candidate<'_>| {
        candidate.change.action == Action::Create
            && candidate.needs.desired.iter().any(|need| bringing.contains(need))
    };
    let brought: Vec<&Address> =
        candidates.iter().filter(is_brought).map(|candidate| &candidate.change.address).collect();
    bringing.extend(brought);
    let mut along: BTreeMap<&Address, Vec<usize>> = BTreeMap::new();
    for (at, candidate) in candidates.iter().enumerate() {
        let Candidate { needs, .. } = candidate;
        let returning = needs.live.iter().filter(|need| is_anew(candidate) && anew.contains(need));
        let new = needs.desired.iter().filter(|need| bringing.contains(need));
        for base in returning.chain(new) {
            along.entry(base).or_default().push(at);
        }
    }
    along
}
