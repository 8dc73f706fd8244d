//! Tables with their columns: ordinary and partitioned ones, partitions, tables that inherit, and foreign tables.

use serde::{Deserialize, Serialize};

use super::column::{Column, ColumnAlteration, ColumnComparison};
use super::foreign_option::OptionChange;
use super::foreign_table::ForeignSource;
use super::lineage::{Lineage, LineageAlteration, PartitionKey};
use super::not_null::NotNullAlteration;
use super::properties::{PropertyAlteration, TableProperties};
use crate::ident::{Ident, QualifiedName};
use crate::names::column_names;

/// A table. Constraints and indexes are resources of their own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    pub schema: Ident,
    pub name: Ident,
    /// In the order of creation. PostgreSQL appends new columns, so the order is not compared.
    #[serde(deserialize_with = "super::exact::list")]
    pub columns: Vec<Column>,
    /// What makes it a partitioned table.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub partition_by: Option<PartitionKey>,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub lineage: Lineage,
    /// What makes it a foreign table.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub foreign: Option<ForeignSource>,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub properties: TableProperties,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub comment: Option<String>,
}

/// What can change on a table in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TableAlteration {
    SetLineage(LineageAlteration),
    AddColumn(Box<Column>),
    AlterColumn {
        column: Ident,
        alteration: ColumnAlteration,
    },
    /// The column is dropped and made anew under the same name.
    ReplaceColumn(Box<Column>),
    DropColumn(Ident),
    SetProperty(PropertyAlteration),
    /// Of a foreign table.
    SetForeignOptions(Vec<OptionChange>),
    SetComment(Option<String>),
}

impl Table {
    pub fn qualified_name(&self) -> QualifiedName {
        QualifiedName::new(self.schema.clone(), self.name.clone())
    }

