//! What a model says about its table, as constants. `#[derive(Model)]` writes one [`ModelDescriptor`] per
//! struct; a [`super::DescriptorProvider`] may build others by hand. Everything is `&'static` and
//! const-constructible, names columns (not Rust fields), and keeps the place in the source, so that
//! every later diagnostic can point there. Lowering gives these texts their PostgreSQL meaning.

mod family;
mod grant;
mod index;
mod properties;
mod security;
mod trigger;
mod user_type;
mod view;

use std::fmt;

use crate::migration::OnOrphan;

pub use family::{
    BoundDescriptor, ParentsDescriptor, PartitionDescriptor, PartitionKeyDescriptor, PartitionStrategy,
};
pub use grant::{GrantDescriptor, Privilege};
pub use index::{IndexDescriptor, KeyDescriptor, KeyTarget};
pub use properties::{
    ColumnStorageDescriptor, ParameterDescriptor, ReplicaIdentityDescriptor, StorageDescriptor,
};
pub use security::{PolicyCommand, PolicyDescriptor, RowSecurity, TenantKeyDescriptor};
pub use trigger::{Firing, TriggerDescriptor, TriggerEvent, TriggerTiming};
pub use user_type::{
    CompositeDescriptor, DomainDescriptor, EnumDescriptor, RangeDescriptor, TypeHead, VariantDescriptor,
};
pub use view::{RelationDescriptor, ViewDescriptor};

/// The schema of models and enums that name none.
pub const DEFAULT_SCHEMA: &str = "public";

/// Where in the source a model or enum is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source {
    /// The cargo package, to name the crate when its models vanish.
    pub package: &'static str,
    /// The path as the compiler was given it.
    pub file: &'static str,
    pub line: u32,
}

impl Source {
    /// The same file at another line.
    pub const fn at(self, line: u32) -> Self {
        Self { line, ..self }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// A table by name. Without a schema it stands in [`DEFAULT_SCHEMA`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableName {
    pub schema: Option<&'static str>,
    pub name: &'static str,
}

impl TableName {
    pub const fn new(schema: Option<&'static str>, name: &'static str) -> Self {
        Self { schema, name }
    }

    pub const fn schema(&self) -> &'static str {
        match self.schema {
            Some(schema) => schema,
            None => DEFAULT_SCHEMA,
        }
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.schema(), self.name)
    }
}

/// One table, as its model declares it.
#[derive(Clone, Copy, Debug)]
pub struct ModelDescriptor {
    /// The Rust name of the struct.
    pub name: &'static str,
    pub source: Source,
    pub table: TableName,
    /// The target (`[target.<name>]`); `None` is the configuration's default target.
    pub target: Option<&'static str>,
    /// It is there, for others to refer to, and somebody else's.
    pub unmanaged: bool,
    pub comment: Option<&'static str>,
    /// The table's earlier name, `table` or `schema.table`.
    pub renamed_from: Option<&'static str>,
    pub relation: RelationDescriptor,
    pub storage: StorageDescriptor,
    pub parents: ParentsDescriptor,
    pub partition_by: Option<PartitionKeyDescriptor>,
    /// Those without anything of their own.
    pub partitions: &'static [PartitionDescriptor],
    /// In declaration order, which is the column order of a new table.
    pub fields: &'static [FieldDescriptor],
    pub primary_key: Option<PrimaryKeyDescriptor>,
    pub uniques: &'static [UniqueDescriptor],
    pub checks: &'static [CheckDescriptor],
    pub foreign_keys: &'static [ForeignKeyDescriptor],
    pub exclusions: &'static [ExclusionDescriptor],
    pub indexes: &'static [IndexDescriptor],
    pub row_security: RowSecurity,
    pub policies: &'static [PolicyDescriptor],
    pub tenant_key: Option<TenantKeyDescriptor>,
    pub triggers: &'static [TriggerDescriptor],
    pub grants: &'static [GrantDescriptor],
}

impl ModelDescriptor {
    /// A table without anything on it, for `..` in a constant.
    pub const fn new(name: &'static str, source: Source, table: TableName) -> Self {
        Self {
            name,
            source,
            table,
            target: None,
            unmanaged: false,
            comment: None,
            renamed_from: None,
            relation: RelationDescriptor::Table,
            storage: StorageDescriptor::DEFAULT,
            parents: ParentsDescriptor::None,
            partition_by: None,
            partitions: &[],
            fields: &[],
            primary_key: None,
            uniques: &[],
            checks: &[],
            foreign_keys: &[],
            exclusions: &[],
            indexes: &[],
            row_security: RowSecurity::Disabled,
            policies: &[],
            tenant_key: None,
            triggers: &[],
            grants: &[],
        }
    }
}

