//! `djogi live pause` and `djogi live resume`.

use clap::Args;
use djogi_cluster::backfill::pause_or_resume;
use serde_json::json;

use crate::context::Context;
use crate::diagnostic::CliError;
use crate::exit::Exit;
use crate::project::cluster_without_models;
use crate::report::events::with_progress;
use crate::report::line::printable_lines;
use crate::runtime::Engine;
use crate::terminal::Terminal;

/// Let nobody write rows of a migration until it is resumed; workers stop after their chunk
#[derive(Debug, Clone, Default, Args)]
pub(super) struct PauseArgs {
    /// The migration, as `djogi live status` names it
    #[arg(value_name = "NAME")]
    name: String,
    /// What everybody is shown who asks
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// Let workers go on with a migration
#[derive(Debug, Clone, Default, Args)]
pub(super) struct ResumeArgs {
    /// The migration, as `djogi live status` names it
    #[arg(value_name = "NAME")]
    name: String,
}

pub(super) fn pause(args: &PauseArgs, context: &Context, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let reason = args.reason.clone().unwrap_or_else(|| format!("by {}", context.actor()));
    turn(&args.name, Some(&reason), context, terminal)
}

pub(super) fn resume(
    args: &ResumeArgs,
    context: &Context,
    terminal: &mut Terminal,
) -> Result<Exit, CliError> {
    turn(&args.name, None, context, terminal)
}

fn turn(
    name: &str,
    reason: Option<&str>,
    context: &Context,
    terminal: &mut Terminal,
) -> Result<Exit, CliError> {
    let cluster = cluster_without_models(context)?;
    let engine = Engine::start()?;
    let target =
        with_progress(terminal, |reporter| engine.run(pause_or_resume(&cluster, name, reason, reporter)))??;
    let text = match (context.global.json, reason) {
        (true, _) => format!("{:#}\n", json!({"name": name, "target": target, "paused": reason})),
        (false, Some(reason)) => {
            format!("Paused `{name}`: {reason}. `djogi live resume {name}` goes on.\n")
        }
        (false, None) => {
            format!("Resumed `{name}`. `djogi apply` goes on, or `djogi live worker` where it may.\n")
        }
    };
    engine.conclude(terminal, &printable_lines(&text))
}
