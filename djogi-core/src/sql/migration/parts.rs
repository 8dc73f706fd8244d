//! The indexes and constraints of the helper column.

use std::collections::BTreeSet;

use super::step::{WHY, add_unchecked, build, is_not_null};
use crate::address::Address;
use crate::ident::Ident;
use crate::kind::{Constraint, ConstraintDefinition, Deferrable, Expression, Retype};
use crate::migration::{Twin, names, twins};
use crate::safety::Verb;
use crate::sql::{Context, Step, constraint, index};

/// Builds those of `wanted`.
pub(super) fn indexes(
    migration: &Retype,
    wanted: &BTreeSet<Ident>,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    let indexes = all(migration, ctx).into_iter().filter_map(|twin| twin.index());
    indexes.filter(|index| wanted.contains(&index.name)).map(|index| build(&index, ctx, address)).collect()
}

/// Adds those of `wanted` that are not `there`, and validates them all.
pub(super) fn constraints(
    migration: &Retype,
    wanted: &BTreeSet<Ident>,
    there: &BTreeSet<Ident>,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    let twins = checked(migration, ctx).into_iter().filter(|twin| wanted.contains(&twin.name));
    let steps = twins.flat_map(|twin| {
        let validated = constraint::validate(&twin, ctx, address);
        if there.contains(&twin.name) {
            return vec![validated];
        }
        add_unchecked(&twin, ctx, address).chain([validated.afterwards(WHY)]).collect()
    });
    steps.collect()
}

pub(super) fn drop_index(migration: &Retype, name: &Ident, ctx: &Context<'_>, address: &Address) -> Step {
    index::drop_concurrently_by_name(&migration.table, name, ctx, address)
}

pub(super) fn drop_constraint(
    migration: &Retype,
    name: &Ident,
    ctx: &Context<'_>,
    address: &Address,
) -> Step {
    let sql = format!("ALTER TABLE {} DROP CONSTRAINT {name}", migration.table);
    ctx.step_on_one(address, Verb::DropCheck, &migration.table, sql)
}

pub(super) fn all(migration: &Retype, ctx: &Context<'_>) -> Vec<Twin> {
    twins(migration, ctx.live, ctx.postponed, ctx.target)
}

/// The constraints that rows are checked for.
fn checked(migration: &Retype, ctx: &Context<'_>) -> Vec<Constraint> {
    let twins = all(migration, ctx);
    let own = is_not_null(migration, ctx)
        .then(|| filled(migration, &names::new_column(&migration.column), names::filled));
    twins.iter().filter_map(Twin::constraint).cloned().chain(own).collect()
}

/// A check that a column is not null, by which PostgreSQL knows it without a look at the rows.
pub(super) fn filled(migration: &Retype, column: &Ident, name: fn(&Ident) -> Ident) -> Constraint {
    Constraint {
        schema: migration.table.schema.clone(),
        table: migration.table.name.clone(),
        name: name(&migration.column),
        definition: ConstraintDefinition::Check {
            expression: Expression::new(format!("({column} IS NOT NULL)")),
            no_inherit: false,
        },
        parent: None,
        derived: false,
        deferrable: Deferrable::NotDeferrable,
        validated: true,
        enforced: true,
        period: false,
        options: Default::default(),
        tablespace: None,
        comment: None,
        index_comment: None,
    }
}
