//! What the helper column needs so that it can take the place of the other: each index and each constraint once more.

use super::names;
use super::referring::unnamed;
use crate::catalog::Catalog;
use crate::desired::Desired;
use crate::diff::with_column_renamed;
use crate::ident::{Ident, QualifiedName};
use crate::kind::{
    Constraint, ConstraintDefinition, Index, IndexElement, IndexKey, ReferentialAction, Resource, Retype,
};
use crate::lexis::mentions;

/// An index or constraint of the column with its likeness on the helper column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Twin {
    /// As it is there now.
    pub(crate) original: Resource,
    /// Under a name of its own.
    pub(crate) twin: Resource,
}

impl Twin {
    /// The index that has to be built for it.
    pub(crate) fn index(&self) -> Option<Index> {
        match &self.twin {
            Resource::Index(index) => Some(index.clone()),
            Resource::Constraint(constraint) => constraint.index(),
            _ => None,
        }
    }

    /// What the original is called after the cutover. A primary key goes: a table has one. So does a foreign key that would
    /// write the old column by itself.
    pub(crate) fn retired(&self) -> Option<Ident> {
        match &self.original {
            Resource::Index(index) => Some(names::retired(&index.name)),
            Resource::Constraint(Constraint {
                definition: ConstraintDefinition::PrimaryKey { .. }, ..
            }) => None,
            Resource::Constraint(constraint) if writes_its_column(constraint) => None,
            Resource::Constraint(constraint) => Some(names::retired(&constraint.name)),
            _ => None,
        }
    }

    /// A constraint that holds without an index.
    pub(crate) fn constraint(&self) -> Option<&Constraint> {
        match &self.twin {
            Resource::Constraint(constraint) if !constraint.has_index() => Some(constraint),
            _ => None,
        }
    }
}

/// The twins of what `live` has on the column. They are like what is `declared` of it for the new type.
pub(crate) fn twins(migration: &Retype, live: &Catalog, declared: &Desired, target: &Ident) -> Vec<Twin> {
    let Retype { table, column, .. } = migration;
    let helper = names::new_column(column);
    let originals = live.iter().filter(|(_, resource)| uses_column(resource, table, column));
    originals
        .filter_map(|(address, original)| {
            let declared = &*declared.get(address)?.resource;
            let twin = with_column_renamed(declared, target, table, (column, &helper));
            let twin = match twin {
                Resource::Index(index) => {
                    Resource::Index(Index { name: names::twin(&index.name), comment: None, ..index })
                }
                Resource::Constraint(constraint) => Resource::Constraint(Constraint {
                    name: names::twin(&constraint.name),
                    deferrable: match &constraint.definition {
                        ConstraintDefinition::ForeignKey(_) => unnamed(constraint.deferrable),
                        _ => constraint.deferrable,
                    },
                    comment: None,
                    index_comment: None,
                    ..constraint
                }),
                _ => return None,
            };
            Some(Twin { original: original.clone(), twin })
        })
        .collect()
}

/// Whether it is a foreign key by which PostgreSQL writes the rows that have it.
pub(crate) fn writes_its_column(constraint: &Constraint) -> bool {
    use ReferentialAction::{Cascade, SetDefault, SetNull};
    match &constraint.definition {
        ConstraintDefinition::ForeignKey(key) => {
            matches!(key.on_update, Cascade | SetNull | SetDefault)
                || matches!(key.on_delete, SetNull | SetDefault)
        }
        _ => false,
    }
}

/// Whether it is an index or a constraint of `table` that has to do with `column`.
pub(crate) fn uses_column(resource: &Resource, table: &QualifiedName, column: &Ident) -> bool {
    match resource {
        Resource::Index(index) if index.table_name() == *table => index_uses(index, column),
        Resource::Constraint(constraint) if constraint.table_name() == *table => {
            constraint_uses(constraint, column)
        }
        _ => false,
    }
}

fn index_uses(index: &Index, column: &Ident) -> bool {
    let in_predicate = index.predicate.as_ref().is_some_and(|predicate| mentions(predicate.as_str(), column));
    in_predicate
        || index.include.contains(column)
        || index.elements.iter().any(|element| element_uses(element, column))
}

fn element_uses(element: &IndexElement, column: &Ident) -> bool {
    match &element.key {
        IndexKey::Column(name) => name == column,
        IndexKey::Expression(expression) => mentions(expression.as_str(), column),
    }
}

fn constraint_uses(constraint: &Constraint, column: &Ident) -> bool {
    match &constraint.definition {
        ConstraintDefinition::PrimaryKey { columns, include }
        | ConstraintDefinition::Unique { columns, include, .. } => {
            columns.contains(column) || include.contains(column)
        }
        ConstraintDefinition::Check { expression, .. } => mentions(expression.as_str(), column),
        ConstraintDefinition::ForeignKey(key) => {
            key.columns.contains(column) || key.on_delete_columns.contains(column)
        }
        ConstraintDefinition::Exclusion(exclusion) => {
            let in_predicate =
                exclusion.predicate.as_ref().is_some_and(|predicate| mentions(predicate.as_str(), column));
            in_predicate || exclusion.elements.iter().any(|element| element_uses(&element.element, column))
        }
    }
}
