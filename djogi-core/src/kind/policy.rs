//! Row security policies: `CREATE POLICY`, manual section 5.9.

use serde::{Deserialize, Serialize};

use super::expression::Expression;
use crate::ident::{Ident, QualifiedName};

/// What a policy is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PolicyCommand {
    All,
    Select,
    Insert,
    Update,
    Delete,
}

impl PolicyCommand {
    pub fn as_sql(self) -> &'static str {
        match self {
            PolicyCommand::All => "ALL",
            PolicyCommand::Select => "SELECT",
            PolicyCommand::Insert => "INSERT",
            PolicyCommand::Update => "UPDATE",
            PolicyCommand::Delete => "DELETE",
        }
    }
}

/// A row security policy. Whether its table heeds it is a property of the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    pub schema: Ident,
    pub table: Ident,
    pub name: Ident,
    #[serde(default = "super::holds", skip_serializing_if = "super::is_true")]
    pub permissive: bool,
    pub command: PolicyCommand,
    /// Sorted; empty is `PUBLIC`.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub roles: Vec<Ident>,
    /// The rows that are seen.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub using: Option<Expression>,
    /// The rows that may be written.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub check: Option<Expression>,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub comment: Option<String>,
}

/// What can change on a policy in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyAlteration {
    SetRoles(Vec<Ident>),
    SetUsing(Expression),
    SetCheck(Expression),
    SetComment(Option<String>),
}

impl Policy {
    pub fn table_name(&self) -> QualifiedName {
        QualifiedName::new(self.schema.clone(), self.table.clone())
    }

    /// `None` for another command or combination, and when an expression goes: `ALTER POLICY` can only give another.
    pub(super) fn alterations(&self, desired: &Self) -> Option<Vec<PolicyAlteration>> {
        let Self { schema: _, table: _, name: _, permissive, command, roles, using, check, comment } = self;
        let goes =
            |live: &Option<Expression>, wanted: &Option<Expression>| live.is_some() && wanted.is_none();
        if *permissive != desired.permissive
            || *command != desired.command
            || goes(using, &desired.using)
            || goes(check, &desired.check)
        {
            return None;
        }
        let mut alterations = Vec::new();
        if *roles != desired.roles {
            alterations.push(PolicyAlteration::SetRoles(desired.roles.clone()));
        }
        let other = |live: &Option<Expression>, wanted: &Option<Expression>| {
            wanted.clone().filter(|wanted| live.as_ref() != Some(wanted))
        };
        alterations.extend(other(using, &desired.using).map(PolicyAlteration::SetUsing));
        alterations.extend(other(check, &desired.check).map(PolicyAlteration::SetCheck));
        if *comment != desired.comment {
            alterations.push(PolicyAlteration::SetComment(desired.comment.clone()));
        }
        Some(alterations)
    }
}
