//! DDL of schemas.

use super::{Context, Step, comment_sql};
use crate::address::Address;
use crate::kind::{Schema, SchemaAlteration};
use crate::safety::Verb;

pub(super) fn create(schema: &Schema, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let mut steps = vec![ctx.step(address, Verb::CreateSchema, format!("CREATE SCHEMA {}", schema.name))];
    if schema.comment.is_some() {
        steps.push(set_comment(schema, schema.comment.as_deref(), ctx, address));
    }
    steps
}

pub(super) fn drop(schema: &Schema, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    vec![ctx.step(address, Verb::DropSchema, format!("DROP SCHEMA {}", schema.name))]
}

pub(super) fn rename(from: &Schema, to: &Schema, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let sql = format!("ALTER SCHEMA {} RENAME TO {}", from.name, to.name);
    vec![ctx.step(address, Verb::RenameSchema, sql)]
}

pub(super) fn alter(
    desired: &Schema,
    alteration: &SchemaAlteration,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    match alteration {
        SchemaAlteration::SetComment(comment) => {
            vec![set_comment(desired, comment.as_deref(), ctx, address)]
        }
    }
}

fn set_comment(schema: &Schema, comment: Option<&str>, ctx: &Context<'_>, address: &Address) -> Step {
    ctx.step(address, Verb::Comment, comment_sql(&format!("SCHEMA {}", schema.name), comment))
}
