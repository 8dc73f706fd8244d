//! `djogi live worker`: writes rows of migrations that were begun, on any machine and beside any other worker.

use clap::Args;
use djogi_cluster::backfill::{Limits, Outcome, work_on_all};
use djogi_core::Ident;
use serde_json::{Value, json};

use crate::context::Context;
use crate::diagnostic::CliError;
use crate::exit::Exit;
use crate::project::cluster_without_models;
use crate::report::events::with_progress;
use crate::report::line::printable_lines;
use crate::runtime::Engine;
use crate::terminal::Terminal;

/// Write the rows of migrations that were begun, until all are written
#[derive(Debug, Clone, Default, Args)]
pub(super) struct WorkerArgs {
    /// The migration [default: all that are not done]
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// How many workers to have at once [default: as the migration says]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..65))]
    workers: Option<u32>,
}

pub(super) fn run(args: &WorkerArgs, context: &Context, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let cluster = cluster_without_models(context)?;
    let engine = Engine::start()?;
    let stop = engine.stop();
    let limits = Limits { workers: args.workers, ..Limits::default() };
    let outcomes = with_progress(terminal, |reporter| {
        let work = work_on_all(&cluster, args.name.as_deref(), &limits, &stop, reporter);
        engine.run_to_the_end(work).map_err(CliError::from)
    })?;
    let text = if context.global.json {
        let migrations: Vec<Value> = outcomes
            .iter()
            .map(|(target, name, outcome)| {
                let mut value = json!(outcome);
                value["target"] = json!(target);
                value["name"] = json!(name);
                value
            })
            .collect();
        format!("{:#}\n", json!({"migrations": migrations}))
    } else if outcomes.is_empty() {
        "No rows are to be written.\n".to_owned()
    } else {
        printable_lines(&outcomes.iter().map(to_text).collect::<String>())
    };
    let ended = engine.conclude(terminal, &text)?;
    let is_paused = outcomes.iter().any(|(_, _, outcome)| matches!(outcome, Outcome::Paused { .. }));
    Ok(if ended == Exit::Done && is_paused { Exit::Blocked } else { ended })
}

fn to_text((_, name, outcome): &(Ident, String, Outcome)) -> String {
    match outcome {
        Outcome::Done { rows } => format!("`{name}`: all rows are written, {rows} by the migration.\n"),
        Outcome::Paused { reason } => {
            format!("`{name}` is paused: {reason} (djogi live resume {name}).\n")
        }
        Outcome::Stopped => format!("`{name}`: stopped; the next worker goes on from here.\n"),
        Outcome::Gone => format!("`{name}` was given up.\n"),
    }
}
