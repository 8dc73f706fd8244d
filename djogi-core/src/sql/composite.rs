//! DDL of composite types.

use super::{Context, Impossible, Step, comment_sql, move_sql};
use crate::address::Address;
use crate::holding::columns_holding;
use crate::ident::Ident;
use crate::kind::{Composite, CompositeAlteration, CompositeAttribute};
use crate::safety::Verb;

pub(super) fn create(composite: &Composite, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let name = composite.qualified_name();
    let attributes: Vec<String> = composite.attributes.iter().map(attribute_sql).collect();
    let sql = if attributes.is_empty() {
        format!("CREATE TYPE {name} AS ()")
    } else {
        format!("CREATE TYPE {name} AS (\n    {}\n)", attributes.join(",\n    "))
    };
    let mut steps = vec![ctx.step(address, Verb::CreateComposite, sql)];
    let commented = composite.attributes.iter().filter(|attribute| attribute.comment.is_some());
    steps.extend(
        commented.map(|a| set_attribute_comment(composite, &a.name, a.comment.as_deref(), ctx, address)),
    );
    if composite.comment.is_some() {
        steps.push(set_comment(composite, composite.comment.as_deref(), ctx, address));
    }
    steps
}

fn attribute_sql(attribute: &CompositeAttribute) -> String {
    let collation = attribute.collation.as_ref().map_or_else(String::new, |c| format!(" COLLATE {c}"));
    format!("{} {}{collation}", attribute.name, attribute.data_type)
}

pub(super) fn drop(composite: &Composite, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    vec![ctx.step(address, Verb::DropType, format!("DROP TYPE {}", composite.qualified_name()))]
}

pub(super) fn rename(from: &Composite, to: &Composite, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let statements = move_sql("TYPE", &from.qualified_name(), &to.qualified_name());
    statements.into_iter().map(|sql| ctx.step(address, Verb::RenameType, sql)).collect()
}

pub(super) fn alter(
    desired: &Composite,
    alteration: &CompositeAlteration,
    ctx: &Context<'_>,
    address: &Address,
) -> Result<Vec<Step>, Impossible> {
    use CompositeAlteration as Alter;
    let name = desired.qualified_name();
    let alter = |verb, action: String| ctx.step(address, verb, format!("ALTER TYPE {name} {action}"));
    Ok(vec![match alteration {
        Alter::DropAttribute(attribute) => alter(Verb::DropAttribute, format!("DROP ATTRIBUTE {attribute}")),
        Alter::AddAttribute(attribute) => {
            let step = alter(Verb::AddAttribute, format!("ADD ATTRIBUTE {}", attribute_sql(attribute)));
            let comment = attribute.comment.as_deref();
            let comment =
                comment.map(|c| set_attribute_comment(desired, &attribute.name, Some(c), ctx, address));
            return Ok(std::iter::once(step).chain(comment).collect());
        }
        Alter::SetAttributeType(attribute) => {
            if let Some(column) = columns_holding(&name, false, ctx.live, ctx.target).next() {
                let what = "no attribute of it can get another type";
                return Err(Impossible::TypeInUse { address: address.clone(), column, what });
            }
            let collation =
                attribute.collation.as_ref().map_or_else(String::new, |c| format!(" COLLATE {c}"));
            let action =
                format!("ALTER ATTRIBUTE {} TYPE {}{collation}", attribute.name, attribute.data_type);
            alter(Verb::AddAttribute, action)
        }
        Alter::SetAttributeComment { attribute, comment } => {
            set_attribute_comment(desired, attribute, comment.as_deref(), ctx, address)
        }
        Alter::SetComment(comment) => set_comment(desired, comment.as_deref(), ctx, address),
    }])
}

fn set_comment(composite: &Composite, comment: Option<&str>, ctx: &Context<'_>, address: &Address) -> Step {
    let object = format!("TYPE {}", composite.qualified_name());
    ctx.step(address, Verb::Comment, comment_sql(&object, comment))
}

fn set_attribute_comment(
    composite: &Composite,
    attribute: &Ident,
    comment: Option<&str>,
    ctx: &Context<'_>,
    address: &Address,
) -> Step {
    let object = format!("COLUMN {}.{attribute}", composite.qualified_name());
    ctx.step(address, Verb::Comment, comment_sql(&object, comment))
}
