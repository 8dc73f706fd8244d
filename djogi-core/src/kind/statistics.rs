//! Statistics objects: `CREATE STATISTICS`, manual section 14.2.2.

use serde::{Deserialize, Serialize};

use crate::ident::{Ident, QualifiedName};
use crate::lexis::mentions;

/// An extended statistics object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statistics {
    pub schema: Ident,
    pub name: Ident,
    /// What it is about, which may be in another schema.
    pub table: QualifiedName,
    /// `ndistinct`, `dependencies` and `mcv`, sorted; empty for a single expression, which has none of them.
    pub kinds: Vec<String>,
    /// Columns by their names, then expressions, as `pg_get_statisticsobjdef_expressions` prints them, in parentheses.
    pub columns: String,
    /// `None` is the default.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub target: Option<i32>,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub comment: Option<String>,
}

/// What can change on a statistics object in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatisticsAlteration {
    SetTarget(Option<i32>),
    SetComment(Option<String>),
}

impl Statistics {
    pub fn qualified_name(&self) -> QualifiedName {
        QualifiedName::new(self.schema.clone(), self.name.clone())
    }

    /// Whether it is about the column `name`, or about an expression of it.
    pub fn texts_mention(&self, name: &Ident) -> bool {
        mentions(&self.columns, name)
    }

    /// `None` when it is about something else.
    pub(super) fn alterations(&self, desired: &Self) -> Option<Vec<StatisticsAlteration>> {
        let Self { schema: _, name: _, table, kinds, columns, target, comment } = self;
        if *table != desired.table || *kinds != desired.kinds || *columns != desired.columns {
            return None;
        }
        let mut alterations = Vec::new();
        if *target != desired.target {
            alterations.push(StatisticsAlteration::SetTarget(desired.target));
        }
        if *comment != desired.comment {
            alterations.push(StatisticsAlteration::SetComment(desired.comment.clone()));
        }
        Some(alterations)
    }
}
