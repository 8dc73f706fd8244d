//! Partitioned tables, their partitions, and tables that inherit. What PostgreSQL makes for a partition by itself, its
//! indexes and keys, is not declared: that of the whole family is read back from a scratch database.

use std::collections::{BTreeMap, BTreeSet};

use super::indexes::element;
use super::tables::{Lowered, properties};
use super::{Entry, Result, Sink, ident, qualified};
use crate::ident::{Ident, QualifiedName};
use crate::kind::{
    Column, ColumnOrigin, ColumnProperties, Expression, IndexElement, IndexKey, Lineage, PartitionBound,
    PartitionKey, PartitionStrategy, Resource, Table, TableProperties,
};
use crate::model::descriptor::{
    BoundDescriptor, ColumnValue, DEFAULT_SCHEMA, ParentsDescriptor, PartitionDescriptor,
    PartitionKeyDescriptor, ReferenceDescriptor, Source,
};
use crate::model::error::LowerError;

/// Sets what the tables are to each other, parents first.
pub(super) fn settle(tables: &mut [Lowered], errors: &mut Vec<LowerError>) {
    let by_name: BTreeMap<(Ident, QualifiedName), usize> =
        tables.iter().enumerate().map(|(at, table)| ((table.target.clone(), table.name()), at)).collect();
    let mut waiting: BTreeSet<usize> = (0..tables.len()).collect();
    let mut parents: Vec<Vec<Option<usize>>> = Vec::with_capacity(tables.len());
    for (at, table) in tables.iter_mut().enumerate() {
        if let Err(error) = set_partition_key(table) {
            errors.push(*error);
        }
        match set_lineage(table, &by_name) {
            Ok(found) => parents.push(found),
            Err(error) => {
                errors.push(*error);
                waiting.remove(&at);
                parents.push(Vec::new());
            }
        }
    }
    while !waiting.is_empty() {
        let is_ready = |at: &usize| parents[*at].iter().flatten().all(|parent| !waiting.contains(parent));
        let Some(at) = waiting.iter().copied().find(is_ready) else { break };
        waiting.remove(&at);
        for parent in parents[at].clone().into_iter().flatten() {
            let parent = Parent::of(&tables[parent]);
            if let Err(error) = inherit(&mut tables[at], &parent) {
                errors.push(*error);
            }
        }
    }
    if let Some(at) = waiting.first() {
        let (table, at) = (tables[*at].name(), tables[*at].model.source);
        errors.push(LowerError::OwnParent { table, at });
    }
    let mut names: BTreeMap<(Ident, QualifiedName), Source> =
        by_name.into_iter().map(|(name, at)| (name, tables[at].model.source)).collect();
    for table in tables {
        match partitions(table) {
            Ok(partitions) => table.partitions = partitions,
            Err(error) => errors.push(*error),
        }
        for (partition, second) in &table.partitions {
            let name = partition.qualified_name();
            if let Some(first) = names.insert((table.target.clone(), name.clone()), *second) {
                errors.push(LowerError::TableTwice { table: name, first, second: *second });
            }
        }
    }
}

fn set_partition_key(table: &mut Lowered) -> Result<()> {
    let Some(PartitionKeyDescriptor { line, strategy, keys }) = table.model.partition_by else {
        return Ok(());
    };
    let at = table.model.source.at(line);
    let mut elements = Vec::with_capacity(keys.len());
    for key in keys {
        let (element, raw) = element(table, "the partition key", key, at)?;
        table.raw |= raw || element.collation.is_some();
        elements.push(element_sql(&element));
    }
    table.table.partition_by =
        Some(PartitionKey { strategy, elements: Expression::new(elements.join(", ")) });
    Ok(())
}

fn element_sql(element: &IndexElement) -> String {
    let mut sql = match &element.key {
        IndexKey::Column(column) => column.to_string(),
        IndexKey::Expression(expression) => format!("({expression})"),
    };
    if let Some(collation) = &element.collation {
        sql += &format!(" COLLATE {collation}");
    }
    if let Some(class) = &element.operator_class {
        sql += &format!(" {}", class.name);
    }
    sql
}

