//! What roles may do, in one line.

use djogi_core::ident::IdentList;
use djogi_core::kind::privilege::Privilege;
use djogi_core::kind::{DefaultPrivilege, Grant};

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
