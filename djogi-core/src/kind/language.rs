//! Procedural languages that come with no extension, `CREATE LANGUAGE`, and transforms of values between types and
//! languages, `CREATE TRANSFORM`: manual chapters 40 and 58. They belong to the database.

use serde::{Deserialize, Serialize};

use crate::ident::{Ident, QualifiedName};

/// A procedural language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Language {
    pub name: Ident,
    /// Whether who is no superuser may write functions in it.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub trusted: bool,
    pub handler: QualifiedName,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub inline: Option<QualifiedName>,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub validator: Option<QualifiedName>,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub comment: Option<String>,
}

/// What can change on a language, all of it in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LanguageAlteration {
    /// Everything but the comment, by `CREATE OR REPLACE`.
    SetDefinition,
    SetComment(Option<String>),
}

impl Language {
    pub(super) fn alterations(&self, desired: &Self) -> Vec<LanguageAlteration> {
        let is_same = (Self { comment: desired.comment.clone(), ..self.clone() }) == *desired;
        let definition = (!is_same).then_some(LanguageAlteration::SetDefinition);
        let comment = LanguageAlteration::SetComment(desired.comment.clone());
        definition.into_iter().chain((self.comment != desired.comment).then_some(comment)).collect()
    }
}

/// A transform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transform {
    /// As `format_type` prints it with an empty `search_path`.
    #[serde(rename = "type")]
    pub data_type: String,
    pub language: Ident,
    /// The function, as `regprocedure` prints it.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub from_sql: Option<String>,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub to_sql: Option<String>,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub comment: Option<String>,
}

/// What can change on a transform, all of it in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransformAlteration {
    /// The functions, by `CREATE OR REPLACE`.
    SetFunctions,
    SetComment(Option<String>),
}

impl Transform {
    pub(super) fn alterations(&self, desired: &Self) -> Vec<TransformAlteration> {
        let Self { data_type: _, language: _, from_sql, to_sql, comment } = self;
        let is_same = (from_sql, to_sql) == (&desired.from_sql, &desired.to_sql);
        let functions = (!is_same).then_some(TransformAlteration::SetFunctions);
        let set_comment = TransformAlteration::SetComment(desired.comment.clone());
        functions.into_iter().chain((*comment != desired.comment).then_some(set_comment)).collect()
    }
}
