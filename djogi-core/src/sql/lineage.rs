//! DDL of partitions and of tables that inherit: how they come to be, join and leave.

use std::collections::BTreeSet;

use super::foreign_option::Clause;
use super::{Context, Step, column, detach};
use crate::address::Address;
use crate::ident::QualifiedName;
use crate::kind::{
    Column, ColumnAlteration, ColumnOrigin, ColumnProperties, Lineage, LineageAlteration, PartitionBound,
    Resource, Table,
};
use crate::safety::Verb;

/// A new table with its parents, as they are declared.
pub(super) struct Family<'a> {
    table: &'a Table,
    parents: Vec<&'a Table>,
    /// A partition that is made as an ordinary table first.
    is_apart: bool,
}

impl<'a> Family<'a> {
    pub(super) fn of(table: &'a Table, ctx: &Context<'a>, address: &Address) -> Self {
        let parents = table.lineage.parents().iter();
        Self {
            table,
            parents: parents.filter_map(|parent| ctx.declared_table(parent)).collect(),
            is_apart: table.is_partition() && ctx.apart.contains(address),
        }
    }

    /// What stands behind `PARTITION OF`.
    pub(super) fn partition_of(&self) -> Option<(&'a QualifiedName, &'a PartitionBound)> {
        match &self.table.lineage {
            Lineage::Partition { of, bound, .. } if !self.is_apart => Some((of, bound)),
            Lineage::Partition { .. } | Lineage::Inherits(_) | Lineage::None => None,
        }
    }

    /// The column as the first parent has it that has it.
    fn inherited(&self, column: &Column) -> Option<&'a Column> {
        let is_inherited = column.origin.is_inherited() && !self.is_apart;
        self.parents.iter().filter(|_| is_inherited).find_map(|parent| parent.column(&column.name))
    }

    /// What `CREATE TABLE` says of the column; nothing for one that comes from the parents as it is.
    pub(super) fn column_sql(&self, column: &Column, ctx: &Context<'_>) -> Option<String> {
        let table = self.table.qualified_name();
        match (&self.table.lineage, column.origin) {
            (Lineage::Partition { .. }, _) if !self.is_apart => {
                column::override_sql(column, self.inherited(column), &table, ctx)
            }
            (Lineage::Inherits(_), ColumnOrigin::Inherited) => None,
            // Said here, it would be the table's own as well.
            (Lineage::Inherits(_), _) if column.not_null_constraint.origin == ColumnOrigin::Inherited => {
                let column = Column { not_null: false, ..column.clone() };
                Some(column::definition_sql(&column, &table, ctx))
            }
            (Lineage::Partition { .. } | Lineage::Inherits(_) | Lineage::None, _) => {
                Some(column::definition_sql(column, &table, ctx))
            }
        }
    }

    /// The options of foreign data that `CREATE TABLE` says of the column; `PARTITION OF` can say none.
    pub(super) fn stated_options(&self, column: &Column) -> Clause {
        let is_stated = match (&self.table.lineage, column.origin) {
            (Lineage::Partition { .. }, _) => self.is_apart,
            (Lineage::Inherits(_), ColumnOrigin::Inherited) => false,
            (Lineage::Inherits(_) | Lineage::None, _) => true,
        };
        if is_stated { Clause::of(&column.properties.foreign_options) } else { Clause::default() }
    }

    /// What an inherited column has that its parents do not, where `CREATE TABLE` does not say it.
    pub(super) fn own_of_inherited(
        &self,
        column: &Column,
        ctx: &Context<'_>,
        address: &Address,
    ) -> Vec<Step> {
        let Some(parent) = self.inherited(column) else { return Vec::new() };
        if self.partition_of().is_some() || column.origin != ColumnOrigin::Inherited {
            return Vec::new();
        }
        let mut alterations = Vec::new();
        match &column.default {
            default if *default == parent.default => {}
            Some(default) => alterations.push(ColumnAlteration::SetDefault(default.clone())),
            None => alterations.push(ColumnAlteration::DropDefault),
        }
        let is_own = column.not_null_constraint.origin == ColumnOrigin::Merged;
        if column.not_null && (is_own || !parent.not_null) {
            alterations.push(ColumnAlteration::SetNotNull);
        }
        let name = self.table.qualified_name();
        let steps = alterations
            .iter()
            .filter_map(|alteration| column::alter(&name, parent, column, alteration, ctx, address).ok());
        steps.flatten().collect()
    }

    /// The properties that the column has when nothing is said.
    pub(super) fn usual_properties(&self, column: &Column) -> ColumnProperties {
        let parent = self.inherited(column).map(|parent| &parent.properties);
        ColumnProperties {
            storage: parent.and_then(|parent| parent.storage.clone()),
            compression: parent.and_then(|parent| parent.compression.clone()),
            foreign_options: match self.stated_options(column).sql.is_empty() {
                true => Vec::new(),
                false => column.properties.foreign_options.clone(),
            },
            ..ColumnProperties::default()
        }
    }

    /// The step that makes the table by `sql`.
    pub(super) fn creation(&self, sql: String, ctx: &Context<'_>, address: &Address) -> Step {
        let name = self.table.qualified_name();
        let (verb, parents) = match &self.table.lineage {
            Lineage::Partition { of, .. } if !self.is_apart => (Verb::CreatePartition, vec![of.clone()]),
            Lineage::Inherits(parents) => (Verb::CreateInheriting, parents.clone()),
            Lineage::Partition { .. } | Lineage::None => return ctx.step(address, Verb::CreateTable, sql),
        };
        let step = ctx.step_on(address, verb, &name, &parents.into_iter().collect(), sql);
        match self.default_with_rows(ctx) {
            Some(default) => {
                step.with_hazard(format!("fails if {default}, the default partition, holds a row of it"))
            }
            None => step,
        }
    }

    /// The default partition beside a new partition, unless it is empty.
    fn default_with_rows(&self, ctx: &Context<'_>) -> Option<QualifiedName> {
        let (parent, PartitionBound::Values(_)) = self.partition_of()? else { return None };
        let default = ctx.live.iter().find_map(|(_, resource)| match resource {
            Resource::Table(Table {
                lineage: Lineage::Partition { of, bound: PartitionBound::Default, .. },
                ..
            }) if of == parent => resource.qualified_name(),
            _ => None,
        })?;
        let is_empty = ctx.sizes.get(&default).is_some_and(|size| size.rows == Some(0));
        (!is_empty && !ctx.is_new(&default)).then_some(default)
    }
}

