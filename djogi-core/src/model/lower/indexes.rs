//! Indexes, and the keys that they share with exclusion constraints.

use std::collections::BTreeMap;

use super::names::{Named, ObjectNames};
use super::tables::Lowered;
use super::{Entry, Result, Sink, ident, qualified};
use crate::address::Address;
use crate::ident::QualifiedName;
use crate::kind::{Expression, Index, IndexElement, IndexKey, KeyClass, Resource};
use crate::model::descriptor::{DEFAULT_SCHEMA, IndexDescriptor, KeyDescriptor, KeyTarget, Source};
use crate::model::error::LowerError;

pub(super) fn declare(table: &Lowered, names: &ObjectNames, sink: &mut Sink, errors: &mut Vec<LowerError>) {
    for (descriptor, name) in table.model.indexes.iter().zip(&names.indexes) {
        let at = table.model.source.at(descriptor.line);
        match index(table, descriptor, name, at) {
            Ok((index, raw)) => {
                let mut entry = Entry::new(Resource::Index(index), raw);
                let old = QualifiedName::new(table.old_name.schema.clone(), name.old.clone());
                entry.renamed_from = Some(Address::index(&table.target, &old));
                sink.add(&table.target, at, entry);
            }
            Err(error) => errors.push(*error),
        }
    }
}

fn index(table: &Lowered, descriptor: &IndexDescriptor, name: &Named, at: Source) -> Result<(Index, bool)> {
    let mut raw = descriptor.predicate.is_some();
    let mut elements = Vec::with_capacity(descriptor.keys.len());
    for key in descriptor.keys {
        let (element, element_is_raw) = element(table, "an index", key, at)?;
        raw |= element_is_raw;
        elements.push(element);
    }
    let index = Index {
        statistics: BTreeMap::new(),
        schema: table.table.schema.clone(),
        name: name.new.clone(),
        table: table.table.name.clone(),
        parent: None,
        unique: descriptor.unique,
        nulls_not_distinct: descriptor.nulls_not_distinct,
        method: ident("index method", descriptor.method, at)?,
        elements,
        include: table.columns("an index", descriptor.include, at)?,
        predicate: descriptor.predicate.map(|sql| Expression::new(sql.trim())),
        options: descriptor.options.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        tablespace: None,
        valid: true,
        comment: descriptor.comment.map(str::to_owned),
    };
    Ok((index, raw))
}

/// One key, and whether only PostgreSQL knows how it is printed.
pub(super) fn element(
    table: &Lowered,
    what: &'static str,
    key: &KeyDescriptor,
    at: Source,
) -> Result<(IndexElement, bool)> {
    let written = key.collation.map(|collation| qualified(collation, "pg_catalog", at)).transpose()?;
    let (index_key, collation, mut raw) = match key.on {
        KeyTarget::Column(name) => {
            let column = table.column(what, name, at)?;
            let own = written.filter(|collation| column.collation.as_ref() != Some(collation));
            (IndexKey::Column(column.name.clone()), own, false)
        }
        KeyTarget::Expression(sql) => (IndexKey::Expression(Expression::new(sql.trim())), written, true),
    };
    let operator_class = match key.opclass {
        None => None,
        Some(opclass) => {
            // The default class of a type is not kept, and which one that is only the server knows.
            raw |= !NEVER_DEFAULT.contains(&opclass);
            let schema = if is_built_in(opclass) { "pg_catalog" } else { DEFAULT_SCHEMA };
            Some(KeyClass { name: qualified(opclass, schema, at)?, options: BTreeMap::new() })
        }
    };
    let nulls_first = key.nulls_first.unwrap_or(key.descending);
    let element =
        IndexElement { key: index_key, collation, operator_class, descending: key.descending, nulls_first };
    Ok((element, raw))
}

/// Classes of PostgreSQL itself that are the default of no type (manual section 11.10).
const NEVER_DEFAULT: &[&str] =
    &["text_pattern_ops", "varchar_pattern_ops", "bpchar_pattern_ops", "jsonb_path_ops"];

/// Whether an unqualified class is PostgreSQL's own rather than an extension's.
pub(super) fn is_built_in(opclass: &str) -> bool {
    const NAMES: &[&str] = &[
        "array_ops",
        "bool_ops",
        "box_ops",
        "bpchar_ops",
        "bytea_ops",
        "char_ops",
        "cidr_ops",
        "circle_ops",
        "date_ops",
        "enum_ops",
        "float4_ops",
        "float8_ops",
        "inet_ops",
        "int2_ops",
        "int4_ops",
        "int8_ops",
        "interval_ops",
        "jsonb_ops",
        "kd_point_ops",
        "macaddr8_ops",
        "macaddr_ops",
        "money_ops",
        "multirange_ops",
        "name_ops",
        "network_ops",
        "numeric_ops",
        "oid_ops",
        "oidvector_ops",
        "pg_lsn_ops",
        "point_ops",
        "poly_ops",
        "quad_point_ops",
        "range_ops",
        "record_image_ops",
        "record_ops",
        "text_ops",
        "tid_ops",
        "time_ops",
        "timestamp_ops",
        "timestamptz_ops",
        "timetz_ops",
        "tsquery_ops",
        "tsvector_ops",
        "uuid_ops",
        "varbit_ops",
        "varchar_ops",
        "xid8_ops",
        "xid_ops",
    ];
    const ENDINGS: &[&str] = &["_minmax_ops", "_minmax_multi_ops", "_bloom_ops", "_inclusion_ops"];
    NEVER_DEFAULT.contains(&opclass)
        || NAMES.contains(&opclass)
        || ENDINGS.iter().any(|ending| opclass.ends_with(ending))
}
