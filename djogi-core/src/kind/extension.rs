//! Extensions. Their members are never resources of their own.

use serde::{Deserialize, Serialize};

use crate::ident::Ident;

/// An extension: `CREATE EXTENSION`, manual section 36.17.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extension {
    pub name: Ident,
    /// Where its objects live; a declaration without one takes what the server chooses.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub schema: Option<Ident>,
    /// A declaration without one accepts any version.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub version: Option<String>,
}

/// What can change on an extension in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExtensionAlteration {
    SetSchema(Ident),
    UpdateTo(String),
}

impl Extension {
    pub(super) fn alterations(&self, desired: &Self) -> Vec<ExtensionAlteration> {
        let Self { name: _, schema, version } = self;
        let mut alterations = Vec::new();
        if let Some(wanted) = &desired.schema
            && schema.as_ref() != Some(wanted)
        {
            alterations.push(ExtensionAlteration::SetSchema(wanted.clone()));
        }
        if let Some(wanted) = &desired.version
            && version.as_ref() != Some(wanted)
        {
            alterations.push(ExtensionAlteration::UpdateTo(wanted.clone()));
        }
        alterations
    }
}
