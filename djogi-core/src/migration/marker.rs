//! The comment on a helper column: what the catalog cannot say of a migration otherwise.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::kind::{Column, Migration};

const PREFIX: &str = "djogi live migration: ";

/// What is known of a migration that is under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Marker {
    pub(crate) migration: Migration,
    #[serde(default, skip_serializing_if = "crate::kind::is_default")]
    pub(crate) backfilled: bool,
    #[serde(default, skip_serializing_if = "crate::kind::is_default")]
    pub(crate) verified: bool,
    /// When the columns changed their names, by the clock of the server: how long the old values have been kept.
    #[serde(default, skip_serializing_if = "crate::kind::is_default")]
    pub(crate) cut_over_at: Option<String>,
}

impl Marker {
    pub(crate) fn new(migration: Migration) -> Self {
        Self { migration, backfilled: false, verified: false, cut_over_at: None }
    }

    /// Of a column whose comment is one.
    pub(crate) fn of(column: &Column) -> Option<Self> {
        serde_json::from_str(column.comment.as_deref()?.strip_prefix(PREFIX)?).ok()
    }
}

/// The comment.
impl fmt::Display for Marker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = serde_json::to_string(self).map_err(|_| fmt::Error)?;
        write!(f, "{PREFIX}{json}")
    }
}
