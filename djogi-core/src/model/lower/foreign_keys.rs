//! Foreign keys, resolved across models: the referenced columns exist, are unique, and are of a type that
//! can be compared.

use super::constraints::{Said, add};
use super::names::ObjectNames;
use super::tables::{ByName, Lowered};
use super::{Result, Sink, ident, qualified};
use crate::ident::{Ident, QualifiedName};
use crate::kind::{Column, ConstraintDefinition, ForeignKey, MatchType, ReferentialAction};
use crate::model::descriptor::{
    DEFAULT_SCHEMA, Deferral, ForeignKeyDescriptor, KeyTarget, ReferenceDescriptor,
    ReferentialAction as DescribedAction, Source,
};
use crate::model::error::LowerError;
use crate::model::type_name::without_modifiers;

pub(super) fn declare(
    table: &Lowered,
    names: &ObjectNames,
    tables: &ByName<'_>,
    sink: &mut Sink,
    errors: &mut Vec<LowerError>,
) {
    for (descriptor, name) in table.model.foreign_keys.iter().zip(&names.foreign_keys) {
        let at = table.model.source.at(descriptor.line);
        match foreign_key(table, descriptor, tables, at) {
            Ok(key) => {
                let definition = ConstraintDefinition::ForeignKey(key);
                let said = Said {
                    deferral: descriptor.deferral,
                    not_enforced: descriptor.not_enforced,
                    period: descriptor.period,
                    comment: descriptor.comment,
                };
                add(table, name, definition, said, false, at, sink);
            }
            Err(error) => errors.push(*error),
        }
    }
}

fn foreign_key(
    table: &Lowered,
    descriptor: &ForeignKeyDescriptor,
    tables: &ByName<'_>,
    at: Source,
) -> Result<ForeignKey> {
    let columns = table.columns("a foreign key", descriptor.columns, at)?;
    let (references, must_be_model) = match descriptor.references {
        ReferenceDescriptor::Model(name) => {
            let schema = ident("schema", name.schema(), at)?;
            (QualifiedName::new(schema, ident("table", name.name, at)?), true)
        }
        ReferenceDescriptor::Table(name) => (qualified(name, DEFAULT_SCHEMA, at)?, false),
    };
    let referenced_columns = match tables.get(&(&table.target, references.clone())) {
        Some(referenced) => resolve(table, descriptor, referenced, at)?,
        None if must_be_model => return Err(LowerError::DanglingReference { references, at }.into()),
        None => unresolved(descriptor, &references, at)?,
    };
    let (on_delete, on_delete_columns) = action(descriptor.on_delete);
    Ok(ForeignKey {
        columns,
        references,
        referenced_columns,
        on_delete,
        on_update: action(descriptor.on_update).0,
        on_delete_columns: table.columns("`on_delete` of a foreign key", on_delete_columns, at)?,
        match_type: if descriptor.match_full { MatchType::Full } else { MatchType::Simple },
    })
}

fn action(action: DescribedAction) -> (ReferentialAction, &'static [&'static str]) {
    match action {
        DescribedAction::NoAction => (ReferentialAction::NoAction, &[]),
        DescribedAction::Restrict => (ReferentialAction::Restrict, &[]),
        DescribedAction::Cascade => (ReferentialAction::Cascade, &[]),
        DescribedAction::SetNull(columns) => (ReferentialAction::SetNull, columns),
        DescribedAction::SetDefault(columns) => (ReferentialAction::SetDefault, columns),
    }
}

/// The columns of a table that no model declares must be written out.
fn unresolved(
    descriptor: &ForeignKeyDescriptor,
    references: &QualifiedName,
    at: Source,
) -> Result<Vec<Ident>> {
    if descriptor.referenced_columns.is_empty() {
        return Err(LowerError::ReferenceColumns { references: references.clone(), at }.into());
    }
    descriptor.referenced_columns.iter().map(|column| ident("referenced column", column, at)).collect()
}

