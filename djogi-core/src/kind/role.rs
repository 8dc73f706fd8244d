//! Roles, which belong to the whole server: `CREATE ROLE`, manual chapter 22. Passwords are none of it.

use serde::{Deserialize, Serialize};

use super::parameters::{ParameterChange, Parameters};
use crate::ident::{Ident, quoted};

/// A role with its attributes, as `CREATE ROLE` makes it when nothing is said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    pub name: Ident,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub superuser: bool,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub create_database: bool,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub create_role: bool,
    #[serde(default = "super::holds", skip_serializing_if = "super::is_true")]
    pub inherit: bool,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub login: bool,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub replication: bool,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub bypass_row_security: bool,
    /// `None` is as many as the server takes.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub connection_limit: Option<u32>,
    /// In UTC: `2030-01-01 00:00:00+00`. `None` is for ever.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub valid_until: Option<String>,
    /// What its sessions begin with, in every database, as `pg_db_role_setting` has it.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub settings: Parameters,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub comment: Option<String>,
}

/// An attribute that a role has or has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RoleAttribute {
    Superuser,
    CreateDatabase,
    CreateRole,
    Inherit,
    Login,
    Replication,
    BypassRowSecurity,
}

impl RoleAttribute {
    pub const ALL: [Self; 7] = [
        Self::Superuser,
        Self::CreateDatabase,
        Self::CreateRole,
        Self::Inherit,
        Self::Login,
        Self::Replication,
        Self::BypassRowSecurity,
    ];

    /// The word of `CREATE ROLE`, which `NO` turns round.
    pub fn word(self) -> &'static str {
        match self {
            Self::Superuser => "SUPERUSER",
            Self::CreateDatabase => "CREATEDB",
            Self::CreateRole => "CREATEROLE",
            Self::Inherit => "INHERIT",
            Self::Login => "LOGIN",
            Self::Replication => "REPLICATION",
            Self::BypassRowSecurity => "BYPASSRLS",
        }
    }
}

/// What can change on a role, all of it in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoleAlteration {
    SetAttributes(Vec<(RoleAttribute, bool)>),
    SetConnectionLimit(Option<u32>),
    SetValidUntil(Option<String>),
    SetSettings(ParameterChange),
    SetComment(Option<String>),
}

impl Role {
    /// A role of which nothing is said but its name.
    pub fn plain(name: Ident) -> Self {
        Self {
            name,
            superuser: false,
            create_database: false,
            create_role: false,
            inherit: true,
            login: false,
            replication: false,
            bypass_row_security: false,
            connection_limit: None,
            valid_until: None,
            settings: Parameters::new(),
            comment: None,
        }
    }

    pub fn has(&self, attribute: RoleAttribute) -> bool {
        match attribute {
            RoleAttribute::Superuser => self.superuser,
            RoleAttribute::CreateDatabase => self.create_database,
            RoleAttribute::CreateRole => self.create_role,
            RoleAttribute::Inherit => self.inherit,
            RoleAttribute::Login => self.login,
            RoleAttribute::Replication => self.replication,
            RoleAttribute::BypassRowSecurity => self.bypass_row_security,
        }
    }

    pub fn set(&mut self, attribute: RoleAttribute, has: bool) {
        *match attribute {
            RoleAttribute::Superuser => &mut self.superuser,
            RoleAttribute::CreateDatabase => &mut self.create_database,
            RoleAttribute::CreateRole => &mut self.create_role,
            RoleAttribute::Inherit => &mut self.inherit,
            RoleAttribute::Login => &mut self.login,
            RoleAttribute::Replication => &mut self.replication,
            RoleAttribute::BypassRowSecurity => &mut self.bypass_row_security,
        } = has;
    }

