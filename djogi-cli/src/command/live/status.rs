//! `djogi live status`: how far the rows of each migration are, from any terminal.

use clap::Args;
use djogi_cluster::backfill::{LiveProgress, State, observe_all};
use djogi_core::Ident;
use serde_json::{Value, json};

use crate::context::Context;
use crate::diagnostic::{CliError, Diagnostic};
use crate::exit::Exit;
use crate::project::cluster_without_models;
use crate::report::events::with_progress;
use crate::report::line::printable_lines;
use crate::runtime::Engine;
use crate::terminal::Terminal;

/// Show how far each migration is, what holds it up and who works on it; writes nothing
#[derive(Debug, Clone, Default, Args)]
pub(super) struct StatusArgs {
    /// Only this migration
    #[arg(value_name = "NAME")]
    name: Option<String>,
}

pub(super) fn run(args: &StatusArgs, context: &Context, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let cluster = cluster_without_models(context)?;
    let engine = Engine::start()?;
    let mut found = with_progress(terminal, |reporter| engine.run(observe_all(&cluster, reporter)))??;
    if let Some(name) = &args.name {
        found.retain(|(_, live)| live.name == *name);
        if found.is_empty() {
            let message = format!("there is no live migration `{name}`");
            return Err(Diagnostic::error("live_unknown", message)
                .help("`djogi live status` lists them")
                .into());
        }
    }
    let text = if context.global.json {
        let migrations: Vec<Value> = found.iter().map(|(target, live)| to_json(target, live)).collect();
        format!("{:#}\n", json!({"migrations": migrations}))
    } else if found.is_empty() {
        "No live migrations.\n".to_owned()
    } else {
        printable_lines(&found.iter().map(|(target, live)| to_text(target, live)).collect::<String>())
    };
    terminal.print(&text).map_err(|error| CliError::output(&error))?;
    Ok(Exit::Done)
}

/// What the ledger knows: a migration that is not done writes its rows.
fn phase(live: &LiveProgress) -> &'static str {
    if live.state == State::Done { "done" } else { "backfill" }
}

fn to_json(target: &Ident, live: &LiveProgress) -> Value {
    let mut value = json!(live);
    value["target"] = json!(target);
    value["phase"] = phase(live).into();
    value
}

fn to_text(target: &Ident, live: &LiveProgress) -> String {
    let LiveProgress { name, table, rows_done, rows, ranges, ranges_done, .. } = live;
    let percent = (100 * rows_done).checked_div(*rows).unwrap_or(100);
    let mut text = format!(
        "{name} ({target}, {table}): {}\n  rows     {rows_done} of about {rows} ({percent} %), {ranges_done} of \
         {ranges} ranges checked\n",
        phase(live)
    );
    let mut fact = |name: &str, value: String| text.push_str(&format!("  {name:<8} {value}\n"));
    if let Some(left) = live.seconds_left {
        fact("speed", format!("{:.0} rows/s, {left} s left", live.rows_per_second));
    }
    if let Some(reason) = &live.throttle {
        fact("waits", reason.clone());
    }
    if let Some(reason) = &live.paused {
        fact("paused", format!("{reason} (djogi live resume {name})"));
    }
    fact("longest", format!("{} ms, for {} ms aimed at", live.longest_wait_ms, live.chunk_ms));
    for worker in &live.working {
        fact("worker", format!("{} at range {}", worker.holder, worker.range));
    }
    if live.state != State::Done
        && live.working.is_empty()
        && live.paused.is_none()
        && live.throttle.is_none()
    {
        fact("worker", format!("none (djogi live worker {name}, or djogi apply)"));
    }
    text
}
