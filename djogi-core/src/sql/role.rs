//! DDL of roles. No statement says a password.

use super::{Context, Step, comment_sql};
use crate::address::Address;
use crate::ident::{Ident, Literal, quoted};
use crate::kind::role::{is_list, list_elements};
use crate::kind::{ParameterChange, Role, RoleAlteration, RoleAttribute};
use crate::safety::Verb;

pub(super) fn create(role: &Role, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let plain = Role::plain(role.name.clone());
    let mut words = Vec::new();
    let mut rest = Vec::new();
    for alteration in plain.alterations(role) {
        match options(&alteration) {
            Some(options) => words.push(options),
            None => rest.push(alteration),
        }
    }
    let words = if words.is_empty() { String::new() } else { format!(" WITH {}", words.join(" ")) };
    let sql = format!("CREATE ROLE {}{words}", role.name);
    let mut steps = vec![ctx.step(address, Verb::CreateRole, sql)];
    steps.extend(rest.iter().flat_map(|alteration| alter(role, alteration, ctx, address)));
    steps
}

pub(super) fn drop(role: &Role, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    vec![ctx.step(address, Verb::DropRole, format!("DROP ROLE {}", role.name))]
}

pub(super) fn rename(from: &Role, to: &Role, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let sql = format!("ALTER ROLE {} RENAME TO {}", from.name, to.name);
    vec![ctx.step(address, Verb::AlterRole, sql)]
}

pub(super) fn alter(
    desired: &Role,
    alteration: &RoleAlteration,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    let name = &desired.name;
    match alteration {
        RoleAlteration::SetAttributes(_)
        | RoleAlteration::SetConnectionLimit(_)
        | RoleAlteration::SetValidUntil(_) => {
            let options = options(alteration).unwrap_or_default();
            vec![ctx.step(address, Verb::AlterRole, format!("ALTER ROLE {name} WITH {options}"))]
        }
        RoleAlteration::SetSettings(change) => {
            let step = |sql| ctx.step(address, Verb::SetRoleSetting, sql);
            settings(name, change).into_iter().map(step).collect()
        }
        RoleAlteration::SetComment(comment) => {
            let sql = comment_sql(&format!("ROLE {name}"), comment.as_deref());
            vec![ctx.step(address, Verb::Comment, sql)]
        }
    }
}

/// What stands behind `WITH`; `None` for what has a statement of its own.
fn options(alteration: &RoleAlteration) -> Option<String> {
    let attribute = |(attribute, has): &(RoleAttribute, bool)| {
        format!("{}{}", if *has { "" } else { "NO" }, attribute.word())
    };
    Some(match alteration {
        RoleAlteration::SetAttributes(attributes) => {
            attributes.iter().map(attribute).collect::<Vec<_>>().join(" ")
        }
        RoleAlteration::SetConnectionLimit(limit) => {
            let limit = limit.map_or_else(|| "-1".to_owned(), |limit| limit.to_string());
            format!("CONNECTION LIMIT {limit}")
        }
        RoleAlteration::SetValidUntil(until) => {
            format!("VALID UNTIL {}", Literal(until.as_deref().unwrap_or("infinity")))
        }
        RoleAlteration::SetSettings(_) | RoleAlteration::SetComment(_) => return None,
    })
}

fn settings(role: &Ident, change: &ParameterChange) -> Vec<String> {
    let parameter = |name: &str| name.split('.').map(quoted).collect::<Vec<_>>().join(".");
    let reset = change.reset.iter().map(|name| format!("ALTER ROLE {role} RESET {}", parameter(name)));
    let set = change.set.iter().map(|(name, value)| {
        // Lists of names are kept with the quotes that they need; as strings they get the same again.
        let value = match is_list(name) {
            true => {
                list_elements(value).iter().map(|it| Literal(it).to_string()).collect::<Vec<_>>().join(", ")
            }
            false => Literal(value).to_string(),
        };
        format!("ALTER ROLE {role} SET {} TO {value}", parameter(name))
    });
    reset.chain(set).collect()
}
