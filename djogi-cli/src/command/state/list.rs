//! `djogi state list`: the addresses of what is managed.

use clap::Args;
use djogi_cluster::error::EngineError;
use djogi_cluster::surgery::{Listing, Selection, list};
use serde_json::json;

use crate::context::Context;
use crate::diagnostic::CliError;
use crate::exit::Exit;
use crate::project::cluster_without_models;
use crate::report::line::printable_lines;
use crate::runtime::Engine;
use crate::terminal::{Terminal, Verbosity};

/// List what is managed; writes nothing
#[derive(Debug, Clone, Default, Args)]
pub struct ListArgs {
    /// Only these and their parts: addresses, or patterns in which * stands for any characters
    #[arg(value_name = "ADDRESS")]
    pub addresses: Vec<String>,
    /// Only what this cargo package declared
    #[arg(long, value_name = "NAME")]
    pub package: Vec<String>,
}

pub(super) fn run(args: &ListArgs, context: &Context, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let cluster = cluster_without_models(context)?;
    let selection = Selection::parse(&args.addresses, &args.package).map_err(EngineError::from)?;
    let engine = Engine::start()?;
    let mut listing = engine.run(list(&cluster, &selection))??;
    listing.resources.retain(|listed| {
        cluster.targets.contains_key(listed.address.target()) || context.global.target.is_none()
    });
    let text = if context.global.json { to_json(&listing) } else { to_text(&listing, terminal.verbosity()) };
    terminal.print(&text).map_err(|error| CliError::output(&error))?;
    Ok(Exit::Done)
}

fn to_json(listing: &Listing) -> String {
    format!("{:#}\n", json!(listing))
}

/// One address a line and nothing else, for shells.
fn to_text(listing: &Listing, verbosity: Verbosity) -> String {
    let line = |listed: &djogi_cluster::surgery::Listed| match verbosity {
        Verbosity::Quiet | Verbosity::Normal => format!("{}\n", listed.address),
        Verbosity::Verbose | Verbosity::Debug => {
            format!("{:<8} {:>10}  {}\n", listed.status.as_str(), listed.oid.0, listed.address)
        }
    };
    printable_lines(&listing.resources.iter().map(line).collect::<String>())
}
