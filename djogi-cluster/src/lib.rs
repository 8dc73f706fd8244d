//! Everything of djogi that touches the world: PostgreSQL, files and processes.
//!
//! Invariants: nothing here prints (it emits [`event::Event`]s), nothing here compares schemas (djogi-core does),
//! and every durable write goes through [`state`] or [`ledger`].

pub mod connect;
pub mod event;
pub mod identity;
pub mod introspect;
pub mod ledger;
pub mod lock;
pub mod normalise;
pub mod server;
pub mod state;