/// The referenced columns of a model: the given ones, else its primary key.
fn resolve(
    table: &Lowered,
    descriptor: &ForeignKeyDescriptor,
    referenced: &Lowered,
    at: Source,
) -> Result<Vec<Ident>> {
    let declared = referenced.model.source;
    let primary_key = referenced.model.primary_key.map_or(&[][..], |key| key.columns);
    let by_default = descriptor.referenced_columns.is_empty();
    let names = if by_default { primary_key } else { descriptor.referenced_columns };
    let columns =
        names.iter().map(|name| referenced_column(referenced, name, at)).collect::<Result<Vec<_>>>()?;
    if columns.len() != descriptor.columns.len() && !(by_default && columns.is_empty()) {
        return Err(LowerError::ReferenceArity {
            references: referenced.name(),
            own: descriptor.columns.len(),
            other: columns.len(),
            at,
            declared,
        }
        .into());
    }
    if !is_unique(referenced, &columns) {
        return Err(LowerError::ReferenceNotUnique {
            references: referenced.name(),
            columns: columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", "),
            at,
            declared,
        }
        .into());
    }
    for (own, other) in descriptor.columns.iter().zip(&columns) {
        let own = table.column("a foreign key", own, at)?;
        if !comparable(&own.data_type, &other.data_type) {
            return Err(LowerError::ReferenceType {
                column: own.name.clone(),
                data_type: own.data_type.clone(),
                references: referenced.name(),
                referenced: other.name.clone(),
                referenced_type: other.data_type.clone(),
                at,
                declared,
            }
            .into());
        }
    }
    Ok(columns.into_iter().map(|column| column.name.clone()).collect())
}

fn referenced_column<'a>(referenced: &'a Lowered, name: &str, at: Source) -> Result<&'a Column> {
    referenced.field_or_column(name).ok_or_else(|| {
        LowerError::DanglingColumn {
            references: referenced.name(),
            column: name.to_owned(),
            at,
            declared: referenced.model.source,
        }
        .into()
    })
}

/// Whether PostgreSQL would find an index for the columns: a primary key, a unique constraint that is not
/// deferrable, or a whole unique index; the order of columns does not matter.
fn is_unique(referenced: &Lowered, columns: &[&Column]) -> bool {
    let model = referenced.model;
    let matches = |key: &[&str]| {
        !key.is_empty()
            && key.len() == columns.len()
            && columns.iter().all(|column| key.contains(&column.name.as_str()))
    };
    let by_index = |index: &crate::model::descriptor::IndexDescriptor| {
        let keys = index.keys.iter().map(|key| match key.on {
            KeyTarget::Column(column) => Some(column),
            KeyTarget::Expression(_) => None,
        });
        index.unique
            && index.predicate.is_none()
            && keys.collect::<Option<Vec<_>>>().is_some_and(|key| matches(&key))
    };
    model.primary_key.is_some_and(|key| matches(key.columns))
        || model
            .uniques
            .iter()
            .any(|unique| unique.deferral == Deferral::NotDeferrable && matches(unique.columns))
        || model.indexes.iter().any(by_index)
}

/// Whether the referenced type has an equality operator for the referencing one. Types that are not
/// PostgreSQL's own are left to the server.
fn comparable(own: &str, referenced: &str) -> bool {
    let (own, referenced) = (without_modifiers(own), without_modifiers(referenced));
    if own == referenced {
        return true;
    }
    match (family(&own), family(&referenced)) {
        (Some(Family::Integer), Some(Family::Numeric | Family::Float)) => true,
        (Some(Family::Numeric), Some(Family::Float)) => true,
        (Some(Family::Alone), Some(_)) | (Some(_), Some(Family::Alone)) => false,
        (Some(own), Some(referenced)) => own == referenced,
        (None, _) | (_, None) => true,
    }
}

/// Types whose values PostgreSQL compares with each other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Integer,
    Numeric,
    Float,
    Text,
    DateTime,
    Network,
    /// Comparable with itself only.
    Alone,
}

fn family(data_type: &str) -> Option<Family> {
    Some(match data_type {
        "smallint" | "integer" | "bigint" => Family::Integer,
        "numeric" => Family::Numeric,
        "real" | "double precision" => Family::Float,
        "text" | "character varying" | "bpchar" | "character" | "name" => Family::Text,
        "date" | "timestamp without time zone" | "timestamp with time zone" => Family::DateTime,
        "inet" | "cidr" => Family::Network,
        "uuid" | "boolean" | "bytea" | "jsonb" | "interval" | "macaddr" => Family::Alone,
        _ => return None,
    })
}
