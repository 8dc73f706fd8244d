//! `djogi import`: adopts objects that exist already, and writes the sources that declare them.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use clap::Args;
use djogi_cluster::declared::Unreadable;
use djogi_cluster::dump::{is_chosen, only_target};
use djogi_cluster::import::{Imported, Selection, import};
use djogi_core::Address;
use djogi_core::observation::Unmodelled;
use djogi_core::plan::{PlanInputs, TargetInputs};
use djogi_core::write::{Paths, Script, resources_of, write_files, write_script};
use serde_json::json;

use crate::context::Context;
use crate::diagnostic::CliError;
use crate::exit::Exit;
use crate::project::{addresses, cluster, cluster_without_files};
use crate::report::events::with_progress;
use crate::report::line::printable_lines;
use crate::report::script::warnings;
use crate::report::style::count;
use crate::runtime::Engine;
use crate::sources::{Sources, Written};
use crate::terminal::Terminal;

/// Adopt existing objects into the state; changes no schema object
#[derive(Debug, Clone, Default, Args)]
pub struct ImportArgs {
    /// What to adopt
    #[arg(value_name = "ADDRESS", required_unless_present = "all")]
    pub addresses: Vec<String>,
    /// Adopt everything that exists in the managed schemas
    #[arg(long, conflicts_with = "addresses")]
    pub all: bool,
    /// Also write what is adopted, and no model declares, as SQL files into this folder: one file an object
    #[arg(long, value_name = "DIR")]
    pub write_sql: Option<PathBuf>,
    /// Write over files that somebody else wrote, or edited
    #[arg(long, requires = "write_sql")]
    pub force: bool,
}

/// What was written as sources.
#[derive(Debug, Default)]
struct Output {
    files: Written,
    script: Script,
    not_modelled: Vec<Unmodelled>,
}

pub(crate) fn run(args: &ImportArgs, context: &Context, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let chosen = addresses(&args.addresses)?;
    let selection =
        if args.all { Selection::All } else { Selection::These(chosen.iter().cloned().collect()) };
    let cluster = if args.write_sql.is_some() { cluster_without_files(context)? } else { cluster(context)? };
    if args.write_sql.is_some() {
        only_target(&cluster)?;
    }
    let output = Mutex::new(None);
    let write = |inputs: &PlanInputs| -> Result<(), Unreadable> {
        let (Some(folder), [target]) = (&args.write_sql, inputs.targets.as_slice()) else { return Ok(()) };
        let folder = context.working_folder.join(folder);
        let written =
            write_sql(target, &chosen, &folder, args.force).map_err(|error| Arc::new(error) as Unreadable)?;
        *output.lock().unwrap_or_else(PoisonError::into_inner) = Some(written);
        Ok(())
    };
    let engine = Engine::start()?;
    let stop = engine.stop();
    let imported = with_progress(terminal, |reporter| {
        let done = engine.run_to_the_end(import(&cluster, &selection, &write, &stop, reporter));
        done.map_err(CliError::from)
    })?;
    let output = output.into_inner().unwrap_or_else(PoisonError::into_inner);
    for warning in output.iter().flat_map(|output| warnings(&output.script, &output.not_modelled)) {
        terminal.say(&warning.render(terminal.paint_err()));
    }
    let text = if context.global.json {
        to_json(&imported, output.as_ref())
    } else {
        let mut text = to_text(&imported, output.as_ref());
        if let (Some(folder), Some(_)) = (&args.write_sql, &output) {
            text +=
                &format!("[sql] files = [\"{}/**/*.sql\"] in djogi.toml declares them.\n", folder.display());
        }
        printable_lines(&text)
    };
    engine.conclude(terminal, &text)
}

/// Writes what is live and chosen, but for what models declare.
fn write_sql(
    target: &TargetInputs,
    chosen: &[Address],
    folder: &Path,
    force: bool,
) -> Result<Output, CliError> {
    let TargetInputs { target: name, live, desired, .. } = target;
    let catalog = resources_of(live);
    let is_due = |address: &Address| is_chosen(chosen, address) && !desired.contains_key(address);
    let script = write_script(name, live.identity.server_version, &catalog, &is_due)
        .map_err(djogi_cluster::error::EngineError::from)?;
    let files = write_files(&script.statements, &Paths::new(&catalog));
    let sources = Sources { folder, files: &files, is_everything: chosen.is_empty(), force };
    let files = sources.write()?;
    let not_modelled = if chosen.is_empty() { live.unmodelled.clone() } else { Vec::new() };
    Ok(Output { files, script, not_modelled })
}

fn to_json(imported: &Imported, output: Option<&Output>) -> String {
    let Imported { taken, known, undeclared, snapshot } = imported;
    let serial = snapshot.version.serial();
    let mut value =
        json!({"imported": taken, "managed_before": known, "undeclared": undeclared, "serial": serial});
    if let Some(Output { files: Written { written, unchanged, removed }, .. }) = output {
        value["undeclared"] = json!([]);
        value["files"] = json!({"written": written, "unchanged": unchanged, "removed": removed});
    }
    format!("{value:#}\n")
}

fn to_text(imported: &Imported, output: Option<&Output>) -> String {
    let Imported { taken, known, undeclared, .. } = imported;
    let mut text: String = taken.iter().map(|address| format!("  < {address}\n")).collect();
    text.extend(known.iter().map(|address| format!("    {address} was managed before\n")));
    if taken.is_empty() {
        text.push_str("Nothing to import.\n");
    } else {
        text.push_str(&format!("\nImported {}.\n", count(taken.len(), "resource")));
    }
    if let Some(Output { files: Written { written, unchanged, removed }, .. }) = output {
        let files = count(*written, "file");
        text.push_str(&format!("Wrote {files}; {unchanged} unchanged, {removed} removed.\n"));
    } else if !undeclared.is_empty() {
        let count = count(undeclared.len(), "resource");
        text.push_str(&format!(
            "{count} of them declared nowhere: the next plan proposes to drop what no model declares.\n"
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::parsed;

    #[test]
    fn what_to_adopt_is_said_one_way() {
        assert_eq!(parsed::<ImportArgs>(&["a", "b"]).unwrap().addresses, ["a", "b"]);
        assert!(parsed::<ImportArgs>(&["--all"]).unwrap().all);
        assert!(parsed::<ImportArgs>(&[]).is_err());
        assert!(parsed::<ImportArgs>(&["a", "--all"]).is_err());
        assert!(parsed::<ImportArgs>(&["--all", "--force"]).is_err());
    }
}
