//! `djogi apply`: makes the database what the models declare, or runs a saved plan.

use std::path::PathBuf;

use clap::Args;

/// Make the database what is declared; with --json, events are streamed as JSON lines
#[derive(Debug, Clone, Default, Args)]
pub struct ApplyArgs {
    /// A plan saved by `djogi plan --out`; exactly its statements are run
    #[arg(value_name = "PLAN")]
    pub plan: Option<PathBuf>,
    /// Do not ask; this approves no loss of data
    #[arg(long)]
    pub auto_approve: bool,
    /// Only these addresses and what they depend on
    #[arg(long, value_name = "ADDRESS", num_args = 1.., conflicts_with = "plan")]
    pub only: Vec<String>,
    /// Stop at the first group that fails, also where the rest does not depend on it
    #[arg(long)]
    pub fail_fast: bool,
    /// Adopt existing objects that differ from what is declared, and change them
    #[arg(long, conflicts_with = "plan")]
    pub adopt: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::parsed;

    #[test]
    fn a_saved_plan_is_run_as_it_is() {
        let args: ApplyArgs = parsed(&["shop.plan", "--auto-approve"]).unwrap();
        assert_eq!(args.plan, Some("shop.plan".into()));
        assert!(args.auto_approve);
        assert!(parsed::<ApplyArgs>(&["shop.plan", "--only", "a"]).is_err());
        assert!(parsed::<ApplyArgs>(&["shop.plan", "--adopt"]).is_err());
    }
}
