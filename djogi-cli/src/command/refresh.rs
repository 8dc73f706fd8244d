//! `djogi refresh`: observes the database again and records what drifted.

use clap::Args;

/// Observe the database again, record drift and finish recoveries; changes no schema object
#[derive(Debug, Clone, Default, Args)]
pub struct RefreshArgs {
    /// Record nothing; exit with 2 when there is drift
    #[arg(long)]
    pub check: bool,
}
