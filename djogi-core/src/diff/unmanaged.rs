//! What others made: live objects that are neither recorded nor desired. They are counted and never touched,
//! and what they depend on is not dropped under them.

use std::collections::{BTreeMap, BTreeSet};

use super::rename::Rebased;
use crate::address::{Address, Kind};
use crate::desired::Desired;
use crate::ident::Ident;
use crate::kind::Resource;
use crate::plan::depend::Dependencies;

/// Live objects that djogi could manage and does not. A schema that holds managed objects is only their
/// place, and not listed; nor is what every database is born with.
pub fn unmanaged<'a>(desired: &Desired, rebased: &'a Rebased<'_>) -> Vec<&'a Address> {
    let recorded = &rebased.recorded.resources;
    let managed = |address: &Address| recorded.contains_key(address) || desired.contains_key(address);
    let made = rebased.live.iter().filter(|(_, resource)| !resource.is_born_with_database());
    let found: Vec<_> = made.map(|(address, _)| address).filter(|address| !managed(address)).collect();
    if found.is_empty() {
        return found;
    }
    let places: BTreeSet<_> =
        recorded.keys().chain(desired.keys()).filter_map(Address::schema_name).collect();
    found.into_iter().filter(|a| a.kind() != Kind::Schema || !places.contains(a.name())).collect()
}

/// Who depends on what in the live catalog, unmanaged objects only.
#[derive(Debug)]
pub struct UnmanagedDependents<'a> {
    rebased: &'a Rebased<'a>,
    /// What is needed, and by whom.
    needs: BTreeMap<Address, Vec<&'a Address>>,
}

impl<'a> UnmanagedDependents<'a> {
    pub fn new(
        target: &Ident,
        rebased: &'a Rebased<'a>,
        unmanaged: &[&'a Address],
        live: &Dependencies<'_>,
    ) -> Self {
        let mut needs: BTreeMap<Address, Vec<&'a Address>> = BTreeMap::new();
        for &address in unmanaged {
            let Some(resource) = rebased.live.get(address) else { continue };
            let mut needed = live.of(resource);
            if address.kind().holds_nothing_up() {
                // What others may do with an object goes with it, and comes back with it; a role cannot.
                needed.retain(|needed| needed.kind() == Kind::Role);
            }
            if let Resource::Sequence(sequence) = resource
                && let Some(owner) = &sequence.owned_by
            {
                needed.push(Address::table(target, &owner.table));
                needed.push(Address::column(target, &owner.table, &owner.column));
            }
            for needed in needed {
                needs.entry(needed).or_default().push(address);
            }
        }
        Self { rebased, needs }
    }

    /// What would be lost with `address`, or stands in the way of changing it, in words.
    pub fn of(&self, address: &Address) -> Vec<String> {
        let modelled = self.needs.get(address).into_iter().flatten().map(ToString::to_string);
        let columns = match self.rebased.live.get(address) {
            Some(Resource::Table(table)) => table.columns.as_slice(),
            _ => &[],
        };
        let members = columns
            .iter()
            .filter_map(|column| Some(Address::column(address.target(), &address.relation()?, &column.name)));
        let unmodelled = std::iter::once(address.clone())
            .chain(members)
            .flat_map(|part| self.rebased.unmodelled_dependents(&part))
            .map(|other| format!("{} {}", other.kind, other.name));
        let names: BTreeSet<_> = modelled.chain(unmodelled).collect();
        names.into_iter().collect()
    }
}
