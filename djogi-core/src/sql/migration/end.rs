//! The two ends of a migration: the old values go, or everything is as it was before.

use std::collections::BTreeSet;

use super::place::{
    Leaving, not_null, rename_column, rename_constraint, rename_index, rename_index_column, take_over,
};
use super::step::{WHY, add_unchecked, build};
use super::{dual_write, fill, live_column, parts, referring, together};
use crate::address::Address;
use crate::ident::Ident;
use crate::kind::{
    Column, Constraint, ConstraintDefinition, Identity, Index, MigrationPhase, MigrationStep, Resource,
    Retype, SequenceOptions, SequenceType, Table,
};
use crate::migration::referring::unnamed;
use crate::migration::{forget, names, uses_column, writes_its_column};
use crate::safety::Verb;
use crate::sql::{Context, Replacement, Step, comment_sql, constraint, precheck};

/// Nothing is left of it but the new column.
pub(super) fn contract(migration: &Retype, ctx: &Context<'_>, address: &Address) -> Step {
    // Whoever opens the gate has been asked, and the old values have been kept for as long as was said.
    let step = ended(migration, &names::old_column(&migration.column), ctx, address);
    step.with_hazard("the values of the old type are gone, and with them the way back")
}

/// Before the cutover only the helper column has to go, and its indexes and constraints with it.
pub(super) fn abandon(migration: &Retype, ctx: &Context<'_>, address: &Address) -> Step {
    ended(migration, &names::new_column(&migration.column), ctx, address)
}

fn ended(migration: &Retype, helper: &Ident, ctx: &Context<'_>, address: &Address) -> Step {
    let dropped = format!("ALTER TABLE {} DROP COLUMN {helper}", migration.table);
    let there = referring::there(migration, ctx);
    let referring = there.iter().map(referring::dropped);
    let rest = [dropped, forget(ctx.target, migration.name.as_str())];
    let sql = together(dual_write::drop(migration).into_iter().chain(referring).chain(rest));
    let step = ctx.step_on_one(address, Verb::EndMigration, &migration.table, sql);
    let mut besides = referring::tables(there, &migration.table);
    besides.extend(referring::referred(migration, ctx));
    step.besides(besides)
}

