//! Rewrite rules: `CREATE RULE`, manual chapter 41. The rule that makes a view is part of the view.

use serde::{Deserialize, Serialize};

use super::trigger::Firing;
use crate::ident::{Ident, QualifiedName};

/// A rewrite rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    pub schema: Ident,
    /// The table or view, in the rule's own schema.
    pub table: Ident,
    pub name: Ident,
    /// What `pg_get_ruledef` prints behind `CREATE RULE name AS`, without the semicolon.
    pub definition: String,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub firing: Firing,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub comment: Option<String>,
}

/// What can change on a rule in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleAlteration {
    /// `CREATE OR REPLACE`, which keeps whether it is enabled.
    Redefine,
    SetFiring(Firing),
    SetComment(Option<String>),
}

impl Rule {
    pub fn relation_name(&self) -> QualifiedName {
        QualifiedName::new(self.schema.clone(), self.table.clone())
    }

    pub(super) fn alterations(&self, desired: &Self) -> Vec<RuleAlteration> {
        let Self { schema: _, table: _, name: _, definition, firing, comment } = self;
        let mut alterations = Vec::new();
        if *definition != desired.definition {
            alterations.push(RuleAlteration::Redefine);
        }
        if *firing != desired.firing {
            alterations.push(RuleAlteration::SetFiring(desired.firing));
        }
        if *comment != desired.comment {
            alterations.push(RuleAlteration::SetComment(desired.comment.clone()));
        }
        alterations
    }
}
