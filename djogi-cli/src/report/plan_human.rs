//! A plan for people: header, changes, drift, what is not managed, one line of summary.

use djogi_core::plan::{PlanDiagnostic, PlanDocument, Recovery, Severity, Summary};

use super::block::{INDENT, Setting};
use super::fold::{FOLD_ABOVE, Item, fold};
use super::line::Line;
use super::section::{Section, sections};
use super::style::{self, Tone};
use super::{View, drift};
use crate::diagnostic::Diagnostic;

/// The text of a plan, ending with a line end. When nothing is to be done it is one line, followed at most by
/// what was asked for (`--unmanaged`) and by warnings.
pub fn render(document: &PlanDocument, view: View) -> String {
    let mut page = Page { text: String::new(), view };
    let is_empty = document.resource_changes.is_empty() && document.resource_drift.is_empty();
    if is_empty && document.recoveries.is_empty() {
        page.line(&nothing_to_do(document));
        page.paragraph(&unmanaged_list(document, view));
        page.diagnostics(&document.diagnostics);
        return page.text;
    }
    header(document).into_iter().for_each(|line| page.lines(&line.wrap(view.width, 2)));
    changes(document, &mut page);
    drift::lines(document, view).into_iter().for_each(|lines| page.paragraph(&lines));
    page.diagnostics(&document.diagnostics);
    page.paragraph(&footnotes(document, view));
    page.lines(&unmanaged_list(document, view));
    // Whole on whatever terminal, so that it can be searched for.
    page.paragraph(&[summary(&document.summary)]);
    page.text
}

/// Text that grows by paragraphs.
struct Page {
    text: String,
    view: View,
}

impl Page {
    fn line(&mut self, line: &Line) {
        self.text.push_str(&line.render(self.view.paint));
        self.text.push('\n');
    }

    fn lines(&mut self, lines: &[Line]) {
        lines.iter().for_each(|line| self.line(line));
    }

    /// Lines after an empty one.
    fn paragraph(&mut self, lines: &[Line]) {
        if !lines.is_empty() {
            self.text.push('\n');
            self.lines(lines);
        }
    }

    fn diagnostics(&mut self, diagnostics: &[PlanDiagnostic]) {
        let told = |found: &&PlanDiagnostic| found.severity != Severity::Info || self.view.is_verbose();
        let found: Vec<String> =
            diagnostics.iter().filter(told).map(|found| diagnostic(found).render(self.view.paint)).collect();
        for text in found {
            self.text.push('\n');
            self.text.push_str(&text);
        }
    }
}

/// A finding of the planner as the command line tells its own.
pub(crate) fn diagnostic(found: &PlanDiagnostic) -> Diagnostic {
    let PlanDiagnostic { code, severity, address, message, help } = found;
    let mut diagnostic = Diagnostic::error(code.clone(), message.clone());
    diagnostic.severity = match severity {
        Severity::Error => crate::diagnostic::Severity::Error,
        Severity::Warning => crate::diagnostic::Severity::Warning,
        Severity::Info => crate::diagnostic::Severity::Info,
    };
    diagnostic.address = address.as_ref().map(ToString::to_string);
    diagnostic.help.clone_from(help);
    diagnostic
}

fn nothing_to_do(document: &PlanDocument) -> Line {
    let mut line = Line::new("Nothing to do.", Tone::Good);
    line.push(" ", Tone::Plain);
    line.push(&document.config.name, Tone::Strong);
    line.push(" is as declared", Tone::Plain);
    let base = &document.base;
    let databases = base
        .targets
        .values()
        .map(|target| format!("{}, PostgreSQL {}", target.database, target.server_version));
    let databases: Vec<String> = databases.collect();
    let mut details = format!(" (database {}; serial {}", databases.join("; "), base.serial);
    if document.unmanaged.count > 0 {
        details.push_str(&format!("; {} not managed", style::count(document.unmanaged.count, "object")));
    }
    line.push(details + ")", Tone::Faint);
    line.push(".", Tone::Plain);
    line
}

/// One line, or one for each target when there are several.
fn header(document: &PlanDocument) -> Vec<Line> {
    let base = &document.base;
    let serial = match base.lineage {
        Some(_) => format!("state serial {}", base.serial),
        None => "no state yet".to_owned(),
    };
    let name = Line::new(&document.config.name, Tone::Strong);
    let targets = base.targets.iter().map(|(name, target)| {
        format!("{name}: database {}, PostgreSQL {}", target.database, target.server_version)
    });
    match targets.collect::<Vec<_>>().as_slice() {
        [only] => vec![name.with(format!("  {only}, {serial}"), Tone::Plain)],
        several => {
            let mut lines = vec![name.with(format!("  {serial}"), Tone::Plain)];
            lines.extend(several.iter().map(|target| Line::indented(2).with(target, Tone::Plain)));
            lines
        }
    }
}

