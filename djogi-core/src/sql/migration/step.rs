//! The statements of one step.

use std::collections::BTreeSet;

use super::super::{Context, Impossible, Step, constraint, index, precheck};
use super::{
    cutover, declared_table, dual_write, fill, in_place, live_column, mark, parts, referring, together,
};
use crate::address::Address;
use crate::ident::Ident;
use crate::kind::{
    Constraint, ConstraintDefinition, Index, Migration, MigrationPhase, MigrationStep,
    MigrationStepAlteration, Resource, Retype,
};
use crate::migration::{Marker, forget, names, row_key};
use crate::plan::Backfill;
use crate::safety::{Verb, classify};

/// Why the way is taken on which others go on.
pub(super) const WHY: &str = "because it is a step of a live migration";

pub(in crate::sql) fn create(step: &MigrationStep, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let migration = match migration_of(step, ctx) {
        Some(Migration::Retype(retype)) => retype,
        Some(Migration::Fill(fill)) => return in_place::step(fill, step.phase, ctx, address),
        None => return Vec::new(),
    };
    match step.phase {
        MigrationPhase::Expand => expand(migration, ctx, address),
        MigrationPhase::DualWrite => write_both(migration, ctx, address),
        MigrationPhase::Backfill => backfill(migration, ctx, address),
        MigrationPhase::Index => parts::indexes(migration, &step.made, ctx, address),
        MigrationPhase::Constrain => {
            let mut steps = parts::constraints(migration, &step.made, &BTreeSet::new(), ctx, address);
            steps.extend(referring::complete(migration, &[], ctx, address));
            steps
        }
        MigrationPhase::Verify => verify(migration, ctx, address),
        MigrationPhase::Cutover => cutover::cut_over(migration, ctx, address),
        // It is the end of the migration, and of all its steps.
        MigrationPhase::Contract | MigrationPhase::Finish => Vec::new(),
    }
}

pub(in crate::sql) fn alter(
    live: &MigrationStep,
    desired: &MigrationStep,
    _: &MigrationStepAlteration,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    let Some(Migration::Retype(migration)) = migration_of(desired, ctx) else { return Vec::new() };
    let obsolete = live.made.difference(&desired.made).chain(&live.unfinished);
    let missing: BTreeSet<Ident> = desired.made.difference(&live.made).cloned().collect();
    match desired.phase {
        MigrationPhase::Index => {
            let dropped = obsolete.map(|name| parts::drop_index(migration, name, ctx, address));
            dropped.chain(parts::indexes(migration, &missing, ctx, address)).collect()
        }
        MigrationPhase::Constrain => {
            // One that is not valid yet is what was wanted, but for its validation.
            let gone = obsolete.filter(|name| !desired.made.contains(*name));
            let dropped = gone.map(|name| parts::drop_constraint(migration, name, ctx, address));
            let made = parts::constraints(migration, &missing, &live.unfinished, ctx, address);
            let referring = referring::complete(migration, &live.referring, ctx, address);
            dropped.chain(made).chain(referring).collect()
        }
        _ => Vec::new(),
    }
}

/// Its parts go with the migration.
pub(in crate::sql) fn drop(_: &MigrationStep, _: &Context<'_>, _: &Address) -> Vec<Step> {
    Vec::new()
}

pub(in crate::sql) fn rename(
    _: &MigrationStep,
    _: &MigrationStep,
    _: &Context<'_>,
    address: &Address,
) -> Result<Vec<Step>, Impossible> {
    Err(Impossible::FixedName { address: address.clone() })
}

fn migration_of<'a>(step: &MigrationStep, ctx: &Context<'a>) -> Option<&'a Migration> {
    match &*ctx.desired?.get(&Address::migration(ctx.target, &step.migration))?.resource {
        Resource::Migration(migration) => Some(migration),
        _ => None,
    }
}

