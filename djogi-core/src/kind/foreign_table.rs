//! What makes a table a foreign one: `CREATE FOREIGN TABLE`, manual section 5.13. Everything else of it is as with other
//! tables, but that it has neither rows nor indexes here.

use serde::{Deserialize, Serialize};

use super::foreign_option::{ForeignOptions, OptionChange, changes};
use crate::ident::Ident;

/// Where the rows of a foreign table are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForeignSource {
    pub server: Ident,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub options: ForeignOptions,
}

impl ForeignSource {
    /// How the options of `live` become those of `desired`. `None` where one is foreign and the other not, or of another
    /// server: PostgreSQL has no such ALTER.
    pub(super) fn alterations(live: Option<&Self>, desired: Option<&Self>) -> Option<Vec<OptionChange>> {
        match (live, desired) {
            (None, None) => Some(Vec::new()),
            (Some(live), Some(desired)) if live.server == desired.server => {
                Some(changes(&live.options, &desired.options))
            }
            (Some(_) | None, Some(_) | None) => None,
        }
    }
}
