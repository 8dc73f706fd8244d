//! Casts: `CREATE CAST`, manual chapter 10. They belong to the database and not to a schema.

use serde::{Deserialize, Serialize};

/// A cast from one type to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cast {
    /// As `format_type` prints it with an empty `search_path`.
    pub source: String,
    pub target: String,
    pub method: CastMethod,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub context: CastContext,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub comment: Option<String>,
}

/// How a value becomes one of the other type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CastMethod {
    /// By this function, as `regprocedure` prints it.
    Function(String),
    /// By its text.
    InOut,
    /// It is one already: `WITHOUT FUNCTION`.
    Binary,
}

/// When PostgreSQL casts by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CastContext {
    /// Never.
    #[default]
    Explicit,
    Assignment,
    Implicit,
}

/// What can change on a cast in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CastAlteration {
    SetComment(Option<String>),
}

impl Cast {
    /// What it is known by: `app.mood, text`.
    pub fn types(&self) -> String {
        format!("{}, {}", self.source, self.target)
    }

    /// `None` for anything but another comment.
    pub(super) fn alterations(&self, desired: &Self) -> Option<Vec<CastAlteration>> {
        let Self { source, target, method, context, comment } = self;
        if *source != desired.source
            || *target != desired.target
            || *method != desired.method
            || *context != desired.context
        {
            return None;
        }
        let alteration = CastAlteration::SetComment(desired.comment.clone());
        Some((*comment != desired.comment).then_some(alteration).into_iter().collect())
    }
}
