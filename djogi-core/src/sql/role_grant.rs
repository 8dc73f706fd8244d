//! `GRANT role TO member`: memberships.

use super::{Context, Impossible, Step};
use crate::address::Address;
use crate::kind::{RoleGrant, RoleGrantAlteration};
use crate::safety::Verb;

pub(super) fn create(
    grant: &RoleGrant,
    ctx: &Context<'_>,
    address: &Address,
) -> Result<Vec<Step>, Impossible> {
    let RoleGrant { role, member, admin, inherit, become_role } = grant;
    if ctx.version.major() < 16 {
        if !inherit || !become_role {
            ctx.require(Verb::SetMembershipOption, "an option of a membership but ADMIN", address)?;
        }
        let admin = if *admin { " WITH ADMIN OPTION" } else { "" };
        return Ok(vec![ctx.step(address, Verb::GrantRole, format!("GRANT {role} TO {member}{admin}"))]);
    }
    // Unless it is said, it is what the member has for an attribute.
    let mut options = vec![option("INHERIT", *inherit)];
    options.extend(admin.then(|| option("ADMIN", true)));
    options.extend((!become_role).then(|| option("SET", false)));
    let sql = format!("GRANT {role} TO {member} WITH {}", options.join(", "));
    Ok(vec![ctx.step(address, Verb::GrantRole, sql)])
}

pub(super) fn drop(grant: &RoleGrant, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let sql = format!("REVOKE {} FROM {}", grant.role, grant.member);
    vec![ctx.step(address, Verb::RevokeRole, sql)]
}

/// A membership follows its roles by itself.
pub(super) fn rename(_: &RoleGrant, _: &RoleGrant, _: &Context<'_>, _: &Address) -> Vec<Step> {
    Vec::new()
}

pub(super) fn alter(
    live: &RoleGrant,
    desired: &RoleGrant,
    alteration: &RoleGrantAlteration,
    ctx: &Context<'_>,
    address: &Address,
) -> Result<Vec<Step>, Impossible> {
    let RoleGrantAlteration::SetOptions = alteration;
    let RoleGrant { role, member, admin, inherit, become_role } = desired;
    if ctx.version.major() < 16 {
        if !inherit || !become_role {
            ctx.require(Verb::SetMembershipOption, "an option of a membership but ADMIN", address)?;
        }
        return Ok(vec![match admin {
            true => {
                let sql = format!("GRANT {role} TO {member} WITH ADMIN OPTION");
                ctx.step(address, Verb::GrantRole, sql)
            }
            false => {
                let sql = format!("REVOKE ADMIN OPTION FOR {role} FROM {member}");
                ctx.step(address, Verb::RevokeRole, sql)
            }
        }]);
    }
    let changed = [
        ("ADMIN", live.admin, *admin),
        ("INHERIT", live.inherit, *inherit),
        ("SET", live.become_role, *become_role),
    ];
    let changed = changed.into_iter().filter(|(_, before, after)| before != after);
    let loses = changed.clone().any(|(_, _, after)| !after);
    let options: Vec<String> = changed.map(|(word, _, after)| option(word, after)).collect();
    let verb = if loses { Verb::RevokeRole } else { Verb::GrantRole };
    Ok(vec![ctx.step(address, verb, format!("GRANT {role} TO {member} WITH {}", options.join(", ")))])
}

fn option(word: &str, holds: bool) -> String {
    format!("{word} {}", if holds { "TRUE" } else { "FALSE" })
}
