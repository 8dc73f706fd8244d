//! Schemas (namespaces).

use serde::{Deserialize, Serialize};

use crate::ident::Ident;

/// A schema: `CREATE SCHEMA`, manual section 5.10.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schema {
    pub name: Ident,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub comment: Option<String>,
}

/// What can change on a schema in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SchemaAlteration {
    SetComment(Option<String>),
}

impl Schema {
    pub(super) fn alterations(&self, desired: &Self) -> Vec<SchemaAlteration> {
        let Self { name: _, comment } = self;
        if *comment == desired.comment {
            return Vec::new();
        }
        vec![SchemaAlteration::SetComment(desired.comment.clone())]
    }
}
