//! `djogi completions`: completion scripts for shells.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::args::Cli;
use crate::diagnostic::CliError;
use crate::exit::Exit;
use crate::terminal::Terminal;

/// Print a completion script for a shell
#[derive(Debug, Clone, Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

pub(crate) fn run(args: &CompletionsArgs, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "djogi", &mut script);
    terminal.print(&String::from_utf8_lossy(&script)).map_err(|error| CliError::output(&error))?;
    Ok(Exit::Done)
}
