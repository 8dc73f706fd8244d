//! DDL of materialized views.

use super::parameters::{options_clause, parameter_actions};
use super::view::set_column_comment;
use super::{Context, Step, comment_sql, move_sql};
use crate::address::Address;
use crate::ident::Ident;
use crate::kind::{MaterializedView, MaterializedViewAlteration};
use crate::safety::Verb;

pub(super) fn create(view: &MaterializedView, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let name = view.qualified_name();
    let method = view.access_method.as_ref().map_or_else(String::new, |method| format!(" USING {method}"));
    let tablespace = view.tablespace.as_ref().map_or_else(String::new, |t| format!(" TABLESPACE {t}"));
    let options = options_clause(&view.options);
    let sql = format!(
        "CREATE MATERIALIZED VIEW {name}{method}{options}{tablespace} AS\n{}\n  WITH DATA",
        view.definition
    );
    let mut steps = vec![ctx.step(address, Verb::CreateMaterializedView, sql)];
    let commented = view.columns.iter().filter(|column| column.comment.is_some());
    let comments = commented.map(|c| set_column_comment(&name, &c.name, c.comment.as_deref(), ctx, address));
    steps.extend(comments);
    if view.comment.is_some() {
        steps.push(set_comment(view, view.comment.as_deref(), ctx, address));
    }
    steps.iter_mut().for_each(|step| step.operation.lock = None);
    steps
}

pub(super) fn drop(view: &MaterializedView, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let name = view.qualified_name();
    let sql = format!("DROP MATERIALIZED VIEW {name}");
    vec![ctx.step_on_one(address, Verb::DropMaterializedView, &name, sql)]
}

pub(super) fn rename(
    from: &MaterializedView,
    to: &MaterializedView,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    let statements = move_sql("MATERIALIZED VIEW", &from.qualified_name(), &to.qualified_name());
    let step = |sql| ctx.step_on_one(address, Verb::RenameView, &from.qualified_name(), sql);
    statements.into_iter().map(step).collect()
}

pub(super) fn alter(
    desired: &MaterializedView,
    alteration: &MaterializedViewAlteration,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    use MaterializedViewAlteration as Alter;
    let name = desired.qualified_name();
    let alter = |verb, action: String| {
        let sql = format!("ALTER MATERIALIZED VIEW {name} {action}");
        ctx.step_on_one(address, verb, &name, sql)
    };
    let or = |chosen: &Option<Ident>, default: &str| {
        chosen.as_ref().map_or_else(|| default.to_owned(), ToString::to_string)
    };
    match alteration {
        Alter::SetOptions(change) => {
            let actions = parameter_actions(change).into_iter();
            actions.map(|action| alter(Verb::AlterView, action)).collect()
        }
        Alter::SetAccessMethod(method) => {
            vec![alter(Verb::RewriteView, format!("SET ACCESS METHOD {}", or(method, "heap")))]
        }
        Alter::SetTablespace(tablespace) => {
            vec![alter(Verb::RewriteView, format!("SET TABLESPACE {}", or(tablespace, "pg_default")))]
        }
        Alter::SetColumnComment { column, comment } => {
            vec![set_column_comment(&name, column, comment.as_deref(), ctx, address)]
        }
        Alter::SetComment(comment) => vec![set_comment(desired, comment.as_deref(), ctx, address)],
    }
}

fn set_comment(view: &MaterializedView, comment: Option<&str>, ctx: &Context<'_>, address: &Address) -> Step {
    let name = view.qualified_name();
    let sql = comment_sql(&format!("MATERIALIZED VIEW {name}"), comment);
    ctx.step_on_one(address, Verb::CommentOnRelation, &name, sql)
}
