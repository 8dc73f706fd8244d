//! `djogi state backup`: a copy of the current state, which stays.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use djogi_cluster::surgery::{backup, pull};
use serde_json::json;

use crate::context::Context;
use crate::diagnostic::{CliError, Diagnostic};
use crate::exit::Exit;
use crate::project::cluster_without_models;
use crate::report::line::printable_lines;
use crate::runtime::Engine;
use crate::terminal::Terminal;

/// Keep a copy of the current state
#[derive(Debug, Clone, Default, Args)]
pub struct BackupArgs {
    /// Where to; it must not exist yet [default: backups/ of the state store]
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub file: Option<PathBuf>,
}

pub(super) fn run(args: &BackupArgs, context: &Context, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let cluster = cluster_without_models(context)?;
    let engine = Engine::start()?;
    let (serial, place) = match &args.file {
        None => engine.run_to_the_end(backup(&cluster))?,
        Some(file) => {
            let state = engine.run(pull(&cluster))??;
            save(&state.to_bytes(), &context.working_folder.join(file))?;
            (state.serial, file.display().to_string())
        }
    };
    let text = if context.global.json {
        format!("{:#}\n", json!({"serial": serial, "backup": place}))
    } else {
        printable_lines(&format!("Serial {serial} is kept in {place}.\n"))
    };
    engine.conclude(terminal, &text)
}

/// Writes the copy whole or not at all, and over nothing.
fn save(bytes: &[u8], file: &Path) -> Result<(), CliError> {
    let folder = file.parent().unwrap_or(Path::new("."));
    let write = || {
        let mut temporary = tempfile::NamedTempFile::new_in(folder)?;
        temporary.write_all(bytes)?;
        temporary.as_file().sync_all()?;
        temporary.persist_noclobber(file).map(drop).map_err(|error| error.error)
    };
    write().map_err(|error: std::io::Error| {
        let help = match error.kind() {
            std::io::ErrorKind::AlreadyExists => "choose a name that is not taken",
            _ => "choose a place that can be written to",
        };
        Diagnostic::error("backup_not_written", format!("cannot write the copy: {error}"))
            .file(file.display().to_string())
            .help(help)
            .into()
    })
}
