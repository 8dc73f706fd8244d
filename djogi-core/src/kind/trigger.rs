//! Triggers: `CREATE TRIGGER`, manual chapter 39.

use serde::{Deserialize, Serialize};

use crate::ident::{Ident, QualifiedName};

/// When a trigger or rule fires, by `session_replication_role`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Firing {
    /// `ENABLE`: unless the session replays what a replica gets.
    #[default]
    Origin,
    /// `ENABLE REPLICA`.
    Replica,
    /// `ENABLE ALWAYS`.
    Always,
    /// `DISABLE`.
    Disabled,
}

impl Firing {
    /// What stands between `ALTER TABLE t` and the kind of the object.
    pub fn as_sql(self) -> &'static str {
        match self {
            Firing::Origin => "ENABLE",
            Firing::Replica => "ENABLE REPLICA",
            Firing::Always => "ENABLE ALWAYS",
            Firing::Disabled => "DISABLE",
        }
    }
}

/// Of the trigger that a partition has from its partitioned table: what it is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParentTrigger {
    /// The partitioned table, which can be a partition itself. Both triggers have one name.
    pub table: QualifiedName,
    pub firing: Firing,
}

/// A trigger that is not PostgreSQL's own. That of a partition which comes from the partitioned table is one only where
/// it has something for itself: when it fires, or a comment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    pub schema: Ident,
    /// The table or view, in the trigger's own schema.
    pub table: Ident,
    pub name: Ident,
    /// `CREATE CONSTRAINT TRIGGER`.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub constraint: bool,
    /// When it fires: `BEFORE INSERT OR UPDATE OF total`.
    pub event: String,
    /// What stands behind the table, as `pg_get_triggerdef` prints it: transition tables, `FOR EACH ROW`, `WHEN`, function.
    pub action: String,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub firing: Firing,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub parent: Option<ParentTrigger>,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub comment: Option<String>,
}

/// What can change on a trigger in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TriggerAlteration {
    /// `CREATE OR REPLACE`, which leaves it enabled.
    Redefine,
    SetFiring(Firing),
    SetComment(Option<String>),
}

impl Trigger {
    pub fn relation_name(&self) -> QualifiedName {
        QualifiedName::new(self.schema.clone(), self.table.clone())
    }

    /// What follows from it for the triggers of partitions below: they fire as it does then.
    pub fn is_spread_by(alteration: &TriggerAlteration) -> bool {
        match alteration {
            TriggerAlteration::Redefine | TriggerAlteration::SetFiring(_) => true,
            TriggerAlteration::SetComment(_) => false,
        }
    }

    /// `None` for a constraint trigger with another definition, which PostgreSQL does not replace, and for one that comes
    /// from another table, or from none any more.
    pub(super) fn alterations(&self, desired: &Self) -> Option<Vec<TriggerAlteration>> {
        let Self { schema: _, table: _, name: _, constraint, event, action, firing, parent, comment } = self;
        let mut alterations = Vec::new();
        let mut left = Some(*firing);
        let is_other =
            *constraint != desired.constraint || *event != desired.event || *action != desired.action;
        if is_other && (*constraint || desired.constraint) {
            return None;
        }
        match (parent, &desired.parent) {
            (None, None) if is_other => {
                alterations.push(TriggerAlteration::Redefine);
                left = Some(Firing::Origin);
            }
            (None, None) => {}
            // What changes above comes down, and takes along when it fires here.
            (Some(above), Some(wanted)) if above.table == wanted.table => {
                if is_other || above.firing != wanted.firing {
                    left = None;
                }
            }
            _ => return None,
        }
        if left != Some(desired.firing) {
            alterations.push(TriggerAlteration::SetFiring(desired.firing));
        }
        if *comment != desired.comment {
            alterations.push(TriggerAlteration::SetComment(desired.comment.clone()));
        }
        Some(alterations)
    }
}
