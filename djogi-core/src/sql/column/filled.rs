//! Columns whose rows get a value: when all of them are written at once, and when a column comes that is filled beside
//! others.

use super::{comment_on_not_null, definition_sql, set_default, tighten};
use crate::address::Address;
use crate::ident::{Ident, QualifiedName};
use crate::kind::{Column, Expression, NotNull, Table};
use crate::migration::Filling;
use crate::safety::Verb;
use crate::sql::migration::in_place;
use crate::sql::{Context, Step};

/// `step` with the rows filled before it, under the lock that it takes.
pub(super) fn before(mut step: Step, table: &QualifiedName, column: &Ident, value: &Expression) -> Step {
    step.operation.sql = format!("{};\n{}", in_place::at_once(table, column, value), step.operation.sql);
    step.operation.hazards = vec![format!("rows that have no value in {column} get {value}")];
    step
}

/// A new column without the values that its default would give, and then what fills it.
pub(super) fn add(
    table: &QualifiedName,
    column: &Column,
    filling: &Filling,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    let bare =
        Column { default: None, not_null: false, not_null_constraint: NotNull::default(), ..column.clone() };
    let alter = format!("ALTER TABLE {table} ALTER COLUMN {}", column.name);
    let mut sql = vec![format!("ALTER TABLE {table} ADD COLUMN {}", definition_sql(&bare, table, ctx))];
    sql.extend(column.default.as_ref().map(|default| format!("{alter} {}", set_default(default))));
    let value = match filling {
        Filling::Beside(fill) => {
            sql.extend(in_place::begin(fill, ctx));
            return vec![ctx.step_on_one(address, Verb::AddFilledColumn, table, sql.join(";\n"))];
        }
        Filling::AtOnce(value) => value,
    };
    sql.push(in_place::at_once(table, &column.name, value));
    let added = ctx.step_on_one(address, Verb::AddColumnNullable, table, sql.join(";\n"));
    let mut steps = vec![added.with_hazard(format!("rows that are there get {value}"))];
    if column.not_null {
        let set = super::set_not_null(table, column, ctx, address);
        steps.push(set);
        steps.extend(comment_on_not_null(table, column, ctx, address));
    }
    steps
}

/// What makes a new column `NOT NULL` once its rows have got their values.
pub(crate) fn tighten_filled(
    table: &Table,
    column: &Column,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    let name = table.qualified_name();
    let filling = ctx.fills.get(&Address::column(ctx.target, &name, &column.name));
    if !column.not_null || filling.and_then(Filling::beside).is_none() {
        return Vec::new();
    }
    let mut steps = tighten::tighten(&name, column, ctx, address);
    steps.extend(comment_on_not_null(&name, column, ctx, address));
    steps
}
