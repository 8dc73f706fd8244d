//! DDL of indexes, and index elements as exclusion constraints share them.

use std::collections::BTreeMap;

use super::{Context, Step, comment_sql, suffixed};
use crate::address::Address;
use crate::ident::{Ident, IdentList, Literal, QualifiedName};
use crate::kind::{
    Constraint, ConstraintDefinition, Index, IndexAlteration, IndexElement, IndexKey, Resource,
};
use crate::lexis::in_parentheses;
use crate::plan::{ConcurrentVerb, Concurrently, LockMode};
use crate::safety::{Route, Verb};

/// The statements that make an index or a publication of another one, by the phase in which they belong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replacement {
    /// Before the columns change that it is about; empty when the old index serves until the new one is built.
    pub down: Vec<Step>,
    pub up: Vec<Step>,
}

pub(super) fn create(index: &Index, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    if let Some(built) = built_before(index, ctx) {
        return take_name(index, &built, ctx, address);
    }
    match ctx.index_route(&index.table_name()) {
        None => create_in_transaction(index, None, ctx, address),
        Some(Route::Direct(why)) => create_in_transaction(index, Some(why), ctx, address),
        Some(Route::Online(why)) => {
            let mut steps = vec![build_concurrently(index, &index.name, why, ctx, address)];
            steps.extend(finish_new(index, ctx, address));
            steps
        }
    }
}

/// In the transaction of its neighbours, with the reason for that.
pub(super) fn create_in_transaction(
    index: &Index,
    why: Option<&str>,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    let is_alone = ctx.apart.contains(address);
    let only = if is_alone { "ONLY " } else { "" };
    let sql = create_sql(index, &index.name, "", only);
    let verb = if is_alone { Verb::CreateIndexOnly } else { Verb::CreateIndex };
    let mut step = ctx.step_on_one(address, verb, &index.table_name(), sql);
    step.operation.hazards.extend(why.filter(|_| !is_alone).map(not_concurrently));
    std::iter::once(step).chain(finish_new(index, ctx, address)).collect()
}

/// What no `CREATE INDEX` says.
fn finish_new(index: &Index, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let statistics = index.statistics.iter();
    let statistics =
        statistics.map(|(element, target)| set_statistics(index, *element, Some(*target), ctx, address));
    let comment = index.comment.as_deref().map(|comment| set_comment(index, Some(comment), ctx, address));
    let steps = statistics.chain(comment).map(|mut step| {
        step.operation.lock = None;
        step
    });
    steps.collect()
}

fn set_statistics(
    index: &Index,
    element: i16,
    target: Option<i32>,
    ctx: &Context<'_>,
    address: &Address,
) -> Step {
    let (name, target) = (index.qualified_name(), target.unwrap_or(-1));
    let sql = format!("ALTER INDEX {name} ALTER COLUMN {element} SET STATISTICS {target}");
    ctx.step_on_one(address, Verb::SetColumnStatistics, &name, sql)
}

/// Builds `index` under `name`, beside those who read and write its table.
pub(super) fn build_concurrently(
    index: &Index,
    name: &Ident,
    why: &str,
    ctx: &Context<'_>,
    address: &Address,
) -> Step {
    let sql = create_sql(index, name, "CONCURRENTLY ", "");
    let step = ctx.step_on_one(address, Verb::CreateIndexConcurrently, &index.table_name(), sql);
    concurrently(step, ConcurrentVerb::IndexCreate, &index.schema, name, why, ctx)
}

fn concurrently(
    mut step: Step,
    verb: ConcurrentVerb,
    schema: &Ident,
    name: &Ident,
    why: &str,
    ctx: &Context<'_>,
) -> Step {
    let name = QualifiedName::new(schema.clone(), name.clone());
    step.operation.concurrently = Some(Concurrently::of(verb, Address::index(ctx.target, &name)));
    step.with_hazard(format!("concurrently, {why}"))
}

/// While `index` is exchanged, the new one has the first of these names that is free.
fn temporary_names(index: &Index) -> impl Iterator<Item = Ident> {
    (1..).map(|number| match number {
        1 => suffixed(&index.name, "__djogi_new"),
        _ => suffixed(&index.name, &format!("__djogi_new{number}")),
    })
}

/// The temporary name that nothing has yet.
pub(super) fn free_name(index: &Index, ctx: &Context<'_>) -> Ident {
    let is_free = |name: &Ident| !ctx.live.contains(&address_of(index, name, ctx));
    temporary_names(index).find(is_free).expect("there are more names than indexes")
}

