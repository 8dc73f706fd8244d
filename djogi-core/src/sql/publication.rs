//! DDL of publications.
//!
//! Tables are named with `ONLY`, as `pg_dump` does: without it those that inherit from them would come along.

use super::{Context, Impossible, Replacement, Step, comment_sql};
use crate::address::Address;
use crate::ident::Literal;
use crate::kind::{Publication, PublicationAlteration, Published, PublishedTable};
use crate::lexis::in_parentheses;
use crate::safety::Verb;

pub(super) fn create(
    publication: &Publication,
    ctx: &Context<'_>,
    address: &Address,
) -> Result<Vec<Step>, Impossible> {
    let verb = if publication.generated_columns {
        ctx.require(Verb::PublishGenerated, "publishing generated columns", address)?;
        Verb::PublishGenerated
    } else {
        Verb::CreatePublication
    };
    let published = publication.published();
    let mut sql = format!("CREATE PUBLICATION {}", publication.name);
    if publication.all_tables {
        sql += " FOR ALL TABLES";
    } else if !published.is_empty() {
        sql += &format!(" FOR {}", published_sql(&published));
    }
    let options = options(publication);
    if !options.is_empty() {
        sql += &format!(" WITH ({})", options.join(", "));
    }
    let mut steps = vec![ctx.step(address, verb, sql)];
    if publication.comment.is_some() {
        steps.push(set_comment(publication, publication.comment.as_deref(), ctx, address));
    }
    Ok(steps)
}

/// The options that are not as PostgreSQL makes them.
fn options(publication: &Publication) -> Vec<String> {
    let Publication { insert, update, delete, truncate, via_partition_root, generated_columns, .. } =
        publication;
    let is_usual = *insert && *update && *delete && *truncate;
    let operations = (!is_usual).then(|| operations_sql(publication));
    let root = via_partition_root.then(|| root_sql(true));
    let generated = generated_columns.then(|| generated_sql(true));
    operations.into_iter().chain(root).chain(generated).collect()
}

fn operations_sql(publication: &Publication) -> String {
    format!("publish = {}", Literal(&publication.operations()))
}

fn root_sql(is_on: bool) -> String {
    format!("publish_via_partition_root = {is_on}")
}

fn generated_sql(is_on: bool) -> String {
    format!("publish_generated_columns = {}", if is_on { "stored" } else { "none" })
}

fn published_sql(published: &Published) -> String {
    let table = |PublishedTable { table, columns, filter }: &PublishedTable| {
        let mut sql = format!("TABLE ONLY {table}");
        if !columns.is_empty() {
            sql += &format!(" ({})", crate::ident::IdentList(columns));
        }
        if let Some(filter) = filter {
            sql += &format!(" WHERE {}", in_parentheses(filter.as_str()));
        }
        sql
    };
    let tables = published.tables.iter().map(table);
    let schemas = published.schemas.iter().map(|schema| format!("TABLES IN SCHEMA {schema}"));
    tables.chain(schemas).collect::<Vec<_>>().join(", ")
}

/// What is taken out is named without its columns and rows.
fn names_of(published: &Published) -> Published {
    let tables = published.tables.iter().map(|published| PublishedTable {
        table: published.table.clone(),
        columns: Vec::new(),
        filter: None,
    });
    Published { tables: tables.collect(), schemas: published.schemas.clone() }
}

pub(super) fn drop(publication: &Publication, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    vec![ctx.step(address, Verb::DropPublication, format!("DROP PUBLICATION {}", publication.name))]
}

pub(super) fn rename(
    from: &Publication,
    to: &Publication,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    let sql = format!("ALTER PUBLICATION {} RENAME TO {}", from.name, to.name);
    vec![ctx.step(address, Verb::RenamePublication, sql)]
}

pub(super) fn alter(
    desired: &Publication,
    alteration: &PublicationAlteration,
    ctx: &Context<'_>,
    address: &Address,
) -> Result<Vec<Step>, Impossible> {
    let alter = |verb: Verb, action: String| {
        ctx.step(address, verb, format!("ALTER PUBLICATION {} {action}", desired.name))
    };
    Ok(vec![match alteration {
        PublicationAlteration::Add(come) => {
            alter(Verb::AddToPublication, format!("ADD {}", published_sql(come)))
        }
        PublicationAlteration::Drop(go) => {
            alter(Verb::TakeFromPublication, format!("DROP {}", published_sql(&names_of(go))))
        }
        PublicationAlteration::Set(all) => {
            alter(Verb::TakeFromPublication, format!("SET {}", published_sql(all)))
        }
        PublicationAlteration::SetOperations => {
            alter(Verb::AlterPublication, format!("SET ({})", operations_sql(desired)))
        }
        PublicationAlteration::SetViaPartitionRoot(is_on) => {
            alter(Verb::AlterPublication, format!("SET ({})", root_sql(*is_on)))
        }
        PublicationAlteration::SetGeneratedColumns(is_on) => {
            ctx.require(Verb::PublishGenerated, "publishing generated columns", address)?;
            alter(Verb::PublishGenerated, format!("SET ({})", generated_sql(*is_on)))
        }
        PublicationAlteration::SetComment(comment) => set_comment(desired, comment.as_deref(), ctx, address),
    }])
}

/// Takes the tables out before what they are published with changes, and puts those of `desired` in after it. A
/// publication that is of something else, or of no tables, is dropped and made anew.
pub(super) fn replace(
    live: &Publication,
    desired: &Publication,
    ctx: &Context<'_>,
    address: &Address,
) -> Result<Replacement, Impossible> {
    let tables = Published { tables: live.tables.clone(), schemas: Vec::new() };
    let emptied = Publication { tables: Vec::new(), ..live.clone() };
    match emptied.alterations(desired) {
        Some(alterations) if !tables.is_empty() => {
            let taken = PublicationAlteration::Drop(tables);
            let mut up = Vec::new();
            for alteration in &alterations {
                up.extend(alter(desired, alteration, ctx, address)?);
            }
            Ok(Replacement { down: alter(live, &taken, ctx, address)?, up })
        }
        _ => Ok(Replacement { down: drop(live, ctx, address), up: create(desired, ctx, address)? }),
    }
}

fn set_comment(
    publication: &Publication,
    comment: Option<&str>,
    ctx: &Context<'_>,
    address: &Address,
) -> Step {
    let object = format!("PUBLICATION {}", publication.name);
    ctx.step(address, Verb::Comment, comment_sql(&object, comment))
}