/// The helper column and what it is for, in one: a column that nobody knows would be taken for one to drop.
fn expand(migration: &Retype, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let Retype { table, column, to, collation, .. } = migration;
    let helper = names::new_column(column);
    let collation = collation.as_ref().map(|name| format!(" COLLATE {name}")).unwrap_or_default();
    let sql = together([
        format!("ALTER TABLE {table} ADD COLUMN {helper} {to}{collation}"),
        mark(&helper, &Marker::new(migration.clone())),
    ]);
    vec![ctx.step_on_one(address, Verb::AddColumnNullable, table, sql)]
}

fn write_both(migration: &Retype, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let helper = names::new_column(&migration.column);
    // What was written since is in one of the columns alone.
    let again = [mark(&helper, &Marker::new(migration.clone())), forget(ctx.target, migration.name.as_str())];
    let sql = together(
        [dual_write::forward(migration)].into_iter().chain(dual_write::triggers(migration)).chain(again),
    );
    let step = ctx.step_on_one(address, Verb::WriteBothColumns, &migration.table, sql);
    let may_fail = classify(&migration.from, &migration.to).is_none_or(|change| change.narrowing);
    vec![match may_fail {
        true => step.with_hazard(format!(
            "from then on a write fails whose value of {} cannot become one of {}",
            migration.column, migration.to
        )),
        false => step,
    }]
}

fn backfill(migration: &Retype, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let Some(key) = ctx.live.table(ctx.target, &migration.table).and_then(|table| row_key(table, ctx.live))
    else {
        return Vec::new();
    };
    let (assignment, condition) = (fill::assignment(migration), fill::differs(migration));
    let backfill = Backfill::update(&migration.name, &migration.table, key, assignment, condition);
    let mut written = ctx.step_on_one(address, Verb::Backfill, &migration.table, backfill.statement(None));
    written.operation.backfill = Some(backfill);
    let helper = names::new_column(&migration.column);
    let marker = Marker { backfilled: true, ..Marker::new(migration.clone()) };
    let noted = ctx.step_on_one(address, Verb::CommentOnRelation, &migration.table, mark(&helper, &marker));
    vec![written, noted]
}

/// Compares all rows, and only then says so.
fn verify(migration: &Retype, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let helper = names::new_column(&migration.column);
    let marker = Marker { backfilled: true, verified: true, ..Marker::new(migration.clone()) };
    let step = ctx.step_on_one(address, Verb::CommentOnRelation, &migration.table, mark(&helper, &marker));
    let question = precheck::of_condition(&migration.table, &fill::differs(migration), ctx);
    vec![step.with_precheck(Some(question))]
}

/// Whether the column is `NOT NULL` and stays so.
pub(super) fn is_not_null(migration: &Retype, ctx: &Context<'_>) -> bool {
    live_column(migration, ctx).is_some_and(|column| column.not_null)
        && declared_table(&migration.table, ctx)
            .and_then(|table| table.column(&migration.column))
            .is_some_and(|column| column.not_null)
}

/// The constraint `twin` as it is added, which reads no row. A foreign key locks two tables, which others lock together too.
pub(super) fn add_unchecked(
    twin: &Constraint,
    ctx: &Context<'_>,
    address: &Address,
) -> impl Iterator<Item = Step> {
    let unchecked = Constraint { validated: false, ..twin.clone() };
    let referenced = match &twin.definition {
        ConstraintDefinition::ForeignKey(key) if key.references != twin.table_name() => {
            Some(key.references.clone())
        }
        _ => None,
    };
    constraint::create_at_once(&unchecked, ctx, address).into_iter().map(move |mut step| {
        step.operation.besides.extend(referenced.clone());
        step
    })
}

/// Builds one index beside readers and writers.
pub(super) fn build(index: &Index, ctx: &Context<'_>, address: &Address) -> Step {
    let mut step = index::build_concurrently(index, &index.name, WHY, ctx, address);
    if let Some(concurrently) = &mut step.operation.concurrently {
        concurrently.builds = Some(Box::new(index.clone()));
    }
    step
}
