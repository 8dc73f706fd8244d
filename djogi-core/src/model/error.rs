//! Why models do not make a catalog. Each error names the places in the source that it is about.

use super::descriptor::{Source, TableName};
use super::type_name::TypeNameError;
use crate::address::Address;
use crate::ident::{Ident, IdentError, QualifiedName};

/// One contradiction in or between models.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LowerError {
    #[error("the {what} at {at}: {source}")]
    Name { what: &'static str, at: Source, source: IdentError },
    #[error("`{text}` at {at} is not a name or `schema.name`")]
    QualifiedName { text: String, at: Source },
    #[error("{what} at {at}: {source}")]
    Type { what: String, at: Source, source: TypeNameError },
    #[error("{table} is declared twice, at {first} and at {second}")]
    TableTwice { table: QualifiedName, first: Source, second: Source },
    #[error("column `{column}` of {table} is declared twice, at {first} and at {second}")]
    ColumnTwice { table: TableName, column: Ident, first: Source, second: Source },
    #[error("type {name} is declared differently at {first} and at {second}")]
    TypesDiffer { name: QualifiedName, first: Source, second: Source },
    #[error(
        "{name} is a table at {table} and a type at {other}; PostgreSQL gives each table a type of its name"
    )]
    TableAndType { name: QualifiedName, table: Source, other: Source },
    #[error("name `{name}` in schema {schema} is given twice, at {first} and at {second}")]
    NameTwice { name: Ident, schema: Ident, first: Source, second: Source },
    #[error(
        "enum {enumeration} at {declared} has no variant or label `{label}`, the default of `{column}` at {at}"
    )]
    UnknownLabel {
        enumeration: QualifiedName,
        declared: Source,
        label: String,
        column: &'static str,
        at: Source,
    },
    #[error(
        "`{column}` at {at} is of type {data_type}, but an identity column is smallint, integer or bigint"
    )]
    IdentityType { column: &'static str, data_type: String, at: Source },
    #[error("{what} at {at} starts at {start}, outside of {min} to {max}")]
    SequenceStart { what: String, start: i64, min: i64, max: i64, at: Source },
    #[error("{what} at {at} goes from {min} to {max}, which is no range of {data_type}")]
    SequenceBounds { what: String, min: i64, max: i64, data_type: &'static str, at: Source },
    #[error("{what} at {at} has an increment of 0 or a cache below 1")]
    SequenceStep { what: String, at: Source },
    #[error("`{data_type}` at {at} is not the type of a sequence; smallint, integer and bigint are")]
    SequenceType { data_type: String, at: Source },
    #[error("`{address}` is declared twice, at {first} and at {second}")]
    ObjectTwice { address: Address, first: Source, second: Source },
    #[error(
        "the extension heeranjid at {at} is version {version}, in the schema heeranjid: djogi brings it so; leave `version` \
         and `schema` out"
    )]
    Brought { at: Source, version: &'static str },
    #[error("the owner of sequence {sequence} at {at} is {table}, which is not a model of the same target")]
    DanglingOwner { sequence: QualifiedName, table: QualifiedName, at: Source },
    #[error("sequence {sequence} at {at} is owned by {table}; PostgreSQL wants both in one schema")]
    OwnerSchema { sequence: QualifiedName, table: QualifiedName, at: Source },
    #[error(
        "sequence {sequence} at {at} is owned by column `{column}`, which {table} at {declared} does not have"
    )]
    OwnerColumn {
        sequence: QualifiedName,
        column: String,
        table: QualifiedName,
        at: Source,
        declared: Source,
    },
    #[error("{what} `{name}` of {table} is declared twice, at {first} and at {second}")]
    PartTwice { what: &'static str, name: Ident, table: QualifiedName, first: Source, second: Source },
    #[error("{what} of {table} at {at} names column `{column}`, which the model does not have")]
    UnknownColumn { what: &'static str, table: TableName, column: String, at: Source },
    #[error("the foreign key at {at} references {references}, which is not a model of the same target")]
    DanglingReference { references: QualifiedName, at: Source },
    #[error("the foreign key at {at} references `{column}`, which {references} at {declared} does not have")]
    DanglingColumn { references: QualifiedName, column: String, at: Source, declared: Source },
    #[error(
        "the foreign key at {at} names no columns of {references}, which is no model; say which with `references_columns`"
    )]
    ReferenceColumns { references: QualifiedName, at: Source },
    #[error(
        "the foreign key at {at} has {own} columns, but references {other} of {references} at {declared}"
    )]
    ReferenceArity { references: QualifiedName, own: usize, other: usize, at: Source, declared: Source },
    #[error(
        "the foreign key at {at} references ({columns}) of {references} at {declared}, which has no primary key or unique constraint on them"
    )]
    ReferenceNotUnique { references: QualifiedName, columns: String, at: Source, declared: Source },
    #[error(
        "`{column}` at {at} is {data_type}, but references `{referenced}` of {references} at {declared}, which is {referenced_type}"
    )]
    ReferenceType {
        column: Ident,
        data_type: String,
        references: QualifiedName,
        referenced: Ident,
        referenced_type: String,
        at: Source,
        declared: Source,
    },
    #[error("{parent} at {at} is not a model of the same target, so no table is a part of it")]
    DanglingParent { parent: QualifiedName, at: Source },
    #[error("{table} at {at} is a part of itself, by way of its parents")]
    OwnParent { table: QualifiedName, at: Source },
    #[error(
        "{of} at {declared} is not partitioned, so {at} is no partition of it; it needs `partition_by(...)`"
    )]
    NotPartitioned { of: QualifiedName, at: Source, declared: Source },
    #[error(
        "the partition at {at} does not fit {of} at {declared}, which is partitioned by {strategy} of {keys} columns"
    )]
    UnfitBound { of: QualifiedName, strategy: String, keys: usize, at: Source, declared: Source },
    #[error(
        "`{column}` at {at} is no column of {of} at {declared}; a partition has the columns of its partitioned table"
    )]
    OwnColumn { column: String, of: QualifiedName, at: Source, declared: Source },
    #[error("{table} at {at} has no field for column `{column}`, which comes from {of} at {declared}")]
    MissingColumn { table: QualifiedName, column: Ident, of: QualifiedName, at: Source, declared: Source },
    #[error("`{column}` at {at} is {own}, but {other} in {of} at {declared}, from which it comes")]
    InheritedType {
        column: Ident,
        own: String,
        of: QualifiedName,
        other: String,
        at: Source,
        declared: Source,
    },
    #[error(
        "`{column}` at {at} comes from {of} at {declared}, where it is never null; take the `Option` off"
    )]
    InheritedNotNull { column: Ident, of: QualifiedName, at: Source, declared: Source },
}