    pub fn alterations(&self, desired: &Self) -> Vec<RoleAlteration> {
        let Self {
            name: _,
            superuser: _,
            create_database: _,
            create_role: _,
            inherit: _,
            login: _,
            replication: _,
            bypass_row_security: _,
            connection_limit,
            valid_until,
            settings,
            comment,
        } = self;
        let mut alterations = Vec::new();
        let attributes = RoleAttribute::ALL.into_iter();
        let attributes: Vec<_> = attributes
            .filter(|attribute| self.has(*attribute) != desired.has(*attribute))
            .map(|attribute| (attribute, desired.has(attribute)))
            .collect();
        if !attributes.is_empty() {
            alterations.push(RoleAlteration::SetAttributes(attributes));
        }
        if *connection_limit != desired.connection_limit {
            alterations.push(RoleAlteration::SetConnectionLimit(desired.connection_limit));
        }
        if *valid_until != desired.valid_until {
            alterations.push(RoleAlteration::SetValidUntil(desired.valid_until.clone()));
        }
        let settings = ParameterChange::between(settings, &desired.settings);
        alterations.extend(settings.map(RoleAlteration::SetSettings));
        if *comment != desired.comment {
            alterations.push(RoleAlteration::SetComment(desired.comment.clone()));
        }
        alterations
    }
}

/// The membership of one role in another: `GRANT role TO member`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleGrant {
    pub role: Ident,
    pub member: Ident,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub admin: bool,
    /// From PostgreSQL 16 on; before, it is an attribute of the member alone.
    #[serde(default = "super::holds", skip_serializing_if = "super::is_true")]
    pub inherit: bool,
    /// `SET`: from PostgreSQL 16 on.
    #[serde(default = "super::holds", skip_serializing_if = "super::is_true")]
    pub become_role: bool,
}

/// What can change on a membership in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoleGrantAlteration {
    SetOptions,
}

impl RoleGrant {
    pub(super) fn alterations(&self, desired: &Self) -> Vec<RoleGrantAlteration> {
        if self == desired { Vec::new() } else { vec![RoleGrantAlteration::SetOptions] }
    }
}

/// The parameters whose values are lists of names (`GUC_LIST_QUOTE` in `guc_tables.c`); extensions can have none.
pub(crate) fn is_list(parameter: &str) -> bool {
    const LISTS: [&str; 7] = [
        "local_preload_libraries",
        "restrict_nonsystem_relation_kind",
        "search_path",
        "session_preload_libraries",
        "shared_preload_libraries",
        "temp_tablespaces",
        "unix_socket_directories",
    ];
    LISTS.contains(&parameter)
}

/// The elements of a list, without quotes.
pub(crate) fn list_elements(list: &str) -> Vec<String> {
    let (mut elements, mut element, mut is_quoted) = (Vec::new(), String::new(), false);
    let mut rest = list.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' if is_quoted && rest.next_if_eq(&'"').is_some() => element.push('"'),
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => elements.push(std::mem::take(&mut element)),
            ' ' if !is_quoted => {}
            c => element.push(c),
        }
    }
    elements.push(element);
    elements
}

/// A list of these elements, each with the quotes that it needs.
pub(crate) fn list_of(elements: &[String]) -> String {
    let element = |element: &String| match element.as_str() {
        "" => "\"\"".to_owned(),
        element => quoted(element),
    };
    elements.iter().map(element).collect::<Vec<_>>().join(", ")
}

/// A setting of a role by what the catalog has, `name=value`, so that equal ones are alike: PostgreSQL tells no names of
/// parameters by case.
pub fn setting(text: &str) -> (String, String) {
    let (parameter, value) = text.split_once('=').unwrap_or((text, ""));
    let parameter = parameter.to_ascii_lowercase();
    let value = if is_list(&parameter) { list_of(&list_elements(value)) } else { value.to_owned() };
    (parameter, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_of_lists_lose_their_quotes_and_get_them_again() {
        let list = "app, \"$user\", \"a, \"\"b\"\"\", \"\"";
        assert_eq!(list_elements(list), ["app", "$user", "a, \"b\"", ""]);
        assert_eq!(list_of(&list_elements(list)), list);
        assert_eq!(setting("TimeZone=UTC"), ("timezone".to_owned(), "UTC".to_owned()));
    }
}
