//! What djogi promises, through the real binary, on every version of PostgreSQL under test.
//!
//! `cfg(test)` tells clippy that helpers may unwrap as tests may.

#[cfg(test)]
mod convergence;
#[cfg(test)]
mod json_schemas;
#[cfg(test)]
mod lowering;
#[cfg(test)]
mod objects;
#[cfg(test)]
mod progress;
