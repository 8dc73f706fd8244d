//! What `djogi live` asks of the migrations of all targets; their rows are written in `backfill/`.

pub(crate) mod retention;
mod status;

pub use retention::Kept;
pub use status::{LiveMigration, status};
