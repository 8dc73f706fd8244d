//! One change as a block of lines: head with its cost, what differs, why it waits, notes.

use djogi_core::Address;
use djogi_core::disposition::{Reason, Verdict};
use djogi_core::kind::Table;
use djogi_core::plan::{PlanDocument, ResourceChange};
use serde_json::Value;

use super::View;
use super::action::Action;
use super::cost::{Cost, Costs};
use super::definition::{self, Definition};
use super::field::{self, Row, RowValue};
use super::line::Line;
use super::rows;
use super::style::{self, ARROW, Tone};
use super::summary::foreign_source;

/// Where the text of a block begins, below the address.
pub(crate) const INDENT: usize = 6;
/// Longer tables are cut, unless `-v`.
const MAX_COLUMNS: usize = 30;

/// What blocks need to know about the plan as a whole.
pub(crate) struct Setting<'a> {
    pub(crate) view: View,
    pub(crate) costs: Costs<'a>,
}

/// A change with the constraints and indexes that come or go with it.
#[derive(Clone)]
pub(crate) struct Block<'a> {
    pub(crate) change: &'a ResourceChange,
    pub(crate) members: Vec<&'a ResourceChange>,
}

impl<'a> Setting<'a> {
    pub(crate) fn of(document: &'a PlanDocument, view: View) -> Self {
        Self { view, costs: Costs::of(document) }
    }
}

impl Block<'_> {
    pub(crate) fn action(&self) -> Action {
        Action::of(&self.change.change)
    }

    /// The whole block.
    pub(crate) fn lines(&self, setting: &Setting<'_>) -> Vec<Line> {
        let width = setting.view.width;
        let members = self.members.iter().map(|member| &member.address);
        let cost = setting.costs.sum(std::iter::once(&self.change.address).chain(members));
        let mut lines = self.head(&cost, width);
        lines.extend(self.body(setting.view));
        if let Some(reason) = self.change.reason {
            lines.extend(standing(reason, Some(&self.change.address), self.change.way_out.as_deref(), width));
        }
        lines.extend(self.remarks(&cost, setting.view));
        lines
    }

    fn head(&self, cost: &Cost<'_>, width: usize) -> Vec<Line> {
        let ResourceChange { address, previous_address, disposition, .. } = self.change;
        let action = self.action();
        let mut line = Line::new(format!("{:>3} ", action.mark()), action.tone());
        if let Some(previous) = previous_address {
            line.push(previous.to_string(), Tone::Plain);
            line.push(format!(" {ARROW} "), Tone::Faint);
        }
        line.push(address.to_string(), Tone::Strong);
        if *disposition != Verdict::Applied {
            line.push("  ", Tone::Plain);
            line.push(disposition.as_str(), Tone::of_verdict(*disposition));
        }
        let own = address.relation().map(|relation| relation.to_string());
        at_the_right(line, &cost.line(own.as_deref()), width)
    }

    fn body(&self, view: View) -> Vec<Line> {
        let change = &self.change.change;
        match self.action() {
            _ if self.change.rows.is_some() => rows::lines(self.change, view),
            Action::Create => self.made(change.after.as_ref(), view),
            Action::Delete => self.unmade(change.before.as_ref(), view),
            Action::Update | Action::Rename | Action::Replace => {
                field::lay_out(&field::rows(self.change), INDENT, view.width)
            }
            Action::Adopt | Action::Forget => {
                let remark = self.action().remark().unwrap_or_default();
                prose("", remark, Tone::Faint, view.width)
            }
        }
    }

    /// Everything that comes into being.
    fn made(&self, after: Option<&Value>, view: View) -> Vec<Line> {
        let mut lines = match after.map(|body| Definition::of(self.change.kind, body)) {
            Some(Definition::Table(table)) => {
                let source = table.foreign.as_ref().map(foreign_source);
                let source = source.map(|source| prose("", &source, Tone::Plain, view.width));
                let family = definition::family(&table);
                let family = family.iter().flat_map(|line| prose("", line, Tone::Plain, view.width));
                let family: Vec<Line> = family.collect();
                source.into_iter().flatten().chain(columns(&table, view)).chain(family).collect()
            }
            Some(Definition::Line(line)) => prose("", &line, Tone::Plain, view.width),
            Some(Definition::Empty) | None => Vec::new(),
        };
        let rows: Vec<Row> = self.members.iter().map(|member| member_row(member)).collect();
        lines.extend(field::lay_out(&rows, INDENT, view.width));
        let comment = after.and_then(|body| body.get("comment")?.as_str());
        lines.extend(comment.into_iter().flat_map(|text| prose("-- ", text, Tone::Faint, view.width)));
        lines
    }

    /// What is lost.
    fn unmade(&self, before: Option<&Value>, view: View) -> Vec<Line> {
        let mut lines = match before.map(|body| Definition::of(self.change.kind, body)) {
            Some(Definition::Table(table)) => {
                let names: Vec<String> = table.columns.iter().map(|column| column.name.to_string()).collect();
                let text = format!("{}: {}", style::count(names.len(), "column"), names.join(", "));
                prose("", &text, Tone::Plain, view.width)
            }
            Some(Definition::Line(line)) => prose("", &line, Tone::Plain, view.width),
            Some(Definition::Empty) | None => Vec::new(),
        };
        let rows: Vec<Row> = self.members.iter().map(|member| member_row(member)).collect();
        lines.extend(field::lay_out(&rows, INDENT, view.width));
        lines
    }

    fn remarks(&self, cost: &Cost<'_>, view: View) -> Vec<Line> {
        let mut lines = Vec::new();
        // Of what was dropped the planner has a note.
        if self.change.drift && self.action() != Action::Create {
            lines.extend(prose("drift: ", "it was changed behind djogi's back", Tone::Caution, view.width));
        }
        let hazards = cost.hazards.iter();
        lines.extend(hazards.flat_map(|text| prose("caution: ", text, Tone::Caution, view.width)));
        // A member that waits for its table says no more than that.
        let members = self.members.iter().filter(|member| member.reason == self.change.reason);
        let members = members.flat_map(|member| &member.notes);
        let mut notes: Vec<&String> = Vec::new();
        for note in self.change.notes.iter().chain(members) {
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
        let notes = notes.into_iter();
        lines.extend(notes.flat_map(|text| prose("note: ", text, Tone::Faint, view.width)));
        if let Some(source) = self.change.source.as_ref().filter(|_| view.is_verbose()) {
            lines.extend(prose("declared: ", &source.to_string(), Tone::Faint, view.width));
        }
        lines
    }
}

