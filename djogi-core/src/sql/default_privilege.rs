//! `ALTER DEFAULT PRIVILEGES`.

use super::grant::{Role, gains, list, losses};
use super::{Context, Step};
use crate::address::Address;
use crate::kind::privilege::{Held, Securables};
use crate::kind::{DefaultPrivilege, DefaultPrivilegeAlteration};
use crate::safety::Verb;
use crate::unsaid::is_nobody;

pub(super) fn create(privilege: &DefaultPrivilege, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    change(privilege, &privilege.usual(ctx.version.major()), &privilege.held(), ctx, address)
}

pub(super) fn drop(privilege: &DefaultPrivilege, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    change(privilege, &privilege.held(), &privilege.usual(ctx.version.major()), ctx, address)
}

/// They follow their schema by themselves.
pub(super) fn rename(_: &DefaultPrivilege, _: &DefaultPrivilege, _: &Context<'_>, _: &Address) -> Vec<Step> {
    Vec::new()
}

pub(super) fn alter(
    live: &DefaultPrivilege,
    desired: &DefaultPrivilege,
    alteration: &DefaultPrivilegeAlteration,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    match alteration {
        DefaultPrivilegeAlteration::SetRights => change(desired, &live.held(), &desired.held(), ctx, address),
    }
}

fn change(
    privilege: &DefaultPrivilege,
    from: &Held,
    to: &Held,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    let DefaultPrivilege { role, schema, objects, grantee, .. } = privilege;
    let place = schema.as_ref().map_or_else(String::new, |schema| format!(" IN SCHEMA {schema}"));
    let role = if is_nobody(role) { String::new() } else { format!(" FOR ROLE {role}") };
    let head = format!("ALTER DEFAULT PRIVILEGES{role}{place}");
    let sort = words(*objects);
    let grantee = Role(grantee);
    let (gone, without_option) = losses(from, to);
    let mut statements = Vec::new();
    statements.extend(list(&gone).map(|what| format!("{head} REVOKE {what} ON {sort} FROM {grantee}")));
    statements.extend(
        list(&without_option)
            .map(|what| format!("{head} REVOKE GRANT OPTION FOR {what} ON {sort} FROM {grantee}")),
    );
    for (option, clause) in [(false, ""), (true, " WITH GRANT OPTION")] {
        let what = list(&gains(from, to, option));
        statements.extend(what.map(|what| format!("{head} GRANT {what} ON {sort} TO {grantee}{clause}")));
    }
    statements.into_iter().map(|sql| ctx.step(address, Verb::SetDefaultPrivileges, sql)).collect()
}

fn words(objects: Securables) -> &'static str {
    match objects {
        Securables::Tables => "TABLES",
        Securables::Sequences => "SEQUENCES",
        Securables::Functions => "ROUTINES",
        Securables::Types => "TYPES",
        Securables::Schemas => "SCHEMAS",
        Securables::LargeObjects => "LARGE OBJECTS",
        // There are none of these, and PostgreSQL would say so.
        Securables::Languages => "LANGUAGES",
        Securables::Wrappers => "FOREIGN DATA WRAPPERS",
        Securables::Servers => "FOREIGN SERVERS",
    }
}
