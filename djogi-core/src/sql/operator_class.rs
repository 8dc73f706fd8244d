//! DDL of operator classes.

use super::operator_family::{definition, method_move_sql};
use super::{Context, Step, comment_sql};
use crate::address::Address;
use crate::kind::{OperatorClass, OperatorClassAlteration};
use crate::safety::Verb;

pub(super) fn create(class: &OperatorClass, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let default = if class.default { " DEFAULT" } else { "" };
    let mut items: Vec<String> = class.members.iter().map(definition).collect();
    // Something must be said: a class stores its own type when nothing is.
    if class.storage.is_some() || items.is_empty() {
        let storage = class.storage.as_ref().unwrap_or(&class.data_type);
        items.push(format!("STORAGE {storage}"));
    }
    let sql = format!(
        "CREATE OPERATOR CLASS {}{default}\n    FOR TYPE {} USING {} FAMILY {} AS\n    {}",
        class.qualified_name(),
        class.data_type,
        class.method,
        class.family,
        items.join(",\n    ")
    );
    let mut steps = vec![ctx.step(address, Verb::CreateOperatorClass, sql)];
    if class.comment.is_some() {
        steps.push(set_comment(class, class.comment.as_deref(), ctx, address));
    }
    steps
}

fn named(class: &OperatorClass) -> String {
    format!("OPERATOR CLASS {} USING {}", class.qualified_name(), class.method)
}

pub(super) fn drop(class: &OperatorClass, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    vec![ctx.step(address, Verb::DropOperatorClass, format!("DROP {}", named(class)))]
}

pub(super) fn rename(
    from: &OperatorClass,
    to: &OperatorClass,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    let names = (&from.qualified_name(), &to.qualified_name());
    let statements = method_move_sql("OPERATOR CLASS", names, &from.method);
    statements.into_iter().map(|sql| ctx.step(address, Verb::RenameOperatorClass, sql)).collect()
}

pub(super) fn alter(
    desired: &OperatorClass,
    alteration: &OperatorClassAlteration,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    let OperatorClassAlteration::SetComment(comment) = alteration;
    vec![set_comment(desired, comment.as_deref(), ctx, address)]
}

fn set_comment(class: &OperatorClass, comment: Option<&str>, ctx: &Context<'_>, address: &Address) -> Step {
    ctx.step(address, Verb::Comment, comment_sql(&named(class), comment))
}
