//! `djogi catalog`: the models as a file, for a `djogi` that does not have them linked in.

use std::path::PathBuf;

use clap::Args;
use djogi_core::digest::canonical_json;

use crate::context::Context;
use crate::diagnostic::CliError;
use crate::diagnostic::Diagnostic;
use crate::exit::Exit;
use crate::models::linked;
use crate::project::default_target;
use crate::terminal::Terminal;

/// Export the declared catalog, for `[models] catalog = "catalog.json"`
#[derive(Debug, Clone, Default, Args)]
pub struct CatalogArgs {
    /// Write to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

pub(crate) fn run(args: &CatalogArgs, context: &Context, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let declarations = linked(&context.program, &default_target(&context.project()?)?)?;
    let text = format!("{}\n", canonical_json(&declarations));
    match &args.out {
        None => terminal.print(&text).map_err(|error| CliError::output(&error))?,
        Some(file) => {
            let path = context.working_folder.join(file);
            std::fs::write(&path, text).map_err(|error| {
                Diagnostic::error("catalog_not_written", format!("cannot write the models: {error}"))
                    .file(path.display().to_string())
            })?;
        }
    }
    Ok(Exit::Done)
}
