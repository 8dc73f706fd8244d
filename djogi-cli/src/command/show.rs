//! `djogi show`: what state knows about a resource, now or at a past revision.

use clap::Args;
use djogi_cluster::error::EngineError;
use djogi_cluster::recover::{DamagedSidecar, Recoveries, recoveries_about};
use djogi_cluster::state::{Approval, RecordedEntry, Serial};
use djogi_cluster::status::{Revision, approvals_of, revision};
use djogi_core::Address;
use djogi_core::plan::Recovery;
use serde_json::json;

use crate::context::Context;
use crate::diagnostic::CliError;
use crate::diagnostic::Diagnostic;
use crate::exit::Exit;
use crate::project::{addresses, cluster_without_models};
use crate::report::events::with_progress;
use crate::report::line::printable_lines;
use crate::report::style::count;
use crate::runtime::Engine;
use crate::terminal::Terminal;

/// Show a resource, or all of them; writes nothing
#[derive(Debug, Clone, Default, Args)]
pub struct ShowArgs {
    /// The resource, such as table.main.public.orders
    #[arg(value_name = "ADDRESS")]
    pub address: Option<String>,
    /// The serial of a past state
    #[arg(long, value_name = "SERIAL")]
    pub revision: Option<u64>,
}

pub(crate) fn run(args: &ShowArgs, context: &Context, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let cluster = cluster_without_models(context)?;
    let wanted = args.address.as_ref().map(|word| addresses(std::slice::from_ref(word))).transpose()?;
    let engine = Engine::start()?;
    let revision = engine.run(revision(&cluster, args.revision.map(Serial::new)))??;
    let Some(revision) = revision else {
        return Err(Diagnostic::error("no_state", "there is no state yet")
            .help("`djogi apply` or `djogi import` makes it")
            .into());
    };
    let text = match wanted.as_deref() {
        Some([address]) => {
            let approvals = engine.run(approvals_of(&cluster, Some(address)))??;
            let pending = match args.revision {
                // What was pending then is not known any more.
                Some(_) => Ok(Recoveries::default()),
                None => with_progress(terminal, |reporter| {
                    engine.run(recoveries_about(&cluster, address, reporter))
                })?,
            };
            one(&revision, address, &approvals, &pending, context.global.json)?
        }
        _ => all(&revision, context.global.json),
    };
    terminal.print(&text).map_err(|error| CliError::output(&error))?;
    Ok(Exit::Done)
}

fn one(
    revision: &Revision,
    address: &Address,
    approvals: &[Approval],
    pending: &Result<Recoveries, EngineError>,
    as_json: bool,
) -> Result<String, CliError> {
    let target = revision.state.content.targets.get(address.target());
    let resource = target.and_then(|target| target.resources.get(address));
    let entry = revision.catalogs.get(address.target()).and_then(|c| c.resources.get(address));
    let (Some(target), Some(resource), Some(RecordedEntry { package, resource: definition })) =
        (target, resource, entry)
    else {
        let message = format!("`{address}` is not managed at serial {}", revision.state.serial);
        let error = Diagnostic::error("not_managed", message).help("`djogi show` lists what is");
        let error = approvals.iter().fold(error, |error, approval| error.note(approved(approval)));
        return Err(interrupted(pending).into_iter().fold(error, Diagnostic::note).into());
    };
    if as_json {
        let value = json!({
            "address": address, "serial": revision.state.serial, "package": package,
            "record": resource, "resource": definition, "approvals": approvals,
            "recoveries": pending.as_ref().map(|pending| &pending.recoveries).ok(),
        });
        return Ok(format!("{value:#}\n"));
    }
    let mut text = format!("{address}\n  status   {}\n", resource.status.as_str());
    text.extend(resource.conditions.iter().map(|condition| format!("           {condition}\n")));
    text.push_str(&format!("  oid      {}\n", resource.oid.0));
    if let Some(package) = package {
        text.push_str(&format!("  package  {package}\n"));
    }
    if let Some(op) = resource.op {
        text.push_str(&format!("  last op  {op}\n"));
    }
    text.push_str(&format!("  observed {}\n", resource.observed));
    text.extend(approvals.iter().map(|approval| format!("  approved {}\n", approved(approval))));
    text.extend(interrupted(pending).iter().map(|line| format!("  pending  {line}\n")));
    text.push('\n');
    let sql = djogi_core::sql::definition(definition, target.server_version, address);
    text.extend(sql.lines().map(|line| format!("  {line}\n")));
    Ok(printable_lines(&text))
}

/// What interrupted runs have left of it, each with its way out.
fn interrupted(pending: &Result<Recoveries, EngineError>) -> Vec<String> {
    let Recoveries { recoveries, damaged, .. } = match pending {
        Ok(pending) => pending,
        Err(error) => {
            return vec![format!("what was interrupted cannot be told: {error}; see `djogi recover`")];
        }
    };
    let told = recoveries.iter().map(|Recovery { row, observed, action, way_out, .. }| {
        let way_out = if way_out.is_empty() { String::new() } else { format!("; way out: {way_out}") };
        format!("{row}: {observed}; next apply: {action}{way_out}")
    });
    let unreadable = damaged.iter().map(|DamagedSidecar { name, location, damage }| {
        format!("G6: {location}: {damage}; way out: djogi recover --quarantine {name}")
    });
    told.chain(unreadable).collect()
}

/// `delete of table.main.public.t by ana: unused (spent)`
fn approved(approval: &Approval) -> String {
    let Approval { action, address, approver, reason, spent, .. } = approval;
    let spent = if spent.is_some() { " (spent)" } else { "" };
    format!("{} of {address} by {approver}: {reason}{spent}", action.as_str())
}

fn all(revision: &Revision, as_json: bool) -> String {
    let resources = revision.state.content.targets.values().flat_map(|target| &target.resources);
    if as_json {
        let records: serde_json::Map<String, serde_json::Value> =
            resources.map(|(address, resource)| (address.to_string(), json!(resource))).collect();
        return format!("{:#}\n", json!({"serial": revision.state.serial, "resources": records}));
    }
    let lines: Vec<String> =
        resources.map(|(address, resource)| format!("{:<8} {address}\n", resource.status.as_str())).collect();
    let serial = revision.state.serial;
    let all = printable_lines(&lines.concat());
    format!("{all}\n{} at serial {serial}\n", count(lines.len(), "resource"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::parsed;

    #[test]
    fn a_revision_is_a_serial() {
        let args: ShowArgs = parsed(&["table.main.public.orders", "--revision", "7"]).unwrap();
        assert_eq!(args.address.as_deref(), Some("table.main.public.orders"));
        assert_eq!(args.revision, Some(7));
        assert!(parsed::<ShowArgs>(&["--revision", "last"]).is_err());
    }
}