/// After the cutover the old column, which has every value that it can hold, takes its place again.
pub(super) fn swap_back(migration: &Retype, ctx: &Context<'_>, address: &Address) -> Replacement {
    let Retype { table, column, .. } = migration;
    let (Some(live), Some(whole)) = (live_column(migration, ctx), ctx.live.table(ctx.target, table)) else {
        return Replacement::default();
    };
    let (new, old) = (names::new_column(column), names::old_column(column));
    let mut prepared = Vec::new();
    let retired = retired(migration, ctx);
    // What the old type cannot hold, and what was written past the triggers.
    let lost = fill::is_lost(migration);
    if live.not_null {
        let proof = parts::filled(migration, &old, names::refilled);
        let question = precheck::of_condition(table, &lost, ctx);
        // Interrupted work may have left it.
        let added = add_unchecked(&proof, ctx, address).filter(|_| !retired.contains(&proof.name));
        prepared.extend(added.map(|step| step.with_precheck(Some(question.clone()))));
        prepared.push(constraint::validate(&proof, ctx, address));
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
    let missing = key_index.iter().filter(|index| !retired.contains(&index.name));
    prepared.extend(missing.map(|index| build(index, ctx, address)));
    let (pairs, referring) = referring::back(migration, ctx, address);
    prepared.extend(referring);

    let leaving = Leaving { column: live, aside: &new };
    let identity = live.identity.clone().map(|identity| within(identity, &migration.from));
    let mut wanted = Column { data_type: migration.from.clone(), identity, ..live.clone() };
    if let Some(taken) = cutover(migration, ctx).and_then(|step| step.taken.clone()) {
        (wanted.default, wanted.comment) = (taken.default, taken.comment);
    }
    let declared = Table {
        columns: whole
            .columns
            .iter()
            .map(|c| if c.name == *column { wanted.clone() } else { c.clone() })
            .collect(),
        ..whole.clone()
    };
    let mut sql = dual_write::drop(migration);
    sql.extend(pairs.iter().map(|(key, _)| referring::dropped(key)));
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
    let gone: Vec<&Constraint> = ctx
        .constraints(table)
        .filter(|key| writes_its_column(key) && key.columns().contains(&column))
        .collect();
    for key in &gone {
        let unchecked = Constraint { validated: false, ..(*key).clone() };
        let added = constraint::create_at_once(&unchecked, ctx, address).into_iter();
        sql.extend(added.map(|step| step.operation.sql));
    }
    if let (Some(key), Some(index)) = (&key, &key_index) {
        sql.extend(rename_index_column(index, &old, column));
        sql.push(constraint::key_of_index(key, &index.name));
    }
    sql.extend(pairs.iter().flat_map(referring::take_place));
    sql.push(forget(ctx.target, migration.name.as_str()));
    sql.push(comment_sql(&format!("COLUMN {table}.{column}"), wanted.comment.as_deref()));
    let step = ctx.step_on_one(address, Verb::SwapColumns, table, together(sql));
    let mut besides = referring::tables(pairs.iter().map(|(key, _)| *key), table);
    besides.extend(referring::referred(migration, ctx));
    let step = step.besides(besides);
    let mut exchanged = vec![step.with_precheck(Some(precheck::of_condition(table, &lost, ctx)))];
    for key in gone.iter().filter(|key| key.validated) {
        exchanged.push(constraint::validate(key, ctx, address).afterwards(WHY));
    }
    Replacement { down: prepared, up: exchanged }
}

/// The numbers of a column of the type `data_type` end where the type does.
fn within(mut identity: Identity, data_type: &str) -> Identity {
    if let Some((least, greatest)) = SequenceType::of_column(data_type).map(SequenceType::range) {
        let SequenceOptions { start, min, max, .. } = &mut identity.options;
        (*min, *max) = ((*min).max(least), (*max).min(greatest));
        *start = (*start).clamp(*min, *max);
    }
    identity
}

/// The primary key, when it is on the column.
fn primary_key(migration: &Retype, ctx: &Context<'_>) -> Option<Constraint> {
    let mut keys = ctx.constraints(&migration.table).filter(|constraint| {
        matches!(&constraint.definition, ConstraintDefinition::PrimaryKey { columns, .. } if columns.contains(&migration.column))
    });
    keys.next().cloned()
}

/// The cutover as it was made.
fn cutover<'a>(migration: &Retype, ctx: &Context<'a>) -> Option<&'a MigrationStep> {
    let step = Address::migration_step(ctx.target, &migration.name, MigrationPhase::Cutover);
    match ctx.live.get(&step) {
        Some(Resource::MigrationStep(step)) => Some(step),
        _ => None,
    }
}

/// What is on the old column since the cutover.
fn retired<'a>(migration: &Retype, ctx: &Context<'a>) -> BTreeSet<&'a Ident> {
    cutover(migration, ctx).map(|step| step.made.iter().collect()).unwrap_or_default()
}

/// What was put aside at the cutover has its names again.
fn restored(migration: &Retype, ctx: &Context<'_>) -> Vec<String> {
    let Retype { table, column, .. } = migration;
    let retired = retired(migration, ctx);
    let on_it = ctx.live.iter().filter(|(_, resource)| uses_column(resource, table, column));
    on_it
        .flat_map(|(_, resource)| match resource {
            Resource::Index(index) => {
                let aside = names::retired(&index.name);
                let renamed = rename_index(&index.schema, &aside, &index.name);
                if retired.contains(&aside) { vec![renamed] } else { Vec::new() }
            }
            // A primary key went at the cutover; its index may be there once more.
            Resource::Constraint(Constraint {
                definition: ConstraintDefinition::PrimaryKey { .. }, ..
            }) => Vec::new(),
            Resource::Constraint(constraint) if writes_its_column(constraint) => Vec::new(),
            Resource::Constraint(constraint) => {
                let aside = names::retired(&constraint.name);
                if !retired.contains(&aside) {
                    return Vec::new();
                }
                let (name, then) = (&constraint.name, constraint.deferrable);
                let timed = match constraint.definition {
                    ConstraintDefinition::ForeignKey(_) => {
                        constraint::set_other_timing(table, name, unnamed(then), then)
                    }
                    _ => None,
                };
                [rename_constraint(table, &aside, name)].into_iter().chain(timed).collect()
            }
            _ => Vec::new(),
        })
        .collect()
}
