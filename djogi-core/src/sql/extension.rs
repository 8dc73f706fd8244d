//! DDL of extensions.

use std::fmt::Write;

use super::{Context, Impossible, Step};
use crate::address::Address;
use crate::ident::Literal;
use crate::kind::{Extension, ExtensionAlteration};
use crate::safety::Verb;

pub(super) fn create(extension: &Extension, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let mut sql = format!("CREATE EXTENSION {}", extension.name);
    if let Some(schema) = &extension.schema {
        let _ = write!(sql, " SCHEMA {schema}");
    }
    if let Some(version) = &extension.version {
        let _ = write!(sql, " VERSION {}", Literal(version));
    }
    vec![ctx.step(address, Verb::CreateExtension, sql)]
}

pub(super) fn drop(extension: &Extension, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    vec![ctx.step(address, Verb::DropExtension, format!("DROP EXTENSION {}", extension.name))]
}

/// PostgreSQL has no statement for it.
pub(super) fn rename(
    _from: &Extension,
    _to: &Extension,
    _ctx: &Context<'_>,
    address: &Address,
) -> Result<Vec<Step>, Impossible> {
    Err(Impossible::FixedName { address: address.clone() })
}

pub(super) fn alter(
    desired: &Extension,
    alteration: &ExtensionAlteration,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    let name = &desired.name;
    vec![match alteration {
        ExtensionAlteration::SetSchema(schema) => {
            let sql = format!("ALTER EXTENSION {name} SET SCHEMA {schema}");
            ctx.step(address, Verb::SetExtensionSchema, sql)
        }
        ExtensionAlteration::UpdateTo(version) => {
            let sql = format!("ALTER EXTENSION {name} UPDATE TO {}", Literal(version));
            ctx.step(address, Verb::UpdateExtension, sql)
        }
    }]
}
