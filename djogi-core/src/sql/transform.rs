//! DDL of transforms.

use super::{Context, Impossible, Step, comment_sql};
use crate::address::Address;
use crate::kind::{Transform, TransformAlteration};
use crate::safety::Verb;

pub(super) fn create(transform: &Transform, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let created = ctx.step(address, Verb::CreateTransform, definition(transform, ""));
    let comment = transform.comment.as_deref();
    let comment = comment.map(|comment| set_comment(transform, Some(comment), ctx, address));
    std::iter::once(created).chain(comment).collect()
}

fn named(transform: &Transform) -> String {
    format!("TRANSFORM FOR {} LANGUAGE {}", transform.data_type, transform.language)
}

fn definition(transform: &Transform, or_replace: &str) -> String {
    let from = transform.from_sql.iter().map(|function| format!("FROM SQL WITH FUNCTION {function}"));
    let to = transform.to_sql.iter().map(|function| format!("TO SQL WITH FUNCTION {function}"));
    let functions: Vec<String> = from.chain(to).collect();
    format!("CREATE {or_replace}{} ({})", named(transform), functions.join(", "))
}

pub(super) fn drop(transform: &Transform, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    vec![ctx.step(address, Verb::DropTransform, format!("DROP {}", named(transform)))]
}

/// A transform has no name.
pub(super) fn rename(
    _from: &Transform,
    _to: &Transform,
    _ctx: &Context<'_>,
    address: &Address,
) -> Result<Vec<Step>, Impossible> {
    Err(Impossible::FixedName { address: address.clone() })
}

pub(super) fn alter(
    desired: &Transform,
    alteration: &TransformAlteration,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    vec![match alteration {
        TransformAlteration::SetFunctions => {
            ctx.step(address, Verb::CreateTransform, definition(desired, "OR REPLACE "))
        }
        TransformAlteration::SetComment(comment) => set_comment(desired, comment.as_deref(), ctx, address),
    }]
}

fn set_comment(transform: &Transform, comment: Option<&str>, ctx: &Context<'_>, address: &Address) -> Step {
    ctx.step(address, Verb::Comment, comment_sql(&named(transform), comment))
}
