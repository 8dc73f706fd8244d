//! DDL of tables.

use std::collections::BTreeSet;

use super::{Context, Impossible, Step, column, comment_sql, constraint, move_sql};
use crate::address::Address;
use crate::ident::QualifiedName;
use crate::kind::{Constraint, ConstraintDefinition, Resource, Table, TableAlteration};
use crate::safety::Verb;

pub(super) fn create(
    table: &Table,
    inline: &[&Constraint],
    ctx: &Context<'_>,
    address: &Address,
) -> Result<Vec<Step>, Impossible> {
    let name = table.qualified_name();
    let mut lines = Vec::with_capacity(table.columns.len() + inline.len());
    let mut comments = Vec::new();
    if table.comment.is_some() {
        comments.push(set_comment(&name, table.comment.as_deref(), ctx, address));
    }
    for column in &table.columns {
        column::require_support(column, &name, ctx)?;
        lines.push(column::definition_sql(column));
        if column.comment.is_some() {
            let comment = column.comment.as_deref();
            comments.push(column::set_comment(&name, &column.name, comment, ctx, address));
        }
    }
    for inline in inline {
        lines.push(constraint::definition_sql(inline));
        if inline.comment.is_some() {
            let address = Address::constraint(ctx.target, &name, &inline.name);
            comments.push(constraint::set_comment(inline, inline.comment.as_deref(), ctx, &address));
        }
    }
    let sql = if lines.is_empty() {
        format!("CREATE TABLE {name} ()")
    } else {
        format!("CREATE TABLE {name} (\n    {}\n)", lines.join(",\n    "))
    };
    for comment in &mut comments {
        comment.operation.lock = None;
    }
    let mut steps = vec![ctx.step(address, Verb::CreateTable, sql)];
    steps.append(&mut comments);
    Ok(steps)
}

pub(super) fn drop(table: &Table, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let name = table.qualified_name();
    let neighbours = neighbours(&name, ctx, |_| true);
    vec![ctx.step_on(address, Verb::DropTable, &name, &neighbours, format!("DROP TABLE {name}"))]
}

pub(super) fn rename(from: &Table, to: &Table, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let statements = move_sql("TABLE", &from.qualified_name(), &to.qualified_name());
    let step = |sql| ctx.step_on_one(address, Verb::RenameTable, &from.qualified_name(), sql);
    statements.into_iter().map(step).collect()
}

pub(super) fn alter(
    live: &Table,
    desired: &Table,
    alteration: &TableAlteration,
    ctx: &Context<'_>,
    address: &Address,
) -> Result<Vec<Step>, Impossible> {
    let name = desired.qualified_name();
    match alteration {
        TableAlteration::AddColumn(column) => column::add(&name, column, ctx, address),
        TableAlteration::AlterColumn { column, alteration } => {
            let (Some(old), Some(new)) = (live.column(column), desired.column(column)) else {
                unreachable!("only a column that both tables have is altered: {address}, {column}");
            };
            column::alter(&name, old, new, alteration, ctx, address)
        }
        TableAlteration::ReplaceColumn(column) => {
            // First, so that a column that cannot be added is not dropped either.
            let add = column::add(&name, column, ctx, address)?;
            let mut steps = match live.column(&column.name) {
                Some(old) => column::drop(&name, old, ctx, address),
                None => Vec::new(),
            };
            steps.extend(add);
            Ok(steps)
        }
        TableAlteration::DropColumn(column) => {
            Ok(live.column(column).map_or_else(Vec::new, |old| column::drop(&name, old, ctx, address)))
        }
        TableAlteration::SetComment(comment) => {
            Ok(vec![set_comment(&name, comment.as_deref(), ctx, address)])
        }
    }
}

fn set_comment(name: &QualifiedName, comment: Option<&str>, ctx: &Context<'_>, address: &Address) -> Step {
    let sql = comment_sql(&format!("TABLE {name}"), comment);
    ctx.step_on_one(address, Verb::CommentOnRelation, name, sql)
}

/// The tables that live foreign keys of or to `table` connect it with, as far as `concerned` says.
pub(super) fn neighbours(
    table: &QualifiedName,
    ctx: &Context<'_>,
    concerned: impl Fn(&Constraint) -> bool,
) -> BTreeSet<QualifiedName> {
    let mut found = BTreeSet::new();
    for (_, resource) in ctx.live.iter() {
        let Resource::Constraint(constraint) = resource else { continue };
        let ConstraintDefinition::ForeignKey(key) = &constraint.definition else { continue };
        let own = constraint.table_name();
        if own == *table && concerned(constraint) {
            found.insert(key.references.clone());
        } else if key.references == *table && concerned(constraint) {
            found.insert(own);
        }
    }
    found
}
