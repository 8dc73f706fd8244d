//! DDL of user mappings, which have neither names nor comments.

use super::foreign_option::Clause;
use super::{Context, Impossible, Step};
use crate::address::Address;
use crate::kind::{UserMapping, UserMappingAlteration};
use crate::safety::Verb;

fn object(mapping: &UserMapping) -> String {
    format!("USER MAPPING FOR {} SERVER {}", mapping.name, mapping.server)
}

pub(super) fn create(mapping: &UserMapping, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let sql = format!("CREATE {}", object(mapping));
    vec![Clause::of(&mapping.options).step(ctx, address, Verb::CreateUserMapping, &sql)]
}

pub(super) fn drop(mapping: &UserMapping, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    vec![ctx.step(address, Verb::DropUserMapping, format!("DROP {}", object(mapping)))]
}

pub(super) fn rename(
    _: &UserMapping,
    _: &UserMapping,
    _: &Context<'_>,
    address: &Address,
) -> Result<Vec<Step>, Impossible> {
    Err(Impossible::FixedName { address: address.clone() })
}

pub(super) fn alter(
    desired: &UserMapping,
    alteration: &UserMappingAlteration,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    let UserMappingAlteration::SetOptions(changes) = alteration;
    let sql = format!("ALTER {}", object(desired));
    vec![Clause::of_changes(changes).step(ctx, address, Verb::AlterUserMapping, &sql)]
}
