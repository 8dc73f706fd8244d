//! Which unmodelled objects stand or fall with which address.

use std::collections::{BTreeMap, HashMap};

use djogi_core::address::{Address, Kind};
use djogi_core::observation::Unmodelled;

use super::assemble::Assembled;
use super::lookup::{ObjectId, class};
use super::unmodelled::UnmodelledRow;

/// For each address, what depends on it. A dependency on a column counts for the column and for its table.
pub(super) fn resolve(rows: &[UnmodelledRow], assembled: &Assembled) -> BTreeMap<Address, Vec<Unmodelled>> {
    if rows.is_empty() {
        return BTreeMap::new();
    }
    let by_id: HashMap<ObjectId, &Address> = assembled
        .oids
        .iter()
        .map(|(address, oid)| (ObjectId { class: class_of(address.kind()), oid: oid.0 }, address))
        .collect();
    let mut dependents: BTreeMap<Address, Vec<Unmodelled>> = BTreeMap::new();
    for row in rows {
        let Some(needs) = &row.needs else { continue };
        let object = assembled.constraint_of_index(needs.object).unwrap_or(needs.object);
        let Some(&address) = by_id.get(&object) else { continue };
        dependents.entry(address.clone()).or_default().push(row.object.clone());
        if let Some(column) = assembled.column_address(needs.object, needs.column) {
            dependents.entry(column).or_default().push(row.object.clone());
        }
    }
    for objects in dependents.values_mut() {
        objects.sort_unstable();
        objects.dedup();
    }
    dependents
}

fn class_of(kind: Kind) -> u32 {
    match kind {
        Kind::Schema => class::NAMESPACE,
        Kind::Extension => class::EXTENSION,
        Kind::Enum => class::TYPE,
        Kind::Sequence | Kind::Table | Kind::Column | Kind::Index => class::RELATION,
        Kind::Constraint => class::CONSTRAINT,
    }
}
