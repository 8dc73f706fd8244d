//! DDL of foreign-data wrappers.

use super::foreign_option::Clause;
use super::{Context, Step, comment_sql};
use crate::address::Address;
use crate::ident::QualifiedName;
use crate::kind::{ForeignDataWrapper, ForeignDataWrapperAlteration};
use crate::safety::Verb;

pub(super) fn create(wrapper: &ForeignDataWrapper, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let mut sql = format!("CREATE FOREIGN DATA WRAPPER {}", wrapper.name);
    if let Some(handler) = &wrapper.handler {
        sql += &format!(" HANDLER {handler}");
    }
    if let Some(validator) = &wrapper.validator {
        sql += &format!(" VALIDATOR {validator}");
    }
    let created = Clause::of(&wrapper.options).step(ctx, address, Verb::CreateForeignDataWrapper, &sql);
    let comment = wrapper.comment.as_deref();
    let comment = comment.map(|comment| set_comment(wrapper, Some(comment), ctx, address));
    std::iter::once(created).chain(comment).collect()
}

pub(super) fn drop(wrapper: &ForeignDataWrapper, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let sql = format!("DROP FOREIGN DATA WRAPPER {}", wrapper.name);
    vec![ctx.step(address, Verb::DropForeignDataWrapper, sql)]
}

pub(super) fn rename(
    from: &ForeignDataWrapper,
    to: &ForeignDataWrapper,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    let sql = format!("ALTER FOREIGN DATA WRAPPER {} RENAME TO {}", from.name, to.name);
    vec![ctx.step(address, Verb::AlterForeignDataWrapper, sql)]
}

pub(super) fn alter(
    desired: &ForeignDataWrapper,
    alteration: &ForeignDataWrapperAlteration,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    let alter = format!("ALTER FOREIGN DATA WRAPPER {}", desired.name);
    let function = |word: &str, name: &Option<QualifiedName>| match name {
        Some(name) => format!("{alter} {word} {name}"),
        None => format!("{alter} NO {word}"),
    };
    let verb = Verb::AlterForeignDataWrapper;
    vec![match alteration {
        ForeignDataWrapperAlteration::SetHandler(name) => {
            let hazard = "foreign tables are read otherwise from here on";
            ctx.step(address, verb, function("HANDLER", name)).with_hazard(hazard)
        }
        ForeignDataWrapperAlteration::SetValidator(name) => {
            let hazard = "options that exist are not checked again";
            ctx.step(address, verb, function("VALIDATOR", name)).with_hazard(hazard)
        }
        ForeignDataWrapperAlteration::SetOptions(changes) => {
            Clause::of_changes(changes).step(ctx, address, verb, &alter)
        }
        ForeignDataWrapperAlteration::SetComment(comment) => {
            set_comment(desired, comment.as_deref(), ctx, address)
        }
    }]
}

fn set_comment(
    wrapper: &ForeignDataWrapper,
    comment: Option<&str>,
    ctx: &Context<'_>,
    address: &Address,
) -> Step {
    let object = format!("FOREIGN DATA WRAPPER {}", wrapper.name);
    ctx.step(address, Verb::Comment, comment_sql(&object, comment))
}
