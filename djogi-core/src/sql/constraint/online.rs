//! Constraints on tables that others read and write: what would read every row, or build an index, under the lock of
//! the new constraint does so apart from it (RFC 0014).

use super::orphans::Remedy;
use super::{comments, drop, timing_sql, validate};
use crate::address::Address;
use crate::ident::Ident;
use crate::kind::{Constraint, ConstraintDefinition, Index};
use crate::safety::{Route, Verb};
use crate::sql::index::{build_concurrently, built_before, free_name, is_referenced};
use crate::sql::{Context, Replacement, Step, precheck};

/// The statements that make `constraint` while others go on; `None` where only its own lock will do.
pub(super) fn create(
    constraint: &Constraint,
    remedy: Option<&Remedy<'_>>,
    ctx: &Context<'_>,
    address: &Address,
) -> Option<Vec<Step>> {
    let Some(Route::Online(why)) = ctx.row_route(&constraint.table_name()) else { return None };
    match &constraint.definition {
        ConstraintDefinition::Check { .. } | ConstraintDefinition::ForeignKey(_) => {
            can_be_validated(constraint, ctx).then(|| check_afterwards(constraint, remedy, why, ctx, address))
        }
        ConstraintDefinition::PrimaryKey { .. }
        | ConstraintDefinition::Unique { .. }
        | ConstraintDefinition::Exclusion(_) => {
            let (index, why) = index_to_build(constraint, ctx)?;
            let (built, mut steps) = build(&index, why, ctx, address);
            steps.extend(take(constraint, &built, ctx, address));
            Some(steps)
        }
    }
}

/// Exchanges a key for another of its name: the new index is there before the old one goes, so that no row escapes both.
/// `None` where the old one must go before: foreign keys rest on it, or its columns change.
pub(super) fn exchange(
    live: &Constraint,
    desired: &Constraint,
    moves: bool,
    ctx: &Context<'_>,
    address: &Address,
) -> Option<Replacement> {
    let (index, why) = index_to_build(desired, ctx)?;
    if moves || live.index().is_none_or(|old| is_referenced(&old, ctx)) {
        return None;
    }
    let (built, mut up) = build(&index, why, ctx, address);
    up.extend(drop(live, ctx, address));
    up.extend(take(desired, &built, ctx, address));
    Some(Replacement { down: Vec::new(), up })
}

/// The index that a key is made of, and why it is built concurrently; `None` where it is not: the keys of a partition are
/// made and taken in with those of the partitioned table.
fn index_to_build(key: &Constraint, ctx: &Context<'_>) -> Option<(Index, &'static str)> {
    if ctx.is_partition(&key.table_name()) {
        return None;
    }
    match ctx.index_route(&key.table_name()) {
        Some(Route::Online(why)) => Some((key.index()?, why)),
        Some(Route::Direct(_)) | None => None,
    }
}

/// Whether `NOT VALID` and then `VALIDATE CONSTRAINT` come to the same as neither.
fn can_be_validated(constraint: &Constraint, ctx: &Context<'_>) -> bool {
    if !constraint.validated || !constraint.enforced {
        return false;
    }
    match &constraint.definition {
        // Before PostgreSQL 18 a partitioned table takes none that is not valid, and of one that refers to a partitioned
        // table only a part is validated.
        ConstraintDefinition::ForeignKey(key) => {
            ctx.version.major() >= 18
                || !ctx.is_partitioned(&constraint.table_name()) && !ctx.is_partitioned(&key.references)
        }
        _ => true,
    }
}

fn check_afterwards(
    constraint: &Constraint,
    remedy: Option<&Remedy<'_>>,
    why: &str,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    let unchecked = Constraint { validated: false, ..constraint.clone() };
    let mut steps = super::create_at_once(&unchecked, ctx, address).into_iter();
    let precheck = precheck::of_declared(constraint, ctx).filter(|_| remedy.is_none());
    let added = steps.next().map(|step| step.with_precheck(precheck));
    let (gone, validated) = match remedy {
        Some(remedy) => (remedy.beside(ctx, address), remedy.after(ctx, address)),
        None => (Vec::new(), validate(constraint, ctx, address)),
    };
    added.into_iter().chain(steps).chain(gone).chain([validated.afterwards(why)]).collect()
}

/// Builds `index` under a temporary name, which is given, unless an interrupted run has.
fn build(index: &Index, why: &str, ctx: &Context<'_>, address: &Address) -> (Ident, Vec<Step>) {
    if let Some(name) = built_before(index, ctx) {
        return (name, Vec::new());
    }
    let name = free_name(index, ctx);
    let step = build_concurrently(index, &name, why, ctx, address);
    (name, vec![step.with_hazard("built under a temporary name, then made the index of the constraint")])
}

/// Makes `key` of its finished index, which takes its name.
fn take(key: &Constraint, built: &Ident, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let comments = comments(key, ctx, address);
    std::iter::once(add_using(key, built, ctx, address)).chain(comments).collect()
}

fn add_using(constraint: &Constraint, index: &Ident, ctx: &Context<'_>, address: &Address) -> Step {
    let sql = key_of_index(constraint, index);
    ctx.step_on_one(address, Verb::AddKeyOfIndex, &constraint.table_name(), sql)
}

/// Makes `constraint` of the finished `index`, which takes its name.
pub(in crate::sql) fn key_of_index(constraint: &Constraint, index: &Ident) -> String {
    let table = constraint.table_name();
    let sort = match constraint.definition {
        ConstraintDefinition::PrimaryKey { .. } => "PRIMARY KEY",
        _ => "UNIQUE",
    };
    format!(
        "ALTER TABLE {table} ADD CONSTRAINT {} {sort} USING INDEX {index}{}",
        constraint.name,
        timing_sql(constraint.deferrable)
    )
}
