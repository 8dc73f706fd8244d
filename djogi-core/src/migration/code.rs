//! Views, policies, triggers and rules on a column that is migrated: they stay as they are until its cutover, and go and come
//! back in the same transaction.

use std::collections::BTreeSet;

use crate::address::{Address, Kind};
use crate::desired::Desired;

/// What uses a column, directly or through other code. What is made twice for a migration is none of it.
pub(super) fn users<'e>(
    edges: &(impl Iterator<Item = (&'e Address, &'e BTreeSet<Address>)> + Clone),
    column: &Address,
) -> BTreeSet<&'e Address> {
    let is_made_twice =
        |address: &Address| matches!(address.kind(), Kind::Constraint | Kind::Index | Kind::Table);
    let direct = edges.clone().filter(|(address, needs)| needs.contains(column) && !is_made_twice(address));
    let mut open: Vec<&Address> = direct.map(|(address, _)| address).collect();
    let mut found = BTreeSet::new();
    while let Some(user) = open.pop() {
        if found.insert(user) {
            open.extend(edges.clone().filter(|(_, needs)| needs.contains(user)).map(|(address, _)| address));
        }
    }
    found
}

/// What the declared objects need.
pub(super) fn declared_edges(
    desired: &Desired,
) -> impl Iterator<Item = (&Address, &BTreeSet<Address>)> + Clone {
    desired.iter().map(|(address, declared)| (address, &declared.needs))
}

/// Whether it holds nothing of its own, so that it can be dropped and made anew in an instant.
pub(super) fn is_remade(kind: Kind) -> bool {
    matches!(kind, Kind::View | Kind::Policy | Kind::Trigger | Kind::Rule)
}