/// The temporary name under which work that did not come to its end has built `index`.
pub(super) fn built_before(index: &Index, ctx: &Context<'_>) -> Option<Ident> {
    temporary_names(index)
        .map_while(|name| match ctx.live.get(&address_of(index, &name, ctx)) {
            Some(Resource::Index(found)) => Some((name, found)),
            _ => None,
        })
        .find(|(_, found)| is_same_build(found, index))
        .map(|(name, _)| name)
}

fn address_of(index: &Index, name: &Ident, ctx: &Context<'_>) -> Address {
    Address::index(ctx.target, &QualifiedName::new(index.schema.clone(), name.clone()))
}

fn is_same_build(found: &Index, wanted: &Index) -> bool {
    let found = Index {
        name: wanted.name.clone(),
        statistics: wanted.statistics.clone(),
        comment: wanted.comment.clone(),
        ..found.clone()
    };
    found == *wanted
}

/// The finished index `built` becomes `index`.
fn take_name(index: &Index, built: &Ident, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let from = Index { name: built.clone(), ..index.clone() };
    let mut steps = rename(&from, index, ctx, address);
    for step in &mut steps {
        // Nobody has used it under the name it loses.
        step.operation.hazards.clear();
    }
    steps.extend(finish_new(index, ctx, address));
    steps
}

fn create_sql(index: &Index, name: &Ident, concurrently: &str, only: &str) -> String {
    let elements: Vec<String> = index.elements.iter().map(element_sql).collect();
    let mut sql = format!(
        "CREATE {}INDEX {concurrently}{name} ON {only}{} USING {} ({})",
        if index.unique { "UNIQUE " } else { "" },
        index.table_name(),
        index.method,
        elements.join(", ")
    );
    if !index.include.is_empty() {
        sql += &format!(" INCLUDE ({})", IdentList(&index.include));
    }
    if index.nulls_not_distinct {
        sql += " NULLS NOT DISTINCT";
    }
    if !index.options.is_empty() {
        sql += &format!(" WITH ({})", options_sql(&index.options));
    }
    if let Some(tablespace) = &index.tablespace {
        sql += &format!(" TABLESPACE {tablespace}");
    }
    if let Some(predicate) = &index.predicate {
        sql += &format!(" WHERE {}", in_parentheses(predicate.as_str()));
    }
    sql
}

/// One element, saying only what differs from PostgreSQL's choice.
pub(super) fn element_sql(element: &IndexElement) -> String {
    let mut sql = match &element.key {
        IndexKey::Column(name) => name.to_string(),
        IndexKey::Expression(expression) => in_parentheses(expression.as_str()),
    };
    if let Some(collation) = &element.collation {
        sql += &format!(" COLLATE {collation}");
    }
    if let Some(class) = &element.operator_class {
        sql += &format!(" {}", class.name);
        if !class.options.is_empty() {
            sql += &format!(" ({})", options_sql(&class.options));
        }
    }
    if element.descending {
        sql += " DESC";
    }
    match (element.descending, element.nulls_first) {
        (true, false) => sql += " NULLS LAST",
        (false, true) => sql += " NULLS FIRST",
        (true, true) | (false, false) => {}
    }
    sql
}

/// `fillfactor = '70', fastupdate = 'off'`
pub(super) fn options_sql(options: &BTreeMap<String, String>) -> String {
    let options: Vec<String> =
        options.iter().map(|(name, value)| format!("{} = {}", option_name(name), Literal(value))).collect();
    options.join(", ")
}

fn option_name(name: &str) -> String {
    Ident::new(name).map_or_else(|_| name.to_owned(), |ident| ident.to_string())
}

pub(super) fn drop(index: &Index, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    vec![match ctx.index_route(&index.table_name()) {
        Some(Route::Online(_)) if index.parent.is_some() => {
            drop_in_transaction(index, Some(IS_A_PART), ctx, address)
        }
        None => drop_in_transaction(index, None, ctx, address),
        Some(Route::Direct(why)) => drop_in_transaction(index, Some(why), ctx, address),
        Some(Route::Online(why)) => drop_concurrently(index, why, ctx, address),
    }]
}

