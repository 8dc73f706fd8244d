//! Conversions between encodings: `CREATE CONVERSION`, manual section 23.3.

use serde::{Deserialize, Serialize};

use crate::ident::{Ident, QualifiedName};

/// A conversion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conversion {
    pub schema: Ident,
    pub name: Ident,
    /// The encoding that it is from.
    pub source: String,
    /// The encoding that it is to.
    pub destination: String,
    pub function: QualifiedName,
    /// Whether it is the one that PostgreSQL takes by itself.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub default: bool,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub comment: Option<String>,
}

/// What can change on a conversion in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConversionAlteration {
    SetComment(Option<String>),
}

impl Conversion {
    pub fn qualified_name(&self) -> QualifiedName {
        QualifiedName::new(self.schema.clone(), self.name.clone())
    }

    /// `None` when anything but the comment differs.
    pub(super) fn alterations(&self, desired: &Self) -> Option<Vec<ConversionAlteration>> {
        if (Self { comment: desired.comment.clone(), ..self.clone() }) != *desired {
            return None;
        }
        let set = ConversionAlteration::SetComment(desired.comment.clone());
        Some((self.comment != desired.comment).then_some(set).into_iter().collect())
    }
}
