//! DDL of range types.

use super::{Context, Step, comment_sql, move_sql};
use crate::address::Address;
use crate::kind::{Range, RangeAlteration};
use crate::safety::Verb;

pub(super) fn create(range: &Range, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let mut options = vec![format!("SUBTYPE = {}", range.subtype)];
    let named = [
        ("SUBTYPE_OPCLASS", &range.operator_class),
        ("COLLATION", &range.collation),
        ("CANONICAL", &range.canonical),
        ("SUBTYPE_DIFF", &range.subtype_diff),
    ];
    options.extend(named.iter().filter_map(|(word, name)| Some(format!("{word} = {}", name.as_ref()?))));
    options.push(format!("MULTIRANGE_TYPE_NAME = {}", range.multirange));
    let sql =
        format!("CREATE TYPE {} AS RANGE (\n    {}\n)", range.qualified_name(), options.join(",\n    "));
    let mut steps = vec![ctx.step(address, Verb::CreateRange, sql)];
    if range.comment.is_some() {
        steps.push(set_comment(range, range.comment.as_deref(), ctx, address));
    }
    steps
}

pub(super) fn drop(range: &Range, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    vec![ctx.step(address, Verb::DropType, format!("DROP TYPE {}", range.qualified_name()))]
}

pub(super) fn rename(from: &Range, to: &Range, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let mut statements = move_sql("TYPE", &from.qualified_name(), &to.qualified_name());
    statements.extend(move_sql("TYPE", &from.multirange, &to.multirange));
    statements.into_iter().map(|sql| ctx.step(address, Verb::RenameType, sql)).collect()
}

pub(super) fn alter(
    desired: &Range,
    alteration: &RangeAlteration,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    match alteration {
        RangeAlteration::SetComment(comment) => vec![set_comment(desired, comment.as_deref(), ctx, address)],
    }
}

fn set_comment(range: &Range, comment: Option<&str>, ctx: &Context<'_>, address: &Address) -> Step {
    let object = format!("TYPE {}", range.qualified_name());
    ctx.step(address, Verb::Comment, comment_sql(&object, comment))
}
