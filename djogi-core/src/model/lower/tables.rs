//! Tables with their columns, and what was renamed in them.

use std::collections::{BTreeMap, BTreeSet};

use super::types::Types;
use super::{Entry, Result, Sink, columns, family, ident, qualified, security, views};
use crate::address::Address;
use crate::ident::{Ident, QualifiedName};
use crate::kind::{Column, ReplicaIdentity, Resource, Table, TableProperties};
use crate::migration::{Rule, joined_columns};
use crate::model::descriptor::{
    FieldDescriptor, ModelDescriptor, RelationDescriptor, ReplicaIdentityDescriptor, Source,
    StorageDescriptor,
};
use crate::model::error::LowerError;

/// A model whose table is understood.
pub(super) struct Lowered {
    pub(super) model: &'static ModelDescriptor,
    pub(super) target: Ident,
    pub(super) table: Table,
    /// The columns whose type or value only PostgreSQL understands.
    pub(super) raw: bool,
    /// The table's name before a declared rename, else its name.
    pub(super) old_name: QualifiedName,
    /// New column name to old column name.
    pub(super) renamed_columns: BTreeMap<Ident, Ident>,
    /// Its partitions that have no models, with their places.
    pub(super) partitions: Vec<(Table, Source)>,
}

impl Lowered {
    fn add_column(&mut self, field: &FieldDescriptor, types: &Types) -> Result<()> {
        let at = self.model.source.at(field.line);
        let (column, raw) = columns::lower(self.model, field, &self.target, types)?;
        if self.table.column(&column.name).is_some() {
            let first = self.model.fields.iter().find(|known| known.column == field.column);
            let first = self.model.source.at(first.map_or(0, |first| first.line));
            let (table, column) = (self.model.table, column.name);
            return Err(LowerError::ColumnTwice { table, column, first, second: at }.into());
        }
        if let Some(old) = field.renamed_from.filter(|old| *old != column.name.as_str()) {
            self.renamed_columns.insert(column.name.clone(), ident("old column", old, at)?);
        }
        self.raw |= raw;
        self.table.columns.push(column);
        Ok(())
    }

    /// The columns whose values are shown nowhere.
    pub(super) fn sensitive(&self) -> BTreeSet<Ident> {
        let fields = self.model.fields.iter().filter(|field| field.sensitive);
        fields.filter_map(|field| Some(self.field_or_column(field.name)?.name.clone())).collect()
    }

    /// What is said of migrations, by its columns; of foreign keys by theirs together.
    pub(super) fn rules(&self) -> BTreeMap<Ident, Rule> {
        let text = |said: Option<&str>| said.map(str::to_owned);
        let said = self.model.fields.iter().filter(|field| field.backfill.is_some() || field.up.is_some());
        let mut rules: BTreeMap<Ident, Rule> = said
            .filter_map(|field| {
                let FieldDescriptor { backfill, up, down, .. } = *field;
                let (backfill, up, down) = (text(backfill), text(up), text(down));
                let rule = Rule { backfill, up, down, ..Rule::default() };
                Some((self.field_or_column(field.name)?.name.clone(), rule))
            })
            .collect();
        for key in self.model.foreign_keys.iter().filter(|key| key.on_orphan.is_some()) {
            let column = |name: &&str| Some(self.field_or_column(name)?.name.clone());
            if let Some(columns) = key.columns.iter().map(column).collect::<Option<Vec<_>>>() {
                rules.entry(joined_columns(&columns)).or_default().on_orphan = key.on_orphan;
            }
        }
        rules
    }

    pub(super) fn name(&self) -> QualifiedName {
        self.table.qualified_name()
    }

    /// A column by its name.
    pub(super) fn column(&self, what: &'static str, name: &str, at: Source) -> Result<&Column> {
        self.table.columns.iter().find(|column| column.name.as_str() == name).ok_or_else(|| {
            LowerError::UnknownColumn { what, table: self.model.table, column: name.to_owned(), at }.into()
        })
    }

    /// A column by the name of its Rust field, else by its own.
    pub(super) fn field_or_column(&self, name: &str) -> Option<&Column> {
        let by_field = self.model.fields.iter().find(|field| field.name == name);
        let column = by_field.map_or(name, |field| field.column);
        self.table.columns.iter().find(|known| known.name.as_str() == column)
    }

    /// Names that must be columns of the table.
    pub(super) fn columns(&self, what: &'static str, names: &[&str], at: Source) -> Result<Vec<Ident>> {
        names.iter().map(|name| self.column(what, name, at).map(|column| column.name.clone())).collect()
    }

    /// A column's name before a declared rename.
    pub(super) fn old_column<'a>(&'a self, column: &'a str) -> &'a str {
        let renamed = self.renamed_columns.iter().find(|(new, _)| new.as_str() == column);
        renamed.map_or(column, |(_, old)| old.as_str())
    }
}

