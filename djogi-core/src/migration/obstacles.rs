//! What a migration of a column cannot take along.

use std::collections::BTreeSet;

use super::names;
use super::twins::uses_column;
use crate::address::{Address, Kind};
use crate::catalog::Catalog;
use crate::ident::{Ident, QualifiedName};
use crate::kind::{Column, Constraint, ConstraintDefinition, Publication, Resource, Securable, Table};
use crate::lexis::mentions;
use crate::observation::Observation;

/// Why the column cannot change beside its readers and writers, one sentence each; empty when it can.
pub(super) fn obstacles(live: &Observation, target: &Ident, table: &Table, column: &Column) -> Vec<String> {
    let (catalog, name) = (&live.catalog, table.qualified_name());
    let mut found = Vec::new();
    if table.foreign.is_some() || table.partition_by.is_some() || !table.lineage.parents().is_empty() {
        found.push("the table is partitioned, a part of another, or elsewhere".to_owned());
    }
    if column.generated.is_some() {
        found.push("the column is generated".to_owned());
    }
    if table.properties.force_row_security {
        found.push("row level security is forced, so that nobody sees all of its rows for sure".to_owned());
    }
    let computed = table.columns.iter().filter(|other| {
        other.generated.as_ref().is_some_and(|g| mentions(g.expression.as_str(), &column.name))
    });
    found.extend(computed.map(|other| format!("column {} is computed from it", other.name)));
    if super::row_key(table, catalog).is_none() {
        found.push("the table has no unique key without nulls to go through its rows by".to_owned());
    }
    let helpers = [names::new_column(&column.name), names::old_column(&column.name)];
    let taken = helpers.into_iter().filter(|helper| table.column(helper).is_some());
    found.extend(taken.map(|helper| format!("there is a column {helper} already")));
    found.extend(
        catalog.iter().filter_map(|(address, resource)| in_the_way(address, resource, &name, column)),
    );
    let own = Address::column(target, &name, &column.name);
    let needs_it = |(address, needs): (&Address, &BTreeSet<Address>)| {
        let is_in_the_way = needs.contains(&own) && !matches!(address.kind(), Kind::Constraint | Kind::Index);
        is_in_the_way.then(|| format!("{address} uses it"))
    };
    found.extend(live.dependencies.iter().filter_map(needs_it));
    let unmodelled = live.unmodelled_dependents.get(&own).into_iter().flatten();
    found.extend(unmodelled.map(|other| format!("{} {} uses it", other.kind, other.name)));
    found.sort();
    found.dedup();
    found
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
        Resource::Table(own) if own.qualified_name() == *table => None,
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
        ConstraintDefinition::ForeignKey(key)
            if key.references == *table && key.referenced_columns.contains(column) =>
        {
            Some(format!("{address} refers to it"))
        }
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
pub(super) fn named_index_on(
    table: &Table,
    column: &Ident,
    catalog: &Catalog,
    target: &Ident,
) -> Option<Ident> {
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
