//! The crash suite as far as every test run does it; `cargo run -p failpoints -- full` does all of it.
//!
//! `cfg(test)` tells clippy that helpers may unwrap as tests may.

#[cfg(test)]
mod matrix;
#[cfg(test)]
mod placement;
#[cfg(test)]
mod postgres_state;