/// The tables by target and name; views are not among them, since nothing can rest on their rows.
pub(super) type ByName<'a> = BTreeMap<(&'a Ident, QualifiedName), &'a Lowered>;

pub(super) fn by_name(tables: &[Lowered]) -> ByName<'_> {
    let stored = tables.iter().filter(|table| matches!(table.model.relation, RelationDescriptor::Table));
    stored.map(|table| ((&table.target, table.name()), table)).collect()
}

/// Lowers the table of each model.
pub(super) fn lower(
    models: &[&'static ModelDescriptor],
    default_target: &Ident,
    types: &Types,
    errors: &mut Vec<LowerError>,
) -> Vec<Lowered> {
    let mut tables: Vec<Lowered> = Vec::with_capacity(models.len());
    let mut known: BTreeMap<(Ident, QualifiedName), Source> = BTreeMap::new();
    for model in models {
        let Some(table) = table(model, default_target, types, errors) else { continue };
        let key = (table.target.clone(), table.name());
        if let Some(first) = known.get(&key) {
            let (table, first, second) = (key.1, *first, model.source);
            errors.push(LowerError::TableTwice { table, first, second });
            continue;
        }
        if let Some(found) = types.get(&key) {
            let (table, other) = (model.source, found.source());
            errors.push(LowerError::TableAndType { name: key.1.clone(), table, other });
        }
        known.insert(key, model.source);
        tables.push(table);
    }
    family::settle(&mut tables, errors);
    tables
}

/// `None` after an error.
fn table(
    model: &'static ModelDescriptor,
    default_target: &Ident,
    types: &Types,
    errors: &mut Vec<LowerError>,
) -> Option<Lowered> {
    let before = errors.len();
    let mut lowered = match named(model, default_target) {
        Ok(lowered) => lowered,
        Err(error) => {
            errors.push(*error);
            return None;
        }
    };
    for field in model.fields {
        if let Err(error) = lowered.add_column(field, types) {
            errors.push(*error);
        }
    }
    (errors.len() == before).then_some(lowered)
}

/// A table without columns.
fn named(model: &'static ModelDescriptor, default_target: &Ident) -> Result<Lowered> {
    let at = model.source;
    let target =
        model.target.map_or_else(|| Ok(default_target.clone()), |target| ident("target", target, at))?;
    let mut table = Table {
        schema: ident("schema", model.table.schema(), at)?,
        name: ident("table", model.table.name, at)?,
        columns: Vec::with_capacity(model.fields.len()),
        partition_by: None,
        foreign: None,
        lineage: Default::default(),
        properties: properties(&model.storage, at)?,
        comment: model.comment.map(str::to_owned),
    };
    security::set_properties(model, &mut table.properties);
    let old_name = match model.renamed_from {
        Some(old) => qualified(old, model.table.schema(), at)?,
        None => table.qualified_name(),
    };
    Ok(Lowered {
        model,
        target,
        table,
        raw: false,
        old_name,
        renamed_columns: BTreeMap::new(),
        partitions: Vec::new(),
    })
}

pub(super) fn properties(storage: &StorageDescriptor, at: Source) -> Result<TableProperties> {
    let StorageDescriptor { parameters, unlogged, tablespace, access_method, replica_identity } = *storage;
    let named = |what, name: Option<&str>| name.map(|name| ident(what, name, at)).transpose();
    Ok(TableProperties {
        unlogged,
        options: parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        // What is the default is not kept.
        access_method: named("access method", access_method.filter(|method| *method != "heap"))?,
        tablespace: named("tablespace", tablespace.filter(|tablespace| *tablespace != "pg_default"))?,
        replica_identity: match replica_identity {
            ReplicaIdentityDescriptor::Default => ReplicaIdentity::Default,
            ReplicaIdentityDescriptor::Nothing => ReplicaIdentity::Nothing,
            ReplicaIdentityDescriptor::Full => ReplicaIdentity::Full,
            ReplicaIdentityDescriptor::Index(index) => ReplicaIdentity::Index(ident("index", index, at)?),
        },
        ..TableProperties::default()
    })
}

pub(super) fn declare(table: &Lowered, sink: &mut Sink) {
    match &table.model.relation {
        RelationDescriptor::Table => declare_table(table, sink),
        RelationDescriptor::View(view) => views::declare_view(table, view, sink),
        RelationDescriptor::MaterializedView { query } => views::declare_materialized(table, query, sink),
    }
}

fn declare_table(table: &Lowered, sink: &mut Sink) {
    let mut entry = Entry::new(Resource::Table(table.table.clone()), table.raw);
    entry.renamed_from = Some(Address::table(&table.target, &table.old_name));
    entry.renamed_columns = table.renamed_columns.clone();
    entry.sensitive = table.sensitive();
    entry.rules = table.rules();
    sink.add(&table.target, table.model.source, entry);
    family::declare(table, sink);
}
