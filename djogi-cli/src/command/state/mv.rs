//! `djogi state mv`: the record follows an object that was renamed by hand.

use std::collections::BTreeSet;

use clap::Args;
use djogi_cluster::surgery::{Moved, mv};
use djogi_core::Address;
use serde_json::json;

use super::{Project, closing};
use crate::context::Context;
use crate::diagnostic::CliError;
use crate::exit::Exit;
use crate::project::addresses;
use crate::report::events::with_progress;
use crate::report::line::printable_lines;
use crate::runtime::Engine;
use crate::terminal::Terminal;

/// Record a resource under another address, after somebody has renamed it in the database
///
/// A table takes its constraints along, a schema all that is in it. To let djogi rename it, write `renamed_from` on the
/// model or [[moved]] in djogi.toml instead.
#[derive(Debug, Clone, Args)]
pub struct MvArgs {
    /// The address that it is recorded under
    #[arg(value_name = "FROM")]
    pub from: String,
    /// The address of the same kind that it has now
    #[arg(value_name = "TO")]
    pub to: String,
}

pub(super) fn run(args: &MvArgs, context: &Context, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let both = addresses(&[args.from.clone(), args.to.clone()])?;
    let [from, to] = both.as_slice() else { unreachable!("two words are two addresses") };
    let project = Project::open(context)?;
    let engine = Engine::start()?;
    let stop = engine.stop();
    let moved = with_progress(terminal, |reporter| {
        let done = engine.run_to_the_end(mv(&project.cluster, from, to, project.outlook(), &stop, reporter));
        done.map_err(CliError::from)
    })?;
    let undeclared = project.undeclared.as_ref();
    let text = if context.global.json {
        closing::json(&moved.edited, undeclared, json!({"moved": pairs(&moved)}))
    } else {
        let new: BTreeSet<&Address> = moved.moved.values().chain(moved.moved.keys()).collect();
        let end = closing::text(&moved.edited, undeclared, |address| new.contains(address));
        printable_lines(&format!("{}\n{end}", to_text(&moved)))
    };
    engine.conclude(terminal, &text)
}

fn pairs(moved: &Moved) -> Vec<serde_json::Value> {
    moved.moved.iter().map(|(from, to)| json!({"from": from, "to": to})).collect()
}

fn to_text(moved: &Moved) -> String {
    moved.moved.iter().map(|(from, to)| format!("  > {from} -> {to}\n")).collect()
}
