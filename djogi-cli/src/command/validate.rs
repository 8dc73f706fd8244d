//! `djogi validate`: configuration, models and references, without a database.

use clap::Args;
use serde_json::json;

use crate::context::Context;
use crate::diagnostic::CliError;
use crate::exit::Exit;
use crate::project::cluster;
use crate::report::style::count;
use crate::terminal::Terminal;

/// Check configuration, models and references; writes nothing
#[derive(Debug, Clone, Args)]
pub struct ValidateArgs {}

pub(crate) fn run(context: &Context, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let cluster = cluster(context)?;
    let (targets, declared) = (cluster.targets.len(), cluster.declarations.resources.len());
    let text = if context.global.json {
        format!("{}\n", json!({"valid": true, "targets": targets, "declarations": declared}))
    } else {
        format!("Valid: {} for {}.\n", count(declared, "declaration"), count(targets, "target"))
    };
    terminal.print(&text).map_err(|error| CliError::output(&error))?;
    Ok(Exit::Done)
}
