//! What the state store, the ledger and the run lock promise, against real files, processes and servers.
//!
//! `contract` is what every store backend must pass; `local` adds what only files can suffer. Tests that need a
//! server run on each of `e2e::servers`.
//!
//! `cfg(test)` tells clippy that helpers may unwrap as tests may.

#[cfg(test)]
mod belonging;
#[cfg(test)]
mod children;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod damage;
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod local;
#[cfg(test)]
mod lock;
#[cfg(test)]
mod postgres;
#[cfg(test)]
mod support;
