//! How a partition leaves its table: under a lock that stops everybody on the whole table, or beside them.

use std::collections::BTreeSet;

use super::{Context, Step};
use crate::address::Address;
use crate::ident::QualifiedName;
use crate::kind::{Constraint, ConstraintDefinition, Lineage, Resource, Table};
use crate::observation::DetachObstacle;
use crate::plan::{ConcurrentVerb, Concurrently};
use crate::safety::{Route, Verb};

/// Detaches `desired`, as it is to be, from `parent`.
pub(super) fn detach(desired: &Table, parent: &QualifiedName, ctx: &Context<'_>, address: &Address) -> Step {
    let table = desired.qualified_name();
    let sql = format!("ALTER TABLE {parent} DETACH PARTITION {table}");
    let besides = BTreeSet::from([table.clone()]);
    let direct = |sql| ctx.step_on(address, Verb::DetachPartition, parent, &besides, sql);
    match route(desired, parent, ctx) {
        None => direct(sql),
        Some(Route::Direct(why)) => direct(sql).with_hazard(format!("not concurrently, {why}")),
        Some(Route::Online(why)) => {
            let sql = sql + " CONCURRENTLY";
            let mut step = ctx.step_on(address, Verb::DetachPartitionConcurrently, parent, &besides, sql);
            step.operation.concurrently = Some(Concurrently {
                from: Some(Address::table(ctx.target, parent)),
                ..Concurrently::of(ConcurrentVerb::Detach, Address::table(ctx.target, &table))
            });
            step.with_hazard("PostgreSQL leaves a CHECK with the bounds on it, which is dropped at once")
                .with_hazard("waits for every transaction that has read or written the partitioned table")
                .with_hazard(format!("concurrently, {why}"))
        }
    }
}

/// Finishes what somebody has begun.
pub(super) fn finalize(
    table: &QualifiedName,
    parent: &QualifiedName,
    ctx: &Context<'_>,
    address: &Address,
) -> Step {
    let sql = format!("ALTER TABLE {parent} DETACH PARTITION {table} FINALIZE");
    ctx.step_on(address, Verb::FinalizeDetach, parent, &BTreeSet::from([table.clone()]), sql)
}

/// Where PostgreSQL refuses it concurrently, or it would not be one change any more, it is done at once.
fn route(desired: &Table, parent: &QualifiedName, ctx: &Context<'_>) -> Option<Route> {
    let Route::Online(why) = ctx.row_route(parent)? else { return ctx.row_route(parent) };
    let table = desired.qualified_name();
    let family = with_those_above(parent, ctx);
    let obstacle = |table| ctx.sizes.get(table).and_then(|facts| facts.detach_obstacle);
    let is_renamed = |table: &QualifiedName| {
        let declared = ctx.desired.and_then(|desired| desired.get(&Address::table(ctx.target, table)));
        declared.is_some_and(|it| it.renamed_from.is_some() || !it.renamed_columns.is_empty())
    };
    let refers = |resource: &Resource| matches!(resource, Resource::Constraint(Constraint { definition: ConstraintDefinition::ForeignKey(key), .. }) if family.contains(&key.references));
    Some(if desired.lineage != Lineage::None {
        Route::Direct("because its rows are to be missed by nobody before it has its new place")
    } else if ctx.declared_table(parent).is_none() {
        Route::Direct("because the partitioned table goes as well")
    } else if ctx.is_partitioned(&table) {
        Route::Direct("because it has partitions of its own")
    } else if let Some(obstacle) = obstacle(&table).or_else(|| obstacle(parent)) {
        Route::Direct(obstacle.as_str())
    } else if ctx.desired.into_iter().flatten().any(|(_, declared)| refers(&declared.resource)) {
        Route::Direct(DetachObstacle::Referenced.as_str())
    } else if family.iter().chain([&table]).any(is_renamed) {
        Route::Direct("because a rename is declared of one of the tables or a column of it")
    } else {
        Route::Online(why)
    })
}

fn with_those_above(parent: &QualifiedName, ctx: &Context<'_>) -> BTreeSet<QualifiedName> {
    let mut found = BTreeSet::new();
    let mut next = Some(parent);
    while let Some(table) = next.filter(|table| found.insert((*table).clone())) {
        next = ctx.live.table(ctx.target, table).and_then(|table| table.lineage.parents().first());
    }
    found
}
