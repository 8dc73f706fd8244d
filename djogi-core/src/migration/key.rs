//! By which key the rows of a table are gone through.

use crate::catalog::Catalog;
use crate::ident::{Ident, QualifiedName};
use crate::kind::{Column, ConstraintDefinition, Resource, Table};

/// The columns of the primary key, or of another unique key without nulls; `None` where there is neither.
pub(crate) fn row_key(table: &Table, catalog: &Catalog) -> Option<Vec<Ident>> {
    let name = table.qualified_name();
    let keys = catalog.iter().filter_map(|(_, resource)| key_of(resource, &name));
    let has_no_nulls =
        |columns: &Vec<Ident>| columns.iter().all(|key| table.column(key).is_some_and(Column::has_no_nulls));
    // The primary key, then the shortest.
    let best = keys
        .filter(|(_, columns)| has_no_nulls(columns))
        .min_by_key(|(rank, columns)| (*rank, columns.len()))?;
    Some(best.1)
}

/// Whether `resource` makes `columns` of `table` unique.
pub(crate) fn is_key(resource: &Resource, table: &QualifiedName, columns: &[Ident]) -> bool {
    key_of(resource, table).is_some_and(|(_, key)| key == columns)
}

fn key_of(resource: &Resource, table: &QualifiedName) -> Option<(u8, Vec<Ident>)> {
    match resource {
        Resource::Constraint(constraint) if constraint.table_name() == *table && !constraint.period => {
            match &constraint.definition {
                ConstraintDefinition::PrimaryKey { columns, .. } => Some((0, columns.clone())),
                ConstraintDefinition::Unique { columns, .. } => Some((1, columns.clone())),
                _ => None,
            }
        }
        Resource::Index(index) if index.table_name() == *table => {
            let is_key = index.unique && index.valid && index.predicate.is_none();
            let columns: Option<Vec<Ident>> =
                index.elements.iter().map(|element| element.column().cloned()).collect();
            columns.filter(|_| is_key).map(|columns| (2, columns))
        }
        _ => None,
    }
}
