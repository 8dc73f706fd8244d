//! Rust models: what the derives emit ([`descriptor`]), how Rust types map ([`types`]), how models are found
//! ([`registry`]), and how they become declared resources ([`lower`]). What no struct carries is [`object`].

mod default_value;
pub mod descriptor;
mod error;
mod json;
mod lower;
pub(crate) mod naming;
pub mod object;
pub mod registry;
mod type_name;
pub mod types;
pub mod view_columns;

pub use descriptor::{EnumDescriptor, ModelDescriptor, Source, TableName};
pub use error::LowerError;
pub use json::Json;
pub use lower::lower;
pub use object::ObjectDescriptor;
pub use registry::{DescriptorProvider, LinkedModels, Model, models, objects};
pub use type_name::{Malformed, TypeName, TypeNameError, canonical as canonical_type_name};
pub use types::{PgEnum, PgType};
