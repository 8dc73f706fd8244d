//! Range types: `CREATE TYPE ... AS RANGE`, manual section 8.17. The multirange type comes and goes with its range.

use serde::{Deserialize, Serialize};

use crate::ident::{Ident, QualifiedName};

/// A range type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range {
    pub schema: Ident,
    pub name: Ident,
    /// The type of the bounds as `format_type` prints it.
    pub subtype: String,
    /// `None` is the default B-tree operator class of the subtype.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub operator_class: Option<QualifiedName>,
    /// `None` is the collation of the subtype.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub collation: Option<QualifiedName>,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub canonical: Option<QualifiedName>,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub subtype_diff: Option<QualifiedName>,
    pub multirange: QualifiedName,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub comment: Option<String>,
}

/// What can change on a range type in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RangeAlteration {
    SetComment(Option<String>),
}

impl Range {
    pub fn qualified_name(&self) -> QualifiedName {
        QualifiedName::new(self.schema.clone(), self.name.clone())
    }

    /// `None` when anything but the comment differs.
    pub(super) fn alterations(&self, desired: &Self) -> Option<Vec<RangeAlteration>> {
        if (Self { comment: desired.comment.clone(), ..self.clone() }) != *desired {
            return None;
        }
        let differs = self.comment != desired.comment;
        Some(differs.then(|| RangeAlteration::SetComment(desired.comment.clone())).into_iter().collect())
    }
}
