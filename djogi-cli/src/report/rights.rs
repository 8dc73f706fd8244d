//! What roles may do, in one line.

use djogi_core::ident::{IdentList, Literal};
use djogi_core::kind::privilege::Privilege;
use djogi_core::kind::{DefaultPrivilege, Grant, Role, RoleAttribute, RoleGrant};

/// `SELECT, UPDATE (note), INSERT with grant option`.
pub(crate) fn grant(grant: &Grant) -> String {
    let mut words = list(&grant.privileges, &grant.grantable, "");
    for column in &grant.columns {
        let name = format!(" ({})", IdentList(std::slice::from_ref(&column.name)));
        words.extend(list(&column.privileges, &column.grantable, &name));
    }
    said(&words)
}

/// The same of objects that are made later.
pub(crate) fn defaults(privilege: &DefaultPrivilege) -> String {
    said(&list(&privilege.privileges, &privilege.grantable, ""))
}

/// `LOGIN CREATEDB CONNECTION LIMIT 5 search_path = app`.
pub(crate) fn role(role: &Role) -> String {
    let plain = Role::plain(role.name.clone());
    let attributes = RoleAttribute::ALL.into_iter().filter(|it| role.has(*it) != plain.has(*it));
    let mut words: Vec<String> =
        attributes.map(|it| format!("{}{}", if role.has(it) { "" } else { "NO" }, it.word())).collect();
    words.extend(role.connection_limit.map(|limit| format!("CONNECTION LIMIT {limit}")));
    words.extend(role.valid_until.as_ref().map(|until| format!("VALID UNTIL {}", Literal(until))));
    words.extend(role.settings.iter().map(|(name, value)| format!("{name} = {value}")));
    words.join(" ")
}

/// What a member may do besides what all members may.
pub(crate) fn role_grant(grant: &RoleGrant) -> String {
    let options =
        [("ADMIN", grant.admin, false), ("INHERIT", grant.inherit, true), ("SET", grant.become_role, true)];
    let said = options.into_iter().filter(|(_, holds, usual)| holds != usual);
    let said = said.map(|(word, holds, _)| format!("{word} {}", if holds { "TRUE" } else { "FALSE" }));
    said.collect::<Vec<_>>().join(", ")
}

fn list(privileges: &[Privilege], grantable: &[Privilege], on: &str) -> Vec<String> {
    let word = |privilege: &Privilege| {
        let option = if grantable.contains(privilege) { " with grant option" } else { "" };
        format!("{}{on}{option}", privilege.as_sql())
    };
    privileges.iter().map(word).collect()
}

fn said(words: &[String]) -> String {
    if words.is_empty() { "nothing".to_owned() } else { words.join(", ") }
}