/// As [`create_in_transaction`].
pub(super) fn drop_in_transaction(
    index: &Index,
    why: Option<&str>,
    ctx: &Context<'_>,
    address: &Address,
) -> Step {
    let sql = format!("DROP INDEX {}", index.qualified_name());
    let mut step = ctx.step_on_one(address, Verb::DropIndex, &index.table_name(), sql);
    step.operation.hazards.extend(why.map(not_concurrently));
    step
}

/// PostgreSQL drops it with the whole, or refuses to.
const IS_A_PART: &str = "because it is a part of the index of the partitioned table";

fn not_concurrently(why: &str) -> String {
    format!("not concurrently, {why}")
}

/// Drops what has no declaration of its own.
pub(super) fn drop_concurrently_by_name(
    table: &QualifiedName,
    name: &Ident,
    ctx: &Context<'_>,
    address: &Address,
) -> Step {
    let sql = format!("DROP INDEX CONCURRENTLY {}", QualifiedName::new(table.schema.clone(), name.clone()));
    let step = ctx.step_on_one(address, Verb::DropIndexConcurrently, table, sql);
    concurrently(step, ConcurrentVerb::IndexDrop, &table.schema, name, "because it is not whole", ctx)
}

fn drop_concurrently(index: &Index, why: &str, ctx: &Context<'_>, address: &Address) -> Step {
    let sql = format!("DROP INDEX CONCURRENTLY {}", index.qualified_name());
    let step = ctx.step_on_one(address, Verb::DropIndexConcurrently, &index.table_name(), sql);
    concurrently(step, ConcurrentVerb::IndexDrop, &index.schema, &index.name, why, ctx)
}

/// The new index is built beside the old one wherever that is possible: queries never miss an index, and no row escapes
/// a unique one.
pub(super) fn replace(
    live: &Index,
    desired: &Index,
    moves: bool,
    ctx: &Context<'_>,
    address: &Address,
) -> Replacement {
    let why = match ctx.index_route(&desired.table_name()) {
        None => None,
        Some(Route::Direct(why)) => Some(why),
        Some(Route::Online(_)) if live.parent.is_some() => Some(IS_A_PART),
        Some(Route::Online(_)) if live.table_name() != desired.table_name() => {
            Some("because another table has an index of its name")
        }
        Some(Route::Online(_)) if is_referenced(live, ctx) => Some("because a foreign key rests on it"),
        Some(Route::Online(_)) if moves && live.unique => {
            Some("because rows must stay unique while its columns change")
        }
        Some(Route::Online(why)) if moves => {
            let gap =
                "the table has no such index until it is built again, because its columns change meanwhile";
            return Replacement {
                down: vec![drop_concurrently(live, why, ctx, address).with_hazard(gap)],
                up: create(desired, ctx, address),
            };
        }
        Some(Route::Online(why)) => return exchange(live, desired, why, ctx, address),
    };
    let down = vec![drop_in_transaction(live, why, ctx, address)];
    let mut up = create_in_transaction(desired, why, ctx, address);
    if let Some(lock) = up.first_mut().and_then(|step| step.operation.lock.as_mut()) {
        // The lock of the drop is still held: one transaction does both.
        lock.mode = LockMode::AccessExclusive;
    }
    Replacement { down, up }
}

/// Builds the new index, drops the old one, gives its name to the new one.
fn exchange(live: &Index, desired: &Index, why: &str, ctx: &Context<'_>, address: &Address) -> Replacement {
    let mut up = Vec::new();
    let built = built_before(desired, ctx).unwrap_or_else(|| {
        let name = free_name(desired, ctx);
        up.push(
            build_concurrently(desired, &name, why, ctx, address)
                .with_hazard("built under a temporary name, beside the old one"),
        );
        name
    });
    up.push(drop_concurrently(live, why, ctx, address));
    up.extend(take_name(desired, &built, ctx, address));
    Replacement { down: Vec::new(), up }
}

/// Whether a live foreign key may rest on this very index. It would have to be absent while the index is.
pub(super) fn is_referenced(index: &Index, ctx: &Context<'_>) -> bool {
    let refers = |resource: &Resource| match resource {
        Resource::Constraint(Constraint { definition: ConstraintDefinition::ForeignKey(key), .. }) => {
            key.references == index.table_name()
                && key.referenced_columns.len() == index.elements.len()
                && index.elements.iter().all(|element| {
                    element.column().is_some_and(|column| key.referenced_columns.contains(column))
                })
        }
        _ => false,
    };
    index.unique && ctx.live.iter().any(|(_, resource)| refers(resource))
}

