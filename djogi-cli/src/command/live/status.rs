//! `djogi live status`: how far the rows of each migration are, from any terminal.

use clap::Args;
use djogi_cluster::backfill::{LiveProgress, State};
use djogi_cluster::live::{LiveMigration, status};
use djogi_core::kind::{Fill, Migration, MigrationPhase, Retype};
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
    let mut found = with_progress(terminal, |reporter| engine.run(status(&cluster, reporter)))??;
    if let Some(name) = &args.name {
        found.retain(|live| live.name == *name || format!("live.{}.{}", live.target, live.name) == *name);
        if found.is_empty() {
            let message = format!("there is no live migration `{name}`");
            return Err(Diagnostic::error("live_unknown", message)
                .help("`djogi live status` lists them")
                .into());
        }
    }
    let text = if context.global.json {
        let migrations: Vec<Value> = found.iter().map(to_json).collect();
        format!("{:#}\n", json!({"migrations": migrations}))
    } else if found.is_empty() {
        "No live migrations.\n".to_owned()
    } else {
        printable_lines(&found.iter().map(to_text).collect::<String>())
    };
    terminal.print(&text).map_err(|error| CliError::output(&error))?;
    Ok(Exit::Done)
}

fn to_json(live: &LiveMigration) -> Value {
    let LiveMigration { target, name, migration, phase, cut_over_at, rows } = live;
    let mut value = rows.as_ref().map_or_else(|| json!({}), |rows| json!(rows));
    value["target"] = json!(target);
    value["name"] = json!(name);
    value["phase"] = phase.as_str().into();
    value["gate"] = json!(live.gate());
    value["cut_over_at"] = json!(cut_over_at);
    if let Some(migration) = migration {
        value["table"] = json!(migration.table());
        value["column"] = json!(migration.column());
        match migration {
            Migration::Retype(retype) => {
                value["from"] = json!(retype.from);
                value["to"] = json!(retype.to);
            }
            Migration::Fill(fill) => value["value"] = json!(fill.value),
        }
        value["undo"] = format!("djogi live abandon {name}").into();
    }
    value
}

fn to_text(live: &LiveMigration) -> String {
    let LiveMigration { target, name, migration, phase, cut_over_at, rows } = live;
    let table = migration.as_ref().map(Migration::table);
    let table = table.or(rows.as_ref().map(|rows| &rows.table)).map(ToString::to_string).unwrap_or_default();
    let mut text = format!("{name} ({target}, {table}): {phase}\n");
    let mut fact = |name: &str, value: String| text.push_str(&format!("  {name:<8} {value}\n"));
    match migration {
        Some(Migration::Retype(Retype { column, from, to, .. })) => {
            fact("column", format!("{column}, from {from} to {to}"));
        }
        Some(Migration::Fill(Fill { column, value, .. })) => {
            fact("column", format!("{column}, filled with {value}"));
        }
        None => {}
    }
    if let Some(rows) = rows.as_ref().filter(|_| *phase <= MigrationPhase::Backfill) {
        facts_of_rows(name, rows, &mut fact);
    }
    if let Some(at) = cut_over_at {
        fact("kept", format!("the old values, since {at}"));
    }
    if let Some(gate) = live.gate() {
        fact("next", gate);
    } else if migration.is_some() {
        fact("next", "djogi apply".to_owned());
    }
    if migration.is_some() {
        fact("undo", format!("djogi live abandon {name}"));
    }
    text
}

fn facts_of_rows(name: &str, live: &LiveProgress, fact: &mut impl FnMut(&str, String)) {
    let LiveProgress { rows_done, rows, ranges, ranges_done, .. } = live;
    let is_cut = live.state != State::Waiting;
    let percent = (100 * rows_done).checked_div(*rows).unwrap_or(100);
    fact(
        "rows",
        if is_cut {
            format!("{rows_done} of about {rows} ({percent} %), {ranges_done} of {ranges} ranges checked")
        } else {
            "not cut into ranges yet, which waits for older transactions".to_owned()
        },
    );
    if let Some(left) = live.seconds_left {
        fact("speed", format!("{:.0} rows/s, {left} s left", live.rows_per_second));
    }
    if let Some(reason) = &live.throttle {
        fact("waits", reason.clone());
    }
    if let Some(reason) = &live.paused {
        fact("paused", format!("{reason} (djogi live resume {name})"));
    }
    if is_cut {
        fact("longest", format!("{} ms, for {} ms aimed at", live.longest_wait_ms, live.chunk_ms));
    }
    for worker in &live.working {
        fact("worker", format!("{} at range {}", worker.holder, worker.range));
    }
    let is_idle = live.working.is_empty() && live.paused.is_none() && live.throttle.is_none();
    if live.state != State::Done && is_idle {
        let who = if is_cut && live.foreign_key.is_none() {
            format!("djogi live worker {name}, or djogi apply")
        } else {
            "djogi apply".to_owned()
        };
        fact("worker", format!("none ({who})"));
    }
}
