//! What the tests of all packages share: PostgreSQL servers of their own, databases, projects, and the real binaries.
//!
//! Nothing has to be installed or running. The versions are chosen by `DJOGI_TEST_POSTGRES_VERSIONS`; see [`installations`].
//! Everything here panics when it cannot do its work: a test has no better answer.

mod at_terminal;
mod binaries;
mod catalog;
pub mod conformance;
mod database;
mod folder;
mod output;
mod package;
mod project;
pub mod random;
mod schema;
mod server;
mod signals;
mod wait;

pub use at_terminal::{AtTerminal, wrapped};
pub use binaries::{djogi, shop};
pub use catalog::fingerprint;
pub use database::Database;
pub use output::Output;
pub use package::Package;
pub use project::{Files, Project};
pub use schema::declarations;
pub use server::{DurableServer, Server, installations, on_each_server, servers};
pub use wait::eventually;
