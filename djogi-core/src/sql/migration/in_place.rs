//! The statements of a column that is filled in place.

use super::super::{Context, Step, comment_sql, suffixed};
use super::dual_write::{drop_function, function, value_of};
use super::together;
use crate::address::Address;
use crate::ident::{DollarQuoted, Ident, Literal, QualifiedName};
use crate::kind::{Expression, Fill, MigrationPhase};
use crate::lexis::in_parentheses;
use crate::migration::{Filling, Marker, forget, names, row_key};
use crate::plan::Backfill;
use crate::safety::{Verb, is_volatile};

pub(super) fn step(fill: &Fill, phase: MigrationPhase, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    match phase {
        // A column that comes brings its trigger along, so that no row is written between the two.
        MigrationPhase::DualWrite if is_to_come(fill, ctx) => Vec::new(),
        MigrationPhase::DualWrite => {
            let sql = together(begin(fill, ctx));
            vec![ctx.step_on_one(address, Verb::WriteBothColumns, &fill.table, sql)]
        }
        MigrationPhase::Backfill => backfill(fill, ctx, address),
        MigrationPhase::Finish => {
            let sql = together(leave(fill, ctx));
            vec![ctx.step_on_one(address, Verb::EndMigration, &fill.table, sql)]
        }
        // The change of the column itself does it.
        _ => Vec::new(),
    }
}

/// Whether the column is made in this plan.
fn is_to_come(fill: &Fill, ctx: &Context<'_>) -> bool {
    ctx.live.table(ctx.target, &fill.table).is_none_or(|table| table.column(&fill.column).is_none())
}

/// Every row that is written from now on has a value. What was noted of rows before is forgotten: some may have been written
/// without one.
pub(in crate::sql) fn begin(fill: &Fill, ctx: &Context<'_>) -> Vec<String> {
    let Fill { name, table, column, value, .. } = fill;
    let trigger = names::fill_trigger(column);
    // PostgreSQL looks at a function only when it is called, and then it would be a writer who is refused.
    let asked = format!("EXPLAIN UPDATE {table} SET {column} = {value} WHERE {column} IS NULL");
    let value = value_of(table, value.as_str());
    // A row for which there is no value keeps its null, so that nobody is refused for it.
    let body = format!(
        "BEGIN\n    NEW.{column} := {value};\n  EXCEPTION WHEN data_exception OR integrity_constraint_violation THEN\n    \
         NEW.{column} := NULL;\n  END;"
    );
    vec![
        format!("DO {}", DollarQuoted(&format!(" BEGIN EXECUTE {}; END ", Literal(&asked)))),
        function(name, &body),
        format!(
            "CREATE OR REPLACE TRIGGER {trigger} BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW WHEN (NEW.{column} IS NULL) \
             EXECUTE FUNCTION {}()",
            names::function(name)
        ),
        format!("ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}"),
        mark(&Marker::new(fill.clone())),
        forget(ctx.target, name.as_str()),
    ]
}

fn mark(marker: &Marker<Fill>) -> String {
    let Fill { table, column, .. } = &marker.migration;
    comment_sql(&format!("TRIGGER {} ON {table}", names::fill_trigger(column)), Some(&marker.to_string()))
}

fn backfill(fill: &Fill, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let Fill { name, table, column, value, .. } = fill;
    let Some(key) = ctx.live.table(ctx.target, table).and_then(|live| row_key(live, ctx.live)) else {
        return Vec::new();
    };
    let (assignment, condition) = (format!("{column} = {value}"), missing(column, value));
    let backfill = Backfill::update(name, table, key, assignment, condition);
    let mut written = ctx.step_on_one(address, Verb::Backfill, table, backfill.statement(None));
    written.operation.backfill = Some(backfill);
    let marker = Marker { backfilled: true, ..Marker::new(fill.clone()) };
    vec![written, ctx.step_on_one(address, Verb::CommentOnRelation, table, mark(&marker))]
}

/// The rows that have a value to come. Those for which there is none are left, and named when the column is to be
/// `NOT NULL`; of a value that is another one each time nobody can ask that.
fn missing(column: &Ident, value: &Expression) -> String {
    let is_null = format!("{column} IS NULL");
    match is_volatile(value) {
        true => is_null,
        false => format!("{is_null} AND {} IS NOT NULL", in_parentheses(value.as_str())),
    }
}

/// Fills all rows at once.
pub(in crate::sql) fn at_once(table: &QualifiedName, column: &Ident, value: &Expression) -> String {
    // An update that constraints are still to be checked for would keep the table from being altered.
    format!("UPDATE {table} SET {column} = {value} WHERE {column} IS NULL;\nSET CONSTRAINTS ALL IMMEDIATE")
}

/// What is written at once in the column, where that is so.
pub(in crate::sql) fn at_once_of<'a>(
    table: &QualifiedName,
    column: &Ident,
    ctx: &Context<'a>,
) -> Option<&'a Expression> {
    match ctx.fills.get(&Address::column(ctx.target, table, column))? {
        Filling::AtOnce(value) => Some(value),
        Filling::Beside(_) => None,
    }
}

fn leave(fill: &Fill, ctx: &Context<'_>) -> Vec<String> {
    vec![
        format!("DROP TRIGGER IF EXISTS {} ON {}", names::fill_trigger(&fill.column), fill.table),
        drop_function(&fill.name),
        forget(ctx.target, fill.name.as_str()),
    ]
}

/// The column is as it was before, but for the values that rows have got.
pub(super) fn abandon(fill: &Fill, ctx: &Context<'_>, address: &Address) -> Step {
    let Fill { table, column, not_null, adds, .. } = fill;
    let mut sql = leave(fill, ctx);
    let alter = |what: &str| format!("ALTER TABLE {table} ALTER COLUMN {column} {what}");
    let live = ctx.live.table(ctx.target, table).and_then(|live| live.column(column));
    let proof = suffixed(column, "__djogi_proof");
    sql.push(format!("ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {proof}"));
    let hazard = if *adds {
        sql.push(format!("ALTER TABLE {table} DROP COLUMN IF EXISTS {column}"));
        "the column goes again, with the values that it has by now"
    } else {
        sql.extend(live.filter(|live| *not_null && live.not_null).map(|_| alter("DROP NOT NULL")));
        sql.extend(live.filter(|live| !not_null && live.default.is_some()).map(|_| alter("DROP DEFAULT")));
        "the values that rows have got stay"
    };
    ctx.step_on_one(address, Verb::EndMigration, table, together(sql)).with_hazard(hazard)
}
