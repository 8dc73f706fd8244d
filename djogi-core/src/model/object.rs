//! Declarations that no struct carries, as constants: schemas, extensions and sequences. The macros `schema!`,
//! `extension!` and `sequence!` write one [`ObjectDescriptor`] each; a [`super::DescriptorProvider`] may build
//! others by hand.

use super::descriptor::{DEFAULT_SCHEMA, GrantDescriptor, IdentityDescriptor, ReferenceDescriptor, Source};

/// One object besides tables and their types.
#[derive(Clone, Copy, Debug)]
pub struct ObjectDescriptor {
    pub source: Source,
    /// The target (`[target.<name>]`); `None` is the configuration's default target.
    pub target: Option<&'static str>,
    pub kind: ObjectKind,
    /// Of a schema or a sequence.
    pub grants: &'static [GrantDescriptor],
}

impl ObjectDescriptor {
    /// In the default target.
    pub const fn new(source: Source, kind: ObjectKind) -> Self {
        Self { source, target: None, kind, grants: &[] }
    }

    /// What descriptors are sorted by before their place in the source.
    pub(super) fn name(&self) -> (&'static str, &'static str) {
        match self.kind {
            ObjectKind::Schema(schema) => ("", schema.name),
            ObjectKind::Extension(extension) => ("", extension.name),
            ObjectKind::Sequence(sequence) => (sequence.schema(), sequence.name),
        }
    }
}

/// What is declared.
#[derive(Clone, Copy, Debug)]
pub enum ObjectKind {
    Schema(SchemaDescriptor),
    Extension(ExtensionDescriptor),
    Sequence(SequenceDescriptor),
}

/// A schema. One that is only named by a model, an enum or a sequence needs no declaration of its own.
#[derive(Clone, Copy, Debug)]
pub struct SchemaDescriptor {
    pub name: &'static str,
    pub comment: Option<&'static str>,
}

impl SchemaDescriptor {
    pub const fn new(name: &'static str) -> Self {
        Self { name, comment: None }
    }
}

/// An extension.
#[derive(Clone, Copy, Debug)]
pub struct ExtensionDescriptor {
    pub name: &'static str,
    /// Where its objects live; `None` is [`DEFAULT_SCHEMA`].
    pub schema: Option<&'static str>,
    /// `None` is any version.
    pub version: Option<&'static str>,
}

impl ExtensionDescriptor {
    pub const fn new(name: &'static str) -> Self {
        Self { name, schema: None, version: None }
    }
}

/// A sequence that is not an identity column's (manual, reference page of CREATE SEQUENCE).
#[derive(Clone, Copy, Debug)]
pub struct SequenceDescriptor {
    pub schema: Option<&'static str>,
    pub name: &'static str,
    /// `smallint`, `integer` or `bigint`.
    pub data_type: &'static str,
    pub numbers: SequenceNumbers,
    pub owned_by: Option<OwnerDescriptor>,
    pub comment: Option<&'static str>,
    /// The sequence's earlier name, `name` or `schema.name`.
    pub renamed_from: Option<&'static str>,
}

impl SequenceDescriptor {
    /// A free `bigint` sequence that counts from 1.
    pub const fn new(schema: Option<&'static str>, name: &'static str) -> Self {
        Self {
            schema,
            name,
            data_type: "bigint",
            numbers: SequenceNumbers::DEFAULT,
            owned_by: None,
            comment: None,
            renamed_from: None,
        }
    }

    pub const fn schema(&self) -> &'static str {
        match self.schema {
            Some(schema) => schema,
            None => DEFAULT_SCHEMA,
        }
    }
}

/// How a sequence counts. What is left out is PostgreSQL's choice, which depends on type and direction.
#[derive(Clone, Copy, Debug)]
pub struct SequenceNumbers {
    pub start: Option<i64>,
    pub increment: Option<i64>,
    pub min: Option<i64>,
    pub max: Option<i64>,
    pub cache: Option<i64>,
    pub cycle: bool,
}

impl SequenceNumbers {
    pub const DEFAULT: Self =
        Self { start: None, increment: None, min: None, max: None, cache: None, cycle: false };
}

impl From<&IdentityDescriptor> for SequenceNumbers {
    fn from(identity: &IdentityDescriptor) -> Self {
        let IdentityDescriptor { always: _, start, increment, min, max, cache, cycle } = *identity;
        Self { start, increment, min, max, cache, cycle }
    }
}

/// The column whose drop drops the sequence.
#[derive(Clone, Copy, Debug)]
pub struct OwnerDescriptor {
    pub table: ReferenceDescriptor,
    /// A Rust field of a model, or a column.
    pub column: &'static str,
}
