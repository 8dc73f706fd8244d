//! What a migration of a column cannot take along.

use super::key::{is_key, row_key};
use super::referring::{self, refers_to};
use super::twins::uses_column;
use super::{code, names};
use crate::address::Address;
use crate::catalog::Catalog;
use crate::desired::Desired;
use crate::ident::{Ident, QualifiedName};
use crate::kind::{Column, Constraint, ConstraintDefinition, Publication, Resource, Securable, Table};
use crate::lexis::mentions;
use crate::observation::Observation;

/// What is there and what is declared.
pub(super) struct Sides<'a> {
    pub(super) live: &'a Observation,
    pub(super) desired: &'a Desired,
    pub(super) target: &'a Ident,
}

impl Sides<'_> {
    /// Why the column cannot change beside its readers and writers, one sentence each; empty when it can.
    pub(super) fn obstacles(&self, table: &Table, column: &Column, to: &str) -> Vec<String> {
        let (live, name) = (self.live, table.qualified_name());
        let mut found = Vec::new();
        if table.foreign.is_some() || table.partition_by.is_some() || !table.lineage.parents().is_empty() {
            found.push("the table is partitioned, a part of another, or elsewhere".to_owned());
        }
        if column.generated.is_some() {
            found.push("the column is generated".to_owned());
        }
        if table.properties.force_row_security {
            let why = "row level security is forced, so that nobody sees all of its rows for sure";
            found.push(why.to_owned());
        }
        found.extend(computed(table, column).map(|other| format!("column {other} is computed from it")));
        found.extend(
            live.catalog.iter().filter_map(|(address, other)| in_the_way(address, other, &name, column)),
        );
        let own = Address::column(self.target, &name, &column.name);
        found.extend(self.users_in_the_way(&own));
        let named = named_index_on(table, &column.name, &live.catalog, self.target);
        found.extend(
            named.map(|index| format!("the table names {index} as its replica identity or its order")),
        );
        found.extend(live.catalog.iter().filter_map(|(address, other)| match other {
            Resource::Constraint(key) => self.foreign_key_in_the_way(address, key, &name, &column.name, to),
            _ => None,
        }));
        found.sort();
        found.dedup();
        found
    }

    /// What uses a column and cannot go and come back with it, one sentence each.
    pub(super) fn users_in_the_way(&self, column: &Address) -> Vec<String> {
        let users = code::users(&self.live.dependencies.iter(), column);
        let stays = |user: &&&Address| !self.is_remade(user);
        let unmodelled = &self.live.unmodelled_dependents;
        let others = users.iter().copied().chain([column]).filter_map(|user| unmodelled.get(user)).flatten();
        users
            .iter()
            .filter(stays)
            .map(|user| format!("{user} uses it"))
            .chain(others.map(|other| format!("{} {} uses it", other.kind, other.name)))
            .collect()
    }

    /// Whether it can go and come back with the cutover, as it is declared.
    fn is_remade(&self, user: &Address) -> bool {
        (code::is_remade(user.kind()) || user.kind().is_grant()) && self.desired.contains_key(user)
    }

    /// Why a foreign key to the column, or one that the column has, cannot be taken along.
    fn foreign_key_in_the_way(
        &self,
        address: &Address,
        constraint: &Constraint,
        table: &QualifiedName,
        column: &Ident,
        to: &str,
    ) -> Option<String> {
        let key = referring::key_of(constraint)?;
        let own = constraint.table_name();
        let pairs = || key.columns.iter().zip(&key.referenced_columns);
        let has_it = own == *table && key.columns.contains(column);
        if !refers_to(constraint, table, column) {
            let paired = has_it.then(|| pairs().find(|(own, _)| *own == column)).flatten()?;
            return self.not_joined(&key.references, paired.1, to).map(|why| format!("{address} {why}"));
        }
        if has_it {
            return Some(format!("{address} is on it and refers to it"));
        }
        let whole = |table: &QualifiedName| self.live.catalog.table(self.target, table);
        let is_in_family =
            |table: &Table| table.partition_by.is_some() || !table.lineage.parents().is_empty();
        if !self.desired.contains_key(address) {
            return Some(format!("{address}, which is not declared, refers to it"));
        }
        if constraint.parent.is_some() || constraint.derived || whole(&own).is_none_or(is_in_family) {
            return Some(format!(
                "{address} of a table that is partitioned, or a part of another, refers to it"
            ));
        }
        if constraint.period || !constraint.enforced {
            return Some(format!("{address} refers to it and cannot be made twice"));
        }
        let mut others = key.referenced_columns.iter().filter(|other| *other != column);
        let moving = others.find(|other| self.changes_type(table, other));
        if let Some(other) = moving {
            return Some(format!("{address} refers to it and to {other}, which gets another type as well"));
        }
        let (referring, _) = pairs().find(|(_, referred)| *referred == column)?;
        self.not_joined(&own, referring, to).map(|why| format!("{address} refers to it and {why}"))
    }

    /// Why values of the column, as it is and as it is declared, cannot stand for those of the type `to` in a foreign key.
    fn not_joined(&self, table: &QualifiedName, column: &Ident, to: &str) -> Option<String> {
        let of = |table: &Table| table.column(column).map(|column| column.data_type.clone());
        let sides =
            [self.live.catalog.table(self.target, table).and_then(of), self.declared(table).and_then(of)];
        let other = sides.into_iter().flatten().find(|data_type| !referring::can_be_joined(data_type, to))?;
        Some(format!("would join {to} to {table}.{column}, which is {other}"))
    }

    fn declared(&self, table: &QualifiedName) -> Option<&Table> {
        match &*self.desired.get(&Address::table(self.target, table))?.resource {
            Resource::Table(table) => Some(table),
            _ => None,
        }
    }

    fn changes_type(&self, table: &QualifiedName, column: &Ident) -> bool {
        let migration = Address::migration(self.target, &names::of_retype(table, column));
        let of = |table: &Table| table.column(column).map(|column| column.data_type.clone());
        self.live.catalog.contains(&migration)
            || self.desired.contains_key(&migration)
            || self.live.catalog.table(self.target, table).and_then(of) != self.declared(table).and_then(of)
    }

    /// As [`Sides::obstacles`], with what keeps a migration from beginning: names that are taken, rows that cannot be gone
    /// through, and what is to come meanwhile and would be on the old column.
    pub(super) fn obstacles_to_begin(
        &self,
        (table, found): (&Table, &Column),
        (declared, wanted): (&Resource, &Column),
    ) -> Vec<String> {
        let mut obstacles = self.obstacles(table, found, &wanted.data_type);
        let name = table.qualified_name();
        let helpers = [names::new_column(&found.name), names::old_column(&found.name)];
        let taken = helpers.into_iter().filter(|helper| table.column(helper).is_some());
        obstacles.extend(taken.map(|helper| format!("there is a column {helper} already")));
        match row_key(table, &self.live.catalog) {
            None => {
                obstacles
                    .push("the table has no unique key without nulls to go through its rows by".to_owned());
            }
            Some(key) => {
                let stays = self.desired.values().any(|other| is_key(&other.resource, &name, &key));
                if !stays {
                    obstacles.push("the key that its rows are gone through by goes".to_owned());
                }
            }
        }
        let owned = |resource: &Resource| match resource {
            Resource::Sequence(sequence) => {
                let owner = sequence.owned_by.as_ref();
                owner.is_some_and(|owner| owner.table == name && owner.column == found.name)
            }
            _ => false,
        };
        let live =
            self.live.catalog.iter().filter(|(_, resource)| owned(resource)).map(|(address, _)| address);
        let desired = self.desired.iter().filter(|(_, declared)| owned(&declared.resource));
        if found.identity.is_some() != wanted.identity.is_some()
            || !live.eq(desired.map(|(address, _)| address))
        {
            obstacles.push("its numbers come from somewhere else then".to_owned());
        }
        let is_made = |data_type: &str| data_type.contains('.');
        if is_made(&found.data_type) || is_made(&wanted.data_type) {
            obstacles.push("its type is one of the database's own, which comes or goes beside it".to_owned());
        }
        if wanted.generated.is_some() {
            obstacles.push("the column is to be generated".to_owned());
        }
        if let Resource::Table(whole) = declared {
            obstacles.extend(
                computed(whole, found).map(|other| format!("column {other} is to be computed from it")),
            );
        }
        let own = Address::column(self.target, &name, &found.name);
        let users = code::users(&code::declared_edges(self.desired), &own).into_iter();
        obstacles
            .extend(users.filter(|user| !self.is_remade(user)).map(|user| format!("{user} is to use it")));
        obstacles
    }
}

