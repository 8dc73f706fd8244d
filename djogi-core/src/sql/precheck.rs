//! Questions for rows that a new constraint would refuse, asked before it is there.

use super::Context;
use crate::ident::{Ident, IdentList, QualifiedName};
use crate::kind::{Constraint, ConstraintDefinition, ForeignKey, MatchType};
use crate::lexis::in_parentheses;
use crate::migration::{name_of_fill, name_of_orphans_of};
use crate::plan::Precheck;

/// The rows that `constraint` would refuse; `None` where PostgreSQL alone can tell.
pub(super) fn of_constraint(constraint: &Constraint, ctx: &Context<'_>) -> Option<Precheck> {
    let table = constraint.table_name();
    match &constraint.definition {
        ConstraintDefinition::Check { expression, .. } => {
            Some(question(&table, &format!("NOT {}", in_parentheses(expression.as_str())), ctx))
        }
        ConstraintDefinition::ForeignKey(key) => {
            let is_plain =
                !constraint.period && (key.match_type == MatchType::Simple || key.columns.len() == 1);
            is_plain.then(|| question(&table, &orphans(key, "referencing", "="), ctx))
        }
        ConstraintDefinition::PrimaryKey { .. }
        | ConstraintDefinition::Unique { .. }
        | ConstraintDefinition::Exclusion(_) => None,
    }
}

/// The same of one that is declared, with the rule that can say what becomes of them.
pub(super) fn of_declared(constraint: &Constraint, ctx: &Context<'_>) -> Option<Precheck> {
    let precheck = of_constraint(constraint, ctx)?;
    let rule = name_of_orphans_of(constraint).map(|rule| format!("[live.{rule}] on_orphan"));
    Some(Precheck { rule, ..precheck })
}

/// The rows that hold a null in `column`.
pub(super) fn of_not_null(table: &QualifiedName, column: &Ident, ctx: &Context<'_>) -> Precheck {
    let rule = Some(format!("[live.{}] backfill", name_of_fill(table, column)));
    Precheck { rule, ..question(table, &format!("{column} IS NULL"), ctx) }
}

/// The rows for which `condition` holds.
pub(super) fn of_condition(table: &QualifiedName, condition: &str, ctx: &Context<'_>) -> Precheck {
    question(table, condition, ctx)
}

fn question(table: &QualifiedName, condition: &str, ctx: &Context<'_>) -> Precheck {
    let (name, value) = match primary_key(table, ctx) {
        [] => ("ctid".to_owned(), "referencing.ctid::text".to_owned()),
        [column] => (column.to_string(), format!("referencing.{column}::text")),
        columns => {
            let values: Vec<String> = columns.iter().map(|column| format!("referencing.{column}")).collect();
            (format!("({})", IdentList(columns)), format!("ROW({})::text", values.join(", ")))
        }
    };
    let rows = format!("SELECT {value} FROM {table} AS referencing WHERE {condition}");
    Precheck { key: name, rows, rule: None }
}

/// The rows of `table`, as the statement around it calls that, which refer to nothing by the operator `equals`.
pub(super) fn orphans(key: &ForeignKey, table: &str, equals: &str) -> String {
    let other = if table == "referenced" { "the_other" } else { "referenced" };
    let filled: Vec<String> =
        key.columns.iter().map(|column| format!("{table}.{column} IS NOT NULL")).collect();
    let pairs = key.columns.iter().zip(&key.referenced_columns);
    let equal: Vec<String> =
        pairs.map(|(own, theirs)| format!("{other}.{theirs} {equals} {table}.{own}")).collect();
    format!(
        "{} AND NOT EXISTS (SELECT FROM {} AS {other} WHERE {})",
        filled.join(" AND "),
        key.references,
        equal.join(" AND ")
    )
}

/// Empty when there is none.
fn primary_key<'a>(table: &'a QualifiedName, ctx: &'a Context<'_>) -> &'a [Ident] {
    let mut keys = ctx.constraints(table).filter_map(|constraint| match &constraint.definition {
        ConstraintDefinition::PrimaryKey { columns, .. } => Some(columns.as_slice()),
        _ => None,
    });
    keys.next().unwrap_or_default()
}