/// Sets of which others the table is a part; where these are models, their positions.
fn set_lineage(
    table: &mut Lowered,
    by_name: &BTreeMap<(Ident, QualifiedName), usize>,
) -> Result<Vec<Option<usize>>> {
    let source = table.model.source;
    let name = |of: ReferenceDescriptor, at: Source| {
        let (name, must_be_model) = match of {
            ReferenceDescriptor::Model(name) => {
                let schema = ident("schema", name.schema(), at)?;
                (QualifiedName::new(schema, ident("table", name.name, at)?), true)
            }
            ReferenceDescriptor::Table(name) => (qualified(name, DEFAULT_SCHEMA, at)?, false),
        };
        let model = by_name.get(&(table.target.clone(), name.clone())).copied();
        if must_be_model && model.is_none() {
            return Err(LowerError::DanglingParent { parent: name, at }.into());
        }
        Ok::<_, Box<LowerError>>((name, model))
    };
    let (lineage, models) = match table.model.parents {
        ParentsDescriptor::None => return Ok(Vec::new()),
        ParentsDescriptor::PartitionOf { line, of, bound } => {
            let (of, model) = name(of, source.at(line))?;
            (Lineage::partition(of, bound_of(&bound)), vec![model])
        }
        ParentsDescriptor::Inherits { line, parents } => {
            let parents = parents.iter().map(|parent| name(*parent, source.at(line)));
            let (names, models) = parents.collect::<Result<Vec<_>>>()?.into_iter().unzip();
            (Lineage::Inherits(names), models)
        }
    };
    table.table.lineage = lineage;
    table.raw = true;
    Ok(models)
}

fn bound_of(bound: &BoundDescriptor) -> PartitionBound {
    PartitionBound::Values(match bound {
        BoundDescriptor::Default => return PartitionBound::Default,
        BoundDescriptor::Range { from, to } => format!("FROM ({}) TO ({})", from.join(", "), to.join(", ")),
        BoundDescriptor::List(values) => format!("IN ({})", values.join(", ")),
        BoundDescriptor::Hash { modulus, remainder } => {
            format!("WITH (modulus {modulus}, remainder {remainder})")
        }
    })
}

/// A parent, as far as it concerns its children.
struct Parent {
    table: Table,
    source: Source,
    strategy: Option<(PartitionStrategy, usize)>,
}

impl Parent {
    fn of(lowered: &Lowered) -> Self {
        let strategy = lowered.model.partition_by.map(|by| (by.strategy, by.keys.len()));
        Self { table: lowered.table.clone(), source: lowered.model.source, strategy }
    }
}

/// Checks the fields against the columns of a parent, and takes over what they leave out.
fn inherit(child: &mut Lowered, parent: &Parent) -> Result<()> {
    let model = child.model;
    let is_partition = child.table.is_partition();
    let (of, declared) = (parent.table.qualified_name(), parent.source);
    if let ParentsDescriptor::PartitionOf { line, bound, .. } = &model.parents {
        check_bound(bound, parent, model.source.at(*line))?;
        if let Some(field) = model
            .fields
            .iter()
            .find(|field| !parent.table.columns.iter().any(|column| column.name.as_str() == field.column))
        {
            let (at, column) = (model.source.at(field.line), field.column.to_owned());
            return Err(LowerError::OwnColumn { column, of, at, declared }.into());
        }
    }
    for inherited in &parent.table.columns {
        let field = model.fields.iter().find(|field| field.column == inherited.name.as_str());
        let own = child.table.columns.iter_mut().find(|own| own.name == inherited.name);
        let (Some(field), Some(own)) = (field, own) else {
            let (table, column) = (child.name(), inherited.name.clone());
            return Err(LowerError::MissingColumn { table, column, of, at: model.source, declared }.into());
        };
        let at = model.source.at(field.line);
        if (&own.data_type, &own.collation) != (&inherited.data_type, &inherited.collation) {
            let (own, other) = (own.data_type.clone(), inherited.data_type.clone());
            let column = inherited.name.clone();
            return Err(LowerError::InheritedType { column, own, of, other, at, declared }.into());
        }
        if inherited.not_null && !own.not_null {
            let column = inherited.name.clone();
            return Err(LowerError::InheritedNotNull { column, of, at, declared }.into());
        }
        // An identity is no matter of inheritance, and a column that has one is the table's own besides.
        if own.identity.is_some() && !is_partition {
            own.origin = ColumnOrigin::Merged;
            continue;
        }
        *own = taken_over(own, inherited, matches!(field.value, ColumnValue::Given), is_partition);
    }
    Ok(())
}