/// One column.
#[derive(Clone, Copy, Debug)]
pub struct FieldDescriptor {
    /// The Rust name of the field.
    pub name: &'static str,
    pub line: u32,
    pub column: &'static str,
    pub ty: FieldType,
    pub nullable: bool,
    /// A collation, `name` or `schema.name`.
    pub collation: Option<&'static str>,
    pub value: ColumnValue,
    pub storage: ColumnStorageDescriptor,
    /// Its values are shown nowhere.
    pub sensitive: bool,
    /// What rows get that have no value, where the column becomes `NOT NULL` or gets a default.
    pub backfill: Option<&'static str>,
    /// What becomes of a value when the column gets another type.
    pub up: Option<&'static str>,
    /// What becomes of it on the way back.
    pub down: Option<&'static str>,
    pub comment: Option<&'static str>,
    /// The column's earlier name.
    pub renamed_from: Option<&'static str>,
}

impl FieldDescriptor {
    /// A plain column with the field's name, for `..` in a constant.
    pub const fn new(name: &'static str, line: u32, ty: FieldType, nullable: bool) -> Self {
        Self {
            name,
            line,
            column: name,
            ty,
            nullable,
            collation: None,
            value: ColumnValue::Given,
            storage: ColumnStorageDescriptor::DEFAULT,
            sensitive: false,
            backfill: None,
            up: None,
            down: None,
            comment: None,
            renamed_from: None,
        }
    }
}

