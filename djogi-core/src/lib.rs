//! djogi-core
pub mod model;

pub use djogi_macros::{Model, PgEnum, PgType};
pub use model::{Json, Model, PgEnum, PgType};

/// What generated code names. Not for use by hand.
#[doc(hidden)]
pub mod __private {
    pub use crate::model::descriptor::*;
    pub use crate::model::registry::{Model, Registration};
    pub use crate::model::types::{NotNull, Nullability, PgEnum, PgType};
    pub use inventory;
}
