//! The names of all constraints and indexes: the given ones first, then the automatic ones around them.
//! The same is done for the names before declared renames, because an automatic name follows its table
//! and columns, and the old object must be found under its old name.

use std::collections::BTreeMap;

use super::ident;
use super::sequences::LoweredSequence;
use super::tables::Lowered;
use crate::ident::{Ident, QualifiedName};
use crate::kind::Sequence;
use crate::model::descriptor::{KeyDescriptor, KeyTarget, Source};
use crate::model::error::LowerError;
use crate::model::naming::{KeyName, Label, Names, index_columns, only_column};

/// A name, and the name before declared renames.
pub(super) struct Named {
    pub(super) new: Ident,
    pub(super) old: Ident,
}

/// The names of one table's objects, each list in the order of the descriptor.
pub(super) struct ObjectNames {
    pub(super) primary_key: Vec<Named>,
    pub(super) uniques: Vec<Named>,
    pub(super) exclusions: Vec<Named>,
    pub(super) checks: Vec<Named>,
    pub(super) foreign_keys: Vec<Named>,
    pub(super) indexes: Vec<Named>,
}

/// One object that needs a name.
struct Request {
    table: usize,
    label: Label,
    given: Option<&'static str>,
    /// What an automatic name is made of, by present column names.
    columns: Vec<KeyName<'static>>,
    at: Source,
}

/// Names the objects of all tables; the result has one entry for each table.
pub(super) fn choose(
    tables: &[Lowered],
    sequences: &[LoweredSequence],
    errors: &mut Vec<LowerError>,
) -> Vec<ObjectNames> {
    let requests: Vec<Request> =
        tables.iter().enumerate().flat_map(|(index, table)| requests(index, table)).collect();
    check_given(tables, sequences, &requests, errors);
    let (mut taken, mut taken_before) = (Taken::new(), Taken::new());
    for LoweredSequence { target, sequence, old_name, .. } in sequences {
        taken.entry(target).or_default().take_table(&sequence.schema, &sequence.name);
        taken_before.entry(target).or_default().take_table(&old_name.schema, &old_name.name);
    }
    let new = assign(tables, &requests, taken, &|table| table.name(), &|_, column| column.to_owned());
    let old = assign(tables, &requests, taken_before, &|table| table.old_name.clone(), &|table, column| {
        table.old_column(column).to_owned()
    });
    let mut names: Vec<ObjectNames> = tables.iter().map(|_| ObjectNames::empty()).collect();
    for ((request, new), old) in requests.iter().zip(new).zip(old) {
        names[request.table].list(request.label).push(Named { new, old });
    }
    names
}

impl ObjectNames {
    fn empty() -> Self {
        Self {
            primary_key: Vec::new(),
            uniques: Vec::new(),
            exclusions: Vec::new(),
            checks: Vec::new(),
            foreign_keys: Vec::new(),
            indexes: Vec::new(),
        }
    }

    fn list(&mut self, label: Label) -> &mut Vec<Named> {
        match label {
            Label::PrimaryKey => &mut self.primary_key,
            Label::Unique => &mut self.uniques,
            Label::Exclusion => &mut self.exclusions,
            Label::Check => &mut self.checks,
            Label::ForeignKey => &mut self.foreign_keys,
            Label::Index => &mut self.indexes,
        }
    }
}

/// In the order in which PostgreSQL would make them.
fn requests(index: usize, lowered: &Lowered) -> Vec<Request> {
    let model = lowered.model;
    let request = |label, given, columns, line| {
        let at = model.source.at(line);
        Request { table: index, label, given, columns, at }
    };
    let plain = |columns: &[&'static str]| columns.iter().map(|column| KeyName::Column(column)).collect();
    let line = model.source.line;
    let mut requests = Vec::new();
    if let Some(key) = &model.primary_key {
        requests.push(request(Label::PrimaryKey, key.name, plain(key.columns), line));
    }
    for unique in model.uniques {
        let included = unique.include.iter().map(|column| KeyName::Column(column));
        let columns = unique.columns.iter().map(|column| KeyName::Column(column)).chain(included).collect();
        requests.push(request(Label::Unique, unique.name, columns, line));
    }
    for exclusion in model.exclusions {
        let columns = exclusion.elements.iter().map(|(key, _)| key_name(key)).collect();
        requests.push(request(Label::Exclusion, exclusion.name, columns, exclusion.line));
    }
    let all_columns: Vec<_> = model.fields.iter().map(|field| field.column).collect();
    for check in model.checks {
        let column = only_column(check.sql, &all_columns);
        let columns = column.map(KeyName::Column).into_iter().collect();
        requests.push(request(Label::Check, check.name, columns, line));
    }
    for key in model.foreign_keys {
        requests.push(request(Label::ForeignKey, key.name, plain(key.columns), key.line));
    }
    for built in model.indexes {
        let included = built.include.iter().map(|column| KeyName::Column(column));
        let columns = built.keys.iter().map(key_name).chain(included).collect();
        requests.push(request(Label::Index, built.name, columns, built.line));
    }
    requests
}

fn key_name(key: &KeyDescriptor) -> KeyName<'static> {
    match key.on {
        KeyTarget::Column(column) => KeyName::Column(column),
        KeyTarget::Expression(sql) => KeyName::Expression(sql),
    }
}

