//! Models to declared resources: everything that a model leaves out is spelled out as PostgreSQL would, and
//! references between models are resolved and checked. Only text that PostgreSQL must parse stays raw.

mod columns;
mod constraints;
mod domains;
mod family;
mod foreign_keys;
mod grants;
mod indexes;
mod names;
mod objects;
mod ranges;
mod security;
mod sequences;
mod tables;
mod triggers;
mod types;
mod views;

use std::collections::{BTreeMap, BTreeSet};

use super::descriptor::{DEFAULT_SCHEMA, ModelDescriptor, Source};
use super::error::LowerError;
use super::object::ObjectDescriptor;
use crate::address::Address;
use crate::declared::{self, Declaration, Declarations};
use crate::ident::{Ident, QualifiedName};
use crate::kind::{Resource, Schema};
use crate::migration::Rule;

use tables::Lowered;

/// Boxed on its way up, because errors are rare and carry two places.
type Result<T> = std::result::Result<T, Box<LowerError>>;

/// Compiles models and the objects beside them to declarations.
///
/// # Errors
/// Every contradiction in or between them, not just the first one.
pub fn lower(
    models: &[&'static ModelDescriptor],
    objects: &[&'static ObjectDescriptor],
    default_target: &Ident,
) -> std::result::Result<Declarations, Vec<LowerError>> {
    let mut errors = Vec::new();
    let types = types::collect(models, default_target, &mut errors);
    let tables = tables::lower(models, default_target, &types, &mut errors);
    let types = types::lower(&types, &mut errors);
    let objects = objects::lower(objects, default_target, &mut errors);
    // What follows looks columns up; a table that is not understood would only draw errors of its own.
    if !errors.is_empty() {
        return Err(errors);
    }
    let names = names::choose(&tables, &objects.sequences, &mut errors);
    let mut sink = Sink::default();
    objects.declare_plain(&mut sink);
    objects.declare_grants(&mut sink, &mut errors);
    let by_name = tables::by_name(&tables);
    for (table, names) in tables.iter().zip(&names) {
        sink.unmanaged = table.model.unmanaged;
        sink.schema(table);
        tables::declare(table, &mut sink);
        constraints::declare(table, names, &mut sink, &mut errors);
        indexes::declare(table, names, &mut sink, &mut errors);
        foreign_keys::declare(table, names, &by_name, &mut sink, &mut errors);
        security::declare(table, &mut sink, &mut errors);
        triggers::declare(table, &mut sink, &mut errors);
        grants::declare(table, &mut sink, &mut errors);
    }
    sink.unmanaged = false;
    objects::declare_heeranjid(&tables, &mut sink);
    for sequence in &objects.sequences {
        sequences::declare(sequence, &by_name, &mut sink, &mut errors);
    }
    types::declare(types, &mut sink);
    if errors.is_empty() { Ok(sink.declarations) } else { Err(errors) }
}

/// Collects the declarations.
#[derive(Default)]
struct Sink {
    declarations: Declarations,
    /// Whether what is added is somebody else's.
    unmanaged: bool,
}

/// One resource on its way into the declarations.
struct Entry {
    resource: Resource,
    raw: bool,
    renamed_from: Option<Address>,
    renamed_columns: BTreeMap<Ident, Ident>,
    /// Of the fields of a view.
    lines: BTreeMap<Ident, u32>,
    sensitive: BTreeSet<Ident>,
    rules: BTreeMap<Ident, Rule>,
}

impl Entry {
    fn new(resource: Resource, raw: bool) -> Self {
        Self {
            resource,
            raw,
            renamed_from: None,
            renamed_columns: BTreeMap::new(),
            lines: BTreeMap::new(),
            sensitive: BTreeSet::new(),
            rules: BTreeMap::new(),
        }
    }
}

impl Sink {
    fn add(&mut self, target: &Ident, source: Source, entry: Entry) {
        let address = entry.resource.address(target);
        let renamed_from = entry.renamed_from.filter(|old| *old != address);
        let declaration = Declaration {
            resource: entry.resource.into(),
            source: declared::Source { file: source.file.to_owned(), line: source.line },
            package: source.package.to_owned(),
            raw: entry.raw,
            unmanaged: self.unmanaged,
            sensitive: entry.sensitive,
            rules: entry.rules,
            renamed_from,
            renamed_columns: entry.renamed_columns,
            column_lines: entry.lines,
            needs: BTreeSet::new(),
        };
        // What somebody manages is managed, whoever only refers to it.
        let known = self.declarations.resources.get(&address);
        if known.is_none_or(|known| known.unmanaged && !declaration.unmanaged) {
            self.declarations.resources.insert(address, declaration);
        }
    }

    /// Declares the schema of a table.
    fn schema(&mut self, table: &Lowered) {
        self.schema_named(&table.target, &table.table.schema, table.model.source);
    }

    /// Declares a schema that is named; `public` and those of PostgreSQL itself are in every database.
    fn schema_named(&mut self, target: &Ident, name: &Ident, source: Source) {
        if name.as_str() != DEFAULT_SCHEMA && !name.as_str().starts_with("pg_") {
            let schema = Resource::Schema(Schema { name: name.clone(), comment: None });
            self.add(target, source, Entry::new(schema, false));
        }
    }
}

/// A name that may be an identifier.
fn ident(what: &'static str, name: &str, at: Source) -> Result<Ident> {
    Ident::new(name).map_err(|source| LowerError::Name { what, at, source }.into())
}

/// `name` or `schema.name`; parts with dots of their own are double-quoted, and nothing is folded.
fn qualified(text: &str, default_schema: &str, at: Source) -> Result<QualifiedName> {
    let wrong = || Box::new(LowerError::QualifiedName { text: text.to_owned(), at });
    let mut parts = Vec::new();
    let mut rest = text.trim();
    loop {
        let (part, after) = match rest.strip_prefix('"') {
            Some(quoted) => unquote(quoted).ok_or_else(wrong)?,
            None => {
                let (part, after) = rest.split_at(rest.find('.').unwrap_or(rest.len()));
                (part.to_owned(), after)
            }
        };
        parts.push(Ident::new(part).map_err(|source| LowerError::Name { what: "name", at, source })?);
        match after.strip_prefix('.') {
            Some(next) => rest = next,
            None if after.is_empty() => break,
            None => return Err(wrong()),
        }
    }
    match <[Ident; 2]>::try_from(parts) {
        Ok([schema, name]) => Ok(QualifiedName::new(schema, name)),
        Err(mut parts) => match (parts.pop(), parts.is_empty()) {
            (Some(name), true) => Ok(QualifiedName::new(ident("schema", default_schema, at)?, name)),
            _ => Err(wrong()),
        },
    }
}

/// What stands before the closing quote, doubled quotes taken for one, and what stands after it.
fn unquote(quoted: &str) -> Option<(String, &str)> {
    let mut part = String::new();
    let mut rest = quoted;
    loop {
        let (before, after) = rest.split_once('"')?;
        part.push_str(before);
        match after.strip_prefix('"') {
            Some(more) => {
                part.push('"');
                rest = more;
            }
            None => return Some((part, after)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Source = Source { package: "p", file: "f", line: 1 };

    #[test]
    fn qualified_names_are_split_at_dots_outside_quotes() {
        let name = |text| qualified(text, "public", AT).map(|name| name.to_string());
        assert_eq!(name("orders").unwrap(), "public.orders");
        assert_eq!(name("app.Orders").unwrap(), "app.\"Orders\"");
        assert_eq!(name("\"a.b\".\"c\"\"d\"").unwrap(), "\"a.b\".\"c\"\"d\"");
    }

    #[test]
    fn what_is_no_qualified_name_is_refused() {
        for text in ["a.b.c", "\"a", "\"a\"b", "a.", ""] {
            assert!(qualified(text, "public", AT).is_err(), "{text}");
        }
    }
}
