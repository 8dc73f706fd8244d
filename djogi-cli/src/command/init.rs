//! `djogi init`: a new project that converges at once.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use crate::context::Context;
use crate::diagnostic::CliError;
use crate::exit::Exit;
use crate::scaffold::{Declaring, Dependency, Scaffold};
use crate::terminal::Terminal;

/// Make a new project that converges at once; never overwrites a file
#[derive(Debug, Clone, Args)]
pub struct InitArgs {
    /// The folder of the project; made when it is not there
    #[arg(value_name = "DIR", default_value = ".")]
    pub folder: PathBuf,
    /// Declare the schema in Rust models, which is the default
    #[arg(long, conflicts_with = "sql")]
    pub models: bool,
    /// Declare the schema in SQL files; no Rust is needed
    #[arg(long)]
    pub sql: bool,
    /// A checkout of djogi to depend on [default: the one that this program was built in, while it is there, else the
    /// release of its version]
    #[arg(long, value_name = "PATH", conflicts_with = "sql")]
    pub djogi_path: Option<PathBuf>,
}

pub(crate) fn run(args: &InitArgs, context: &Context, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let folder = context.working_folder.join(&args.folder);
    let declaring = match &args.djogi_path {
        _ if args.sql => Declaring::Sql,
        Some(path) => Declaring::Models(Dependency::Checkout(context.working_folder.join(path))),
        None => Declaring::Models(Dependency::of_this_program()),
    };
    let made = Scaffold::new(&folder, &declaring)?.write()?;

    let text = if context.global.json {
        format!("{}\n", json!({"folder": folder, "created": made}))
    } else {
        let shown = args.folder.strip_prefix(".").unwrap_or(&args.folder);
        made.iter().map(|file| format!("created {}\n", shown.join(file).display())).collect()
    };
    terminal.print(&text).map_err(|error| CliError::output(&error))?;
    if !context.global.json {
        if args.folder != Path::new(".") {
            terminal.note(&format!("\n  cd {}", args.folder.display()));
        }
        let program = if args.sql { "djogi" } else { "cargo run --" };
        terminal
            .note(&format!("\n  {program} plan     # what is to be done\n  {program} apply    # do it\n"));
    }
    Ok(Exit::Done)
}
