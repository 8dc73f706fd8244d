//! Rows that files declare, from their text to what is to be done about them.
//!
//! A value is text that PostgreSQL casts to the type of its column. Rows are sorted by their key and columns by their
//! names, so that neither the order nor the format of a file makes a difference.

mod check;
mod csv;
mod json;
mod work;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::declared::Source;
use crate::digest::Digest;
use crate::ident::{Ident, QualifiedName};
use crate::kind::Seed;

pub use work::{Compared, Found, Gone, RowChange, RowChanges, RowVerb, SeedWork, ValueChange};

/// How a file writes rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeedFormat {
    /// What an unquoted field must be to be NULL.
    Csv {
        null: String,
    },
    Json,
    /// One query, whose rows PostgreSQL computes beside everything that is declared.
    Sql,
}

/// The rows of a query, as PostgreSQL prints their values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueryRows {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Option<String>>>,
    /// Where the query stands in its file.
    pub line: u32,
}

/// A seed as the configuration has it, with the text of its file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeclaredSeed {
    pub name: Ident,
    pub table: QualifiedName,
    pub key: Vec<Ident>,
    /// Columns whose values are shown nowhere.
    pub secret: BTreeSet<Ident>,
    /// As the user knows it.
    pub file: String,
    pub format: SeedFormat,
    pub text: String,
    /// Where it is configured.
    pub source: Source,
}

/// What is wrong with a seed, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SeedError {
    /// In the file, counted from 1; `None` where the configuration is wrong.
    pub line: Option<u32>,
    pub message: String,
}

impl SeedError {
    pub(crate) fn new(line: u32, message: impl Into<String>) -> Self {
        Self { line: Some(line), message: message.into() }
    }

    pub(crate) fn configured(message: impl Into<String>) -> Self {
        Self { line: None, message: message.into() }
    }
}

/// A value as the file has it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Field {
    Null,
    Text(String),
    /// A text of JSON, which is JSON itself in a column of that type.
    JsonText(String),
    /// An array or object of JSON.
    Nested(String),
}

/// What a file holds.
#[derive(Debug)]
struct Table {
    /// Of the names of the columns.
    line: u32,
    columns: Vec<String>,
    rows: Vec<(u32, Vec<Field>)>,
}

/// The rows of a seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeedRows {
    pub name: Ident,
    pub table: QualifiedName,
    pub key: Vec<Ident>,
    pub columns: Vec<Ident>,
    pub secret: BTreeSet<Ident>,
    pub file: String,
    pub rows: Vec<Row>,
    source: Digest,
}

/// One row, its values in the order of the columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub line: u32,
    pub values: Vec<Option<String>>,
}

impl SeedRows {
    /// Where the columns of the key stand among the columns.
    pub fn key_positions(&self) -> Vec<usize> {
        let position = |name| self.columns.iter().position(|column| column == name);
        self.key.iter().filter_map(position).collect()
    }

    /// The resource that the rows make up.
    pub fn resource(&self) -> Seed {
        Seed {
            name: self.name.clone(),
            table: self.table.clone(),
            key: self.key.clone(),
            columns: self.columns.clone(),
            rows: self.rows.len() as u64,
            source: self.source,
            changed: None,
            unfinished: None,
        }
    }
}

/// Over all rows, which are sorted.
fn digest_of(key: &[Ident], columns: &[Ident], rows: &[Row]) -> Digest {
    let mut bytes = Vec::new();
    let mut push = |tag: u8, text: &str| {
        bytes.push(tag);
        bytes.extend_from_slice(&(text.len() as u64).to_be_bytes());
        bytes.extend_from_slice(text.as_bytes());
    };
    key.iter().for_each(|name| push(b'k', name.as_str()));
    columns.iter().for_each(|name| push(b'c', name.as_str()));
    for value in rows.iter().flat_map(|row| &row.values) {
        match value {
            Some(text) => push(b'v', text),
            None => push(b'n', ""),
        }
    }
    Digest::of_bytes(&bytes)
}
