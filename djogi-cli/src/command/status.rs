//! `djogi status`: one screen about the project.

use clap::Args;

/// Show targets, serial, last run, drift and recoveries on one screen; writes nothing
#[derive(Debug, Clone, Args)]
pub struct StatusArgs {}
