//! DDL of conversions.

use super::{Context, Step, comment_sql, move_sql};
use crate::address::Address;
use crate::ident::Literal;
use crate::kind::{Conversion, ConversionAlteration};
use crate::safety::Verb;

pub(super) fn create(conversion: &Conversion, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let Conversion { source, destination, function, default, comment, .. } = conversion;
    let default = if *default { "DEFAULT " } else { "" };
    let sql = format!(
        "CREATE {default}CONVERSION {} FOR {} TO {} FROM {function}",
        conversion.qualified_name(),
        Literal(source),
        Literal(destination)
    );
    let comment = comment.as_deref().map(|comment| set_comment(conversion, Some(comment), ctx, address));
    std::iter::once(ctx.step(address, Verb::CreateConversion, sql)).chain(comment).collect()
}

pub(super) fn drop(conversion: &Conversion, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let sql = format!("DROP CONVERSION {}", conversion.qualified_name());
    vec![ctx.step(address, Verb::DropConversion, sql)]
}

pub(super) fn rename(from: &Conversion, to: &Conversion, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let statements = move_sql("CONVERSION", &from.qualified_name(), &to.qualified_name());
    statements.into_iter().map(|sql| ctx.step(address, Verb::RenameConversion, sql)).collect()
}

pub(super) fn alter(
    desired: &Conversion,
    alteration: &ConversionAlteration,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    let ConversionAlteration::SetComment(comment) = alteration;
    vec![set_comment(desired, comment.as_deref(), ctx, address)]
}

fn set_comment(conversion: &Conversion, comment: Option<&str>, ctx: &Context<'_>, address: &Address) -> Step {
    let object = format!("CONVERSION {}", conversion.qualified_name());
    ctx.step(address, Verb::Comment, comment_sql(&object, comment))
}
