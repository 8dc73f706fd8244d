//! What `djogi live` asks of the migrations of all targets; their rows are written in `backfill/`.

pub(crate) mod asked;
mod referring;
pub(crate) mod retention;
pub(crate) mod rules;
mod status;

pub use retention::Kept;
pub use rules::UnknownRule;
pub use status::{LiveMigration, status};