/// Gives a partition that was made apart its place.
pub(super) fn attach_new(table: &Table, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    match &table.lineage {
        Lineage::Partition { of, bound, .. } if ctx.apart.contains(address) => {
            let name = table.qualified_name();
            let is_kept = |column: &&Column| {
                column.not_null_constraint.origin == ColumnOrigin::Merged && column.not_null
            };
            let kept = table.columns.iter().filter(is_kept);
            let kept = kept.map(|column| column::keep_not_null(&name, &column.name, ctx, address));
            std::iter::once(attach(&name, of, bound, ctx, address)).chain(kept).collect()
        }
        Lineage::Partition { .. } | Lineage::Inherits(_) | Lineage::None => Vec::new(),
    }
}

pub(super) fn alter(
    desired: &Table,
    alteration: &LineageAlteration,
    ctx: &Context<'_>,
    address: &Address,
) -> Step {
    let table = &desired.qualified_name();
    let own = |verb, parent: &QualifiedName, action: &str| {
        let sql = format!("ALTER TABLE {table} {action} {parent}");
        ctx.step_on(address, verb, table, &BTreeSet::from([parent.clone()]), sql)
    };
    match alteration {
        LineageAlteration::Detach(parent) => detach::detach(desired, parent, ctx, address),
        LineageAlteration::FinalizeDetach(parent) => detach::finalize(table, parent, ctx, address),
        LineageAlteration::Attach { to, bound } => attach(table, to, bound, ctx, address),
        LineageAlteration::NoInherit(parent) => own(Verb::NoInherit, parent, "NO INHERIT"),
        LineageAlteration::Inherit(parent) => own(Verb::Inherit, parent, "INHERIT"),
    }
}

fn attach(
    table: &QualifiedName,
    parent: &QualifiedName,
    bound: &PartitionBound,
    ctx: &Context<'_>,
    address: &Address,
) -> Step {
    let sql = format!("ALTER TABLE {parent} ATTACH PARTITION {table} {}", bound.as_sql());
    ctx.step_on(address, Verb::AttachPartition, parent, &BTreeSet::from([table.clone()]), sql)
}

/// What is dropped with a partitioned table is said with its step.
pub(super) fn with_partitions(step: Step, table: &Table, ctx: &Context<'_>) -> Step {
    if table.partition_by.is_none() {
        return step;
    }
    let name = table.qualified_name();
    let partitions: Vec<String> = ctx
        .live
        .iter()
        .filter_map(|(_, resource)| match resource {
            Resource::Table(other) if other.is_partition() && other.lineage.parents().contains(&name) => {
                Some(other.qualified_name().to_string())
            }
            _ => None,
        })
        .collect();
    match partitions.is_empty() {
        true => step,
        false => {
            step.with_hazard(format!("drops what is a partition of it by then: {}", partitions.join(", ")))
        }
    }
}
