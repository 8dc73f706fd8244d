//! Questions for rows that a new constraint would refuse, asked before it is there.

use super::Context;
use crate::ident::{Ident, IdentList, QualifiedName};
use crate::kind::{Constraint, ConstraintDefinition, ForeignKey, MatchType};
use crate::lexis::in_parentheses;
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
            is_plain.then(|| question(&table, &orphans(key), ctx))
        }
        ConstraintDefinition::PrimaryKey { .. }
        | ConstraintDefinition::Unique { .. }
        | ConstraintDefinition::Exclusion(_) => None,
    }
}

/// The rows that hold a null in `column`.
pub(super) fn of_not_null(table: &QualifiedName, column: &Ident, ctx: &Context<'_>) -> Precheck {
    question(table, &format!("{column} IS NULL"), ctx)
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
    Precheck { key: name, rows: format!("SELECT {value} FROM {table} AS referencing WHERE {condition}") }
}

fn orphans(key: &ForeignKey) -> String {
    let filled: Vec<String> =
        key.columns.iter().map(|column| format!("referencing.{column} IS NOT NULL")).collect();
    let pairs = key.columns.iter().zip(&key.referenced_columns);
    let equal: Vec<String> =
        pairs.map(|(own, other)| format!("referenced.{other} = referencing.{own}")).collect();
    format!(
        "{} AND NOT EXISTS (SELECT FROM {} AS referenced WHERE {})",
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
