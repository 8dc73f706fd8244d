//! `djogi recover`: shows what interrupted runs have left, and puts unreadable sidecars aside.

use clap::Args;
use djogi_cluster::recover::{DamagedSidecar, Recoveries, quarantine, recoveries};
use djogi_cluster::state::QuarantinedSidecar;
use djogi_core::plan::Recovery;
use serde_json::json;

use crate::context::Context;
use crate::diagnostic::CliError;
use crate::exit::Exit;
use crate::project::cluster_without_models;
use crate::report::events::with_progress;
use crate::report::line::printable_lines;
use crate::report::style::count;
use crate::runtime::Engine;
use crate::terminal::Terminal;

/// Show what interrupted runs have left, and what the next apply does about it; finishes nothing
#[derive(Debug, Clone, Default, Args)]
pub struct RecoverArgs {
    /// Put a sidecar aside that cannot be read or belongs elsewhere, by the name that is shown
    #[arg(long, value_name = "NAME")]
    pub quarantine: Option<String>,
}

pub(crate) fn run(args: &RecoverArgs, context: &Context, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let cluster = cluster_without_models(context)?;
    let engine = Engine::start()?;
    if let Some(name) = &args.quarantine {
        let place = engine.run(quarantine(&cluster, name))??;
        let text = if context.global.json {
            format!("{:#}\n", json!({"quarantined": name, "location": place}))
        } else {
            printable_lines(&format!(
                "{name} is put aside as {place}. `djogi plan` shows what is left to do.\n"
            ))
        };
        terminal.print(&text).map_err(|error| CliError::output(&error))?;
        return Ok(Exit::Done);
    }
    let found = with_progress(terminal, |reporter| engine.run(recoveries(&cluster, reporter)))??;
    let text = if context.global.json { to_json(&found) } else { printable_lines(&to_text(&found)) };
    terminal.print(&text).map_err(|error| CliError::output(&error))?;
    Ok(if found.damaged.is_empty() { Exit::Done } else { Exit::Recovery })
}

fn to_json(found: &Recoveries) -> String {
    let damaged: Vec<_> = found
        .damaged
        .iter()
        .map(|DamagedSidecar { name, location, damage }| {
            json!({"row": "G6", "name": name, "location": location, "damage": damage,
                   "way_out": format!("djogi recover --quarantine {name}")})
        })
        .collect();
    let quarantined = found.quarantined.iter();
    let quarantined: Vec<_> = quarantined
        .map(|QuarantinedSidecar { name, location }| json!({"name": name, "location": location}))
        .collect();
    format!(
        "{:#}\n",
        json!({"recoveries": found.recoveries, "damaged": damaged, "elsewhere": found.elsewhere,
               "quarantined": quarantined})
    )
}

fn to_text(found: &Recoveries) -> String {
    let Recoveries { recoveries, damaged, elsewhere, quarantined } = found;
    let aside = put_aside(quarantined);
    if recoveries.is_empty() && damaged.is_empty() && elsewhere.is_empty() {
        return format!("Nothing was interrupted.\n{aside}");
    }
    let mut text: String = recoveries.iter().map(block).collect();
    for DamagedSidecar { name, location, damage } in damaged {
        text.push_str(&format!(
            "  G6  {location}\n      {damage}\n      way out: djogi recover --quarantine {name}\n"
        ));
    }
    for sidecar in elsewhere {
        text.push_str(&format!("      {sidecar}\n"));
    }
    let total = count(recoveries.len() + damaged.len(), "piece");
    text.push_str(&format!(
        "\n{total} of interrupted work. Nothing was done about it; `djogi apply` begins with it.\n{aside}"
    ));
    text
}

/// The sidecars that `--quarantine` has moved.
fn put_aside(quarantined: &[QuarantinedSidecar]) -> String {
    if quarantined.is_empty() {
        return String::new();
    }
    let total = count(quarantined.len(), "sidecar");
    let mut text = format!("\n{total} put aside, in nobody's way; delete what you have looked at:\n");
    for QuarantinedSidecar { location, .. } in quarantined {
        text.push_str(&format!("  {location}\n"));
    }
    text
}

/// One recovery for people.
pub(crate) fn block(recovery: &Recovery) -> String {
    let Recovery { row, target, op, run, addresses, observed, action, way_out, reason } = recovery;
    let mut text = format!("  {row:<3} {observed}\n      target {target}, op {op}, run {run}\n");
    for address in addresses {
        text.push_str(&format!("      {address}\n"));
    }
    text.push_str(&format!("      next apply: {action}\n"));
    if let Some(reason) = reason {
        text.push_str(&format!("      until then: {}\n", reason.code()));
    }
    if !way_out.is_empty() {
        text.push_str(&format!("      way out: {way_out}\n"));
    }
    text
}
