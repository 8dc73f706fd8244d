//! Why a change stands where it stands: what becomes of it, and the chain of rules that lead to it.

use djogi_core::Address;
use djogi_core::order::RULES;
use djogi_core::plan::{Because, PlanDocument, ResourceChange};

use super::View;
use super::action::Action;
use super::block::{INDENT, prose, standing};
use super::line::Line;
use super::style::{self, Tone};

/// The text of `--explain`, ending with a line end. `reasons` are those of [`djogi_core::plan::explain`], roots
/// first.
pub fn render(document: &PlanDocument, address: &Address, reasons: &[Because], view: View) -> String {
    let change = document.resource_changes.iter().find(|change| change.address == *address);
    let mut lines = match change {
        Some(change) => fate(change, view),
        None => Line::new(address.to_string(), Tone::Strong)
            .with(" is as declared: nothing is to be done.", Tone::Plain)
            .wrap(view.width, INDENT),
    };
    if reasons.is_empty() {
        let nothing = prose("", "no rule demands that anything comes before it", Tone::Faint, view.width);
        lines.extend(change.into_iter().flat_map(|_| nothing.clone()));
    } else {
        lines.push(Line::default());
        lines.push(Line::new("It stands where it stands because, first things first:", Tone::Plain));
        lines.extend(reasons.iter().flat_map(|because| reason(because, view)));
    }
    lines.iter().map(|line| line.render(view.paint) + "\n").collect()
}

/// The change, its groups and its disposition.
fn fate(change: &ResourceChange, view: View) -> Vec<Line> {
    let action = Action::of(&change.change);
    let mut head = Line::new(format!("{:>3} ", action.mark()), action.tone());
    head.push(change.address.to_string(), Tone::Strong);
    head.push("  ", Tone::Plain);
    head.push(change.disposition.as_str(), Tone::of_verdict(change.disposition));
    if !change.groups.is_empty() {
        let noun = style::plural(change.groups.len(), "group");
        head.push(format!(" in {noun} {}", change.groups.join(", ")), Tone::Plain);
    }
    let mut lines = head.wrap(view.width, INDENT);
    if let Some(reason) = change.reason {
        lines.extend(standing(reason, Some(&change.address), change.way_out.as_deref(), view.width));
    }
    lines.extend(change.notes.iter().flat_map(|note| prose("note: ", note, Tone::Faint, view.width)));
    lines
}

fn reason(because: &Because, view: View) -> Vec<Line> {
    let Because { first, then, rule } = because;
    let why = RULES.iter().find(|known| known.name == *rule).map_or("", |rule| rule.why);
    let mut lines = vec![Line::default()];
    let order =
        Line::indented(2).with(first, Tone::Plain).with(" before ", Tone::Faint).with(then, Tone::Plain);
    lines.extend(order.wrap(view.width, INDENT));
    lines.extend(Line::indented(INDENT).with(format!("{rule}: {why}"), Tone::Faint).wrap(view.width, INDENT));
    lines
}
