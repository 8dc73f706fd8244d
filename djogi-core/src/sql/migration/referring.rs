//! Foreign keys to a column that is migrated: the likeness of each to the helper column, which takes its place at the cutover.

use std::collections::BTreeSet;

use super::place::rename_constraint;
use super::step::{WHY, add_unchecked};
use crate::address::Address;
use crate::ident::QualifiedName;
use crate::kind::{Constraint, MigrationPhase, Resource, Retype};
use crate::migration::names;
use crate::migration::referring::{likeness, place, taken_along, to_column};
use crate::plan::LockMode;
use crate::safety::Verb;
use crate::sql::{Context, Step, comment_sql, constraint};

/// A foreign key with its likeness.
pub(super) type Pair<'a> = (&'a Constraint, Constraint);

/// Those that the migration takes along.
pub(super) fn pairs<'a>(migration: &'a Retype, ctx: &Context<'a>) -> Vec<Pair<'a>> {
    static NOTHING: crate::desired::Desired = crate::desired::Desired::new();
    taken_along(migration, ctx.live, ctx.desired.unwrap_or(&NOTHING))
}

/// Makes what of them is not `there`, and takes away what is there and not wanted.
pub(super) fn complete(
    migration: &Retype,
    there: &[Constraint],
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    let wanted: Vec<Constraint> = pairs(migration, ctx).into_iter().map(|(_, likeness)| likeness).collect();
    let is_unchecked = |found: &Constraint, wanted: &Constraint| {
        wanted.validated && Constraint { validated: true, ..found.clone() } == *wanted
    };
    let stays =
        |found: &&Constraint| wanted.iter().any(|wanted| *found == wanted || is_unchecked(found, wanted));
    let obsolete = there.iter().filter(|found| !stays(found));
    let mut steps: Vec<Step> =
        obsolete.map(|found| drop_one(found, &migration.table, ctx, address)).collect();
    for wanted in wanted.iter().filter(|wanted| !there.contains(wanted)) {
        let is_there = there.iter().any(|found| is_unchecked(found, wanted));
        if !is_there {
            steps.extend(add_unchecked(wanted, ctx, address));
        }
        if wanted.validated {
            let validated = constraint::validate(wanted, ctx, address);
            steps.push(if is_there { validated } else { validated.afterwards(WHY) });
        }
    }
    steps
}

fn drop_one(key: &Constraint, referred: &QualifiedName, ctx: &Context<'_>, address: &Address) -> Step {
    let table = key.table_name();
    let besides = (table != *referred).then(|| referred.clone());
    ctx.step_on_one(address, Verb::DropForeignKey, &table, dropped(key))
        .besides(besides.into_iter().collect())
}

pub(super) fn dropped(key: &Constraint) -> String {
    format!("ALTER TABLE {} DROP CONSTRAINT {}", key.table_name(), key.name)
}

/// `likeness` gets the name and the properties of `original`, which is gone.
pub(super) fn take_place((original, likeness): &Pair<'_>) -> Vec<String> {
    let table = original.table_name();
    let mut sql = vec![rename_constraint(&table, &likeness.name, &original.name)];
    let (now, then) = (likeness.deferrable, original.deferrable);
    sql.extend(constraint::set_other_timing(&table, &original.name, now, then));
    if let Some(comment) = &original.comment {
        sql.push(comment_sql(&format!("CONSTRAINT {} ON {table}", original.name), Some(comment)));
    }
    sql
}

/// The tables of foreign keys besides the one that they refer to.
pub(super) fn tables<'k>(
    keys: impl IntoIterator<Item = &'k Constraint>,
    referred: &QualifiedName,
) -> BTreeSet<QualifiedName> {
    keys.into_iter().map(Constraint::table_name).filter(|table| table != referred).collect()
}

/// The tables that the foreign keys of the column itself refer to: one that goes with the other column locks its own.
pub(super) fn referred(migration: &Retype, ctx: &Context<'_>) -> BTreeSet<QualifiedName> {
    let table = &migration.table;
    let keys = ctx.constraints(table).filter(|key| key.columns().contains(&&migration.column));
    keys.filter_map(Constraint::referred).filter(|other| *other != table).cloned().collect()
}

/// What there is of foreign keys to the helper column.
pub(super) fn there<'a>(migration: &Retype, ctx: &Context<'a>) -> &'a [Constraint] {
    let step = |phase| match ctx.live.get(&Address::migration_step(ctx.target, &migration.name, phase)) {
        Some(Resource::MigrationStep(step)) => Some(&*step.referring),
        _ => None,
    };
    step(MigrationPhase::Cutover).or_else(|| step(MigrationPhase::Constrain)).unwrap_or_default()
}

/// The statement with the drop of what is `left` before it.
fn after(left: Option<&Constraint>, mut step: Step) -> Step {
    if let Some(left) = left {
        step.operation.sql = format!("{};\n{}", dropped(left), step.operation.sql);
        step.operation.lock.iter_mut().for_each(|lock| lock.mode = LockMode::AccessExclusive);
    }
    step
}

/// On the way back from the cutover: likenesses to the old column, which are validated before they take the place.
pub(super) fn back<'a>(
    migration: &'a Retype,
    ctx: &Context<'a>,
    address: &Address,
) -> (Vec<Pair<'a>>, Vec<Step>) {
    let Retype { table, column, .. } = migration;
    let old = names::old_column(column);
    let pairs: Vec<Pair<'a>> = to_column(ctx.live, table, column)
        .map(|key| (key, likeness(key, (column, &old), names::referring_back)))
        .collect();
    let there = there(migration, ctx);
    let mut steps = Vec::new();
    for (_, likeness) in &pairs {
        // What interrupted work has left may be of another foreign key by now.
        let left = there.iter().find(|left| place(left) == place(likeness));
        steps.extend(add_unchecked(likeness, ctx, address).map(|step| after(left, step)));
        if likeness.validated {
            steps.push(constraint::validate(likeness, ctx, address).afterwards(WHY));
        }
    }
    (pairs, steps)
}
