//! Sequences, free or owned by a column. The sequence behind an identity column is part of that column.

use serde::{Deserialize, Serialize};

use crate::ident::{Ident, QualifiedName};

/// The integer type of a sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SequenceType {
    Smallint,
    Integer,
    Bigint,
}

impl SequenceType {
    pub fn as_str(self) -> &'static str {
        match self {
            SequenceType::Smallint => "smallint",
            SequenceType::Integer => "integer",
            SequenceType::Bigint => "bigint",
        }
    }

    /// The sequence type of an integer column type, by its canonical name.
    pub fn of_column(data_type: &str) -> Option<Self> {
        match data_type {
            "smallint" => Some(SequenceType::Smallint),
            "integer" => Some(SequenceType::Integer),
            "bigint" => Some(SequenceType::Bigint),
            _ => None,
        }
    }

    pub fn range(self) -> (i64, i64) {
        match self {
            SequenceType::Smallint => (i16::MIN.into(), i16::MAX.into()),
            SequenceType::Integer => (i32::MIN.into(), i32::MAX.into()),
            SequenceType::Bigint => (i64::MIN, i64::MAX),
        }
    }
}

/// The numbers that govern a sequence, all explicit as the catalog holds them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SequenceOptions {
    pub start: i64,
    pub increment: i64,
    pub min: i64,
    pub max: i64,
    pub cache: i64,
    pub cycle: bool,
}

impl SequenceOptions {
    /// What `CREATE SEQUENCE` uses when nothing is said (manual, reference page of CREATE SEQUENCE).
    pub fn default_for(data_type: SequenceType) -> Self {
        Self { start: 1, increment: 1, min: 1, max: data_type.range().1, cache: 1, cycle: false }
    }

    /// Whether there are numbers that only `other` has.
    pub fn is_narrower_than(&self, other: &Self) -> bool {
        self.min > other.min || self.max < other.max
    }
}

/// A sequence that is not an identity column's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sequence {
    pub schema: Ident,
    pub name: Ident,
    #[serde(rename = "type")]
    pub data_type: SequenceType,
    pub options: SequenceOptions,
    /// The column whose drop drops the sequence (`OWNED BY`).
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub owned_by: Option<SequenceOwner>,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub comment: Option<String>,
}

/// The owning column of a sequence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SequenceOwner {
    pub table: QualifiedName,
    pub column: Ident,
}

/// What can change on a sequence in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SequenceAlteration {
    SetType(SequenceType),
    SetOptions(SequenceOptions),
    SetOwner(Option<SequenceOwner>),
    SetComment(Option<String>),
}

impl Sequence {
    pub fn qualified_name(&self) -> QualifiedName {
        QualifiedName::new(self.schema.clone(), self.name.clone())
    }

    pub(super) fn alterations(&self, desired: &Self) -> Vec<SequenceAlteration> {
        let Self { schema: _, name: _, data_type, options, owned_by, comment } = self;
        let mut alterations = Vec::new();
        if *data_type != desired.data_type {
            alterations.push(SequenceAlteration::SetType(desired.data_type));
        }
        if *options != desired.options {
            alterations.push(SequenceAlteration::SetOptions(desired.options.clone()));
        }
        if *owned_by != desired.owned_by {
            alterations.push(SequenceAlteration::SetOwner(desired.owned_by.clone()));
        }
        if *comment != desired.comment {
            alterations.push(SequenceAlteration::SetComment(desired.comment.clone()));
        }
        alterations
    }
}
