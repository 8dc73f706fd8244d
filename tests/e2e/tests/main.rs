//! What djogi promises, through the real binary, on every version of PostgreSQL under test.
//!
//! `cfg(test)` tells clippy that helpers may unwrap as tests may.

#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod contention;
#[cfg(test)]
mod convergence;
#[cfg(test)]
mod embedded;
#[cfg(test)]
mod lost_connection;
#[cfg(test)]
mod lowering;
#[cfg(test)]
mod names;
#[cfg(test)]
mod objects;
#[cfg(test)]
mod old_server;
#[cfg(test)]
mod rights;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod state_files;
#[cfg(test)]
mod streams;
