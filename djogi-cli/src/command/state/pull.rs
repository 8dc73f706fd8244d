//! `djogi state pull`: prints the current state.

use clap::Args;
use djogi_cluster::surgery::pull;

use crate::context::Context;
use crate::diagnostic::CliError;
use crate::exit::Exit;
use crate::project::cluster_without_models;
use crate::runtime::Engine;
use crate::terminal::Terminal;

/// Print the current state, byte for byte; writes nothing
#[derive(Debug, Clone, Args)]
pub struct PullArgs {}

pub(super) fn run(context: &Context, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let cluster = cluster_without_models(context)?;
    let engine = Engine::start()?;
    let state = engine.run(pull(&cluster))??;
    let bytes = state.to_bytes();
    terminal.print(&String::from_utf8_lossy(&bytes)).map_err(|error| CliError::output(&error))?;
    Ok(Exit::Done)
}
