//! What a change of a table does to its partitions and to the tables that inherit from it: PostgreSQL carries most of it
//! down by itself, so that only the rest is to be done there.

use std::collections::{BTreeMap, BTreeSet};

use super::inherited;
use crate::address::Address;
use crate::catalog::Catalog;
use crate::desired::Desired;
use crate::ident::{Ident, QualifiedName};
use crate::kind::{Column, ColumnOrigin, ColumnProperties, Lineage, NotNull, Resource, Table};

/// What the changes of parents do to live tables.
#[derive(Clone, Debug, Default)]
pub(super) struct Carried {
    /// Tables as they are once the changes of their parents have come down to them, where that makes a difference.
    pub(super) tables: BTreeMap<Address, Resource>,
    /// Partitions to which they must not come down: they leave before and join again after them.
    pub(super) aside: BTreeSet<Address>,
}

/// On a server of the version `major`.
pub(super) fn carried(target: &Ident, desired: &Desired, live: &Catalog, major: u32) -> Carried {
    let mut carried = Carried::default();
    for (address, resource) in live.iter() {
        let Resource::Table(table) = resource else { continue };
        if table.lineage == Lineage::None {
            continue;
        }
        let Some(wanted) = declared(desired, address) else { continue };
        let parents = parents(table, wanted, (target, desired, live), major);
        let mut result = table.clone();
        for (at, parent) in parents.iter().enumerate() {
            let others = || parents.iter().enumerate().filter(move |(other, _)| *other != at);
            let others: Vec<&Table> = others().map(|(_, other)| other.after).collect();
            parent.carry(&mut result, &others);
        }
        if parents.iter().any(|parent| parent.cannot_follow(table))
            || result.must_leave(wanted)
            || inherited::becomes_own((address, &result), wanted, desired, live)
        {
            carried.aside.insert(address.clone());
        } else if result != *table {
            carried.tables.insert(address.clone(), Resource::Table(result));
        }
    }
    carried
}

/// The parents that a table keeps, with theirs.
fn parents<'a>(
    before: &'a Table,
    after: &'a Table,
    (target, desired, live): (&Ident, &'a Desired, &'a Catalog),
    major: u32,
) -> Vec<Parent<'a>> {
    let staying = before.lineage.parents().iter().filter(|parent| stays_in(before, after, parent));
    staying
        .filter_map(|parent| {
            let before = live.table(target, parent)?;
            let after = declared(desired, &Address::table(target, parent))?;
            let above = parents(before, after, (target, desired, live), major);
            (before.partition_by == after.partition_by).then_some(Parent { before, after, above, major })
        })
        .collect()
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

/// A parent before and after the plan.
struct Parent<'a> {
    before: &'a Table,
    after: &'a Table,
    /// Its own parents.
    above: Vec<Parent<'a>>,
    major: u32,
}

