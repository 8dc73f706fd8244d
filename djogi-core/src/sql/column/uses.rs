//! What uses a column in the live database. Expressions are searched for the column's name: this can find too
//! much, never too little, and so only ever makes a plan more careful.

use std::collections::BTreeSet;

use super::super::Context;
use super::super::table::neighbours;
use crate::address::Address;
use crate::ident::{Ident, QualifiedName};
use crate::kind::{Constraint, ConstraintDefinition, Exclusion, Index, IndexElement, IndexKey, Resource};
use crate::lexis::mentions;

/// How the type of a column matters to the rest of its table.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Uses {
    pub(super) in_check: bool,
    /// A key of an index or of a constraint's index.
    pub(super) indexed: bool,
    /// In an expression or predicate of an index, which PostgreSQL then builds anew.
    pub(super) in_index_expression: bool,
}

impl Uses {
    pub(super) fn of(table: &QualifiedName, column: &Ident, ctx: &Context<'_>) -> Self {
        let mut uses = Self::default();
        for constraint in ctx.constraints(table) {
            match &constraint.definition {
                ConstraintDefinition::Check { expression, .. } => {
                    uses.in_check |= mentions(expression.as_str(), column);
                }
                ConstraintDefinition::Exclusion(exclusion) => {
                    uses.indexed |= constraint.columns().contains(&column);
                    uses.in_index_expression |= exclusion_mentions(exclusion, column);
                }
                ConstraintDefinition::PrimaryKey { .. } | ConstraintDefinition::Unique { .. } => {
                    uses.indexed |= constraint.columns().contains(&column);
                }
                ConstraintDefinition::ForeignKey(_) => {}
            }
        }
        for index in indexes(table, ctx) {
            uses.indexed |= index.columns().any(|indexed| indexed == column);
            uses.in_index_expression |= index_mentions(index, column);
        }
        uses
    }
}

fn indexes<'a>(table: &'a QualifiedName, ctx: &'a Context<'_>) -> impl Iterator<Item = &'a Index> {
    ctx.live.iter().filter_map(move |(_, resource)| match resource {
        Resource::Index(index) if index.table == table.name && index.schema == table.schema => Some(index),
        _ => None,
    })
}

fn element_mentions(element: &IndexElement, column: &Ident) -> bool {
    match &element.key {
        IndexKey::Column(_) => false,
        IndexKey::Expression(expression) => mentions(expression.as_str(), column),
    }
}

fn exclusion_mentions(exclusion: &Exclusion, column: &Ident) -> bool {
    let predicate = exclusion.predicate.as_ref();
    exclusion.elements.iter().any(|element| element_mentions(&element.element, column))
        || predicate.is_some_and(|predicate| mentions(predicate.as_str(), column))
}

fn index_mentions(index: &Index, column: &Ident) -> bool {
    let predicate = index.predicate.as_ref();
    index.elements.iter().any(|element| element_mentions(element, column))
        || predicate.is_some_and(|predicate| mentions(predicate.as_str(), column))
}

/// The constraints and indexes that go when the column goes, described for people.
pub(super) fn members(table: &QualifiedName, column: &Ident, ctx: &Context<'_>) -> Vec<String> {
    let involved = |constraint: &&Constraint| match &constraint.definition {
        ConstraintDefinition::Check { expression, .. } => mentions(expression.as_str(), column),
        ConstraintDefinition::Exclusion(exclusion) => {
            constraint.columns().contains(&column) || exclusion_mentions(exclusion, column)
        }
        ConstraintDefinition::PrimaryKey { .. }
        | ConstraintDefinition::Unique { .. }
        | ConstraintDefinition::ForeignKey(_) => constraint.columns().contains(&column),
    };
    let constraints =
        ctx.constraints(table).filter(involved).map(|constraint| format!("constraint {}", constraint.name));
    let indexes = indexes(table, ctx)
        .filter(|index| index.columns().any(|indexed| indexed == column) || index_mentions(index, column))
        .map(|index| format!("index {}", index.qualified_name()));
    constraints.chain(indexes).collect()
}

/// The tables that foreign keys on or to the column connect its table with.
pub(in super::super) fn foreign_key_neighbours(
    table: &QualifiedName,
    column: &Ident,
    ctx: &Context<'_>,
) -> BTreeSet<QualifiedName> {
    neighbours(table, ctx, |constraint| match &constraint.definition {
        ConstraintDefinition::ForeignKey(key) => {
            (constraint.table_name() == *table && key.columns.contains(column))
                || (key.references == *table && key.referenced_columns.contains(column))
        }
        ConstraintDefinition::PrimaryKey { .. }
        | ConstraintDefinition::Unique { .. }
        | ConstraintDefinition::Check { .. }
        | ConstraintDefinition::Exclusion(_) => false,
    })
}

/// Whether the table has a check constraint at all.
pub(super) fn has_check(table: &QualifiedName, ctx: &Context<'_>) -> bool {
    ctx.constraints(table)
        .any(|constraint| matches!(constraint.definition, ConstraintDefinition::Check { .. }))
}

/// A generated column computed from `column`. PostgreSQL changes no type under one.
pub(super) fn generated_column_using(
    table: &QualifiedName,
    column: &Ident,
    ctx: &Context<'_>,
) -> Option<Address> {
    let columns = &ctx.live.table(ctx.target, table)?.columns;
    let user = columns
        .iter()
        .find(|other| other.generated.as_ref().is_some_and(|g| mentions(g.expression.as_str(), column)))?;
    Some(Address::column(ctx.target, table, &user.name))
}

/// Whether a validated check says of this column alone that it is not null, so that `SET NOT NULL` need not
/// look at the rows.
pub(super) fn is_proved_not_null(table: &QualifiedName, column: &Ident, ctx: &Context<'_>) -> bool {
    let proof = format!("({column} IS NOT NULL)");
    ctx.constraints(table).any(|constraint| match &constraint.definition {
        ConstraintDefinition::Check { expression, .. } => {
            constraint.validated && expression.as_str() == proof
        }
        ConstraintDefinition::PrimaryKey { .. }
        | ConstraintDefinition::Unique { .. }
        | ConstraintDefinition::ForeignKey(_)
        | ConstraintDefinition::Exclusion(_) => false,
    })
}
