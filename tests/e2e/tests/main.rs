//! What djogi promises, through the real binary, on every version of PostgreSQL under test.
//!
//! `cfg(test)` tells clippy that helpers may unwrap as tests may.

#[cfg(test)]
mod alterations;
#[cfg(test)]
mod convergence;
