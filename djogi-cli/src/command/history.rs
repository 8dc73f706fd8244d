//! `djogi history`: all runs.

use clap::Args;

/// List all runs with actor, time and outcome; writes nothing
#[derive(Debug, Clone, Args)]
pub struct HistoryArgs {}
