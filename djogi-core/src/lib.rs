//! The thinking half of djogi: catalogs, models, diff, order and plan.
//!
//! Invariants: no I/O, no async, no clock, no environment, no randomness. Everything is data in, data out, and
//! every map is ordered, so that the same input gives the same bytes.

pub mod address;
pub mod address_pattern;
mod canonical;
pub mod catalog;
pub mod declared;
pub mod desired;
pub mod diff;
pub mod digest;
pub mod disposition;
pub mod elsewhere;
#[cfg(test)]
mod fixtures;
mod from_text;
pub mod heeranjid;
mod holding;
pub mod ident;
mod keywords;
pub mod kind;
mod lexis;
pub mod migration;
pub mod model;
mod names;
pub mod observation;
pub mod order;
pub mod plan;
pub mod recorded;
pub mod role_pattern;
pub mod safety;
pub mod script;
pub mod seed;
pub mod sql;
pub mod stable;
pub mod unsaid;
pub mod write;

pub use address::{Address, Kind};
pub use catalog::Catalog;
pub use digest::Digest;
pub use djogi_macros::{Model, PgComposite, PgDomain, PgEnum, PgRange, PgType, extension, schema, sequence};
pub use ident::{Ident, QualifiedName};
pub use kind::Resource;
pub use model::{Json, Model, PgEnum, PgType};

/// What generated code names. Not for use by hand.
#[doc(hidden)]
pub mod __private {
    pub use crate::migration::OnOrphan;
    pub use crate::model::descriptor::*;
    pub use crate::model::object::*;
    pub use crate::model::registry::{Model, ObjectRegistration, Referenced, Registration};
    pub use crate::model::types::{HeeranjidKey, NotNull, Nullability, PgBounds, PgEnum, PgType};
    pub use inventory;
}