/// The explanation of a reason, and the command or edit that resolves it.
pub(crate) fn standing(
    reason: Reason,
    address: Option<&Address>,
    way_out: Option<&str>,
    width: usize,
) -> Vec<Line> {
    let mut lines = prose("why: ", reason.explanation(), Tone::Plain, width);
    let fix = fix(reason, address, way_out);
    if !fix.is_empty() {
        lines.extend(prose("fix: ", &fix, Tone::Strong, width));
    }
    lines
}

/// What resolves a reason: the way out of this very case where there is one.
pub(crate) fn fix(reason: Reason, address: Option<&Address>, way_out: Option<&str>) -> String {
    let address = address.map_or_else(|| "ADDRESS".to_owned(), shell_word);
    way_out.map_or_else(|| reason.remedy().replace("{address}", &address), str::to_owned)
}

/// An address as a shell takes it: between quotes when it holds any.
pub(crate) fn shell_word(address: &Address) -> String {
    let text = address.to_string();
    let is_plain = text.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_'));
    if is_plain { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// Indented text after a word that says what it is.
pub(crate) fn prose(word: &str, text: &str, tone: Tone, width: usize) -> Vec<Line> {
    let line = Line::indented(INDENT).with(word, Tone::Faint);
    let hanging = line.width();
    line.with(text, tone).wrap(width, hanging)
}

/// `right` at the right edge of the line, or of a line of its own.
pub(crate) fn at_the_right(mut line: Line, right: &Line, width: usize) -> Vec<Line> {
    if right.is_empty() {
        return line.wrap(width, INDENT);
    }
    if line.width() + 2 + right.width() <= width {
        line.pad_to(width - right.width());
        line.append(right);
        return vec![line];
    }
    let mut below = Line::indented(width.saturating_sub(right.width()).max(INDENT));
    below.append(right);
    let mut lines = line.wrap(width, INDENT);
    lines.extend(below.wrap(width, INDENT));
    lines
}

fn columns(table: &Table, view: View) -> Vec<Line> {
    let shown = if view.is_verbose() { table.columns.len() } else { MAX_COLUMNS };
    let cells = table.columns.iter().take(shown).map(|column| {
        (column.name.to_string(), column.data_type.clone(), definition::column_modifiers(column))
    });
    let mut lines = field::lay_out_columns(&cells.collect::<Vec<_>>(), INDENT + 2, view.width);
    let hidden = table.columns.len().saturating_sub(shown);
    if hidden > 0 {
        lines.extend(prose(
            "  ",
            &format!("... {} more", style::count(hidden, "column")),
            Tone::Faint,
            view.width,
        ));
    }
    lines
}

fn member_row(member: &ResourceChange) -> Row {
    let action = Action::of(&member.change);
    let body = member.change.after.as_ref().or(member.change.before.as_ref());
    let text = body.map_or_else(String::new, |body| definition::of_member(member.kind, body));
    Row {
        mark: action.mark(),
        tone: action.tone(),
        label: member.address.name().to_string(),
        value: RowValue::One(text),
    }
}
