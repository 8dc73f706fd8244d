//! Collations: `CREATE COLLATION`, manual section 23.2.

use serde::{Deserialize, Serialize};

use crate::ident::{Ident, QualifiedName};

/// A collation. Which version of the library it was made with is not compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Collation {
    pub schema: Ident,
    pub name: Ident,
    /// `libc`, `icu` or `builtin`.
    pub provider: String,
    #[serde(default = "super::holds", skip_serializing_if = "super::is_true")]
    pub deterministic: bool,
    /// `None` when `lc_collate` and `lc_ctype` say it, which then may differ.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub locale: Option<String>,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub lc_collate: Option<String>,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub lc_ctype: Option<String>,
    /// Rules of ICU that are added to the locale's (PostgreSQL 16 and newer).
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub rules: Option<String>,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub comment: Option<String>,
}

/// What can change on a collation in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CollationAlteration {
    SetComment(Option<String>),
}

impl Collation {
    pub fn qualified_name(&self) -> QualifiedName {
        QualifiedName::new(self.schema.clone(), self.name.clone())
    }

    /// `None` when anything but the comment differs.
    pub(super) fn alterations(&self, desired: &Self) -> Option<Vec<CollationAlteration>> {
        if (Self { comment: desired.comment.clone(), ..self.clone() }) != *desired {
            return None;
        }
        let differs = self.comment != desired.comment;
        Some(differs.then(|| CollationAlteration::SetComment(desired.comment.clone())).into_iter().collect())
    }
}
