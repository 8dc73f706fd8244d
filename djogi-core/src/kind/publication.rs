//! Publications: `CREATE PUBLICATION`, manual section 29.1. They belong to the database.

use serde::{Deserialize, Serialize};

use super::expression::Expression;
use crate::ident::{Ident, QualifiedName};

/// A table of a publication.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishedTable {
    pub table: QualifiedName,
    /// Sorted; empty is all that the table has or will have.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub columns: Vec<Ident>,
    /// The rows that are published.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub filter: Option<Expression>,
}

/// A publication.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Publication {
    pub name: Ident,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub all_tables: bool,
    /// Sorted by name.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub tables: Vec<PublishedTable>,
    /// Schemas whose tables are all published, sorted.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub schemas: Vec<Ident>,
    #[serde(default = "super::holds", skip_serializing_if = "super::is_true")]
    pub insert: bool,
    #[serde(default = "super::holds", skip_serializing_if = "super::is_true")]
    pub update: bool,
    #[serde(default = "super::holds", skip_serializing_if = "super::is_true")]
    pub delete: bool,
    #[serde(default = "super::holds", skip_serializing_if = "super::is_true")]
    pub truncate: bool,
    /// Changes of partitions are published as those of the table that they are partitions of.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub via_partition_root: bool,
    /// Stored generated columns are published.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub generated_columns: bool,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub comment: Option<String>,
}

/// What can change on a publication in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicationAlteration {
    /// These come.
    Add(Published),
    /// These go.
    Drop(Published),
    /// What comes, goes and is published otherwise, in one: all that the publication has then.
    Set(Published),
    SetOperations,
    SetViaPartitionRoot(bool),
    SetGeneratedColumns(bool),
    SetComment(Option<String>),
}

/// What a publication is of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Published {
    pub tables: Vec<PublishedTable>,
    pub schemas: Vec<Ident>,
}

impl Published {
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty() && self.schemas.is_empty()
    }
}

impl Publication {
    pub fn published(&self) -> Published {
        Published { tables: self.tables.clone(), schemas: self.schemas.clone() }
    }

    /// The operations that are published, as the option `publish` has them.
    pub fn operations(&self) -> String {
        let operations = [
            (self.insert, "insert"),
            (self.update, "update"),
            (self.delete, "delete"),
            (self.truncate, "truncate"),
        ];
        let published = operations.into_iter().filter(|(is_published, _)| *is_published);
        published.map(|(_, name)| name).collect::<Vec<_>>().join(", ")
    }

    /// `None` when one of them is of all tables and the other is not.
    pub(crate) fn alterations(&self, desired: &Self) -> Option<Vec<PublicationAlteration>> {
        let Self {
            name: _,
            all_tables,
            tables: _,
            schemas: _,
            insert: _,
            update: _,
            delete: _,
            truncate: _,
            via_partition_root,
            generated_columns,
            comment,
        } = self;
        if *all_tables != desired.all_tables {
            return None;
        }
        let mut alterations: Vec<PublicationAlteration> = self.objects(desired).into_iter().collect();
        if self.operations() != desired.operations() {
            alterations.push(PublicationAlteration::SetOperations);
        }
        if *via_partition_root != desired.via_partition_root {
            let set = PublicationAlteration::SetViaPartitionRoot(desired.via_partition_root);
            // Partitioned tables can have filters and lists of columns only while it is on.
            let at = if desired.via_partition_root { 0 } else { alterations.len() };
            alterations.insert(at, set);
        }
        if *generated_columns != desired.generated_columns {
            alterations.push(PublicationAlteration::SetGeneratedColumns(desired.generated_columns));
        }
        if *comment != desired.comment {
            alterations.push(PublicationAlteration::SetComment(desired.comment.clone()));
        }
        Some(alterations)
    }

    fn objects(&self, desired: &Self) -> Option<PublicationAlteration> {
        let missing_in = |these: &Self, those: &Self| Published {
            tables: those.tables.iter().filter(|table| !these.tables.contains(table)).cloned().collect(),
            schemas: those.schemas.iter().filter(|schema| !these.schemas.contains(schema)).cloned().collect(),
        };
        let (come, go) = (missing_in(self, desired), missing_in(desired, self));
        match (come.is_empty(), go.is_empty()) {
            (true, true) => None,
            (false, true) => Some(PublicationAlteration::Add(come)),
            (true, false) => Some(PublicationAlteration::Drop(go)),
            (false, false) => Some(PublicationAlteration::Set(desired.published())),
        }
    }
}
