//! `djogi validate`: configuration, models and references, without a database.

use clap::Args;

/// Check configuration, models and references; writes nothing
#[derive(Debug, Clone, Args)]
pub struct ValidateArgs {}
