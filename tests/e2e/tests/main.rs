//! What djogi promises, through the real binary, on every version of PostgreSQL under test.
//!
//! `cfg(test)` tells clippy that helpers may unwrap as tests may.

#[cfg(test)]
mod alterations;
#[cfg(test)]
mod approvals;
#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod bad_models;
#[cfg(test)]
mod concurrent_indexes;
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod contention;
#[cfg(test)]
mod convergence;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod detach;
mod downtime;
#[cfg(test)]
mod drift;
#[cfg(test)]
mod drops;
#[cfg(test)]
mod embedded;
#[cfg(test)]
mod embedded_data;
#[cfg(test)]
mod exit_codes;
#[cfg(test)]
mod failure;
#[cfg(test)]
mod ignored;
#[cfg(test)]
mod json_schemas;
#[cfg(test)]
mod kinds;
#[cfg(test)]
mod live;
#[cfg(test)]
mod live_workers;
#[cfg(test)]
mod lock_budget;
#[cfg(test)]
mod locking;
#[cfg(test)]
mod lost_connection;
#[cfg(test)]
mod lowering;
#[cfg(test)]
mod models;
#[cfg(test)]
mod names;
#[cfg(test)]
mod objects;
#[cfg(test)]
mod old_server;
#[cfg(test)]
mod online_constraints;
#[cfg(test)]
mod options;
#[cfg(test)]
mod partitions_elsewhere;
#[cfg(test)]
mod progress;
#[cfg(test)]
mod prompt;
#[cfg(test)]
mod queries;
#[cfg(test)]
mod read_only;
#[cfg(test)]
mod read_only_folder;
#[cfg(test)]
mod recovery;
#[cfg(test)]
mod renames;
#[cfg(test)]
mod revert;
#[cfg(test)]
mod rights;
#[cfg(test)]
mod safety;
#[cfg(test)]
mod saved_plan;
#[cfg(test)]
mod scaffold;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod seeds;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod signals;
#[cfg(test)]
mod signatures;
#[cfg(test)]
mod sources;
#[cfg(test)]
mod sql_files;
#[cfg(test)]
mod state_commands;
#[cfg(test)]
mod state_files;
#[cfg(test)]
mod state_migrate;
#[cfg(test)]
mod state_postgres;
#[cfg(test)]
mod status;
#[cfg(test)]
mod streams;
#[cfg(test)]
mod targets;
#[cfg(test)]
mod unlock;
#[cfg(test)]
mod unmanaged;
#[cfg(test)]
mod written_models;