/// The column of a child: what it leaves out is that of the parent.
fn taken_over(own: &Column, inherited: &Column, is_given: bool, is_partition: bool) -> Column {
    let mut not_null_constraint = own.not_null_constraint.clone();
    if inherited.not_null {
        not_null_constraint.origin = ColumnOrigin::Inherited;
    }
    let storage = own.properties.storage.clone().or_else(|| inherited.properties.storage.clone());
    let compression = own.properties.compression.clone().or_else(|| inherited.properties.compression.clone());
    let mut column = Column {
        origin: ColumnOrigin::Inherited,
        not_null_constraint,
        properties: ColumnProperties { storage, compression, ..own.properties.clone() },
        ..own.clone()
    };
    if is_given {
        column.default.clone_from(&inherited.default);
        column.generated.clone_from(&inherited.generated);
    }
    // It follows that of the partitioned table, on servers where partitions have any.
    if is_partition {
        column.identity = None;
    }
    column
}

fn check_bound(bound: &BoundDescriptor, parent: &Parent, at: Source) -> Result<()> {
    let (of, declared) = (parent.table.qualified_name(), parent.source);
    let Some((strategy, keys)) = parent.strategy else {
        return Err(LowerError::NotPartitioned { of, at, declared }.into());
    };
    let is_fitting = match bound {
        BoundDescriptor::Default => strategy != PartitionStrategy::Hash,
        BoundDescriptor::Range { from, to } => {
            strategy == PartitionStrategy::Range && from.len() == keys && to.len() == keys
        }
        BoundDescriptor::List(_) => strategy == PartitionStrategy::List,
        BoundDescriptor::Hash { .. } => strategy == PartitionStrategy::Hash,
    };
    if is_fitting {
        return Ok(());
    }
    let strategy = strategy.as_sql().to_lowercase();
    Err(LowerError::UnfitBound { of, strategy, keys, at, declared }.into())
}

/// The partitions that a model declares without models of their own.
fn partitions(parent: &Lowered) -> Result<Vec<(Table, Source)>> {
    let one = |descriptor: &PartitionDescriptor| {
        let at = parent.model.source.at(descriptor.line);
        Ok((partition(parent, descriptor, at)?, at))
    };
    parent.model.partitions.iter().map(one).collect()
}

fn partition(parent: &Lowered, descriptor: &PartitionDescriptor, at: Source) -> Result<Table> {
    let column = |column: &Column| {
        let plain = Column {
            comment: None,
            not_null_constraint: Default::default(),
            properties: ColumnProperties::default(),
            ..column.clone()
        };
        taken_over(&plain, column, false, true)
    };
    let of_parent = &parent.table.properties;
    let own = properties(&descriptor.storage, at)?;
    Ok(Table {
        schema: parent.table.schema.clone(),
        name: ident("partition", descriptor.name, at)?,
        columns: parent.table.columns.iter().map(column).collect(),
        partition_by: None,
        lineage: Lineage::partition(parent.name(), bound_of(&descriptor.bound)),
        foreign: None,
        properties: TableProperties {
            tablespace: own.tablespace.or_else(|| of_parent.tablespace.clone()),
            access_method: own.access_method.or_else(|| of_parent.access_method.clone()),
            // Whoever goes past the partitioned table goes past its policies, so nobody gets rows that way.
            row_security: of_parent.row_security,
            force_row_security: of_parent.force_row_security,
            ..own
        },
        comment: descriptor.comment.map(str::to_owned),
    })
}

pub(super) fn declare(table: &Lowered, sink: &mut Sink) {
    for (partition, at) in &table.partitions {
        let mut entry = Entry::new(Resource::Table(partition.clone()), true);
        entry.renamed_columns = table.renamed_columns.clone();
        entry.sensitive = table.sensitive();
        entry.rules = table.rules();
        sink.add(&table.target, *at, entry);
    }
}
