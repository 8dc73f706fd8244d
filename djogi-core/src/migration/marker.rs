//! The comment on a helper column, or on the trigger of a column that is filled: what the catalog cannot say of a migration
//! otherwise.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::kind::{Retype, TakenFromColumn};

const PREFIX: &str = "djogi live migration: ";

/// What is known of a migration that is under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Marker<M = Retype> {
    pub(crate) migration: M,
    #[serde(default, skip_serializing_if = "crate::kind::is_default")]
    pub(crate) backfilled: bool,
    #[serde(default, skip_serializing_if = "crate::kind::is_default")]
    pub(crate) verified: bool,
    /// What the old column had at the cutover and the new one has otherwise.
    #[serde(default, skip_serializing_if = "crate::kind::is_default")]
    pub(crate) taken: Option<TakenFromColumn>,
    /// When the columns changed their names, by the clock of the server: how long the old values have been kept.
    #[serde(default, skip_serializing_if = "crate::kind::is_default")]
    pub(crate) cut_over_at: Option<String>,
}

impl<M: DeserializeOwned> Marker<M> {
    pub(crate) fn new(migration: M) -> Self {
        Self { migration, backfilled: false, verified: false, taken: None, cut_over_at: None }
    }

    /// Of what has the comment, where that is one.
    pub(crate) fn of(comment: Option<&str>) -> Option<Self> {
        serde_json::from_str(comment?.strip_prefix(PREFIX)?).ok()
    }
}

/// The comment.
impl<M: Serialize> fmt::Display for Marker<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = serde_json::to_string(self).map_err(|_| fmt::Error)?;
        write!(f, "{PREFIX}{json}")
    }
}
