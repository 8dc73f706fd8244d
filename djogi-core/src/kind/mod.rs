//! The kinds of resources: for each its fields, and how a live one becomes the desired one.
//!
//! A new kind is a file here plus one arm in each `match` below; the compiler names what is missing.

pub mod column;
pub mod constraint;
pub mod enum_type;
mod exact;
pub mod expression;
pub mod extension;
pub mod index;
pub mod schema;
pub mod sequence;
pub mod table;

use serde::{Deserialize, Serialize};

use crate::address::{Address, Kind};
use crate::ident::Ident;

pub use column::{
    Column, ColumnAlteration, ColumnComparison, Generated, GeneratedStorage, Identity, IdentityMode,
};
pub use constraint::{
    Constraint, ConstraintAlteration, ConstraintDefinition, Deferrable, Exclusion, ExclusionElement,
    ForeignKey, MatchType, ReferentialAction,
};
pub use enum_type::{EnumAlteration, EnumType, LabelPosition};
pub use expression::Expression;
pub use extension::{Extension, ExtensionAlteration};
pub use index::{Index, IndexAlteration, IndexElement, IndexKey, OperatorClass};
pub use schema::{Schema, SchemaAlteration};
pub use sequence::{Sequence, SequenceAlteration, SequenceOptions, SequenceOwner, SequenceType};
pub use table::{Table, TableAlteration};

/// What is as PostgreSQL makes it when nothing is said is not written down: a property that a later djogi knows of
/// leaves the text, and so the digest, of everything that does not have it.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn is_true(value: &bool) -> bool {
    *value
}

/// What is the case when nothing is said.
fn holds() -> bool {
    true
}

/// One resource of a database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    Schema(Schema),
    Extension(Extension),
    Enum(EnumType),
    Sequence(Sequence),
    Table(Table),
    Constraint(Constraint),
    Index(Index),
}

/// A change that PostgreSQL can make to an existing object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alteration {
    Schema(SchemaAlteration),
    Extension(ExtensionAlteration),
    Enum(EnumAlteration),
    Sequence(SequenceAlteration),
    Table(TableAlteration),
    Constraint(ConstraintAlteration),
    Index(IndexAlteration),
}

/// How a live resource becomes the desired one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// By these alterations, in this order; none when they are equal.
    InPlace(Vec<Alteration>),
    /// Only by a new object.
    Replace,
}

impl Comparison {
    fn of<T>(alterations: Option<Vec<T>>, wrap: fn(T) -> Alteration) -> Self {
        match alterations {
            Some(alterations) => Self::InPlace(alterations.into_iter().map(wrap).collect()),
            None => Self::Replace,
        }
    }
}

impl Resource {
    pub fn kind(&self) -> Kind {
        match self {
            Resource::Schema(_) => Kind::Schema,
            Resource::Extension(_) => Kind::Extension,
            Resource::Enum(_) => Kind::Enum,
            Resource::Sequence(_) => Kind::Sequence,
            Resource::Table(_) => Kind::Table,
            Resource::Constraint(_) => Kind::Constraint,
            Resource::Index(_) => Kind::Index,
        }
    }

    pub fn address(&self, target: &Ident) -> Address {
        match self {
            Resource::Schema(schema) => Address::schema(target, &schema.name),
            Resource::Extension(extension) => Address::extension(target, &extension.name),
            Resource::Enum(r) => Address::enum_type(target, &r.qualified_name()),
            Resource::Sequence(r) => Address::sequence(target, &r.qualified_name()),
            Resource::Table(r) => Address::table(target, &r.qualified_name()),
            Resource::Constraint(r) => Address::constraint(target, &r.table_name(), &r.name),
            Resource::Index(r) => Address::index(target, &r.qualified_name()),
        }
    }

    /// The same resource under the name and schema of `address`, which is of its kind.
    pub fn renamed(&self, address: &Address) -> Self {
        let mut resource = self.clone();
        let name = address.name().clone();
        let schema = address.schema_name().cloned();
        match &mut resource {
            Resource::Schema(r) => r.name = name,
            Resource::Extension(r) => r.name = name,
            Resource::Constraint(r) => r.name = name,
            Resource::Enum(EnumType { schema: s, name: n, .. })
            | Resource::Sequence(Sequence { schema: s, name: n, .. })
            | Resource::Table(Table { schema: s, name: n, .. })
            | Resource::Index(Index { schema: s, name: n, .. }) => {
                *n = name;
                if let Some(schema) = schema {
                    *s = schema;
                }
            }
        }
        resource
    }

    /// How `self`, being live, becomes `desired`. Both must have the same address.
    pub fn compare(&self, desired: &Self) -> Comparison {
        match (self, desired) {
            (Resource::Schema(a), Resource::Schema(b)) => {
                Comparison::of(Some(a.alterations(b)), Alteration::Schema)
            }
            (Resource::Extension(a), Resource::Extension(b)) => {
                Comparison::of(Some(a.alterations(b)), Alteration::Extension)
            }
            (Resource::Enum(a), Resource::Enum(b)) => Comparison::of(a.alterations(b), Alteration::Enum),
            (Resource::Sequence(a), Resource::Sequence(b)) => {
                Comparison::of(Some(a.alterations(b)), Alteration::Sequence)
            }
            (Resource::Table(a), Resource::Table(b)) => {
                Comparison::of(Some(a.alterations(b)), Alteration::Table)
            }
            (Resource::Constraint(a), Resource::Constraint(b)) => {
                Comparison::of(a.alterations(b), Alteration::Constraint)
            }
            (Resource::Index(a), Resource::Index(b)) => Comparison::of(a.alterations(b), Alteration::Index),
            (
                Resource::Schema(_)
                | Resource::Extension(_)
                | Resource::Enum(_)
                | Resource::Sequence(_)
                | Resource::Table(_)
                | Resource::Constraint(_)
                | Resource::Index(_),
                _,
            ) => Comparison::Replace,
        }
    }
}
