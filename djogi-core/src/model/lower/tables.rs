//! Tables with their columns, and what was renamed in them.

use std::collections::BTreeMap;

use super::columns;
use super::enums::Enums;
use super::{Entry, Sink, ident, qualified};
use crate::address::Address;
use crate::ident::{Ident, QualifiedName};
use crate::kind::{Column, Resource, Table};
use crate::model::descriptor::{ModelDescriptor, Source};
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
}

impl Lowered {
    pub(super) fn name(&self) -> QualifiedName {
        self.table.qualified_name()
    }

    /// A column by its name.
    pub(super) fn column(&self, what: &'static str, name: &str, at: Source) -> Result<&Column, LowerError> {
        self.table.columns.iter().find(|column| column.name.as_str() == name).ok_or_else(|| {
            LowerError::UnknownColumn { what, table: self.model.table, column: name.to_owned(), at }
        })
    }

    /// Names that must be columns of the table.
    pub(super) fn columns(
        &self,
        what: &'static str,
        names: &[&str],
        at: Source,
    ) -> Result<Vec<Ident>, LowerError> {
        names.iter().map(|name| self.column(what, name, at).map(|column| column.name.clone())).collect()
    }

    /// A column's name before a declared rename.
    pub(super) fn old_column<'a>(&'a self, column: &'a str) -> &'a str {
        let renamed = self.renamed_columns.iter().find(|(new, _)| new.as_str() == column);
        renamed.map_or(column, |(_, old)| old.as_str())
    }
}

/// Lowers the table of each model.
pub(super) fn lower(
    models: &[&'static ModelDescriptor],
    default_target: &Ident,
    enums: &Enums,
    errors: &mut Vec<LowerError>,
) -> Vec<Lowered> {
    let mut tables: Vec<Lowered> = Vec::with_capacity(models.len());
    let mut known: BTreeMap<(Ident, QualifiedName), Source> = BTreeMap::new();
    for model in models {
        let Some(table) = table(model, default_target, enums, errors) else { continue };
        let key = (table.target.clone(), table.name());
        if let Some(first) = known.get(&key) {
            let (table, first, second) = (key.1, *first, model.source);
            errors.push(LowerError::TableTwice { table, first, second });
            continue;
        }
        if let Some(descriptor) = enums.get(&key) {
            let (table, enumeration) = (model.source, descriptor.source);
            errors.push(LowerError::TableAndEnum { name: key.1.clone(), table, enumeration });
        }
        known.insert(key, model.source);
        tables.push(table);
    }
    tables
}

/// `None` after an error.
fn table(
    model: &'static ModelDescriptor,
    default_target: &Ident,
    enums: &Enums,
    errors: &mut Vec<LowerError>,
) -> Option<Lowered> {
    let before = errors.len();
    let at = model.source;
    let mut keep = |result: Result<Ident, LowerError>| result.map_err(|error| errors.push(error)).ok();
    let target = match model.target {
        None => default_target.clone(),
        Some(target) => keep(ident("target", target, at))?,
    };
    let schema = keep(ident("schema", model.table.schema(), at))?;
    let name = keep(ident("table", model.table.name, at))?;
    let mut renamed_columns = BTreeMap::new();
    let mut lowered: Vec<Column> = Vec::with_capacity(model.fields.len());
    let mut raw = false;
    for field in model.fields {
        let at = at.at(field.line);
        match columns::lower(model, field, &target, enums) {
            Err(error) => errors.push(error),
            Ok((column, column_is_raw)) => {
                if let Some(twice) = lowered.iter().position(|known| known.name == column.name) {
                    let first = model.source.at(model.fields[twice].line);
                    let (table, column) = (model.table, column.name.clone());
                    errors.push(LowerError::ColumnTwice { table, column, first, second: at });
                }
                if let Some(old) = field.renamed_from {
                    match ident("old column", old, at) {
                        Ok(old) if old != column.name => {
                            drop(renamed_columns.insert(column.name.clone(), old))
                        }
                        Ok(_) => {}
                        Err(error) => errors.push(error),
                    }
                }
                raw |= column_is_raw;
                lowered.push(column);
            }
        }
    }
    let old_name = match model.renamed_from.map(|old| qualified(old, model.table.schema(), at)) {
        None => QualifiedName::new(schema.clone(), name.clone()),
        Some(Ok(old)) => old,
        Some(Err(error)) => {
            errors.push(error);
            return None;
        }
    };
    let comment = model.comment.map(str::to_owned);
    let table = Table { schema, name, columns: lowered, comment };
    (errors.len() == before).then_some(Lowered { model, target, table, raw, old_name, renamed_columns })
}

pub(super) fn declare(table: &Lowered, sink: &mut Sink) {
    let mut entry = Entry::new(Resource::Table(table.table.clone()), table.raw);
    entry.renamed_from = Some(Address::table(&table.target, &table.old_name));
    entry.renamed_columns = table.renamed_columns.clone();
    sink.add(&table.target, table.model.source, entry);
}
