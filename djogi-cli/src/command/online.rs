//! The flags that say whom a change may keep waiting, alike wherever a plan is made.

use clap::{Args, ValueEnum};
use djogi_core::plan::PlanOptions;
use djogi_core::safety::Online;

use crate::diagnostic::CliError;
use crate::project::addresses;

#[derive(Debug, Clone, Default, Args)]
pub struct OnlineArgs {
    /// Whether work on existing tables lets readers and writers go on
    #[arg(long, value_name = "always|auto|never", value_enum, default_value_t, hide_possible_values = true)]
    pub online: OnlineChoice,
    /// These changes may keep readers and writers of a large table waiting
    #[arg(long, value_name = "ADDRESS", num_args = 1..)]
    pub accept_downtime: Vec<String>,
}

/// When the way is taken on which readers and writers go on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum OnlineChoice {
    /// On every table that is there already
    Always,
    /// On tables that are not small
    #[default]
    Auto,
    Never,
}

impl From<OnlineChoice> for Online {
    fn from(choice: OnlineChoice) -> Self {
        match choice {
            OnlineChoice::Always => Online::Always,
            OnlineChoice::Auto => Online::Auto,
            OnlineChoice::Never => Online::Never,
        }
    }
}

impl OnlineArgs {
    /// The options of a plan, as far as these flags say them.
    ///
    /// # Errors
    /// The first word that is no address.
    pub(crate) fn options(&self) -> Result<PlanOptions, CliError> {
        Ok(PlanOptions {
            online: self.online.into(),
            accept_downtime: addresses(&self.accept_downtime)?,
            ..PlanOptions::default()
        })
    }
}
