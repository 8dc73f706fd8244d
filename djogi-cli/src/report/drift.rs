//! The drift section: what others did to managed objects, as far as the rest of the plan does not show it.

use std::collections::BTreeSet;

use djogi_core::Address;
use djogi_core::plan::{PlanDocument, ResourceChange};

use super::View;
use super::action::Action;
use super::block::INDENT;
use super::field;
use super::line::Line;
use super::style::{self, Tone};

/// So many drifted objects are listed, unless `-v`.
const MAX_LISTED: usize = 20;

/// Nothing for drift that a change of the plan tells of already.
pub(crate) fn lines(document: &PlanDocument, view: View) -> Vec<Vec<Line>> {
    let told: BTreeSet<&Address> = document
        .resource_changes
        .iter()
        .filter(|change| change.drift)
        .map(|change| &change.address)
        .collect();
    let mut untold: Vec<&ResourceChange> =
        document.resource_drift.iter().filter(|drift| !told.contains(&drift.address)).collect();
    if untold.is_empty() {
        return Vec::new();
    }
    untold.sort_by_key(|drift| &drift.address);
    let shown = if view.is_verbose() { untold.len() } else { MAX_LISTED };
    let title = Line::new("Changed behind djogi's back", Tone::Title);
    let mut paragraphs = vec![title.wrap(view.width, 0)];
    paragraphs.extend(untold.iter().take(shown).map(|drift| paragraph(drift, view)));
    let hidden = untold.len().saturating_sub(shown);
    if hidden > 0 {
        let text = format!("... {} more (-v shows all)", style::count(hidden, "object"));
        paragraphs.push(vec![Line::indented(INDENT - 2).with(text, Tone::Faint)]);
    }
    paragraphs
}

fn paragraph(drift: &ResourceChange, view: View) -> Vec<Line> {
    let action = Action::of(&drift.change);
    let mut head = Line::new(format!("{:>3} ", action.mark()), action.tone());
    head.push(drift.address.to_string(), Tone::Strong);
    if action == Action::Delete {
        head.push("  dropped", Tone::Caution);
    }
    let mut lines = head.wrap(view.width, INDENT);
    if action != Action::Delete {
        lines.extend(field::lay_out(&field::rows(drift), INDENT, view.width));
    }
    lines
}
