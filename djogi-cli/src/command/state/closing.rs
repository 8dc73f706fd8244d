//! What every command that moves the state says at its end: the serials, the copy, and what the next plan makes of it.

use djogi_cluster::error::EngineError;
use djogi_cluster::plan::Planned;
use djogi_cluster::surgery::Edited;
use djogi_core::Address;
use djogi_core::plan::ResourceChange;
use serde_json::{Value, json};

use crate::diagnostic::CliError;
use crate::report::action::Action;
use crate::report::style::count;

/// So many changes of the next plan are listed one by one.
const MAX_LISTED: usize = 20;

/// The end of the text. `concerns` says which changes of the next plan are of interest.
pub(super) fn text(
    edited: &Edited,
    undeclared: Option<&CliError>,
    concerns: impl Fn(&Address) -> bool,
) -> String {
    let mut text = String::new();
    match (edited.is_changed(), edited.before, edited.serial) {
        (true, Some(before), Some(serial)) => {
            text.push_str(&format!("The state was at serial {before} and is at serial {serial} now.\n"));
        }
        (true, None, Some(serial)) => text.push_str(&format!("The state is at serial {serial}.\n")),
        _ => text.push_str("Nothing was written: the state is as it was.\n"),
    }
    if let Some(backup) = &edited.backup {
        text.push_str(&format!("The state before is kept in {backup}.\n"));
    }
    for target in &edited.unlocked {
        text.push_str(&format!("Target `{target}` is not in this configuration, so it was not locked.\n"));
    }
    match (&edited.next_plan, undeclared) {
        (Some(Ok(planned)), _) => text.push_str(&next_plan(planned, concerns)),
        (Some(Err(error)), _) => {
            text.push_str(&format!("\nThe next `djogi plan` will fail, {}: {error}\n", error.code()));
            text.extend(error.help().map(|help| format!("  {help}\n")));
        }
        (None, Some(error)) => {
            let why = error.diagnostics.first().map_or("", |diagnostic| &*diagnostic.message);
            text.push_str(&format!("\nThe next `djogi plan` will fail: {why}\n"));
        }
        (None, None) => {}
    }
    text
}

fn next_plan(planned: &Planned, concerns: impl Fn(&Address) -> bool) -> String {
    let changes = &planned.document.resource_changes;
    let (ours, others): (Vec<_>, Vec<_>) = changes.iter().partition(|change| {
        concerns(&change.address) || change.address.table_of_member().is_some_and(|table| concerns(&table))
    });
    if changes.is_empty() {
        return "\nThe next `djogi plan` will have nothing to do.\n".to_owned();
    }
    let mut text = "\nThe next `djogi plan` will say:\n".to_owned();
    text.extend(ours.iter().take(MAX_LISTED).map(|change| line(change)));
    let rest = ours.len().saturating_sub(MAX_LISTED) + others.len();
    if rest > 0 {
        let other = if ours.is_empty() { "" } else { "other " };
        text.push_str(&format!("    and {}\n", count(rest, &format!("{other}change"))));
    }
    text
}

fn line(change: &ResourceChange) -> String {
    let action = Action::of(&change.change);
    let reason = change.reason.map(|reason| format!(", {}: {}", change.disposition.as_str(), reason.code()));
    let remark = action.remark().map(|remark| format!(" ({remark})"));
    let (mark, verb, address) = (action.mark(), action.verb(), &change.address);
    format!("  {mark:>3} {verb} {address}{}{}\n", reason.unwrap_or_default(), remark.unwrap_or_default())
}

/// The same for programs, beside what the command itself has to say.
pub(super) fn json(edited: &Edited, undeclared: Option<&CliError>, mut said: Value) -> String {
    let next_plan = match (&edited.next_plan, undeclared) {
        (Some(Ok(planned)), _) => plan_json(planned),
        (Some(Err(error)), _) => json!({"error": error_json(error)}),
        (None, Some(error)) => json!({"error": error.diagnostics.first()}),
        (None, None) => Value::Null,
    };
    said["before"] = json!(edited.before);
    said["serial"] = json!(edited.serial);
    said["backup"] = json!(edited.backup);
    said["unlocked_targets"] = json!(edited.unlocked);
    said["next_plan"] = next_plan;
    format!("{said:#}\n")
}

fn plan_json(planned: &Planned) -> Value {
    let changes = planned.document.resource_changes.iter().map(|change| {
        json!({
            "address": change.address, "actions": change.change.actions,
            "disposition": change.disposition, "reason": change.reason,
        })
    });
    json!({"converged": planned.document.converged, "changes": changes.collect::<Vec<_>>()})
}

fn error_json(error: &EngineError) -> Value {
    json!({"code": error.code(), "message": error.to_string(), "help": error.help()})
}
