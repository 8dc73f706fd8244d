//! DDL of extensions.

use std::fmt::Write;

use super::{Context, Impossible, Step};
use crate::address::Address;
use crate::heeranjid;
use crate::ident::Literal;
use crate::kind::{Extension, ExtensionAlteration};
use crate::safety::Verb;

pub(super) fn create(extension: &Extension, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    if heeranjid::is_it(&extension.name) {
        return vec![ctx.step(address, Verb::CreateExtension, heeranjid::install())];
    }
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
    let sql = match heeranjid::is_it(&extension.name) {
        true => heeranjid::uninstall(),
        false => format!("DROP EXTENSION {}", extension.name),
    };
    vec![ctx.step(address, Verb::DropExtension, sql)]
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
    live: &Extension,
    desired: &Extension,
    alteration: &ExtensionAlteration,
    ctx: &Context<'_>,
    address: &Address,
) -> Result<Vec<Step>, Impossible> {
    let name = &desired.name;
    Ok(vec![match alteration {
        ExtensionAlteration::SetSchema(schema) => {
            let sql = format!("ALTER EXTENSION {name} SET SCHEMA {schema}");
            ctx.step(address, Verb::SetExtensionSchema, sql)
        }
        ExtensionAlteration::UpdateTo(_) if heeranjid::is_it(name) => {
            if let Some(found) = live.version.as_deref().filter(|found| heeranjid::is_newer(found)) {
                let (address, found) = (address.clone(), found.to_owned());
                return Err(Impossible::NewerInstalled { address, found, brought: heeranjid::VERSION });
            }
            ctx.step(address, Verb::UpdateExtension, heeranjid::update())
        }
        ExtensionAlteration::UpdateTo(version) => {
            let sql = format!("ALTER EXTENSION {name} UPDATE TO {}", Literal(version));
            ctx.step(address, Verb::UpdateExtension, sql)
        }
    }])
}