pub(super) fn rename(from: &Index, to: &Index, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    if from.name == to.name {
        return Vec::new();
    }
    // The index lives where its table lives by now.
    let sql = format!("ALTER INDEX {}.{} RENAME TO {}", to.schema, from.name, to.name);
    vec![ctx.step_on_one(address, Verb::RenameIndex, &from.qualified_name(), sql)]
}

pub(super) fn alter(
    desired: &Index,
    alteration: &IndexAlteration,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    let name = desired.qualified_name();
    match alteration {
        IndexAlteration::Rebuild => vec![rebuild(desired, ctx, address)],
        IndexAlteration::SetOptions { set, reset } => set_options(&name, set, reset, ctx, address),
        IndexAlteration::SetTablespace(tablespace) => {
            vec![set_tablespace(&name, tablespace.as_ref(), ctx, address)]
        }
        IndexAlteration::SetStatistics { element, target } => {
            vec![set_statistics(desired, *element, *target, ctx, address)]
        }
        IndexAlteration::Attach(parent) => {
            vec![attach_index(parent, &name, &desired.table_name(), ctx, address)]
        }
        IndexAlteration::SetComment(comment) => vec![set_comment(desired, comment.as_deref(), ctx, address)],
    }
}

/// Of the index called `name`, which can be that of a constraint.
pub(super) fn set_options(
    name: &QualifiedName,
    set: &BTreeMap<String, String>,
    reset: &[String],
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    let mut statements = Vec::new();
    if !set.is_empty() {
        statements.push(format!("ALTER INDEX {name} SET ({})", options_sql(set)));
    }
    if !reset.is_empty() {
        let names: Vec<String> = reset.iter().map(|name| option_name(name)).collect();
        statements.push(format!("ALTER INDEX {name} RESET ({})", names.join(", ")));
    }
    let step = |sql| {
        ctx.step_on_one(address, Verb::SetIndexOptions, name, sql)
            .with_hazard("holds for what is written from now on, until REINDEX")
    };
    statements.into_iter().map(step).collect()
}

/// As [`set_options`]; `None` is the tablespace of the database.
pub(super) fn set_tablespace(
    name: &QualifiedName,
    tablespace: Option<&Ident>,
    ctx: &Context<'_>,
    address: &Address,
) -> Step {
    let tablespace = tablespace.map_or_else(|| "pg_default".to_owned(), ToString::to_string);
    let sql = format!("ALTER INDEX {name} SET TABLESPACE {tablespace}");
    ctx.step_on_one(address, Verb::MoveIndex, name, sql)
}

/// An invalid index, which an interrupted concurrent build has left, becomes a valid one.
fn rebuild(index: &Index, ctx: &Context<'_>, address: &Address) -> Step {
    let (name, table) = (index.qualified_name(), index.table_name());
    match ctx.index_route(&table) {
        Some(Route::Online(why)) => {
            let sql = format!("REINDEX INDEX CONCURRENTLY {name}");
            let step = ctx.step_on_one(address, Verb::RebuildIndexConcurrently, &table, sql);
            concurrently(step, ConcurrentVerb::Reindex, &index.schema, &index.name, why, ctx)
        }
        Some(Route::Direct(why)) => {
            let sql = format!("REINDEX INDEX {name}");
            ctx.step_on_one(address, Verb::RebuildIndex, &table, sql).with_hazard(not_concurrently(why))
        }
        None => ctx.step_on_one(address, Verb::RebuildIndex, &table, format!("REINDEX INDEX {name}")),
    }
}

pub(super) fn attach(index: &Index, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let attached = |parent| attach_index(parent, &index.qualified_name(), &index.table_name(), ctx, address);
    index.parent.iter().map(attached).collect()
}

/// Makes `index` of a partition a part of `parent`.
pub(super) fn attach_index(
    parent: &QualifiedName,
    index: &QualifiedName,
    table: &QualifiedName,
    ctx: &Context<'_>,
    address: &Address,
) -> Step {
    let sql = format!("ALTER INDEX {parent} ATTACH PARTITION {index}");
    ctx.step_on_one(address, Verb::AttachIndex, table, sql)
}

fn set_comment(index: &Index, comment: Option<&str>, ctx: &Context<'_>, address: &Address) -> Step {
    let name: QualifiedName = index.qualified_name();
    let sql = comment_sql(&format!("INDEX {name}"), comment);
    ctx.step_on_one(address, Verb::CommentOnRelation, &name, sql)
}
