//! Ordinary tables with their columns.

use serde::{Deserialize, Serialize};

use super::column::{Column, ColumnAlteration, ColumnComparison};
use super::properties::{PropertyAlteration, TableProperties};
use crate::ident::{Ident, QualifiedName};

/// An ordinary table. Constraints and indexes are resources of their own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    pub schema: Ident,
    pub name: Ident,
    /// In the order of creation. PostgreSQL appends new columns, so the order is not compared.
    #[serde(deserialize_with = "super::exact::list")]
    pub columns: Vec<Column>,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub properties: TableProperties,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub comment: Option<String>,
}

/// What can change on a table in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TableAlteration {
    AddColumn(Box<Column>),
    AlterColumn {
        column: Ident,
        alteration: ColumnAlteration,
    },
    /// The column is dropped and made anew under the same name.
    ReplaceColumn(Box<Column>),
    DropColumn(Ident),
    SetProperty(PropertyAlteration),
    SetComment(Option<String>),
}

impl Table {
    pub fn qualified_name(&self) -> QualifiedName {
        QualifiedName::new(self.schema.clone(), self.name.clone())
    }

    pub fn column(&self, name: &Ident) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == *name)
    }

    pub(super) fn alterations(&self, desired: &Self) -> Vec<TableAlteration> {
        let Self { schema: _, name: _, columns, properties, comment } = self;
        let mut alterations = Vec::new();
        for wanted in &desired.columns {
            match self.column(&wanted.name).map(|live| live.compare(wanted)) {
                None => alterations.push(TableAlteration::AddColumn(Box::new(wanted.clone()))),
                Some(ColumnComparison::Replace) => {
                    alterations.push(TableAlteration::ReplaceColumn(Box::new(wanted.clone())));
                }
                Some(ColumnComparison::InPlace(steps)) => {
                    alterations.extend(steps.into_iter().map(|alteration| TableAlteration::AlterColumn {
                        column: wanted.name.clone(),
                        alteration,
                    }));
                }
            }
        }
        let dropped = columns.iter().filter(|live| desired.column(&live.name).is_none());
        alterations.extend(dropped.map(|live| TableAlteration::DropColumn(live.name.clone())));
        // A generated column can be computed from new ones, and must let go of its base before that gets another type.
        alterations.sort_by_key(|alteration| match alteration {
            // What a NOT NULL was called, another one can be called then.
            TableAlteration::AlterColumn {
                alteration:
                    ColumnAlteration::DropGenerated
                    | ColumnAlteration::DropIdentity
                    | ColumnAlteration::DropNotNull,
                ..
            } => 0,
            TableAlteration::AddColumn(column) if column.generated.is_some() => 3,
            TableAlteration::AddColumn(_) => 1,
            TableAlteration::AlterColumn { .. }
            | TableAlteration::ReplaceColumn(_)
            | TableAlteration::DropColumn(_)
            | TableAlteration::SetProperty(_)
            | TableAlteration::SetComment(_) => 2,
        });
        let properties = properties.alterations(&desired.properties).into_iter();
        alterations.extend(properties.map(TableAlteration::SetProperty));
        if *comment != desired.comment {
            alterations.push(TableAlteration::SetComment(desired.comment.clone()));
        }
        alterations
    }
}
