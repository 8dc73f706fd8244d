//! Types of the user's own: enums, domains, composite and range types, as their derives declare them.

use super::{CheckDescriptor, ColumnValue, FieldDescriptor, FieldType, Source, TableName};

/// An enum type, as `#[derive(PgEnum)]` declares it.
#[derive(Clone, Copy, Debug)]
pub struct EnumDescriptor {
    /// The Rust name of the enum.
    pub rust_name: &'static str,
    pub source: Source,
    pub schema: Option<&'static str>,
    pub name: &'static str,
    pub comment: Option<&'static str>,
    /// The type's earlier name, `name` or `schema.name`.
    pub renamed_from: Option<&'static str>,
    /// In declaration order, which is the sort order of the values.
    pub variants: &'static [VariantDescriptor],
}

impl EnumDescriptor {
    pub const fn schema(&self) -> &'static str {
        TableName::new(self.schema, self.name).schema()
    }

    /// The label of a variant by its Rust name.
    pub fn label(&self, variant: &str) -> Option<&'static str> {
        self.variants.iter().find(|known| known.name == variant).map(|known| known.label)
    }
}

/// One value of an enum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VariantDescriptor {
    pub name: &'static str,
    pub label: &'static str,
}

/// Where and under which names a type is declared.
#[derive(Clone, Copy, Debug)]
pub struct TypeHead {
    /// The Rust name of the type.
    pub rust_name: &'static str,
    pub source: Source,
    pub schema: Option<&'static str>,
    pub name: &'static str,
    pub comment: Option<&'static str>,
    /// The type's earlier name, `name` or `schema.name`.
    pub renamed_from: Option<&'static str>,
}

impl TypeHead {
    /// For `..` in a constant.
    pub const fn new(
        rust_name: &'static str,
        source: Source,
        schema: Option<&'static str>,
        name: &'static str,
    ) -> Self {
        Self { rust_name, source, schema, name, comment: None, renamed_from: None }
    }

    pub const fn schema(&self) -> &'static str {
        TableName::new(self.schema, self.name).schema()
    }
}

/// A domain, as `#[derive(PgDomain)]` declares it.
#[derive(Clone, Copy, Debug)]
pub struct DomainDescriptor {
    pub head: TypeHead,
    /// The underlying type.
    pub base: FieldType,
    /// A collation, `name` or `schema.name`.
    pub collation: Option<&'static str>,
    pub not_null: bool,
    /// [`ColumnValue::Given`] or a default; a domain has no other value.
    pub default: ColumnValue,
    pub checks: &'static [CheckDescriptor],
}

impl DomainDescriptor {
    /// A domain without constraints, for `..` in a constant.
    pub const fn new(head: TypeHead, base: FieldType) -> Self {
        Self { head, base, collation: None, not_null: false, default: ColumnValue::Given, checks: &[] }
    }
}

/// A composite type, as `#[derive(PgComposite)]` declares it.
#[derive(Clone, Copy, Debug)]
pub struct CompositeDescriptor {
    pub head: TypeHead,
    /// Of each only column, type, collation and comment count.
    pub attributes: &'static [FieldDescriptor],
}

/// A range type, as `#[derive(PgRange)]` declares it.
#[derive(Clone, Copy, Debug)]
pub struct RangeDescriptor {
    pub head: TypeHead,
    /// The type of the bounds.
    pub subtype: FieldType,
    /// The name of the multirange type; `None` is PostgreSQL's choice.
    pub multirange: Option<&'static str>,
    /// An operator class, `name` or `schema.name`.
    pub opclass: Option<&'static str>,
    /// A collation, `name` or `schema.name`.
    pub collation: Option<&'static str>,
    /// A function, `schema.name`, or one of PostgreSQL's own by its name.
    pub subtype_diff: Option<&'static str>,
}

impl RangeDescriptor {
    /// For `..` in a constant.
    pub const fn new(head: TypeHead, subtype: FieldType) -> Self {
        Self { head, subtype, multirange: None, opclass: None, collation: None, subtype_diff: None }
    }
}
