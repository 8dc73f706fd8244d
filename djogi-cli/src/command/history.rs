//! `djogi history`: all runs.

use clap::Args;
use djogi_cluster::state::Approval;
use djogi_cluster::status::{Past, approvals_of, history};
use serde_json::json;

use crate::context::Context;
use crate::diagnostic::CliError;
use crate::exit::Exit;
use crate::project::cluster_without_models;
use crate::report::line::printable_lines;
use crate::runtime::Engine;
use crate::terminal::Terminal;

/// List all runs with actor, time and outcome, and the approvals they spent; writes nothing
#[derive(Debug, Clone, Args)]
pub struct HistoryArgs {}

pub(crate) fn run(context: &Context, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let cluster = cluster_without_models(context)?;
    let engine = Engine::start()?;
    let past = engine.run(history(&cluster))??;
    let approvals = engine.run(approvals_of(&cluster, None))??;
    let spent: Vec<&Approval> = approvals.iter().filter(|approval| approval.spent.is_some()).collect();
    let text = if context.global.json {
        let entries: Vec<_> = past.iter().map(to_json).collect();
        format!("{:#}\n", json!({ "history": entries, "approvals": spent }))
    } else if past.is_empty() {
        "No run has written a state yet.\n".to_owned()
    } else {
        let mut text: String = past.iter().rev().map(to_line).collect();
        if !spent.is_empty() {
            text.push_str("\nApproved and done:\n");
            text.extend(spent.iter().rev().map(|approval| approved(approval)));
        }
        printable_lines(&text)
    };
    terminal.print(&text).map_err(|error| CliError::output(&error))?;
    Ok(Exit::Done)
}

fn to_line(past: &Past) -> String {
    let Past { serial, written_by: by, resources, outcome } = past;
    let command = by.command.as_deref().unwrap_or("-");
    format!(
        "{serial:>6}  {}  {:<11} {resources:>6} managed  {:<13} {}  run {}\n",
        by.at, outcome, command, by.actor, by.run
    )
}

fn approved(approval: &Approval) -> String {
    let Approval { action, address, approver, reason, approved_at, .. } = approval;
    format!("        {approved_at}  {} {address} by {approver}: {reason}\n", action.as_str())
}

fn to_json(past: &Past) -> serde_json::Value {
    let Past { serial, written_by, resources, outcome } = past;
    json!({"serial": serial, "written_by": written_by, "resources": resources, "outcome": outcome})
}
