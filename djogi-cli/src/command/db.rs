//! `djogi db`: the embedded development database.

use clap::{Args, Subcommand};

/// The embedded development database
#[derive(Debug, Clone, Args)]
pub struct DbArgs {
    #[command(subcommand)]
    pub action: DbAction,
}

/// What to do with the server.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum DbAction {
    /// Start the server and keep it running for the application
    Up,
    /// Stop the server
    Down,
    /// Show whether the server runs, its version and where its data is
    Status,
    /// Print a connection string that psql takes
    Url,
    /// Delete all data of the embedded database; asks first
    Reset {
        /// Do not ask
        #[arg(long)]
        auto_approve: bool,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::parsed;

    #[test]
    fn every_action_has_its_word() {
        for (words, action) in [
            (&["up"][..], DbAction::Up),
            (&["down"], DbAction::Down),
            (&["status"], DbAction::Status),
            (&["url"], DbAction::Url),
            (&["reset"], DbAction::Reset { auto_approve: false }),
            (&["reset", "--auto-approve"], DbAction::Reset { auto_approve: true }),
        ] {
            assert_eq!(parsed::<DbArgs>(words).unwrap().action, action);
        }
        assert!(parsed::<DbArgs>(&[]).is_err());
    }
}
