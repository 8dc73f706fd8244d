//! What a change of a table does to its partitions and to the tables that inherit from it: PostgreSQL carries most of it
//! down by itself, so that only the rest is to be done there.

use std::collections::BTreeMap;

use crate::address::Address;
use crate::catalog::Catalog;
use crate::desired::Desired;
use crate::ident::{Ident, QualifiedName};
use crate::kind::{Column, ColumnOrigin, ColumnProperties, Lineage, Resource, Table};

/// Live tables as they are once the changes of their parents have come down to them, where that makes a difference.
pub(super) fn carried(target: &Ident, desired: &Desired, live: &Catalog) -> BTreeMap<Address, Resource> {
    let mut carried = BTreeMap::new();
    for (address, resource) in live.iter() {
        let Resource::Table(table) = resource else { continue };
        if table.lineage == Lineage::None {
            continue;
        }
        let Some(wanted) = declared(desired, address) else { continue };
        let mut result = table.clone();
        for parent in table.lineage.parents().iter().filter(|parent| stays_in(table, wanted, parent)) {
            let before = live.table(target, parent);
            let after = declared(desired, &Address::table(target, parent));
            if let (Some(before), Some(after)) = (before, after)
                && before.partition_by == after.partition_by
            {
                carry(&mut result, before, after);
            }
        }
        // A constraint that comes down is called as it is declared to be.
        for column in &mut result.columns {
            let had = table.column(&column.name).is_some_and(|before| before.not_null);
            if let (true, false, Some(wanted)) = (column.not_null, had, wanted.column(&column.name)) {
                column.not_null_constraint = wanted.not_null_constraint.clone();
            }
        }
        if result != *table {
            carried.insert(address.clone(), Resource::Table(result));
        }
    }
    carried
}

fn declared<'a>(desired: &'a Desired, address: &Address) -> Option<&'a Table> {
    match &*desired.get(address)?.resource {
        Resource::Table(table) => Some(table),
        _ => None,
    }
}

/// Whether a live table is a child of `parent` before and after the plan, and all the while.
pub(super) fn stays_in(live: &Table, desired: &Table, parent: &QualifiedName) -> bool {
    match (&live.lineage, &desired.lineage) {
        (Lineage::Inherits(before), Lineage::Inherits(after)) => {
            before.contains(parent) && after.contains(parent)
        }
        (before, after) => before == after && before.parents().contains(parent),
    }
}

/// Does to `child` what PostgreSQL does when its parent, which is as `before`, becomes as `after`.
fn carry(child: &mut Table, before: &Table, after: &Table) {
    for old in &before.columns {
        let Some(at) = child.columns.iter().position(|column| column.name == old.name) else { continue };
        if !child.columns[at].origin.is_inherited() {
            continue;
        }
        match (after.column(&old.name), child.columns[at].origin) {
            (Some(new), _) => carry_column(&mut child.columns[at], old, new),
            (None, ColumnOrigin::Merged) => child.columns[at].origin = ColumnOrigin::Own,
            (None, ColumnOrigin::Inherited | ColumnOrigin::Own) => {
                child.columns.remove(at);
            }
        }
    }
    for new in after.columns.iter().filter(|column| before.column(&column.name).is_none()) {
        match child.columns.iter_mut().find(|column| column.name == new.name) {
            Some(column) => {
                column.origin = ColumnOrigin::Merged;
                column.not_null |= new.not_null;
            }
            None => child.columns.push(added(new)),
        }
    }
}

/// A new column of the parent as a child gets it.
fn added(column: &Column) -> Column {
    let properties = ColumnProperties {
        storage: column.properties.storage.clone(),
        compression: column.properties.compression.clone(),
        ..ColumnProperties::default()
    };
    Column { origin: ColumnOrigin::Inherited, identity: None, properties, comment: None, ..column.clone() }
}

fn carry_column(column: &mut Column, old: &Column, new: &Column) {
    if (&old.data_type, &old.collation) != (&new.data_type, &new.collation) {
        column.data_type.clone_from(&new.data_type);
        column.collation.clone_from(&new.collation);
    }
    if old.not_null != new.not_null {
        column.not_null = new.not_null;
    }
    if old.default != new.default {
        column.default.clone_from(&new.default);
    }
    if old.generated != new.generated {
        column.generated.clone_from(&new.generated);
    }
    if old.properties.storage != new.properties.storage {
        column.properties.storage.clone_from(&new.properties.storage);
    }
    if old.properties.statistics != new.properties.statistics {
        column.properties.statistics = new.properties.statistics;
    }
}
