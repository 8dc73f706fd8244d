//! `djogi import`: adopts objects that exist already, and writes the sources that declare them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use clap::Args;
use djogi_cluster::declared::Unreadable;
use djogi_cluster::dump::{is_chosen, only_target};
use djogi_cluster::error::EngineError;
use djogi_cluster::import::{Imported, Selection, import};
use djogi_core::observation::Unmodelled;
use djogi_core::plan::{PlanInputs, TargetInputs};
use djogi_core::write::{
    Paths, Script, TypeCrate, mark_rust, resources_of, write_files, write_models, write_script,
};
use djogi_core::{Address, Ident};
use serde_json::json;

use crate::context::Context;
use crate::diagnostic::{CliError, Diagnostic};
use crate::exit::Exit;
use crate::project::{addresses, cluster_without_files, cluster_without_queries, default_target};
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
    /// Also write what is adopted, as far as models can say it, into this Rust module; the rest goes where --write-sql says
    #[arg(long, value_name = "FILE")]
    pub write_models: Option<PathBuf>,
    /// The crates whose types the fields of models may have
    #[arg(long, value_name = "CRATE", value_delimiter = ',', requires = "write_models")]
    pub crates: Vec<TypeCrate>,
    /// Write over files that somebody else wrote, or edited
    #[arg(long)]
    pub force: bool,
}

/// What was written as sources.
#[derive(Debug, Default)]
struct Output {
    files: Written,
    script: Script,
    not_modelled: Vec<Unmodelled>,
    /// What models cannot say, and nothing else was to.
    unsaid: Vec<Address>,
}

pub(crate) fn run(args: &ImportArgs, context: &Context, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let chosen = addresses(&args.addresses)?;
    let selection =
        if args.all { Selection::All } else { Selection::These(chosen.iter().cloned().collect()) };
    let writes = args.write_sql.is_some() || args.write_models.is_some();
    let cluster = if writes { cluster_without_files(context)? } else { cluster_without_queries(context)? };
    if args.force && !writes {
        let message = "--force writes over files, and none are to be written";
        return Err(Diagnostic::error("usage", message).help("add --write-sql DIR").into());
    }
    if writes {
        only_target(&cluster)?;
    }
    let default_target = default_target(&context.project()?)?;
    let output = Mutex::new(None);
    let write = |inputs: &PlanInputs| -> Result<BTreeSet<Address>, Unreadable> {
        let (true, [target]) = (writes, inputs.targets.as_slice()) else { return Ok(BTreeSet::new()) };
        let named = Some(&target.target).filter(|target| **target != default_target);
        let written = write_sources(args, &context.working_folder, target, &chosen, named)
            .map_err(|error| Arc::new(error) as Unreadable)?;
        let unwritten = written.script.left_out.iter().map(|left_out| left_out.address.clone()).collect();
        *output.lock().unwrap_or_else(PoisonError::into_inner) = Some(written);
        Ok(unwritten)
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
        if let (Some(file), Some(output)) = (&args.write_models, &output) {
            text += &told_of_models(file, output);
        }
        printable_lines(&text)
    };
    engine.conclude(terminal, &text)
}

/// Writes what is live and chosen, but for what models declare.
fn write_sources(
    args: &ImportArgs,
    root: &Path,
    target: &TargetInputs,
    chosen: &[Address],
    named: Option<&Ident>,
) -> Result<Output, CliError> {
    let TargetInputs { target: name, live, desired, .. } = target;
    let version = live.identity.server_version;
    let catalog = resources_of(live);
    let owner = |address: &Address| {
        let owner = catalog.get(address)?.resource.owner_name()?;
        Some(Address::table(name, &owner))
    };
    let is_due = |address: &Address| {
        let is_asked_for =
            is_chosen(chosen, address) || owner(address).is_some_and(|owner| is_chosen(chosen, &owner));
        is_asked_for && !desired.contains_key(address)
    };
    let models = args.write_models.as_ref().map(|_| write_models(&catalog, &is_due, &args.crates, named));
    let said = |address: &Address| models.as_ref().is_some_and(|models| models.said.contains(address));
    let rest = |address: &Address| is_due(address) && !said(address);
    // A part is taken for itself where models say the table, and not the part.
    let script = write_script(name, version, &catalog, &rest).map_err(EngineError::from)?;
    let mut sources = Vec::new();
    let module = models.as_ref().map(|models| mark_rust(&models.text));
    if let (Some(file), Some(module)) = (&args.write_models, module) {
        let path = root.join(file);
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let folder = path.parent().unwrap_or(root).to_owned();
        sources.push((folder, BTreeMap::from([(name, module)]), false));
    }
    let mut unsaid = Vec::new();
    match &args.write_sql {
        Some(folder) => {
            let files = write_files(&script.statements, &Paths::new(&catalog));
            sources.push((root.join(folder), files, chosen.is_empty()));
        }
        None => {
            unsaid = script.statements.iter().map(|statement| statement.address.clone()).collect();
            unsaid.dedup();
        }
    }
    let sources: Vec<Sources<'_>> = sources
        .iter()
        .map(|(folder, files, is_everything)| Sources {
            folder,
            files,
            is_everything: *is_everything,
            force: args.force,
        })
        .collect();
    let files = Sources::write_all(&sources)?;
    let not_modelled = if chosen.is_empty() { live.unmodelled.clone() } else { Vec::new() };
    Ok(Output { files, script, not_modelled, unsaid })
}

/// What is left to do behind the models.
fn told_of_models(file: &Path, output: &Output) -> String {
    let mut text = format!("`mod {};` in the package declares the models.\n", module_of(file));
    if !output.unsaid.is_empty() {
        let count = count(output.unsaid.len(), "resource");
        text += &format!("{count} cannot be said by models; add --write-sql DIR for them:\n");
        text.extend(output.unsaid.iter().map(|address| format!("    {address}\n")));
    }
    text
}

fn module_of(file: &Path) -> String {
    file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn to_json(imported: &Imported, output: Option<&Output>) -> String {
    let Imported { taken, known, undeclared, unwritten, snapshot } = imported;
    let mut value = json!({
        "imported": taken, "managed_before": known, "undeclared": undeclared, "not_imported": unwritten,
        "serial": snapshot.version.serial(),
    });
    if let Some(Output { files: Written { written, unchanged, removed }, unsaid, .. }) = output {
        value["undeclared"] = json!(unsaid);
        value["files"] = json!({"written": written, "unchanged": unchanged, "removed": removed});
    }
    format!("{value:#}\n")
}

fn to_text(imported: &Imported, output: Option<&Output>) -> String {
    let Imported { taken, known, undeclared, unwritten, snapshot: _ } = imported;
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
        if !unwritten.is_empty() {
            text.push_str(
                "Not imported, since it could not be written; declare it by hand, and plan takes it over:\n",
            );
            text.extend(unwritten.iter().map(|address| format!("    {address}\n")));
        }
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
        assert!(parsed::<ImportArgs>(&["--all", "--crates", "uuid"]).is_err());
        let args: ImportArgs =
            parsed(&["--all", "--write-models", "m.rs", "--crates", "uuid,chrono"]).unwrap();
        assert_eq!(args.crates, [TypeCrate::Uuid, TypeCrate::Chrono]);
    }
}
