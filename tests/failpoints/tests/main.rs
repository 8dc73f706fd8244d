//! The crash suite as far as every test run does it; `cargo run -p failpoints -- full` does all of it.
//!
//! `cfg(test)` tells clippy that helpers may unwrap as tests may.

#[cfg(test)]
mod connections;
#[cfg(test)]
mod dead_ends;
#[cfg(test)]
mod fencing;
#[cfg(test)]
mod gates;
#[cfg(test)]
mod invariants;
#[cfg(test)]
mod matrix;
#[cfg(test)]
mod placement;
#[cfg(test)]
mod postgres_state;
#[cfg(test)]
mod racing;
#[cfg(test)]
mod random;
#[cfg(test)]
mod rows;
#[cfg(test)]
mod storage;
#[cfg(test)]
mod support;
#[cfg(test)]
mod twice;