/// The columns of `table` that are computed from one.
fn computed<'t>(table: &'t Table, column: &'t Column) -> impl Iterator<Item = &'t Ident> {
    let is_computed = |other: &&Column| {
        let generated = other.generated.as_ref();
        generated.is_some_and(|generated| mentions(generated.expression.as_str(), &column.name))
    };
    table.columns.iter().filter(is_computed).map(|other| &other.name)
}

fn in_the_way(
    address: &Address,
    resource: &Resource,
    table: &QualifiedName,
    column: &Column,
) -> Option<String> {
    let name = &column.name;
    match resource {
        Resource::Table(child) if child.lineage.parents().contains(table) => {
            Some(format!("{address} inherits it"))
        }
        Resource::Constraint(constraint) => constraint_in_the_way(address, constraint, resource, table, name),
        Resource::Grant(grant) => {
            let is_on_it = matches!(&grant.on, Securable::Table(on) if on == table);
            let named = grant.columns.iter().any(|of| of.name == *name);
            (is_on_it && named).then(|| format!("{address} names it"))
        }
        Resource::Statistics(statistics) if statistics.table == *table => {
            statistics.texts_mention(name).then(|| format!("{address} uses it"))
        }
        Resource::Publication(publication) => published(address, publication, table, name),
        _ => None,
    }
}

