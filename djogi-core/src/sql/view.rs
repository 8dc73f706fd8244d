//! DDL of views.

use super::parameters::{options_clause, parameter_actions};
use super::{Context, Step, comment_sql, move_sql};
use crate::address::Address;
use crate::ident::{Ident, QualifiedName};
use crate::kind::{View, ViewAlteration};
use crate::safety::Verb;

pub(super) fn create(view: &View, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let name = view.qualified_name();
    let mut steps = vec![ctx.step(address, Verb::CreateView, definition_sql("CREATE VIEW", view))];
    let mut rest = Vec::new();
    for column in &view.columns {
        if let Some(default) = &column.default {
            let sql = format!("ALTER VIEW {name} ALTER COLUMN {} SET DEFAULT {default}", column.name);
            rest.push(ctx.step(address, Verb::AlterView, sql));
        }
        if column.comment.is_some() {
            rest.push(set_column_comment(&name, &column.name, column.comment.as_deref(), ctx, address));
        }
    }
    if view.comment.is_some() {
        rest.push(set_comment(view, view.comment.as_deref(), ctx, address));
    }
    // What was just made is locked by nobody else.
    rest.iter_mut().for_each(|step| step.operation.lock = None);
    steps.append(&mut rest);
    steps
}

fn definition_sql(verb: &str, view: &View) -> String {
    let options = options_clause(&view.options);
    format!("{verb} {}{options} AS\n{}", view.qualified_name(), view.definition)
}

pub(super) fn drop(view: &View, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let name = view.qualified_name();
    vec![ctx.step_on_one(address, Verb::DropView, &name, format!("DROP VIEW {name}"))]
}

pub(super) fn rename(from: &View, to: &View, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let statements = move_sql("VIEW", &from.qualified_name(), &to.qualified_name());
    let step = |sql| ctx.step_on_one(address, Verb::RenameView, &from.qualified_name(), sql);
    statements.into_iter().map(step).collect()
}

pub(super) fn alter(
    desired: &View,
    alteration: &ViewAlteration,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    let name = desired.qualified_name();
    let alter = |action: String| {
        let sql = format!("ALTER VIEW {name} {action}");
        ctx.step_on_one(address, Verb::AlterView, &name, sql)
    };
    match alteration {
        ViewAlteration::Redefine => {
            let sql = definition_sql("CREATE OR REPLACE VIEW", desired);
            vec![ctx.step_on_one(address, Verb::ReplaceView, &name, sql)]
        }
        ViewAlteration::SetOptions(change) => parameter_actions(change).into_iter().map(alter).collect(),
        ViewAlteration::SetColumnDefault { column, default: Some(default) } => {
            vec![alter(format!("ALTER COLUMN {column} SET DEFAULT {default}"))]
        }
        ViewAlteration::SetColumnDefault { column, default: None } => {
            vec![alter(format!("ALTER COLUMN {column} DROP DEFAULT"))]
        }
        ViewAlteration::SetColumnComment { column, comment } => {
            vec![set_column_comment(&name, column, comment.as_deref(), ctx, address)]
        }
        ViewAlteration::SetComment(comment) => vec![set_comment(desired, comment.as_deref(), ctx, address)],
    }
}

fn set_comment(view: &View, comment: Option<&str>, ctx: &Context<'_>, address: &Address) -> Step {
    let name = view.qualified_name();
    let sql = comment_sql(&format!("VIEW {name}"), comment);
    ctx.step_on_one(address, Verb::CommentOnRelation, &name, sql)
}

/// Of a view or a materialized view.
pub(super) fn set_column_comment(
    view: &QualifiedName,
    column: &Ident,
    comment: Option<&str>,
    ctx: &Context<'_>,
    address: &Address,
) -> Step {
    let sql = comment_sql(&format!("COLUMN {view}.{column}"), comment);
    ctx.step_on_one(address, Verb::CommentOnRelation, view, sql)
}
