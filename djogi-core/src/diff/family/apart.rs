//! What is made apart from its family, because PostgreSQL would not come to what is declared by itself, or would keep
//! others waiting.

use std::collections::BTreeSet;

use super::super::Action;
use super::super::parts::{Part, is_own_foreign_key, shared_part};
use super::{Family, MAX_DEPTH, Side, Standing};
use crate::address::{Address, Kind};
use crate::ident::QualifiedName;
use crate::kind::{Column, ColumnOrigin, Lineage, Resource, Table};

impl Family<'_> {
    /// Makes new partitions apart whose `NOT NULL`s are called otherwise than those of the partitioned table from which
    /// they are, or that have foreign keys before they join.
    pub(super) fn spread_own(&mut self) {
        let is_new = |address: &Address| {
            matches!(self.actions.get(address), Some(Action::Create | Action::Replace(_)))
        };
        for (address, declared) in self.desired {
            let table = match &*declared.resource {
                Resource::Table(table) if is_new(address) => table,
                part @ Resource::Constraint(constraint) if is_own_foreign_key(Some(part)) => {
                    let table = Address::table(self.target, &constraint.table_name());
                    if constraint.parent.is_some() && is_new(&table) {
                        self.apart.insert(table);
                    }
                    continue;
                }
                _ => continue,
            };
            let Lineage::Partition { of, .. } = &table.lineage else { continue };
            let Some(parent) = self.declared_table(of) else { continue };
            let has_other_name = |column: &Column| {
                let name = |table: &Table, column: &Column| {
                    column.not_null_constraint.name_on(&table.name, &column.name)
                };
                let is_inherited = column.not_null_constraint.origin == ColumnOrigin::Inherited;
                column.not_null
                    && is_inherited
                    && parent.column(&column.name).is_some_and(|of| name(parent, of) != name(table, column))
            };
            if table.columns.iter().any(has_other_name) {
                self.apart.insert(address.clone());
            }
        }
    }

    /// Makes the parent of `part` apart when PostgreSQL would not come to what is declared by itself.
    pub(super) fn spread(&mut self, part: &Part<'_>) {
        let is_there = match self.live.get(&part.address) {
            // It is taken in, unless another one is equal to it.
            Some(live) => self.parent_of(live, Side::Live).is_none() && !self.has_twin(live),
            None => false,
        };
        let comes_along = part.comes_along();
        let is_kept = is_there && !matches!(self.actions.get(&part.address), Some(Action::Replace(_)));
        if self.apart.contains(&part.address) || !(is_kept || comes_along) {
            self.apart.insert(part.parent.clone());
        }
    }

    /// Makes a new index of a partitioned table apart whose parts are built beside those who write.
    pub(super) fn spread_busy(&mut self, part: &Part<'_>, busy: &BTreeSet<QualifiedName>) {
        let is_new = self.actions.get(&part.parent) == Some(&Action::Create);
        if is_new
            && self.fills(&part.parent_table)
            && part.address.kind() == Kind::Index
            && busy.contains(&part.table)
        {
            self.apart.insert(part.parent.clone());
        }
    }

    /// Whether an index of the whole family becomes valid when all its tables have their parts: a foreign table has none, and
    /// nothing is attached where there is no partition. One that leaves has none either, and may leave too late.
    fn fills(&self, table: &QualifiedName) -> bool {
        let mut root = table;
        for _ in 0..MAX_DEPTH {
            root = self.parent_table(root).unwrap_or(root);
        }
        let mut unseen = vec![root.clone()];
        while let Some(name) = unseen.pop() {
            let of_it = self.desired.values().filter_map(|declared| match &*declared.resource {
                Resource::Table(table) if table.lineage.parents().contains(&name) => Some(table),
                _ => None,
            });
            let children: Vec<&Table> = of_it.collect();
            let leaves = |table: &Table| {
                table.lineage.parents().contains(&name)
                    && self.standing(&table.qualified_name(), &name) != Standing::Stays
            };
            let is_left =
                self.live.iter().any(|(_, live)| matches!(live, Resource::Table(table) if leaves(table)));
            let is_empty = self.declared_table(&name).is_some_and(|table| table.partition_by.is_some())
                && children.is_empty();
            if is_left || is_empty || children.iter().any(|child| child.foreign.is_some()) {
                return false;
            }
            unseen.extend(children.into_iter().map(Table::qualified_name));
        }
        true
    }

    /// Indexes and keys of partitioned tables that not every partition shall have. Where a new one is without, they come
    /// when all new partitions are there, and their parts are attached one by one: a part that lacks parts of its own is
    /// taken in by no table that joins.
    pub(super) fn spread_missing(&mut self, parts: &[Part<'_>]) {
        let had: BTreeSet<(&Address, &QualifiedName)> =
            parts.iter().map(|part| (&part.parent, &part.table)).collect();
        let partitions: Vec<(&QualifiedName, QualifiedName)> = self
            .desired
            .values()
            .filter_map(|declared| match &*declared.resource {
                // A foreign table has no part in any index.
                Resource::Table(table) if table.is_partition() && table.foreign.is_none() => {
                    Some((table.lineage.parents().first()?, table.qualified_name()))
                }
                _ => None,
            })
            .collect();
        for (address, declared) in self.desired {
            if !matches!(self.actions.get(address), Some(Action::Create | Action::Replace(_))) {
                continue;
            }
            let Some(table) = shared_part(&declared.resource) else { continue };
            let mut of_table = partitions.iter().filter(|(parent, _)| **parent == table);
            let is_without = |partition: &QualifiedName| !had.contains(&(address, partition));
            if of_table.clone().any(|(_, partition)| is_without(partition)) {
                self.apart.insert(address.clone());
            }
            if of_table.any(|(parent, partition)| {
                is_without(partition) && self.standing(partition, parent) == Standing::New
            }) {
                self.lacking.insert(address.clone());
            }
        }
        // Those of partitions of partitions are first.
        for part in parts {
            let is_new = self.standing(&part.table, &part.parent_table) == Standing::New;
            let is_made = matches!(self.actions.get(&part.parent), Some(Action::Create | Action::Replace(_)));
            if is_new && is_made && self.lacking.contains(&part.address) {
                self.apart.insert(part.parent.clone());
                self.lacking.insert(part.parent.clone());
            }
        }
    }
}
