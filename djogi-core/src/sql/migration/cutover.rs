//! The moment in which the new column takes the place of the old one, with all that is on it: one transaction, catalog only.

use super::place::{
    Leaving, not_null, rename_column, rename_constraint, rename_index, rename_index_column, take_over,
};
use super::step::is_not_null;
use super::{declared_table, dual_write, fill, live_column, mark, parts, referring, together};
use crate::address::Address;
use crate::ident::{DollarQuoted, Ident, Literal, QualifiedName};
use crate::kind::{ConstraintDefinition, Resource, Retype, TakenFromColumn};
use crate::migration::referring::unnamed;
use crate::migration::{Marker, Twin, names};
use crate::safety::Verb;
use crate::sql::{Context, Step, comment_sql, constraint, precheck};

pub(super) fn cut_over(migration: &Retype, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let Retype { table, column, .. } = migration;
    let (Some(live), Some(declared)) = (live_column(migration, ctx), declared_table(table, ctx)) else {
        return Vec::new();
    };
    let Some(wanted) = declared.column(column) else { return Vec::new() };
    let (new, old) = (names::new_column(column), names::old_column(column));
    let leaving = Leaving { column: live, aside: &old };
    let twins = parts::all(migration, ctx);
    let pairs = referring::pairs(migration, ctx);
    // The keys that they rest on change.
    let mut sql: Vec<String> = pairs.iter().map(|(key, _)| referring::dropped(key)).collect();
    sql.extend(twins.iter().flat_map(|twin| make_way(twin, table)));
    sql.extend(leaving.let_go(table, ctx));
    sql.push(rename_column(table, column, &old));
    sql.push(rename_column(table, &new, column));
    sql.push(dual_write::backward(migration));
    if is_not_null(migration, ctx) {
        sql.extend(not_null(table, wanted, &names::filled(column), ctx));
    }
    sql.extend(twins.iter().flat_map(|twin| take_place(twin, table, (&new, column))));
    sql.extend(pairs.iter().flat_map(referring::take_place));
    sql.extend(take_over(&leaving, wanted, declared, ctx, address));
    sql.push(comment_sql(&format!("COLUMN {table}.{column}"), wanted.comment.as_deref()));
    let taken = TakenFromColumn { default: live.default.clone(), comment: live.comment.clone() };
    let is_other = live.default != wanted.default || live.comment != wanted.comment;
    sql.push(note(migration, &old, is_other.then_some(taken)));
    let step = ctx.step_on_one(address, Verb::SwapColumns, table, together(sql));
    let mut besides = referring::tables(pairs.iter().map(|(key, _)| *key), table);
    besides.extend(referring::referred(migration, ctx));
    let step = step.besides(besides);
    let back = match &migration.down {
        Some(_) => format!("until it is finalized again, `djogi live abandon {}` leads back", migration.name),
        None => format!("there is no way back from {} to {}", migration.to, migration.from),
    };
    let order = "the column comes last from then on: INSERT and COPY that do not name their columns are refused until the old \
                 values go, and write into other columns then";
    // Somebody may have written past the triggers since the rows were compared.
    let question = precheck::of_condition(table, &fill::differs(migration), ctx);
    vec![step.with_precheck(Some(question)).with_hazard(order).with_hazard(back)]
}

/// What is on the old column leaves its name to what is on the new one, or goes.
fn make_way(twin: &Twin, table: &QualifiedName) -> Vec<String> {
    match (&twin.original, twin.retired()) {
        (Resource::Index(index), Some(aside)) => vec![rename_index(&index.schema, &index.name, &aside)],
        (Resource::Constraint(constraint), Some(aside)) => {
            let renamed = rename_constraint(table, &constraint.name, &aside);
            let timed = matches!(constraint.definition, ConstraintDefinition::ForeignKey(_)).then(|| {
                constraint::set_other_timing(
                    table,
                    &aside,
                    constraint.deferrable,
                    unnamed(constraint.deferrable),
                )
            });
            [renamed].into_iter().chain(timed.flatten()).collect()
        }
        (Resource::Constraint(key), None) => {
            vec![format!("ALTER TABLE {table} DROP CONSTRAINT {}", key.name)]
        }
        _ => Vec::new(),
    }
}

fn take_place(twin: &Twin, table: &QualifiedName, (new, column): (&Ident, &Ident)) -> Vec<String> {
    let (placed, object, comment) = match (&twin.original, &twin.twin) {
        (Resource::Index(original), Resource::Index(twin)) => (
            rename_index(&original.schema, &twin.name, &original.name),
            format!("INDEX {}", original.qualified_name()),
            original.comment.as_deref(),
        ),
        (Resource::Constraint(original), Resource::Constraint(twin)) => (
            if original.has_index() {
                constraint::key_of_index(original, &twin.name)
            } else {
                rename_constraint(table, &twin.name, &original.name)
            },
            format!("CONSTRAINT {} ON {table}", original.name),
            original.comment.as_deref(),
        ),
        _ => return Vec::new(),
    };
    let comment = comment.map(|comment| comment_sql(&object, Some(comment)));
    let timed = match (&twin.original, &twin.twin) {
        (Resource::Constraint(original), Resource::Constraint(twin)) => {
            constraint::set_other_timing(table, &original.name, twin.deferrable, original.deferrable)
        }
        _ => None,
    };
    let renamed = twin.index().and_then(|index| rename_index_column(&index, new, column));
    renamed.into_iter().chain([placed]).chain(timed).chain(comment).collect()
}

/// Notes when it was, by the clock of the server, and what the old column has lost.
fn note(migration: &Retype, old: &Ident, taken: Option<TakenFromColumn>) -> String {
    const NOW: &str = "{now}";
    let marker = Marker {
        backfilled: true,
        verified: true,
        cut_over_at: Some(NOW.to_owned()),
        taken,
        ..Marker::new(migration.clone())
    };
    let statement = mark(old, &marker);
    let (before, after) = statement.rsplit_once(NOW).expect("the marker holds what it was given");
    let body = format!(
        " BEGIN EXECUTE {} || pg_catalog.to_char(pg_catalog.clock_timestamp() AT TIME ZONE 'UTC', \
         'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') || {}; END ",
        Literal(before),
        Literal(after)
    );
    format!("DO {}", DollarQuoted(&body))
}
