//! What the `NOT NULL` of a column is to the tables that inherit it: from PostgreSQL 18 on theirs is a constraint of its own,
//! which may be called otherwise, and which PostgreSQL forgets to let go of when the column goes.

use super::{comment_on_not_null, not_null_name, set_not_null};
use crate::address::Address;
use crate::ident::{Ident, QualifiedName};
use crate::kind::{Column, ConstraintDefinition, Lineage, Resource, Table};
use crate::safety::Verb;
use crate::sql::{Context, Impossible, Step};

/// The live tables that inherit `column` of `table`, those that inherit it from them among them.
fn heirs<'a>(table: &QualifiedName, column: &Ident, ctx: &'a Context<'_>) -> Vec<(&'a Table, &'a Column)> {
    if ctx.version.major() < 18 {
        return Vec::new();
    }
    let (mut found, mut open) = (Vec::<(&Table, &Column)>::new(), vec![table.clone()]);
    while let Some(parent) = open.pop() {
        let children = ctx.live.iter().filter_map(|(_, resource)| match resource {
            Resource::Table(child) => match &child.lineage {
                Lineage::Inherits(parents) if parents.contains(&parent) => {
                    Some((child, child.column(column).filter(|column| column.origin.is_inherited())?))
                }
                Lineage::Inherits(_) | Lineage::Partition { .. } | Lineage::None => None,
            },
            _ => None,
        });
        for (child, column) in children {
            if !found.iter().any(|(known, _)| known.qualified_name() == child.qualified_name()) {
                open.push(child.qualified_name());
                found.push((child, column));
            }
        }
    }
    found
}

/// Whether a table inherits the `NOT NULL` of the column and calls it otherwise. PostgreSQL looks for it by its name when it
/// renames that of the parent, or makes it again for another type.
pub(super) fn have_other_not_null(table: &QualifiedName, column: &Column, ctx: &Context<'_>) -> bool {
    if !column.not_null || column.not_null_constraint.no_inherit {
        return false;
    }
    let name = not_null_name(table, column);
    heirs(table, &column.name, ctx).into_iter().any(|(child, of_child)| {
        of_child.has_inherited_not_null() && not_null_name(&child.qualified_name(), of_child) != name
    })
}

/// The step that gives a column another type, and what it takes that the tables that inherit it come along.
pub(super) fn around_retyping(
    step: Step,
    table: &QualifiedName,
    (live, desired): (&Column, &Column),
    ctx: &Context<'_>,
    address: &Address,
) -> Result<Vec<Step>, Impossible> {
    if !desired.not_null || !have_other_not_null(table, live, ctx) {
        return Ok(vec![step]);
    }
    if let Some(keyed) = keyed(table, &live.name, ctx) {
        let column = Address::column(ctx.target, table, &live.name);
        return Err(Impossible::NamedOtherwise { column, keyed });
    }
    let sql = format!("ALTER TABLE {table} ALTER COLUMN {} DROP NOT NULL", live.name);
    let drop = ctx.step_on_one(address, Verb::DropNotNull, table, sql);
    let comment = comment_on_not_null(table, desired, ctx, address);
    Ok([drop, step, set_not_null(table, desired, ctx, address)].into_iter().chain(comment).collect())
}

/// Before the column of a parent goes, those that stay in tables that inherit it must be rid of what they have from its
/// `NOT NULL`: nothing could take that from them afterwards.
pub(super) fn let_go(
    table: &QualifiedName,
    column: &Column,
    ctx: &Context<'_>,
    address: &Address,
) -> Option<Step> {
    let is_theirs = column.not_null
        && !column.not_null_constraint.no_inherit
        && !column.has_inherited_not_null()
        && keyed(table, &column.name, ctx).is_none();
    let stays = |(child, of_child): (&Table, &Column)| {
        of_child.has_inherited_not_null()
            && ctx
                .declared_table(&child.qualified_name())
                .is_some_and(|child| child.column(&column.name).is_some())
    };
    if !is_theirs || !heirs(table, &column.name, ctx).into_iter().any(stays) {
        return None;
    }
    let sql = format!("ALTER TABLE {table} ALTER COLUMN {} DROP NOT NULL", column.name);
    Some(ctx.step_on_one(address, Verb::DropNotNull, table, sql))
}

/// The table, among this one and those that inherit the column from it, whose primary key has the column.
fn keyed(table: &QualifiedName, column: &Ident, ctx: &Context<'_>) -> Option<QualifiedName> {
    let heirs = heirs(table, column, ctx).into_iter().map(|(child, _)| child.qualified_name());
    let tables: Vec<QualifiedName> = std::iter::once(table.clone()).chain(heirs).collect();
    ctx.live.iter().find_map(|(_, resource)| match resource {
        Resource::Constraint(constraint) => match &constraint.definition {
            ConstraintDefinition::PrimaryKey { columns, .. } if columns.contains(column) => {
                tables.iter().find(|table| **table == constraint.table_name()).cloned()
            }
            _ => None,
        },
        _ => None,
    })
}