/// The SQL type of a column.
#[derive(Clone, Copy, Debug)]
pub enum FieldType {
    /// From the Rust type, through [`super::PgType`].
    Mapped(&'static TypeDescriptor),
    /// Written out: `#[field(type = "numeric(12,2)")]`.
    Sql(&'static str),
}

/// A type that a Rust type maps to.
#[derive(Clone, Copy, Debug)]
pub enum TypeDescriptor {
    /// Spelled as `format_type` prints it, so it needs no further normalising.
    Builtin(&'static str),
    Enum(&'static EnumDescriptor),
    Domain(&'static DomainDescriptor),
    Composite(&'static CompositeDescriptor),
    Range(&'static RangeDescriptor),
    Array(&'static TypeDescriptor),
}

/// Where a column's value comes from when a statement gives none.
#[derive(Clone, Copy, Debug)]
pub enum ColumnValue {
    /// Always from the statement.
    Given,
    Default(DefaultDescriptor),
    Identity(IdentityDescriptor),
    Generated(GeneratedDescriptor),
}

/// A column default.
#[derive(Clone, Copy, Debug)]
pub enum DefaultDescriptor {
    /// A numeric literal with its sign: `0`, `-1`, `0.20`.
    Number(&'static str),
    Bool(bool),
    /// A text value (not SQL): quoted on the way into a statement.
    Text(&'static str),
    /// A variant of a Rust enum by its Rust name.
    Variant(&'static EnumDescriptor, &'static str),
    /// A call of a generator of heeranjid, as PostgreSQL prints it.
    Heeranjid(&'static str),
    /// An SQL expression, for PostgreSQL to normalise.
    Sql(&'static str),
}

/// `GENERATED ... AS IDENTITY` and the options of its sequence (manual, CREATE TABLE and CREATE SEQUENCE).
#[derive(Clone, Copy, Debug)]
pub struct IdentityDescriptor {
    /// `ALWAYS`, else `BY DEFAULT`.
    pub always: bool,
    pub start: Option<i64>,
    pub increment: Option<i64>,
    pub min: Option<i64>,
    pub max: Option<i64>,
    pub cache: Option<i64>,
    pub cycle: bool,
}

impl IdentityDescriptor {
    pub const BY_DEFAULT: Self =
        Self { always: false, start: None, increment: None, min: None, max: None, cache: None, cycle: false };
    pub const ALWAYS: Self = Self { always: true, ..Self::BY_DEFAULT };
}

/// `GENERATED ALWAYS AS (expression)`.
#[derive(Clone, Copy, Debug)]
pub struct GeneratedDescriptor {
    pub sql: &'static str,
    /// `STORED`, else `VIRTUAL` (PostgreSQL 18).
    pub stored: bool,
}

/// The primary key; its columns are never null.
#[derive(Clone, Copy, Debug)]
pub struct PrimaryKeyDescriptor {
    pub name: Option<&'static str>,
    pub columns: &'static [&'static str],
    /// Besides, in its index.
    pub include: &'static [&'static str],
    /// The last column is `WITHOUT OVERLAPS` (PostgreSQL 18).
    pub without_overlaps: bool,
    pub comment: Option<&'static str>,
}

impl PrimaryKeyDescriptor {
    pub const fn new(columns: &'static [&'static str]) -> Self {
        Self { name: None, columns, include: &[], without_overlaps: false, comment: None }
    }
}

/// When a constraint is checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Deferral {
    #[default]
    NotDeferrable,
    InitiallyImmediate,
    InitiallyDeferred,
}

/// A unique constraint.
#[derive(Clone, Copy, Debug)]
pub struct UniqueDescriptor {
    pub name: Option<&'static str>,
    pub columns: &'static [&'static str],
    /// Besides, in its index.
    pub include: &'static [&'static str],
    /// The last column is `WITHOUT OVERLAPS` (PostgreSQL 18).
    pub without_overlaps: bool,
    pub nulls_not_distinct: bool,
    pub deferral: Deferral,
    pub comment: Option<&'static str>,
}

impl UniqueDescriptor {
    pub const fn new(columns: &'static [&'static str]) -> Self {
        Self {
            name: None,
            columns,
            include: &[],
            without_overlaps: false,
            nulls_not_distinct: false,
            deferral: Deferral::NotDeferrable,
            comment: None,
        }
    }
}

/// A check constraint.
#[derive(Clone, Copy, Debug)]
pub struct CheckDescriptor {
    pub name: Option<&'static str>,
    pub sql: &'static str,
    /// `NOT ENFORCED` (PostgreSQL 18): no row is checked.
    pub not_enforced: bool,
    /// `NO INHERIT`: tables that inherit are free of it.
    pub no_inherit: bool,
    pub comment: Option<&'static str>,
}

impl CheckDescriptor {
    pub const fn new(sql: &'static str) -> Self {
        Self { name: None, sql, not_enforced: false, no_inherit: false, comment: None }
    }
}

/// A foreign key.
#[derive(Clone, Copy, Debug)]
pub struct ForeignKeyDescriptor {
    pub name: Option<&'static str>,
    pub line: u32,
    pub columns: &'static [&'static str],
    pub references: ReferenceDescriptor,
    /// Empty: the primary key of the referenced table.
    pub referenced_columns: &'static [&'static str],
    pub on_delete: ReferentialAction,
    pub on_update: ReferentialAction,
    /// `MATCH FULL`, else `MATCH SIMPLE`.
    pub match_full: bool,
    /// The last column of both sides is a `PERIOD` (PostgreSQL 18).
    pub period: bool,
    pub deferral: Deferral,
    /// `NOT ENFORCED` (PostgreSQL 18): no row is checked.
    pub not_enforced: bool,
    /// What becomes of rows that are there and refer to nothing, when the foreign key comes.
    pub on_orphan: Option<OnOrphan>,
    pub comment: Option<&'static str>,
}

impl ForeignKeyDescriptor {
    pub const fn new(
        line: u32,
        columns: &'static [&'static str],
        references: ReferenceDescriptor,
        referenced_columns: &'static [&'static str],
    ) -> Self {
        Self {
            name: None,
            line,
            columns,
            references,
            referenced_columns,
            on_delete: ReferentialAction::NoAction,
            on_update: ReferentialAction::NoAction,
            match_full: false,
            period: false,
            deferral: Deferral::NotDeferrable,
            not_enforced: false,
            on_orphan: None,
            comment: None,
        }
    }
}

/// The table a foreign key points to.
#[derive(Clone, Copy, Debug)]
pub enum ReferenceDescriptor {
    /// Another model; referenced columns are its Rust fields or its columns.
    Model(TableName),
    /// `schema.table` or `table`, which need not be a model.
    Table(&'static str),
}

/// What happens to the referencing row (manual section 5.5.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReferentialAction {
    NoAction,
    Restrict,
    Cascade,
    /// Of the named columns, or of all when none is named.
    SetNull(&'static [&'static str]),
    SetDefault(&'static [&'static str]),
}

/// An exclusion constraint.
#[derive(Clone, Copy, Debug)]
pub struct ExclusionDescriptor {
    pub name: Option<&'static str>,
    pub line: u32,
    pub method: &'static str,
    /// Each key with the operator that must not hold for two rows.
    pub elements: &'static [(KeyDescriptor, &'static str)],
    pub predicate: Option<&'static str>,
    pub deferral: Deferral,
    pub comment: Option<&'static str>,
}

impl ExclusionDescriptor {
    pub const fn new(line: u32, elements: &'static [(KeyDescriptor, &'static str)]) -> Self {
        Self {
            name: None,
            line,
            method: "gist",
            elements,
            predicate: None,
            deferral: Deferral::NotDeferrable,
            comment: None,
        }
    }
}
