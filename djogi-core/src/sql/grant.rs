//! `GRANT` and `REVOKE`: from what a grantee may do to what he shall be able to do.

use std::collections::BTreeMap;

use super::{Context, Step};
use crate::address::Address;
use crate::ident::{Ident, IdentList};
use crate::kind::privilege::{Held, PUBLIC, Privilege, Rights};
use crate::kind::{Grant, GrantAlteration, Securable};
use crate::safety::Verb;
use crate::unsaid::is_nobody;

pub(super) fn create(grant: &Grant, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    change((&grant.on, &grant.grantee), &given(grant, ctx), &grant.rights(), ctx, address)
}

/// What the grantee may do with the object before anybody says so: the usual, and with one that this plan makes what
/// the default privileges add.
pub fn given(grant: &Grant, ctx: &Context<'_>) -> Rights {
    match ctx.made.makes(ctx.target, &grant.on) {
        true => ctx.made.given((&grant.on, &grant.grantee), grant.of_owner, ctx.version).into(),
        false => grant.usual(ctx.version.major()),
    }
}

pub(super) fn drop(grant: &Grant, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let usual = grant.usual(ctx.version.major());
    change((&grant.on, &grant.grantee), &grant.rights(), &usual, ctx, address)
}

/// A grant follows its object by itself.
pub(super) fn rename(_: &Grant, _: &Grant, _: &Context<'_>, _: &Address) -> Vec<Step> {
    Vec::new()
}

pub(super) fn alter(
    live: &Grant,
    desired: &Grant,
    alteration: &GrantAlteration,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    match alteration {
        GrantAlteration::SetRights => {
            change((&desired.on, &desired.grantee), &live.rights(), &desired.rights(), ctx, address)
        }
    }
}

/// The statements that lead from some rights to others: what goes first, since a privilege that is taken from the whole
/// is taken from each column too.
pub(crate) fn change(
    (on, grantee): (&Securable, &Ident),
    from: &Rights,
    to: &Rights,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    let mut columns = from.columns.clone();
    let (gone, kept_without_option) = losses(&from.whole, &to.whole);
    for held in columns.values_mut() {
        held.retain(|privilege, _| !gone.contains(privilege));
        for privilege in &kept_without_option {
            held.entry(*privilege).and_modify(|grantable| *grantable = false);
        }
    }
    let none = Held::new();
    let of = |columns: &BTreeMap<Ident, Held>, name: &Ident| columns.get(name).cloned().unwrap_or_default();
    let mut names: Vec<&Ident> = columns.keys().chain(to.columns.keys()).collect();
    names.sort();
    names.dedup();
    let column_changes: Vec<_> = names
        .iter()
        .map(|name| (*name, of(&columns, name), to.columns.get(*name).unwrap_or(&none)))
        .collect();

    let revoked =
        |what: String| (Verb::Revoke, format!("REVOKE {what} ON {} FROM {}", Named(on), Role(grantee)));
    let granted = |what: String, option: bool| {
        let option = if option { " WITH GRANT OPTION" } else { "" };
        (Verb::Grant, format!("GRANT {what} ON {} TO {}{option}", Named(on), Role(grantee)))
    };
    let mut statements = Vec::new();
    statements.extend(list(&gone).map(revoked));
    statements.extend(list(&kept_without_option).map(|what| revoked(format!("GRANT OPTION FOR {what}"))));
    let of_columns = |pick: &dyn Fn(&Held, &Held) -> Vec<Privilege>| {
        let picked = column_changes.iter().map(|(name, from, to)| (*name, pick(from, to)));
        column_list(&picked.collect::<Vec<_>>())
    };
    statements.extend(of_columns(&|from, to| losses(from, to).0).map(revoked));
    let without_option = of_columns(&|from, to| losses(from, to).1);
    statements.extend(without_option.map(|what| revoked(format!("GRANT OPTION FOR {what}"))));
    for option in [false, true] {
        statements.extend(list(&gains(&from.whole, &to.whole, option)).map(|what| granted(what, option)));
        statements.extend(of_columns(&|from, to| gains(from, to, option)).map(|what| granted(what, option)));
    }
    let step = |(verb, sql)| match on.relation_name() {
        Some(relation) => ctx.step_on_one(address, verb, relation, sql),
        None => ctx.step(address, verb, sql),
    };
    statements.into_iter().map(step).collect()
}

/// What goes, and what stays but may not be passed on any more.
pub(super) fn losses(from: &Held, to: &Held) -> (Vec<Privilege>, Vec<Privilege>) {
    let gone = from.keys().filter(|privilege| !to.contains_key(privilege)).copied().collect();
    let weaker =
        from.iter().filter(|(privilege, grantable)| **grantable && to.get(privilege) == Some(&false));
    (gone, weaker.map(|(privilege, _)| *privilege).collect())
}

/// What comes, with or without the option to pass it on.
pub(super) fn gains(from: &Held, to: &Held, option: bool) -> Vec<Privilege> {
    let is_new = |(privilege, grantable): &(&Privilege, &bool)| {
        **grantable == option && from.get(privilege).is_none_or(|had| option && !had)
    };
    to.iter().filter(is_new).map(|(privilege, _)| *privilege).collect()
}

/// `None` of nothing.
pub(super) fn list(privileges: &[Privilege]) -> Option<String> {
    let words: Vec<&str> = privileges.iter().map(|privilege| privilege.as_sql()).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

/// `SELECT (a, b), UPDATE (b)`; `None` of nothing.
fn column_list(of_columns: &[(&Ident, Vec<Privilege>)]) -> Option<String> {
    let mut columns: BTreeMap<Privilege, Vec<Ident>> = BTreeMap::new();
    for (name, privileges) in of_columns {
        for privilege in privileges {
            columns.entry(*privilege).or_default().push((*name).clone());
        }
    }
    let words: Vec<String> = columns
        .iter()
        .map(|(privilege, names)| format!("{} ({})", privilege.as_sql(), IdentList(names)))
        .collect();
    (!words.is_empty()).then(|| words.join(", "))
}

/// An object as `GRANT` names it.
struct Named<'a>(&'a Securable);

impl std::fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Securable::Schema { name } => write!(f, "SCHEMA {name}"),
            Securable::Table(name) => write!(f, "TABLE {name}"),
            Securable::Sequence { name, .. } => write!(f, "SEQUENCE {name}"),
            Securable::Routine { name, arguments } => write!(f, "ROUTINE {name}({arguments})"),
            Securable::Type(name) => write!(f, "TYPE {name}"),
            Securable::Language { name } => write!(f, "LANGUAGE {name}"),
            Securable::Wrapper { name } => write!(f, "FOREIGN DATA WRAPPER {name}"),
            Securable::Server { name } => write!(f, "FOREIGN SERVER {name}"),
        }
    }
}

/// A grantee as `GRANT` names it.
pub(super) struct Role<'a>(pub(super) &'a Ident);

impl std::fmt::Display for Role<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            role if role.as_str() == PUBLIC => f.write_str("PUBLIC"),
            role if is_nobody(role) => f.write_str("CURRENT_USER"),
            role => role.fmt(f),
        }
    }
}
