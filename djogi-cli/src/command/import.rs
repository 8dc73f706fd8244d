//! `djogi import`: adopts objects that exist already.

use clap::Args;
use djogi_cluster::import::{Imported, Selection, import};
use serde_json::json;

use crate::context::Context;
use crate::diagnostic::CliError;
use crate::exit::Exit;
use crate::project::{addresses, cluster};
use crate::report::events::with_progress;
use crate::report::line::printable_lines;
use crate::report::style::count;
use crate::runtime::Engine;
use crate::terminal::Terminal;

/// Adopt existing objects into the state; changes no schema object
#[derive(Debug, Clone, Default, Args)]
pub struct ImportArgs {
    /// What to adopt
    #[arg(value_name = "ADDRESS", required_unless_present = "all")]
    pub addresses: Vec<String>,
    /// Adopt everything that is declared and exists
    #[arg(long, conflicts_with = "addresses")]
    pub all: bool,
}

pub(crate) fn run(args: &ImportArgs, context: &Context, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let selection = if args.all {
        Selection::All
    } else {
        Selection::These(addresses(&args.addresses)?.into_iter().collect())
    };
    let cluster = cluster(context)?;
    let engine = Engine::start()?;
    let stop = engine.stop();
    let imported = with_progress(terminal, |reporter| {
        let done = engine.run_to_the_end(import(&cluster, &selection, &stop, reporter));
        done.map_err(CliError::from)
    })?;
    let text = if context.global.json { to_json(&imported) } else { printable_lines(&to_text(&imported)) };
    engine.conclude(terminal, &text)
}

fn to_json(imported: &Imported) -> String {
    let Imported { taken, known, undeclared, snapshot } = imported;
    let serial = snapshot.version.serial();
    let value =
        json!({"imported": taken, "managed_before": known, "undeclared": undeclared, "serial": serial});
    format!("{value:#}\n")
}

fn to_text(imported: &Imported) -> String {
    let Imported { taken, known, undeclared, .. } = imported;
    let mut text: String = taken.iter().map(|address| format!("  < {address}\n")).collect();
    text.extend(known.iter().map(|address| format!("    {address} was managed before\n")));
    if taken.is_empty() {
        text.push_str("Nothing to import.\n");
    } else {
        text.push_str(&format!("\nImported {}.\n", count(taken.len(), "resource")));
    }
    if !undeclared.is_empty() {
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
    }
}
