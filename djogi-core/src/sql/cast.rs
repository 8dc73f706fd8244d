//! DDL of casts.

use super::{Context, Impossible, Step, comment_sql};
use crate::address::Address;
use crate::kind::{Cast, CastAlteration, CastContext, CastMethod};
use crate::safety::Verb;

pub(super) fn create(cast: &Cast, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let method = match &cast.method {
        CastMethod::Function(function) => format!("WITH FUNCTION {function}"),
        CastMethod::InOut => "WITH INOUT".to_owned(),
        CastMethod::Binary => "WITHOUT FUNCTION".to_owned(),
    };
    let context = match cast.context {
        CastContext::Explicit => "",
        CastContext::Assignment => " AS ASSIGNMENT",
        CastContext::Implicit => " AS IMPLICIT",
    };
    let sql = format!("CREATE {} {method}{context}", named(cast));
    let mut steps = vec![ctx.step(address, Verb::CreateCast, sql)];
    if cast.comment.is_some() {
        steps.push(set_comment(cast, cast.comment.as_deref(), ctx, address));
    }
    steps
}

fn named(cast: &Cast) -> String {
    format!("CAST ({} AS {})", cast.source, cast.target)
}

pub(super) fn drop(cast: &Cast, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    vec![ctx.step(address, Verb::DropCast, format!("DROP {}", named(cast)))]
}

/// A cast has no name.
pub(super) fn rename(
    _from: &Cast,
    _to: &Cast,
    _ctx: &Context<'_>,
    address: &Address,
) -> Result<Vec<Step>, Impossible> {
    Err(Impossible::FixedName { address: address.clone() })
}

pub(super) fn alter(
    desired: &Cast,
    alteration: &CastAlteration,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    let CastAlteration::SetComment(comment) = alteration;
    vec![set_comment(desired, comment.as_deref(), ctx, address)]
}

fn set_comment(cast: &Cast, comment: Option<&str>, ctx: &Context<'_>, address: &Address) -> Step {
    ctx.step(address, Verb::Comment, comment_sql(&named(cast), comment))
}
