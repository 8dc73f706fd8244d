//! SQL expressions as text.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::stable::stable;

/// An SQL expression.
///
/// In a [`Catalog`](crate::catalog::Catalog) it is the text PostgreSQL itself prints
/// (`pg_get_expr` with an empty `search_path`); in a [`Declaration`](crate::declared::Declaration) it may
/// still be what the user wrote.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Expression(pub String);

impl Expression {
    /// In a form that PostgreSQL prints again as it was printed.
    pub fn new(text: impl Into<String>) -> Self {
        Self(stable(text.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
