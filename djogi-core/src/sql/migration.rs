//! The statements of migrations: of the whole its end, in one way or the other, and of each step what it makes.

mod cutover;
mod dual_write;
mod end;
mod fill;
pub(super) mod in_place;
mod parts;
mod place;
mod referring;
pub(super) mod step;

use super::{Context, Replacement, Step};
use crate::address::{Address, Kind};
use crate::ident::{Ident, QualifiedName};
use crate::kind::{Column, Migration, MigrationAlteration, MigrationPhase, Resource, Retype, Table};
use crate::migration::{Marker, forget};

/// Its steps do it.
pub(super) fn create(_: &Migration, _: &Context<'_>, _: &Address) -> Vec<Step> {
    Vec::new()
}

/// It is blocked.
pub(super) fn alter(_: &Migration, _: &MigrationAlteration, _: &Context<'_>, _: &Address) -> Vec<Step> {
    Vec::new()
}

/// PostgreSQL renames its parts with what they are on.
pub(super) fn rename(_: &Migration, _: &Migration, _: &Context<'_>, _: &Address) -> Vec<Step> {
    Vec::new()
}

pub(super) fn drop(migration: &Migration, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let Replacement { down, up } = end(migration, ctx, address);
    down.into_iter().chain(up).collect()
}

/// Ends it: the old values go, or everything is again as it was before. What exchanges columns comes second.
pub(super) fn end(migration: &Migration, ctx: &Context<'_>, address: &Address) -> Replacement {
    let gone = |step| Replacement { down: vec![step], up: Vec::new() };
    let migration = match migration {
        Migration::Retype(retype) => retype,
        Migration::Fill(fill) => return gone(in_place::abandon(fill, ctx, address)),
    };
    match (is_done(migration, MigrationPhase::Cutover, ctx), ctx.abandon.contains(&migration.name)) {
        (true, false) => gone(end::contract(migration, ctx, address)),
        (true, true) => end::swap_back(migration, ctx, address),
        (false, _) => gone(end::abandon(migration, ctx, address)),
    }
}

/// What is left of migrations once their table is dropped.
pub(super) fn remains(table: &QualifiedName, ctx: &Context<'_>) -> Vec<String> {
    let all = ctx.live.of_kind(Kind::Migration).filter_map(|(_, resource)| match resource {
        Resource::Migration(migration) if migration.table() == table => Some(migration),
        _ => None,
    });
    all.flat_map(|migration| {
        [dual_write::drop_function(migration.name()), forget(ctx.target, migration.name().as_str())]
    })
    .collect()
}

/// Whether the result of a step is there.
fn is_done(migration: &Retype, phase: MigrationPhase, ctx: &Context<'_>) -> bool {
    ctx.live.contains(&Address::migration_step(ctx.target, &migration.name, phase))
}

/// The column as it is now.
fn live_column<'a>(migration: &Retype, ctx: &Context<'a>) -> Option<&'a Column> {
    ctx.live.table(ctx.target, &migration.table)?.column(&migration.column)
}

/// The table as it shall be after the cutover.
fn declared_table<'a>(table: &QualifiedName, ctx: &Context<'a>) -> Option<&'a Table> {
    match &*ctx.postponed.get(&Address::table(ctx.target, table))?.resource {
        Resource::Table(table) => Some(table),
        _ => None,
    }
}

/// Writes down on the column `helper` how far the migration is.
fn mark(helper: &Ident, marker: &Marker) -> String {
    let object = format!("COLUMN {}.{helper}", marker.migration.table);
    super::comment_sql(&object, Some(&marker.to_string()))
}

/// Statements that are one operation, so that nothing comes between them.
pub(super) fn together(statements: impl IntoIterator<Item = String>) -> String {
    statements.into_iter().collect::<Vec<_>>().join(";\n")
}
