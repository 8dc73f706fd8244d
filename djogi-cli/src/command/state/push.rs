//! `djogi state push`: puts a state from elsewhere in the place of the current one.

use std::path::PathBuf;

use clap::Args;
use djogi_cluster::surgery::{Force, push};
use serde_json::json;

use super::{Project, closing, read};
use crate::context::Context;
use crate::diagnostic::CliError;
use crate::exit::Exit;
use crate::report::events::with_progress;
use crate::report::line::printable_lines;
use crate::runtime::Engine;
use crate::terminal::Terminal;

/// Put a state from elsewhere in the place of the current one
#[derive(Debug, Clone, Args)]
pub struct PushArgs {
    /// The state, as `djogi state pull` printed it; - is standard input
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub file: PathBuf,
    /// Also a state of another lineage, one that is older, or one of another database
    #[arg(long)]
    pub force: bool,
}

pub(super) fn run(args: &PushArgs, context: &Context, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let project = Project::open(context)?;
    let (name, bytes) = read(&args.file, context)?;
    let force = if args.force { Force::Yes } else { Force::No };
    let engine = Engine::start()?;
    let stop = engine.stop();
    let edited = with_progress(terminal, |reporter| {
        let source = (name.as_str(), bytes.as_slice());
        let done =
            engine.run_to_the_end(push(&project.cluster, source, force, project.outlook(), &stop, reporter));
        done.map_err(CliError::from)
    })?;
    let undeclared = project.undeclared.as_ref();
    let text = if context.global.json {
        closing::json(&edited, undeclared, json!({"pushed": name}))
    } else {
        printable_lines(&closing::text(&edited, undeclared, |_| true))
    };
    engine.conclude(terminal, &text)
}
