//! Event triggers: `CREATE EVENT TRIGGER`, manual chapter 40. They belong to the database and fire for its DDL.

use serde::{Deserialize, Serialize};

use super::trigger::Firing;
use crate::ident::{Ident, QualifiedName};

/// An event trigger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventTrigger {
    pub name: Ident,
    /// `ddl_command_start`, `ddl_command_end`, `sql_drop`, `table_rewrite` or `login`.
    pub event: String,
    /// The command tags that it fires for, in their order; empty is all.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub tags: Vec<String>,
    pub function: QualifiedName,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub firing: Firing,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub comment: Option<String>,
}

/// What can change on an event trigger in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventTriggerAlteration {
    SetFiring(Firing),
    SetComment(Option<String>),
}

impl EventTrigger {
    /// `None` for another event, filter or function: PostgreSQL has no `CREATE OR REPLACE` for it.
    pub(super) fn alterations(&self, desired: &Self) -> Option<Vec<EventTriggerAlteration>> {
        let Self { name: _, event, tags, function, firing, comment } = self;
        if *event != desired.event || *tags != desired.tags || *function != desired.function {
            return None;
        }
        let mut alterations = Vec::new();
        if *firing != desired.firing {
            alterations.push(EventTriggerAlteration::SetFiring(desired.firing));
        }
        if *comment != desired.comment {
            alterations.push(EventTriggerAlteration::SetComment(desired.comment.clone()));
        }
        Some(alterations)
    }
}
