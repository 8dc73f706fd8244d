//! `djogi state rm`: forgets resources, and leaves the objects where they are.

use clap::Args;
use djogi_cluster::error::EngineError;
use djogi_cluster::surgery::{Forgotten, Selection, rm};
use djogi_core::Address;
use serde_json::json;

use super::{Project, closing};
use crate::context::Context;
use crate::diagnostic::CliError;
use crate::exit::Exit;
use crate::report::events::with_progress;
use crate::report::line::printable_lines;
use crate::report::style::count;
use crate::runtime::Engine;
use crate::terminal::Terminal;

/// Forget resources; the objects stay in the database and are not managed any more
///
/// A table takes its constraints, indexes and own sequences along. What is still declared is taken over again by the next
/// apply, so remove the declaration too.
#[derive(Debug, Clone, Default, Args)]
pub struct RmArgs {
    /// What to forget: addresses, or patterns in which * stands for any characters
    #[arg(value_name = "ADDRESS", required_unless_present = "package")]
    pub addresses: Vec<String>,
    /// Forget all that this cargo package declared
    #[arg(long, value_name = "NAME")]
    pub package: Vec<String>,
}

pub(super) fn run(args: &RmArgs, context: &Context, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let selection = Selection::parse(&args.addresses, &args.package).map_err(EngineError::from)?;
    let project = Project::open(context)?;
    let engine = Engine::start()?;
    let stop = engine.stop();
    let gone = with_progress(terminal, |reporter| {
        let done =
            engine.run_to_the_end(rm(&project.cluster, &selection, project.outlook(), &stop, reporter));
        done.map_err(CliError::from)
    })?;
    let undeclared = project.undeclared.as_ref();
    let text = if context.global.json {
        closing::json(&gone.edited, undeclared, json!({"forgotten": gone.forgotten}))
    } else {
        let end = closing::text(&gone.edited, undeclared, |address| gone.forgotten.contains(address));
        printable_lines(&format!("{}{end}", to_text(&gone)))
    };
    engine.conclude(terminal, &text)
}

fn to_text(gone: &Forgotten) -> String {
    if gone.forgotten.is_empty() {
        return "Nothing that is managed fits.\n".to_owned();
    }
    let mut text: String = gone.forgotten.iter().map(|address| format!("  . {address}\n")).collect();
    text.push_str(&format!("\nForgot {}.", count(gone.forgotten.len(), "resource")));
    if let Some(Ok(planned)) = &gone.edited.next_plan {
        let is_live = |address: &&Address| {
            planned.inputs.targets.iter().any(|target| target.live.catalog.contains(address))
        };
        let is_declared = |address: &&Address| {
            planned.inputs.targets.iter().any(|target| target.desired.contains_key(*address))
        };
        let staying = gone.forgotten.iter().filter(is_live).count();
        if staying > 0 {
            text.push_str(&format!(" In the database {staying} of them stay as they are, not managed."));
        }
        let declared = gone.forgotten.iter().filter(is_declared).count();
        if declared > 0 {
            text.push_str(&format!(
                "\n{declared} of them are still declared: remove the declarations, or the next apply manages them again."
            ));
        }
    }
    text.push('\n');
    text
}
