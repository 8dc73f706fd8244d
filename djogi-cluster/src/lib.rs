//! Everything of djogi that touches the world: PostgreSQL, files and processes.
//!
//! Invariants: nothing here prints (it emits [`event::Event`]s), nothing here compares schemas (djogi-core does),
//! and every durable write goes through [`state`] or [`ledger`].

pub mod apply;
pub mod approvals;
pub mod backfill;
pub mod cluster;
mod commit;
pub mod connect;
pub mod declared;
mod desired;
pub mod dump;
pub mod error;
pub mod event;
pub mod failpoint;
pub mod identity;
pub mod import;
mod inputs;
mod interrupt;
pub mod introspect;
pub mod leave;
pub mod ledger;
mod left_constraint;
pub mod live;
pub mod lock;
pub mod lock_holder;
mod locked;
pub mod normalise;
pub mod plan;
pub mod recover;
pub mod refresh;
mod refused_rows;
pub mod reset;
pub mod revert;
mod scratch;
pub mod secrets;
mod seeds;
pub mod server;
pub mod session;
pub mod sql_files;
pub mod state;
pub mod status;
pub mod surgery;
pub mod sweep;
pub mod unlock;
pub mod validate;