    pub fn column(&self, name: &Ident) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == *name)
    }

    pub fn is_partition(&self) -> bool {
        matches!(self.lineage, Lineage::Partition { .. })
    }

    /// What commands call it.
    pub fn word(&self) -> &'static str {
        if self.foreign.is_some() { "FOREIGN TABLE" } else { "TABLE" }
    }

    /// `None` for another partition key, or one of other types, or another server: PostgreSQL makes no table of a partitioned or foreign one, and
    /// no other one either.
    pub(super) fn alterations(&self, desired: &Self) -> Option<Vec<TableAlteration>> {
        self.compared(desired, self.must_leave(desired))
    }

    /// As [`alterations`](Self::alterations), where the partition leaves before all else and joins again after it.
    pub(crate) fn alterations_apart(&self, desired: &Self) -> Option<Vec<TableAlteration>> {
        self.compared(desired, self.lineage != Lineage::None)
    }

    /// Whether something of a partition can only change while it is none.
    pub(crate) fn must_leave(&self, desired: &Self) -> bool {
        let is_other = |live: &Column| {
            let wanted = desired.column(&live.name);
            wanted.is_some_and(|wanted| live.has_other_not_null(&self.name, wanted))
        };
        self.is_partition() && self.lineage == desired.lineage && self.columns.iter().any(is_other)
    }

    /// Whether a column of the partition key gets another type, which PostgreSQL refuses.
    pub(crate) fn has_retyped_key(&self, desired: &Self) -> bool {
        let Some(key) = &self.partition_by else { return false };
        let is_retyped = |name: Ident| match (self.column(&name), desired.column(&name)) {
            (Some(live), Some(wanted)) => {
                (&live.data_type, &live.collation) != (&wanted.data_type, &wanted.collation)
            }
            _ => false,
        };
        column_names(key.elements.as_str()).into_iter().any(is_retyped)
    }

    fn compared(&self, desired: &Self, leaves: bool) -> Option<Vec<TableAlteration>> {
        let Self { schema: _, name: _, columns, partition_by, lineage, foreign, properties, comment } = self;
        let foreign = ForeignSource::alterations(foreign.as_ref(), desired.foreign.as_ref())?;
        if *partition_by != desired.partition_by || self.has_retyped_key(desired) {
            return None;
        }
        let lineage = match leaves {
            true => lineage.around(&desired.lineage),
            false => lineage.alterations(&desired.lineage),
        };
        let joins = |step: &LineageAlteration| match step {
            LineageAlteration::Attach { .. } => true,
            LineageAlteration::Inherit(_) => leaves,
            LineageAlteration::Detach(_)
            | LineageAlteration::FinalizeDetach(_)
            | LineageAlteration::NoInherit(_) => false,
        };
        let is_apart = lineage.iter().any(joins);
        let mut alterations = Vec::new();
        for wanted in &desired.columns {
            match self.column(&wanted.name).map(|live| live.compare(wanted, is_apart)) {
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
        alterations.extend(lineage.into_iter().map(TableAlteration::SetLineage));
        // A generated column can be computed from new ones, and must let go of its base before that gets another type.
        alterations.sort_by_key(|alteration| match alteration {
            // What a NOT NULL was called, another one can be called then.
            TableAlteration::SetLineage(_)
            | TableAlteration::AlterColumn {
                alteration:
                    ColumnAlteration::DropGenerated
                    | ColumnAlteration::DropIdentity
                    | ColumnAlteration::DropNotNull,
                ..
            } => 0,
            TableAlteration::AlterColumn {
                alteration: ColumnAlteration::AlterNotNull(alteration), ..
            } if *alteration == NotNullAlteration::Rename => 1,
            TableAlteration::AddColumn(column) if column.generated.is_some() => 4,
            TableAlteration::AddColumn(_) => 2,
            TableAlteration::AlterColumn { .. }
            | TableAlteration::ReplaceColumn(_)
            | TableAlteration::DropColumn(_)
            | TableAlteration::SetProperty(_)
            | TableAlteration::SetForeignOptions(_)
            | TableAlteration::SetComment(_) => 3,
        });
        self.order_renames(desired, &mut alterations);
        let properties = properties.alterations(&desired.properties).into_iter();
        alterations.extend(properties.map(TableAlteration::SetProperty));
        if !foreign.is_empty() {
            alterations.push(TableAlteration::SetForeignOptions(foreign));
        }
        if *comment != desired.comment {
            alterations.push(TableAlteration::SetComment(desired.comment.clone()));
        }
        Some(alterations)
    }

    /// The renames of `NOT NULL`s so that each finds its new name free. In a circle one of them makes way first.
    fn order_renames(&self, desired: &Self, alterations: &mut Vec<TableAlteration>) {
        let renamed = |alteration: &TableAlteration| match alteration {
            TableAlteration::AlterColumn {
                column,
                alteration: ColumnAlteration::AlterNotNull(NotNullAlteration::Rename),
            } => {
                let (live, wanted) = (self.column(column)?, desired.column(column)?);
                let from = live.not_null_constraint.name_on(&self.name, column);
                Some((column.clone(), from, wanted.not_null_constraint.name_on(&desired.name, column)))
            }
            _ => None,
        };
        let mut waiting: Vec<(Ident, Ident, Ident)> = alterations.iter().filter_map(renamed).collect();
        let places: Vec<usize> =
            (0..alterations.len()).filter(|at| renamed(&alterations[*at]).is_some()).collect();
        let mut ordered = Vec::new();
        let mut last = Vec::new();
        while !waiting.is_empty() {
            let is_free = |name: &Ident| waiting.iter().all(|(_, from, _)| from != name);
            match waiting.iter().position(|(.., to)| is_free(to)) {
                Some(at) => ordered.push((waiting.remove(at).0, NotNullAlteration::Rename)),
                None => {
                    let (column, ..) = waiting.remove(0);
                    ordered.push((column.clone(), NotNullAlteration::LeaveName));
                    last.push((column, NotNullAlteration::TakeName));
                }
            }
        }
        ordered.append(&mut last);
        let ordered = ordered.into_iter().map(|(column, alteration)| TableAlteration::AlterColumn {
            column,
            alteration: ColumnAlteration::AlterNotNull(alteration),
        });
        let Some(first) = places.first() else { return };
        alterations.splice(*first..first + places.len(), ordered);
    }
}
