//! `NOT NULL` on a column that has been there: rows are read apart from the lock that the change takes (RFC 0014).

use super::{filled, keep_not_null, not_null_name, set_not_null, uses};
use crate::address::Address;
use crate::ident::{Ident, QualifiedName};
use crate::kind::{Column, Constraint, ConstraintDefinition, Resource};
use crate::safety::{Route, Verb};
use crate::sql::migration::in_place;
use crate::sql::{Context, Step, precheck, suffixed};

/// The statements that make a live column `NOT NULL`, its comment aside.
pub(super) fn tighten(
    table: &QualifiedName,
    column: &Column,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    let left = || proof(table, column, ctx).map(|_| drop_proof(table, column, ctx, address));
    let at_once = || std::iter::once(set_not_null(table, column, ctx, address)).chain(left()).collect();
    if let Some(value) = in_place::at_once_of(table, &column.name, ctx) {
        let set = set_not_null(table, column, ctx, address);
        return std::iter::once(filled::before(set, table, &column.name, value)).chain(left()).collect();
    }
    let is_free = |name| !ctx.live.contains(&Address::constraint(ctx.target, table, name));
    if !column.not_null_constraint.validated || uses::is_proved_not_null(table, &column.name, ctx) {
        return at_once();
    }
    let name = not_null_name(table, column);
    match ctx.row_route(table) {
        Some(Route::Online(why)) if ctx.version.major() >= 18 && is_free(&name) => {
            let mut unchecked = column.clone();
            unchecked.not_null_constraint.validated = false;
            let precheck = precheck::of_not_null(table, &column.name, ctx);
            let added = set_not_null(table, &unchecked, ctx, address).with_precheck(Some(precheck));
            let validated = validate(table, &column.name, &name, ctx, address).afterwards(why);
            [added, validated].into_iter().chain(left()).collect()
        }
        Some(Route::Online(why))
            if ctx.version.major() < 18
                && (is_free(&proof_name(column)) || proof(table, column, ctx).is_some()) =>
        {
            by_proof(table, column, why, ctx, address)
        }
        Some(Route::Online(_) | Route::Direct(_)) | None => at_once(),
    }
}

/// Reads the rows for the constraint `name`, a `NOT NULL` of `column` or a check that says the same.
pub(super) fn validate(
    table: &QualifiedName,
    column: &Ident,
    name: &Ident,
    ctx: &Context<'_>,
    address: &Address,
) -> Step {
    let sql = format!("ALTER TABLE {table} VALIDATE CONSTRAINT {name}");
    ctx.step_on_one(address, Verb::ValidateCheck, table, sql)
        .asking(|| Some(precheck::of_not_null(table, column, ctx)))
        .with_hazard("fails if the column holds a null")
}

/// Before PostgreSQL 18 there is no `NOT NULL` that is not valid, but a valid check proves one without a look at the rows
/// (manual, `ALTER TABLE ... SET NOT NULL`).
fn by_proof(
    table: &QualifiedName,
    column: &Column,
    why: &str,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    let name = proof_name(column);
    let validated = validate(table, &column.name, &name, ctx, address);
    let mut steps = if proof(table, column, ctx).is_some() {
        vec![validated]
    } else {
        let sql = format!(
            "ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({} IS NOT NULL) NOT VALID",
            column.name
        );
        let precheck = precheck::of_not_null(table, &column.name, ctx);
        let added = ctx.step_on_one(address, Verb::AddCheckNotValid, table, sql);
        vec![added.with_precheck(Some(precheck)), validated.afterwards(why)]
    };
    steps.push(keep_not_null(table, &column.name, ctx, address));
    // By a statement of its own: together they would drop the proof first, and read every row.
    steps.push(drop_proof(table, column, ctx, address));
    steps
}

fn drop_proof(table: &QualifiedName, column: &Column, ctx: &Context<'_>, address: &Address) -> Step {
    let sql = format!("ALTER TABLE {table} DROP CONSTRAINT {}", proof_name(column));
    ctx.step_on_one(address, Verb::DropCheck, table, sql)
}

fn proof_name(column: &Column) -> Ident {
    suffixed(&column.name, "__djogi_proof")
}

/// The check that work which did not come to its end has left.
fn proof<'a>(table: &QualifiedName, column: &Column, ctx: &Context<'a>) -> Option<&'a Constraint> {
    match ctx.live.get(&Address::constraint(ctx.target, table, &proof_name(column)))? {
        Resource::Constraint(found) => match &found.definition {
            ConstraintDefinition::Check { expression, .. }
                if expression.as_str() == format!("({} IS NOT NULL)", column.name) =>
            {
                Some(found)
            }
            _ => None,
        },
        _ => None,
    }
}