/// Refuses given names that are no identifiers, or that are given twice where PostgreSQL wants one.
fn check_given(
    tables: &[Lowered],
    sequences: &[LoweredSequence],
    requests: &[Request],
    errors: &mut Vec<LowerError>,
) {
    // Relations share their schema's names; other constraints share their table's.
    let mut known: BTreeMap<(&Ident, &Ident, Option<usize>, &str), Source> = BTreeMap::new();
    for table in tables {
        let key = (&table.target, &table.table.schema, None, table.table.name.as_str());
        known.insert(key, table.model.source);
    }
    for LoweredSequence { target, sequence, source, .. } in sequences {
        let Sequence { schema, name, .. } = sequence;
        if let Some(first) = known.insert((target, schema, None, name.as_str()), *source) {
            let (name, schema) = (name.clone(), schema.clone());
            errors.push(LowerError::NameTwice { name, schema, first, second: *source });
        }
    }
    for request in requests {
        let Some(given) = request.given else { continue };
        let table = &tables[request.table];
        let name = match ident("name", given, request.at) {
            Ok(name) => name,
            Err(error) => {
                errors.push(*error);
                continue;
            }
        };
        let scopes = match request.label {
            Label::Index => [Some(None), None],
            Label::PrimaryKey | Label::Unique | Label::Exclusion => [Some(None), Some(Some(request.table))],
            Label::Check | Label::ForeignKey => [Some(Some(request.table)), None],
        };
        for scope in scopes.into_iter().flatten() {
            let key = (&table.target, &table.table.schema, scope, given);
            if let Some(first) = known.insert(key, request.at) {
                let schema = table.table.schema.clone();
                errors.push(LowerError::NameTwice { name: name.clone(), schema, first, second: request.at });
                break;
            }
        }
    }
}

/// The names that are taken, by target.
type Taken<'a> = BTreeMap<&'a Ident, Names>;

/// One name for each request, under the table and column names that the two functions give.
fn assign<'a>(
    tables: &'a [Lowered],
    requests: &[Request],
    mut taken: Taken<'a>,
    table_name: &dyn Fn(&Lowered) -> QualifiedName,
    column_name: &dyn Fn(&Lowered, &str) -> String,
) -> Vec<Ident> {
    for table in tables {
        let name = table_name(table);
        let taken = taken.entry(&table.target).or_default();
        taken.take_table(&name.schema, &name.name);
        table
            .partitions
            .iter()
            .for_each(|(partition, _)| taken.take_table(&partition.schema, &partition.name));
    }
    for request in requests {
        if let Some(given) = request.given {
            let table = &tables[request.table];
            let schema = table_name(table).schema;
            taken.entry(&table.target).or_default().take(&schema, request.label, given);
        }
    }
    let name = |request: &Request| {
        let table = &tables[request.table];
        let full = table_name(table);
        if let Some(Ok(given)) = request.given.map(Ident::new) {
            return given;
        }
        let names = taken.entry(&table.target).or_default();
        let columns: Vec<String> = request
            .columns
            .iter()
            .map(|key| match key {
                KeyName::Column(column) => column_name(table, column),
                KeyName::Expression(sql) => (*sql).to_owned(),
            })
            .collect();
        let keys = request.columns.iter().zip(&columns).map(|(key, text)| match key {
            KeyName::Column(_) => KeyName::Column(text),
            KeyName::Expression(_) => KeyName::Expression(text),
        });
        // Only index keys are numbered when they repeat; a constraint names each column once.
        let columns = index_columns(keys);
        let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
        names.choose(&full.schema, &full.name, &columns, request.label)
    };
    requests.iter().map(name).collect()
}
