//! `djogi approvals`: who has approved what, and what of it still counts.

use clap::Args;
use djogi_cluster::approvals::{Listed, Standing, list};
use serde_json::{Value, json};

use crate::context::Context;
use crate::diagnostic::CliError;
use crate::exit::Exit;
use crate::project::cluster;
use crate::report::events::with_progress;
use crate::report::line::printable_lines;
use crate::runtime::Engine;
use crate::terminal::Terminal;

/// List all approvals and what each still allows; writes nothing
#[derive(Debug, Clone, Args)]
pub struct ApprovalsArgs {}

pub(crate) fn run(context: &Context, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let cluster = cluster(context)?;
    let engine = Engine::start()?;
    let listed = with_progress(terminal, |reporter| engine.run(list(&cluster, reporter)))??;
    let text = if context.global.json {
        let entries: Vec<Value> = listed.iter().map(to_json).collect();
        format!("{:#}\n", json!({ "approvals": entries }))
    } else if listed.is_empty() {
        "Nothing was approved yet.\n".to_owned()
    } else {
        printable_lines(&listed.iter().map(to_text).collect::<String>())
    };
    terminal.print(&text).map_err(|error| CliError::output(&error))?;
    Ok(Exit::Done)
}

fn to_text(listed: &Listed) -> String {
    let (approval, standing) = match &listed.approval {
        Ok(found) => found,
        Err(damage) => return format!("damaged   {}: {damage}\n", listed.location),
    };
    let mut text = format!(
        "{:<9} {} {} by {}: {}\n          approval {}, given at {}\n",
        standing.as_str(),
        approval.action.as_str(),
        approval.address,
        approval.approver,
        approval.reason,
        approval.id,
        approval.approved_at,
    );
    for why in reasons(standing) {
        text.push_str(&format!("          {why}\n"));
    }
    text
}

fn reasons(standing: &Standing) -> Vec<String> {
    match standing {
        Standing::Present => Vec::new(),
        Standing::Stale(moved) => moved.clone(),
        Standing::Rejected(rejection) => vec![rejection.to_string(), rejection.help().to_owned()],
        Standing::Spent(Some(op)) => vec![format!("spent by {op}")],
        Standing::Spent(None) => vec!["spent, as the ledger says".to_owned()],
    }
}

fn to_json(listed: &Listed) -> Value {
    match &listed.approval {
        Ok((approval, standing)) => json!({
            "status": standing.as_str(), "location": listed.location, "approval": approval,
            "code": match standing {
                Standing::Rejected(rejection) => Some(rejection.code()),
                Standing::Present | Standing::Stale(_) | Standing::Spent(_) => None,
            },
            "notes": reasons(standing),
        }),
        Err(damage) => {
            json!({"status": "damaged", "location": listed.location, "notes": [damage.to_string()]})
        }
    }
}
