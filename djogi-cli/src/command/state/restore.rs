//! `djogi state restore`: brings the content of an earlier revision back.

use std::path::Path;

use clap::Args;
use djogi_cluster::state::Serial;
use djogi_cluster::surgery::{Source, restore};
use serde_json::json;

use super::{Project, closing, read};
use crate::context::Context;
use crate::diagnostic::CliError;
use crate::exit::Exit;
use crate::report::events::with_progress;
use crate::report::line::printable_lines;
use crate::runtime::Engine;
use crate::terminal::Terminal;

/// Bring the content of an earlier revision back, under a new serial; the database stays as it is
#[derive(Debug, Clone, Args)]
pub struct RestoreArgs {
    /// A serial of `djogi history`, the name of a backup (42-01J...), or a file
    #[arg(value_name = "FILE|SERIAL", value_hint = clap::ValueHint::FilePath)]
    pub source: String,
}

pub(super) fn run(args: &RestoreArgs, context: &Context, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let project = Project::open(context)?;
    let source = source(&args.source, context)?;
    let engine = Engine::start()?;
    let stop = engine.stop();
    let edited = with_progress(terminal, |reporter| {
        let done =
            engine.run_to_the_end(restore(&project.cluster, &source, project.outlook(), &stop, reporter));
        done.map_err(|error| named_neither(CliError::from(error), &args.source))
    })?;
    let undeclared = project.undeclared.as_ref();
    let text = if context.global.json {
        closing::json(&edited, undeclared, json!({"restored": args.source}))
    } else {
        printable_lines(&closing::text(&edited, undeclared, |_| true))
    };
    engine.conclude(terminal, &text)
}

/// A number is a serial, a file that is there is itself, and any other single word is the name of a backup, with or
/// without the ending of its file.
fn source(word: &str, context: &Context) -> Result<Source, CliError> {
    if let Ok(serial) = word.parse() {
        return Ok(Source::Revision(Serial::new(serial)));
    }
    let is_name = word != "-" && Path::new(word).file_name() == Some(word.as_ref());
    if is_name && !context.working_folder.join(word).exists() {
        return Ok(Source::Backup(word.strip_suffix(".json").unwrap_or(word).to_owned()));
    }
    read(word.as_ref(), context).map(|(name, bytes)| Source::Text(name, bytes))
}

/// A word that named no backup was looked for among the files first.
fn named_neither(mut error: CliError, word: &str) -> CliError {
    for diagnostic in error.diagnostics.iter_mut().filter(|found| found.code == "no_such_backup") {
        diagnostic.notes.push(format!("there is no file `{word}` either"));
    }
    error
}
