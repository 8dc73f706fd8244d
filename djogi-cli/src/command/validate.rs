//! `djogi validate`: configuration, models, references and SQL expressions, without any target.

use clap::Args;
use djogi_cluster::validate::{Judged, validate};
use serde_json::json;

use crate::context::Context;
use crate::diagnostic::CliError;
use crate::exit::Exit;
use crate::project::cluster;
use crate::report::events::with_progress;
use crate::report::style::count;
use crate::runtime::Engine;
use crate::terminal::Terminal;

/// Check configuration, models, references and SQL expressions; connects to no target and writes nothing
#[derive(Debug, Clone, Args)]
pub struct ValidateArgs {}

pub(crate) fn run(context: &Context, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let cluster = cluster(context)?;
    let engine = Engine::start()?;
    let judged = with_progress(terminal, |reporter| engine.run(validate(&cluster, reporter)))??;
    let declared = cluster.declared.get()?.declarations.resources.len();
    let targets = cluster.targets.len();
    let expressions = judged == Judged::Everything;
    let text = if context.global.json {
        let value = json!({
            "valid": true, "targets": targets, "declarations": declared, "expressions_checked": expressions,
        });
        format!("{value}\n")
    } else {
        let except =
            if expressions { "" } else { "; without a PostgreSQL at hand, SQL expressions were not tried" };
        format!("Valid: {} for {}{except}.\n", count(declared, "declaration"), count(targets, "target"))
    };
    terminal.print(&text).map_err(|error| CliError::output(&error))?;
    Ok(Exit::Done)
}
