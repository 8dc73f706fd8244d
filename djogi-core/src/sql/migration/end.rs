//! The two ends of a migration: the old values go, or everything is as it was before.

use std::collections::BTreeSet;

use super::place::{
    Leaving, not_null, rename_column, rename_constraint, rename_index, rename_index_column, take_over,
};
use super::step::{add_unchecked, build};
use super::{dual_write, fill, live_column, parts, together};
use crate::address::Address;
use crate::ident::Ident;
use crate::kind::{
    Column, Constraint, ConstraintAlteration, ConstraintDefinition, Index, Migration, MigrationPhase,
    Resource, Table,
};
use crate::migration::{forget, names, uses_column};
use crate::safety::Verb;
use crate::sql::{Context, Step, comment_sql, constraint, precheck};

/// Nothing is left of it but the new column.
pub(super) fn contract(migration: &Migration, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    // Whoever opens the gate has been asked, and the old values have been kept for as long as was said.
    let step = ended(migration, &names::old_column(&migration.column), ctx, address);
    vec![step.with_hazard("the values of the old type are gone, and with them the way back")]
}

/// Before the cutover only the helper column has to go, and its indexes and constraints with it.
pub(super) fn abandon(migration: &Migration, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    vec![ended(migration, &names::new_column(&migration.column), ctx, address)]
}

fn ended(migration: &Migration, helper: &Ident, ctx: &Context<'_>, address: &Address) -> Step {
    let dropped = format!("ALTER TABLE {} DROP COLUMN {helper}", migration.table);
    let sql = together(
        dual_write::drop(migration).into_iter().chain([dropped, forget(ctx.target, migration.name.as_str())]),
    );
    ctx.step_on_one(address, Verb::EndMigration, &migration.table, sql)
}

/// After the cutover the old column, which has every value that it can hold, takes its place again.
pub(super) fn swap_back(migration: &Migration, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let Migration { table, column, .. } = migration;
    let (Some(live), Some(whole)) = (live_column(migration, ctx), ctx.live.table(ctx.target, table)) else {
        return Vec::new();
    };
    let (new, old) = (names::new_column(column), names::old_column(column));
    let mut steps = Vec::new();
    // What the old type cannot hold, and what was written past the triggers.
    let lost = fill::is_lost(migration);
    if live.not_null {
        let proof = parts::filled(migration, &old, names::refilled);
        let question = precheck::of_condition(table, &lost, ctx);
        let added =
            add_unchecked(&proof, ctx, address).map(|step| step.with_precheck(Some(question.clone())));
        steps.extend(added);
        steps.extend(constraint::alter(&proof, &ConstraintAlteration::Validate, ctx, address));
    }
    let key = primary_key(migration, ctx);
    let key_index = key.as_ref().and_then(Constraint::index).map(|index| Index {
        name: names::retired(&index.name),
        elements: index
            .elements
            .into_iter()
            .map(|element| if element.column() == Some(column) { element.of_column(&old) } else { element })
            .collect(),
        ..index
    });
    steps.extend(key_index.iter().map(|index| build(index, ctx, address)));

    let leaving = Leaving { column: live, aside: &new };
    let wanted = Column { data_type: migration.from.clone(), ..live.clone() };
    let declared = Table {
        columns: whole
            .columns
            .iter()
            .map(|c| if c.name == *column { wanted.clone() } else { c.clone() })
            .collect(),
        ..whole.clone()
    };
    let mut sql = dual_write::drop(migration);
    sql.extend(key.iter().map(|key| format!("ALTER TABLE {table} DROP CONSTRAINT {}", key.name)));
    sql.extend(leaving.let_go(table, ctx));
    sql.push(rename_column(table, column, &new));
    sql.push(rename_column(table, &old, column));
    if live.not_null {
        sql.extend(not_null(table, &wanted, &names::refilled(column), ctx));
    }
    sql.extend(take_over(&leaving, &wanted, &declared, ctx, address));
    // Its indexes and constraints go with it, and leave their names.
    sql.push(format!("ALTER TABLE {table} DROP COLUMN {new}"));
    sql.extend(restored(migration, ctx));
    if let (Some(key), Some(index)) = (&key, &key_index) {
        sql.extend(rename_index_column(index, &old, column));
        sql.push(constraint::key_of_index(key, &index.name));
    }
    sql.push(forget(ctx.target, migration.name.as_str()));
    let comment = live.comment.as_deref();
    sql.push(comment_sql(&format!("COLUMN {table}.{column}"), comment));
    let step = ctx.step_on_one(address, Verb::SwapColumns, table, together(sql));
    steps.push(step.with_precheck(Some(precheck::of_condition(table, &lost, ctx))));
    steps
}

/// The primary key, when it is on the column.
fn primary_key(migration: &Migration, ctx: &Context<'_>) -> Option<Constraint> {
    let mut keys = ctx.constraints(&migration.table).filter(|constraint| {
        matches!(&constraint.definition, ConstraintDefinition::PrimaryKey { columns, .. } if columns.contains(&migration.column))
    });
    keys.next().cloned()
}

/// What was put aside at the cutover has its names again.
fn restored(migration: &Migration, ctx: &Context<'_>) -> Vec<String> {
    let Migration { name, table, column, .. } = migration;
    let step = Address::migration_step(ctx.target, name, MigrationPhase::Cutover);
    let retired: BTreeSet<&Ident> = match ctx.live.get(&step) {
        Some(Resource::MigrationStep(step)) => step.made.iter().collect(),
        _ => BTreeSet::new(),
    };
    let on_it = ctx.live.iter().filter(|(_, resource)| uses_column(resource, table, column));
    on_it
        .filter_map(|(_, resource)| match resource {
            Resource::Index(index) => {
                let aside = names::retired(&index.name);
                retired.contains(&aside).then(|| rename_index(&index.schema, &aside, &index.name))
            }
            Resource::Constraint(constraint) => {
                let aside = names::retired(&constraint.name);
                retired.contains(&aside).then(|| rename_constraint(table, &aside, &constraint.name))
            }
            _ => None,
        })
        .collect()
}
