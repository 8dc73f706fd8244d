//! Seeds: rows of one table that are declared, and converged by their key.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::ident::{Ident, QualifiedName};

/// The rows that a file declares for a table. It holds no value of any row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seed {
    pub name: Ident,
    pub table: QualifiedName,
    /// The columns that tell the rows apart, sorted; of a live seed, in the order in which the ledger has them.
    pub key: Vec<Ident>,
    /// All columns that are declared, in the same way.
    pub columns: Vec<Ident>,
    pub rows: u64,
    /// Of the rows as they were declared when they were written.
    pub source: Digest,
    /// Of the rows that are there, where they are not those that were written.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub changed: Option<String>,
    /// How many rows are written of a seed whose writing was interrupted.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub unfinished: Option<u64>,
}

/// What can change on a seed in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SeedAlteration {
    /// The key is another one: what is known of the rows is known by it from now on. Holds the key before.
    SetKey(Vec<Ident>),
    /// Rows are written until they are as declared.
    Converge,
}

impl Seed {
    /// `None` when it is about another table.
    pub(super) fn alterations(&self, desired: &Self) -> Option<Vec<SeedAlteration>> {
        let Self { name: _, table, key, columns, rows, source, changed, unfinished } = self;
        if *table != desired.table {
            return None;
        }
        let mut alterations = Vec::new();
        if *key != desired.key {
            alterations.push(SeedAlteration::SetKey(key.clone()));
        }
        let is_same = *key == desired.key
            && *columns == desired.columns
            && *rows == desired.rows
            && *source == desired.source
            && *changed == desired.changed
            && *unfinished == desired.unfinished;
        if !is_same {
            alterations.push(SeedAlteration::Converge);
        }
        Some(alterations)
    }
}
