//! Composite types: `CREATE TYPE ... AS (...)`, manual section 8.16. The row types of tables are part of them.

use serde::{Deserialize, Serialize};

use crate::ident::{Ident, QualifiedName};

/// A composite type that stands alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Composite {
    pub schema: Ident,
    pub name: Ident,
    /// In their order, which counts: `ROW(...)` has no names.
    pub attributes: Vec<CompositeAttribute>,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub comment: Option<String>,
}

/// An attribute of a composite type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompositeAttribute {
    pub name: Ident,
    #[serde(rename = "type")]
    pub data_type: String,
    /// `None` is the collation of the type.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub collation: Option<QualifiedName>,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub comment: Option<String>,
}

/// What can change on a composite type in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CompositeAlteration {
    DropAttribute(Ident),
    AddAttribute(CompositeAttribute),
    SetAttributeType(CompositeAttribute),
    SetAttributeComment { attribute: Ident, comment: Option<String> },
    SetComment(Option<String>),
}

impl Composite {
    pub fn qualified_name(&self) -> QualifiedName {
        QualifiedName::new(self.schema.clone(), self.name.clone())
    }

    /// `None` when attributes would have to stand elsewhere: PostgreSQL adds them at the end only.
    pub(super) fn alterations(&self, desired: &Self) -> Option<Vec<CompositeAlteration>> {
        use CompositeAlteration as Alter;
        let Self { schema: _, name: _, attributes, comment } = self;
        let find = |list: &[CompositeAttribute], name: &Ident| {
            list.iter().find(|attribute| attribute.name == *name).cloned()
        };
        let kept = attributes.iter().filter(|live| find(&desired.attributes, &live.name).is_some());
        let added = desired.attributes.iter().filter(|wanted| find(attributes, &wanted.name).is_none());
        if !kept.chain(added).map(|a| &a.name).eq(desired.attributes.iter().map(|a| &a.name)) {
            return None;
        }
        let mut alterations = Vec::new();
        for live in attributes.iter().filter(|live| find(&desired.attributes, &live.name).is_none()) {
            alterations.push(Alter::DropAttribute(live.name.clone()));
        }
        for wanted in &desired.attributes {
            let Some(live) = find(attributes, &wanted.name) else {
                alterations.push(Alter::AddAttribute(wanted.clone()));
                continue;
            };
            if live.data_type != wanted.data_type || live.collation != wanted.collation {
                alterations.push(Alter::SetAttributeType(wanted.clone()));
            }
            if live.comment != wanted.comment {
                alterations.push(Alter::SetAttributeComment {
                    attribute: wanted.name.clone(),
                    comment: wanted.comment.clone(),
                });
            }
        }
        if *comment != desired.comment {
            alterations.push(Alter::SetComment(desired.comment.clone()));
        }
        Some(alterations)
    }
}
