//! `djogi status`: one screen about the project.

use clap::Args;
use djogi_cluster::recover::DamagedSidecar;
use djogi_cluster::state::{State, Status};
use djogi_cluster::status::{ApprovalCount, ClusterStatus, LiveStatus, TargetStatus, status};
use djogi_core::plan::Recovery;
use serde_json::{Value, json};

use crate::context::Context;
use crate::diagnostic::CliError;
use crate::exit::Exit;
use crate::project::cluster_without_models;
use crate::report::events::with_progress;
use crate::report::line::printable_lines;
use crate::report::style::count;
use crate::runtime::Engine;
use crate::terminal::Terminal;

/// Show targets, serial, last run and drift on one screen; writes nothing
#[derive(Debug, Clone, Args)]
pub struct StatusArgs {}

pub(crate) fn run(context: &Context, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let cluster = cluster_without_models(context)?;
    let engine = Engine::start()?;
    let found = with_progress(terminal, |reporter| engine.run(status(&cluster, reporter)))??;
    let environment = context.project()?.environment;
    let text = if context.global.json {
        format!("{:#}\n", to_json(&cluster.name, environment.as_deref(), &found))
    } else {
        printable_lines(&to_text(&cluster.name, environment.as_deref(), &found))
    };
    terminal.print(&text).map_err(|error| CliError::output(&error))?;
    let reached = found.targets.iter().all(|target| target.live.is_ok());
    Ok(if reached { Exit::Done } else { Exit::Error })
}

fn to_text(name: &str, environment: Option<&str>, found: &ClusterStatus) -> String {
    let mut text = name.to_owned();
    if let Some(environment) = environment {
        text.push_str(&format!(" ({environment})"));
    }
    match &found.state {
        None => text.push_str(&format!("\n  state    none yet in {}\n", found.location)),
        Some(state) => {
            let by = &state.written_by;
            text.push_str(&format!(
                "\n  state    serial {} in {}\n  last run {} by {} at {}\n",
                state.serial, found.location, by.run, by.actor, by.at
            ));
        }
    }
    for DamagedSidecar { name, location, damage } in &found.damaged {
        text.push_str(&format!(
            "  G6       {location}: {damage}; nothing that writes goes on: djogi recover --quarantine {name}\n"
        ));
    }
    let ApprovalCount { open, spent, damaged } = found.approvals;
    if (open, spent, damaged) != (0, 0, 0) {
        text.push_str(&format!("  approved {open} open, {spent} spent"));
        if damaged > 0 {
            text.push_str(&format!(", {damaged} damaged"));
        }
        text.push('\n');
    }
    for target in &found.targets {
        text.push_str(&target_text(target, found.state.as_ref()));
    }
    text
}

fn target_text(target: &TargetStatus, state: Option<&State>) -> String {
    let live = match &target.live {
        Ok(live) => live,
        Err(error) => return format!("  {:<8} {error}\n", target.target.to_string()),
    };
    let LiveStatus { identity, managed, unmanaged, drifted, recoveries, invalid_indexes, lock, .. } = live;
    let mut text = format!(
        "  {:<8} database {}, PostgreSQL {}: {} managed, {unmanaged} not managed\n",
        target.target.to_string(),
        identity.database,
        identity.server_version,
        count(*managed, "resource")
    );
    if let Some(session) = lock {
        text.push_str(&format!("           locked by {session}\n"));
    }
    for Recovery { row, observed, .. } in recoveries {
        text.push_str(&format!("           interrupted: {row}, {observed} (djogi recover)\n"));
    }
    for address in drifted {
        text.push_str(&format!("           drifted, not recorded yet: {address}\n"));
    }
    for address in invalid_indexes {
        text.push_str(&format!("           invalid, not used by PostgreSQL: {address}\n"));
    }
    let recorded = state.and_then(|state| state.content.targets.get(&target.target));
    let resources = recorded.iter().flat_map(|recorded| &recorded.resources);
    for (address, resource) in resources.filter(|(_, resource)| resource.status != Status::Applied) {
        // What stands before it need not be told again.
        let own = format!("`{address}` is {}: ", resource.status.as_str());
        let why = resource.conditions.iter().map(|why| why.strip_prefix(&own).unwrap_or(why));
        let why = why.collect::<Vec<_>>().join("; ");
        text.push_str(&format!("           {}: {address} ({why})\n", resource.status.as_str()));
    }
    text
}

fn to_json(name: &str, environment: Option<&str>, found: &ClusterStatus) -> Value {
    let state = found.state.as_ref().map(|state| {
        json!({
            "serial": state.serial, "lineage": state.lineage, "written_by": state.written_by,
            "config_digest": state.content.config_digest,
        })
    });
    let targets: serde_json::Map<String, Value> = found
        .targets
        .iter()
        .map(|target| (target.target.as_str().to_owned(), target_json(target, found.state.as_ref())))
        .collect();
    json!({
        "name": name, "environment": environment, "location": found.location, "state": state,
        "targets": targets, "approvals": found.approvals,
        "damaged_sidecars": found.damaged.iter().map(|damaged| {
            json!({"name": damaged.name, "location": damaged.location, "damage": damaged.damage})
        }).collect::<Vec<_>>(),
    })
}

fn target_json(target: &TargetStatus, state: Option<&State>) -> Value {
    let recorded = state.and_then(|state| state.content.targets.get(&target.target));
    let resources = recorded.iter().flat_map(|recorded| &recorded.resources);
    let open: serde_json::Map<String, Value> = resources
        .filter(|(_, resource)| resource.status != Status::Applied)
        .map(|(address, r)| (address.to_string(), json!({"status": r.status, "conditions": r.conditions})))
        .collect();
    match &target.live {
        Err(error) => json!({"error": error.to_string(), "open": open}),
        Ok(live) => json!({
            "database": live.identity, "epoch": live.epoch, "managed": live.managed,
            "unmanaged": live.unmanaged, "drifted": live.drifted,
            "recoveries": live.recoveries, "invalid_indexes": live.invalid_indexes, "lock": live.lock,
            "open": open,
        }),
    }
}
