//! Rust models: what the derives emit ([`descriptor`]), how they map Rust types ([`types`]), how models
//! are found ([`registry`]), and how they become declared resources.

pub mod descriptor;
pub mod registry;
pub mod types;

pub use descriptor::{EnumDescriptor, ModelDescriptor, Source, TableName};
pub use registry::{DescriptorProvider, LinkedModels, Model, models};
pub use types::{Json, PgEnum, PgType};
