//! Indexes that no constraint owns.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::expression::Expression;
use crate::ident::{Ident, QualifiedName};

/// An index: `CREATE INDEX`, manual chapter 11.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Index {
    pub schema: Ident,
    pub name: Ident,
    /// The table, in the index's own schema.
    pub table: Ident,
    /// Of a partition: the index of the partitioned table that it is a part of.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub parent: Option<QualifiedName>,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub unique: bool,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub nulls_not_distinct: bool,
    pub method: Ident,
    #[serde(deserialize_with = "super::exact::list")]
    pub elements: Vec<IndexElement>,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub include: Vec<Ident>,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub predicate: Option<Expression>,
    /// Storage parameters (`WITH (...)`).
    pub options: BTreeMap<String, String>,
    /// `None` is that of the database.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub tablespace: Option<Ident>,
    /// How much `ANALYZE` collects of expressions, by the number of the element, counted from 1.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub statistics: BTreeMap<i16, i32>,
    /// `false` is what an interrupted concurrent build leaves: it is maintained but never read.
    #[serde(default = "super::holds", skip_serializing_if = "super::is_true")]
    pub valid: bool,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub comment: Option<String>,
}

/// What an index element indexes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum IndexKey {
    Column(Ident),
    Expression(Expression),
}

/// One key of an index or of an exclusion constraint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndexElement {
    pub key: IndexKey,
    /// `None` is the collation of the column.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub collation: Option<QualifiedName>,
    /// `None` is the default operator class of the type for the method; parameters follow the name.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub operator_class: Option<KeyClass>,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub descending: bool,
    /// As stored: `true` by default for a descending element.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub nulls_first: bool,
}

/// An operator class that is not the default one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyClass {
    pub name: QualifiedName,
    /// `siglen=32` and the like (PostgreSQL 13 and newer).
    pub options: BTreeMap<String, String>,
}

/// What can change on an index in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IndexAlteration {
    /// It is not valid and shall be.
    Rebuild,
    SetOptions {
        set: BTreeMap<String, String>,
        reset: Vec<String>,
    },
    /// It becomes a part of this index of the partitioned table.
    Attach(QualifiedName),
    SetTablespace(Option<Ident>),
    /// Of an element, `None` is the default.
    SetStatistics {
        element: i16,
        target: Option<i32>,
    },
    SetComment(Option<String>),
}

impl IndexElement {
    /// The same of another column.
    #[must_use]
    pub fn of_column(self, name: &Ident) -> Self {
        Self { key: IndexKey::Column(name.clone()), ..self }
    }

    pub fn column(&self) -> Option<&Ident> {
        match &self.key {
            IndexKey::Column(name) => Some(name),
            IndexKey::Expression(_) => None,
        }
    }
}

impl Index {
    pub fn qualified_name(&self) -> QualifiedName {
        QualifiedName::new(self.schema.clone(), self.name.clone())
    }

    pub fn table_name(&self) -> QualifiedName {
        QualifiedName::new(self.schema.clone(), self.table.clone())
    }

    /// The columns that the index names, expressions aside.
    pub fn columns(&self) -> impl Iterator<Item = &Ident> {
        self.elements.iter().filter_map(IndexElement::column).chain(&self.include)
    }

    /// `None` when only a new index will do.
    pub(super) fn alterations(&self, desired: &Self) -> Option<Vec<IndexAlteration>> {
        let Self {
            schema: _,
            name: _,
            table,
            parent,
            unique,
            nulls_not_distinct,
            method,
            elements,
            include,
            predicate,
            options,
            tablespace,
            statistics,
            valid,
            comment,
        } = self;
        let same_build = *table == desired.table
            && *unique == desired.unique
            && *nulls_not_distinct == desired.nulls_not_distinct
            && *method == desired.method
            && *elements == desired.elements
            && *include == desired.include
            && *predicate == desired.predicate
            // No statement makes a valid index invalid.
            && (*valid == desired.valid || desired.valid);
        if !same_build {
            return None;
        }
        let mut alterations = Vec::new();
        if *options != desired.options {
            let set = desired.options.iter().filter(|(k, v)| options.get(*k) != Some(v));
            let reset = options.keys().filter(|k| !desired.options.contains_key(*k));
            alterations.push(IndexAlteration::SetOptions {
                set: set.map(|(k, v)| (k.clone(), v.clone())).collect(),
                reset: reset.cloned().collect(),
            });
        }
        if *tablespace != desired.tablespace {
            alterations.push(IndexAlteration::SetTablespace(desired.tablespace.clone()));
        }
        let elements: BTreeSet<&i16> = statistics.keys().chain(desired.statistics.keys()).collect();
        for element in elements {
            let target = desired.statistics.get(element);
            if statistics.get(element) != target {
                let target = target.copied();
                alterations.push(IndexAlteration::SetStatistics { element: *element, target });
            }
        }
        if *valid != desired.valid {
            alterations.push(IndexAlteration::Rebuild);
        }
        if let (None, Some(to)) = (parent, &desired.parent) {
            alterations.push(IndexAlteration::Attach(to.clone()));
        }
        if *comment != desired.comment {
            alterations.push(IndexAlteration::SetComment(desired.comment.clone()));
        }
        Some(alterations)
    }
}