impl Parent<'_> {
    /// Does to `child`, which has `others` for parents besides, what PostgreSQL does.
    fn carry(&self, child: &mut Table, others: &[&Table]) {
        for old in &self.before.columns {
            let Some(at) = child.columns.iter().position(|column| column.name == old.name) else { continue };
            if !child.columns[at].origin.is_inherited() {
                continue;
            }
            let is_held = others.iter().any(|other| other.column(&old.name).is_some());
            match (self.after.column(&old.name), child.columns[at].origin) {
                (Some(new), _) => self.carry_column(child, at, (old, new), others),
                (None, _) if is_held => self.take_not_null(child, at, old, others),
                (None, ColumnOrigin::Merged) => {
                    child.columns[at].origin = ColumnOrigin::Own;
                    self.take_not_null(child, at, old, others);
                }
                (None, ColumnOrigin::Inherited | ColumnOrigin::Own) => {
                    child.columns.remove(at);
                }
            }
        }
        for new in self.after.columns.iter().filter(|column| self.before.column(&column.name).is_none()) {
            match child.columns.iter().position(|column| column.name == new.name) {
                Some(at) => {
                    child.columns[at].origin = ColumnOrigin::Merged;
                    if comes_down(new) {
                        self.give_not_null(child, at, new);
                    }
                }
                None => {
                    let column = self.added(child, new);
                    child.columns.push(column);
                }
            }
        }
    }

    /// A new column of the parent as a child gets it.
    fn added(&self, child: &Table, column: &Column) -> Column {
        let properties = ColumnProperties {
            storage: column.properties.storage.clone(),
            compression: column.properties.compression.clone(),
            ..ColumnProperties::default()
        };
        let mut added = Column {
            origin: ColumnOrigin::Inherited,
            not_null: comes_down(column),
            not_null_constraint: NotNull::default(),
            identity: None,
            properties,
            comment: None,
            ..column.clone()
        };
        if added.not_null {
            added.not_null_constraint = self.not_null_of(child, column);
        }
        added
    }

    fn carry_column(&self, child: &mut Table, at: usize, (old, new): (&Column, &Column), others: &[&Table]) {
        let is_partition = child.is_partition();
        let column = &mut child.columns[at];
        if is_retyped(old, new) {
            column.data_type.clone_from(&new.data_type);
            column.collation.clone_from(&new.collation);
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
        match (comes_down(old), comes_down(new)) {
            (false, true) => self.give_not_null(child, at, new),
            (true, false) => lose_not_null(column, others),
            (true, true) => {
                let validated = &mut column.not_null_constraint.validated;
                *validated |= new.not_null_constraint.validated && !old.not_null_constraint.validated;
                let is_made_again = is_retyped(old, new) && self.major >= 18;
                // That of a table that inherits keeps a name of its own.
                let follows = column.not_null_constraint.name_on(&child.name, &column.name)
                    == old.not_null_constraint.name_on(&self.before.name, &old.name)
                    || is_partition;
                if follows && self.renames_not_null(old, new)
                    || is_partition && is_made_again && column.has_inherited_not_null()
                {
                    let name = new.not_null_constraint.name_on(&self.after.name, &new.name);
                    let constraint = std::mem::take(&mut column.not_null_constraint);
                    column.not_null_constraint = constraint.called(name, &child.name, &new.name);
                }
            }
            (false, false) => {}
        }
    }

    /// The column of the parent goes, and takes along what `child` has from its `NOT NULL`.
    fn take_not_null(&self, child: &mut Table, at: usize, old: &Column, others: &[&Table]) {
        let column = &mut child.columns[at];
        if self.major >= 18 && comes_down(old) && column.has_inherited_not_null() {
            lose_not_null(column, others);
        }
    }

    /// The column of `child` becomes `NOT NULL` with `new`, if it is not already.
    fn give_not_null(&self, child: &mut Table, at: usize, new: &Column) {
        match child.columns[at].not_null {
            true if self.major >= 18 => {
                let origin = &mut child.columns[at].not_null_constraint.origin;
                if *origin == ColumnOrigin::Own {
                    *origin = ColumnOrigin::Merged;
                }
            }
            true => {}
            false => {
                let constraint = self.not_null_of(child, new);
                let column = &mut child.columns[at];
                (column.not_null, column.not_null_constraint) = (true, constraint);
            }
        }
    }

    /// What a child gets that had none.
    fn not_null_of(&self, child: &Table, new: &Column) -> NotNull {
        let constraint = NotNull { comment: None, ..new.not_null_constraint.clone() };
        if self.major < 18 {
            return constraint;
        }
        let name = constraint.name_on(&self.after.name, &new.name);
        NotNull { origin: ColumnOrigin::Inherited, ..constraint }.called(name, &child.name, &new.name)
    }

    /// What has come from above is only renamed there.
    fn renames_not_null(&self, old: &Column, new: &Column) -> bool {
        let name =
            |table: &Table, column: &Column| column.not_null_constraint.name_on(&table.name, &column.name);
        let is_renamed_above = |parent: &Parent<'_>| {
            let columns = parent.before.column(&old.name).zip(parent.after.column(&new.name));
            columns.is_some_and(|(old, new)| parent.renames_not_null(old, new))
        };
        self.major >= 18
            && comes_down(old)
            && comes_down(new)
            && name(self.before, old) != name(self.after, new)
            && (old.not_null_constraint.origin == ColumnOrigin::Own
                || self.above.iter().any(is_renamed_above))
    }

    /// Whether PostgreSQL would look in vain for a `NOT NULL` in a partition that calls it otherwise than the parent, when
    /// that of the parent gets another name, or its column another type.
    fn cannot_follow(&self, child: &Table) -> bool {
        let is_other = |old: &Column| {
            let (Some(new), Some(own)) = (self.after.column(&old.name), child.column(&old.name)) else {
                return false;
            };
            let (name, constraint) =
                (old.not_null_constraint.name_on(&self.before.name, &old.name), &own.not_null_constraint);
            own.has_inherited_not_null()
                && constraint.name_on(&child.name, &own.name) != name
                && (self.renames_not_null(old, new)
                    || is_retyped(old, new) && constraint.origin == ColumnOrigin::Merged)
        };
        child.is_partition() && self.before.columns.iter().any(is_other)
    }
}

/// Of the `NOT NULL` of a column the part goes that a parent has given, unless one of `others` gives it as well.
fn lose_not_null(column: &mut Column, others: &[&Table]) {
    if others.iter().any(|other| other.column(&column.name).is_some_and(comes_down)) {
        return;
    }
    if column.not_null_constraint.origin == ColumnOrigin::Merged {
        column.not_null_constraint.origin = ColumnOrigin::Own;
    } else {
        column.not_null = false;
        column.not_null_constraint = NotNull::default();
    }
}

fn is_retyped(old: &Column, new: &Column) -> bool {
    (&old.data_type, &old.collation) != (&new.data_type, &new.collation)
}

/// Whether children are `NOT NULL` because this column is.
fn comes_down(column: &Column) -> bool {
    column.not_null && !column.not_null_constraint.no_inherit
}
