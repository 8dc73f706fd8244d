//! PostgreSQL servers of djogi's own, so that nothing has to be installed or configured by hand.
//!
//! [`EmbeddedServer`] keeps a project's development data: durable, on a private unix socket, shared by all commands that run
//! at the same time. [`ScratchServer`] is fast, unsafe and thrown away. Both find their programs with [`BinarySearch`] and
//! both survive any kill: what a dead command leaves is used, stopped or swept by the next one.

mod account;
mod binaries;
mod data;
mod database;
mod download;
mod embedded;
mod error;
mod event;
mod files;
mod lifecycle;
mod npm;
mod prune;
mod scratch;
mod site;
mod spawn;

pub use binaries::{Binaries, BinarySearch, DEFAULT_MIRROR, OLDEST_MAJOR};
pub use embedded::{Down, EmbeddedOptions, EmbeddedServer, RunningServer, ServerStatus};
pub use error::ServerError;
pub use event::{Observer, ServerEvent};
pub use prune::prune_cache;
pub use scratch::{ScratchOptions, ScratchServer};
