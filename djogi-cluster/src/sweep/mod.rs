//! The sweep: what interrupted runs have left is finished, recorded or named before anything new begins.
//!
//! [`table`] lists every row. [`pending`] looks and decides, and writes nothing; each family has its decision, a pure
//! function, in a file of its own. [`act`] then does what was decided, again and again until nothing is left to do:
//! every step may be interrupted and repeated, touches only the addresses of its sidecar, and drops nothing that
//! holds data.

pub(crate) mod act;
pub mod approval;
pub mod backend;
pub mod constraint;
pub mod database;
pub mod detach;
pub mod enum_label;
mod error;
mod finding;
pub(crate) mod forward;
pub mod global;
pub mod index_build;
pub mod index_drop;
pub(crate) mod intent;
pub mod payload;
pub(crate) mod pending;
pub mod reindex;
pub(crate) mod run;
pub mod seed;
pub(crate) mod statement;
pub mod table;
pub mod transactional;
pub(crate) mod uniqueness;

pub use error::SweepError;
pub use finding::{Finding, Seen, Treatment};