fn changes(document: &PlanDocument, page: &mut Page) {
    let setting = Setting::of(document, page.view);
    let folds = document.resource_changes.len() > FOLD_ABOVE && !page.view.is_verbose();
    let mut is_folded = false;
    for Section { title, is_destructive, blocks } in sections(document) {
        let tone = if is_destructive { Tone::Danger } else { Tone::Title };
        page.paragraph(&Line::new(title, tone).wrap(page.view.width, 0));
        let items = if folds { fold(blocks) } else { blocks.into_iter().map(Item::Single).collect() };
        for item in items {
            is_folded |= item.is_folded();
            page.paragraph(&item.lines(&setting));
        }
    }
    if is_folded {
        let text = format!("Like changes are folded; -v shows all {}.", document.resource_changes.len());
        page.paragraph(&Line::new(text, Tone::Faint).wrap(page.view.width, 0));
    }
}

/// What one should know but need not see.
fn footnotes(document: &PlanDocument, view: View) -> Vec<Line> {
    let mut lines = Vec::new();
    // What stays until somebody looks is told with the changes that it blocks.
    let stays = |recovery: &&Recovery| recovery.reason.is_some() && !recovery.way_out.is_empty();
    let recoveries = document.recoveries.iter().filter(|recovery| !stays(recovery)).count();
    if recoveries > 0 {
        let text = format!(
            "{} of an interrupted run will be finished first.",
            style::count(recoveries, "operation")
        );
        lines.extend(Line::new(text, Tone::Caution).wrap(view.width, 2));
    }
    let unmanaged = document.unmanaged.count;
    if unmanaged > 0 {
        let hint = if is_listed(document) { "" } else { " (--unmanaged lists them)" };
        let verb = if unmanaged == 1 { "is" } else { "are" };
        let text = format!(
            "{} {verb} not managed by djogi and left alone{hint}.",
            style::count(unmanaged, "object")
        );
        lines.extend(Line::new(text, Tone::Faint).wrap(view.width, 2));
    }
    lines
}

fn is_listed(document: &PlanDocument) -> bool {
    !document.unmanaged.resources.is_empty() || !document.unmanaged.unmodelled.is_empty()
}

fn unmanaged_list(document: &PlanDocument, view: View) -> Vec<Line> {
    let resources = document.unmanaged.resources.iter().map(ToString::to_string);
    let unmodelled = document.unmanaged.unmodelled.iter().map(|it| format!("{} {}", it.kind, it.name));
    let indent = " ".repeat(INDENT);
    let line =
        |text: String| Line::new(&indent, Tone::Plain).with(text, Tone::Plain).wrap(view.width, INDENT + 2);
    resources.chain(unmodelled).flat_map(line).collect()
}

fn summary(summary: &Summary) -> Line {
    let Summary {
        create,
        update,
        rename,
        replace,
        delete,
        adopt,
        forget,
        applied: _,
        derived: _,
        deferred,
        blocked,
        drift,
    } = *summary;
    let actions = [
        (create, "create", Tone::Added),
        (update, "update", Tone::Changed),
        (rename, "rename", Tone::Moved),
        (replace, "replace", Tone::Removed),
        (delete, "delete", Tone::Removed),
        (adopt, "adopt", Tone::Moved),
        (forget, "forget", Tone::Faint),
    ];
    let mut line = Line::new("Plan:", Tone::Strong).with(" ", Tone::Plain);
    let mut is_first = true;
    for (number, verb, tone) in actions.into_iter().filter(|(number, ..)| *number > 0) {
        line.push(if is_first { "" } else { ", " }, Tone::Plain);
        line.push(format!("{number} to {verb}"), tone);
        is_first = false;
    }
    if is_first {
        line.push("nothing to change", Tone::Plain);
    }
    let rest = [
        (blocked, "blocked", Tone::Danger),
        (deferred, "deferred", Tone::Caution),
        (drift, "drifted", Tone::Caution),
    ];
    let mut opening = " (";
    for (number, word, tone) in rest.into_iter().filter(|(number, ..)| *number > 0) {
        line.push(opening, Tone::Plain);
        line.push(format!("{number} {word}"), tone);
        opening = ", ";
    }
    line.push(if opening == ", " { ")." } else { "." }, Tone::Plain);
    line
}