/// Subscribers refuse the rows of a table that has a column which theirs lacks.
fn published(
    address: &Address,
    publication: &Publication,
    table: &QualifiedName,
    column: &Ident,
) -> Option<String> {
    let own = || publication.tables.iter().filter(|published| published.table == *table);
    let is_filtered = own()
        .any(|published| published.filter.as_ref().is_some_and(|filter| mentions(filter.as_str(), column)));
    if is_filtered || own().any(|published| published.columns.contains(column)) {
        return Some(format!("{address} names it"));
    }
    let is_whole = publication.all_tables
        || publication.schemas.contains(&table.schema)
        || own().any(|published| published.columns.is_empty());
    is_whole.then(|| format!("{address} sends all columns of the table, and subscribers lack the new one"))
}

fn constraint_in_the_way(
    address: &Address,
    constraint: &Constraint,
    resource: &Resource,
    table: &QualifiedName,
    column: &Ident,
) -> Option<String> {
    match &constraint.definition {
        ConstraintDefinition::Exclusion(_) if uses_column(resource, table, column) => {
            Some(format!("{address} is an exclusion constraint, which cannot be built beside writers"))
        }
        _ if uses_column(resource, table, column)
            && (constraint.period || !constraint.enforced || constraint.parent.is_some()) =>
        {
            Some(format!("{address} cannot be made twice"))
        }
        _ => None,
    }
}

/// Whether an index that the table names, for its replica identity or its order, is on the column.
fn named_index_on(table: &Table, column: &Ident, catalog: &Catalog, target: &Ident) -> Option<Ident> {
    let name = table.qualified_name();
    let uses = |index: &&Ident| {
        let plain = Address::index(target, &QualifiedName::new(table.schema.clone(), (*index).clone()));
        let key = Address::constraint(target, &name, index);
        [plain, key]
            .iter()
            .filter_map(|address| catalog.get(address))
            .any(|found| uses_column(found, &name, column))
    };
    table.properties.named_indexes().find(uses).cloned()
}
