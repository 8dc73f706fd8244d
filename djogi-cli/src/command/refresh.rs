//! `djogi refresh`: observes the database again and records what drifted.

use clap::Args;
use djogi_cluster::refresh::{Refreshed, check, refresh};
use serde_json::json;

use crate::context::Context;
use crate::diagnostic::CliError;
use crate::exit::Exit;
use crate::project::cluster;
use crate::report::events::with_progress;
use crate::report::line::printable_lines;
use crate::report::style::count;
use crate::runtime::Engine;
use crate::terminal::Terminal;

/// Observe the database again and record what drifted; changes no schema object
#[derive(Debug, Clone, Default, Args)]
pub struct RefreshArgs {
    /// Record nothing; exit with 2 when there is drift
    #[arg(long)]
    pub check: bool,
}

pub(crate) fn run(args: &RefreshArgs, context: &Context, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let cluster = cluster(context)?;
    let engine = Engine::start()?;
    let stop = engine.stop();
    let refreshed = with_progress(terminal, |reporter| {
        if args.check {
            return Ok(engine.run(check(&cluster, reporter))??);
        }
        let done = engine.run_to_the_end(refresh(&cluster, &stop, reporter));
        done.map_err(CliError::from)
    })?;
    let text = if context.global.json {
        to_json(&refreshed)
    } else {
        printable_lines(&to_text(&refreshed, args.check))
    };
    if !args.check {
        return engine.conclude(terminal, &text);
    }
    terminal.print(&text).map_err(|error| CliError::output(&error))?;
    Ok(if refreshed.is_clean() { Exit::Done } else { Exit::Changes })
}

fn to_json(refreshed: &Refreshed) -> String {
    let serial = refreshed.snapshot.version.serial();
    let value = json!({"drift": refreshed.drift, "known_drift": refreshed.known, "serial": serial});
    format!("{value:#}\n")
}

fn to_text(refreshed: &Refreshed, is_check: bool) -> String {
    let Refreshed { drift, known, .. } = refreshed;
    if refreshed.is_clean() {
        return "No drift: the database is as it was recorded.\n".to_owned();
    }
    let mut text = String::new();
    for change in drift {
        let fields: Vec<&str> = change.fields.iter().map(|field| field.path.as_str()).collect();
        let what = match (change.change.after.is_none(), fields.is_empty()) {
            (true, _) => "is missing".to_owned(),
            (false, true) => "has changed".to_owned(),
            (false, false) => format!("has changed: {}", fields.join(", ")),
        };
        text.push_str(&format!("  ~ {} {what}\n", change.address));
    }
    for address in known {
        text.push_str(&format!("  ~ {address} (recorded before)\n"));
    }
    let count = count(drift.len() + known.len(), "resource");
    let done = if is_check { "found" } else { "recorded" };
    text.push_str(&format!("\nDrift of {count} {done}; `djogi plan` shows what heals it.\n"));
    text
}
