//! What is to be done about the rows of a seed, and how a plan shows it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::SeedRows;

/// The rows of a seed beside those of the live table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeedWork {
    pub declared: Arc<SeedRows>,
    pub compared: Compared,
}

/// What came of looking at the live table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Compared {
    /// Nothing had to be looked at: the rows are those that were written.
    Same,
    /// There is no such table yet.
    New,
    /// Rows that are not there, or not as declared, or not yet known to be a seed's; and rows that are not declared any
    /// more.
    Rows { found: Vec<Found>, gone: Vec<Gone> },
}

/// A declared row as the live table has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its place among the declared rows.
    pub row: usize,
    /// The values that are there, in the order of the columns; `None` when there is no such row.
    pub live: Option<Vec<Option<String>>>,
    /// The declared values as PostgreSQL prints them.
    pub declared: Vec<Option<String>>,
}

/// A row that is not declared any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gone {
    /// In the order of the key.
    pub key: Vec<String>,
    /// Whether djogi wrote it; if not it stays.
    pub written: bool,
    /// Whether it is there.
    pub there: bool,
}

impl Gone {
    pub fn is_to_be_deleted(&self) -> bool {
        self.written && self.there
    }
}

/// How many rows a plan lists.
const LISTED: usize = 20;

/// How many characters of a value a plan shows.
const SHOWN: usize = 200;

/// What stands for the value of a secret column.
const MASK: &str = "(secret)";

/// What a plan does to the rows of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RowChanges {
    pub table: String,
    pub inserted: usize,
    pub updated: usize,
    pub deleted: usize,
    /// Rows that are there as declared, and that djogi knows of from now on.
    pub adopted: usize,
    /// Rows that djogi has found, not written: they stay when they are not declared any more.
    pub left: usize,
    /// The first rows that change.
    pub listed: Vec<RowChange>,
}

impl RowChanges {
    /// How many rows change that are not listed.
    pub fn unlisted(&self) -> usize {
        (self.inserted + self.updated + self.deleted).saturating_sub(self.listed.len())
    }
}

/// What happens to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RowVerb {
    Insert,
    Update,
    Delete,
}

/// What happens to one row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RowChange {
    pub action: RowVerb,
    /// The values of its key.
    pub key: Vec<String>,
    /// Of an update: the values that differ.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub values: Vec<ValueChange>,
}

/// A value that becomes another one, as PostgreSQL prints them; `null` is NULL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ValueChange {
    pub column: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

impl SeedWork {
    /// The rows that a statement is about: all of them where the table is new, whatever it held before.
    pub fn to_write(&self, is_new: bool) -> Vec<usize> {
        match &self.compared {
            _ if is_new => (0..self.declared.rows.len()).collect(),
            Compared::Same => Vec::new(),
            Compared::New => (0..self.declared.rows.len()).collect(),
            Compared::Rows { found, .. } => found.iter().map(|found| found.row).collect(),
        }
    }

    /// The rows that nobody declares any more.
    pub fn gone(&self, is_new: bool) -> &[Gone] {
        match &self.compared {
            Compared::Rows { gone, .. } if !is_new => gone,
            Compared::Rows { .. } | Compared::New | Compared::Same => &[],
        }
    }

    /// What a plan says about the rows.
    pub fn changes(&self, is_new: bool) -> RowChanges {
        let mut changes = RowChanges { table: self.declared.table.to_string(), ..RowChanges::default() };
        match &self.compared {
            Compared::Rows { found, .. } if !is_new => {
                found.iter().for_each(|found| self.count(found, &mut changes));
            }
            Compared::Same if !is_new => {}
            Compared::Rows { .. } | Compared::Same | Compared::New => {
                changes.inserted = self.declared.rows.len();
                let rows = 0..self.declared.rows.len().min(LISTED);
                changes.listed.extend(rows.map(|row| self.listed(RowVerb::Insert, row, Vec::new())));
            }
        }
        for gone in self.gone(is_new) {
            match (gone.is_to_be_deleted(), gone.there) {
                (true, _) => {
                    changes.deleted += 1;
                    // What is lost is listed before all else.
                    let key = gone.key.iter().map(|text| shown(text)).collect();
                    changes.listed.insert(
                        (changes.deleted - 1).min(changes.listed.len()),
                        RowChange { action: RowVerb::Delete, key, values: Vec::new() },
                    );
                }
                (false, true) => changes.left += 1,
                (false, false) => {}
            }
        }
        changes.listed.truncate(LISTED);
        changes
    }

    fn count(&self, found: &Found, changes: &mut RowChanges) {
        let Some(live) = &found.live else {
            changes.inserted += 1;
            changes.listed.push(self.listed(RowVerb::Insert, found.row, Vec::new()));
            return;
        };
        let columns = self.declared.columns.iter().zip(live.iter().zip(&found.declared));
        let differing: Vec<ValueChange> = columns
            .filter(|(_, (live, declared))| live != declared)
            .map(|(column, (live, declared))| {
                let is_secret = self.declared.secret.contains(column);
                let text = |value: &Option<String>| {
                    let value = value.as_deref();
                    value.map(|value| if is_secret { MASK.to_owned() } else { shown(value) })
                };
                ValueChange { column: column.to_string(), before: text(live), after: text(declared) }
            })
            .collect();
        if differing.is_empty() {
            changes.adopted += 1;
            return;
        }
        changes.updated += 1;
        changes.listed.push(self.listed(RowVerb::Update, found.row, differing));
    }

    fn listed(&self, action: RowVerb, row: usize, values: Vec<ValueChange>) -> RowChange {
        let of_row = |at: &usize| self.declared.rows[row].values[*at].as_deref().map(shown);
        let key = self.declared.key_positions().iter().filter_map(of_row).collect();
        RowChange { action, key, values }
    }
}

fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}
