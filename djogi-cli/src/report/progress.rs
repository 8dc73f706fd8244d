//! What a run is doing, kept from its events: which lines to print, what the status line says, how it ended.
//!
//! Pure: it is told the time, and never prints.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use djogi_cluster::event::{Event, Failure, Outcome, RunSummary, TransactionFate};
use djogi_cluster::lock_holder::LockHolder;
use djogi_core::disposition::{Reason, Verdict};
use djogi_core::plan::{PlanDiagnostic, Severity};
use djogi_core::{Address, Ident};

use super::View;
use super::block::{prose, standing};
use super::line::Line;
use super::plan_human::diagnostic;
use super::style::{self, Tone};
use crate::diagnostic::Diagnostic;

/// What takes less is over before one could read of it.
const NOTICEABLE: Duration = Duration::from_secs(1);
/// How often a log hears of something that takes long.
const REMINDER: Duration = Duration::from_secs(10);
/// So many changes that were not made are listed one by one.
const MAX_LISTED: usize = 20;

/// Something that is going on.
struct Task {
    what: Line,
    detail: String,
    started: Instant,
    reminded: Instant,
}

/// Which task; those of groups by target, group and number.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum TaskKey {
    Server,
    Lock(Ident),
    Operation(Ident, String, usize),
    /// For the locks of a group.
    Waiting(Ident, String),
}

/// The run so far.
pub(crate) struct Progress {
    view: View,
    tasks: BTreeMap<TaskKey, Task>,
    busy_since: Option<Instant>,
    groups: Option<usize>,
    groups_done: usize,
    not_done: BTreeMap<Reason, Vec<NotDone>>,
}

/// A change that did not run.
struct NotDone {
    address: Address,
    /// What the plan says of it besides.
    notes: Vec<String>,
    way_out: Option<String>,
}

impl Progress {
    pub(crate) fn new(view: View) -> Self {
        Self {
            view,
            tasks: BTreeMap::new(),
            busy_since: None,
            groups: None,
            groups_done: 0,
            not_done: BTreeMap::new(),
        }
    }

    /// Takes an event; gives back what is to be printed for good, with line ends.
    pub(crate) fn take(&mut self, event: &Event, now: Instant) -> String {
        match event {
            Event::PlanMade { groups, .. } => self.groups = Some(*groups),
            Event::ServerDownloading { version, source } => {
                let what = Line::new(format!("downloading PostgreSQL {version} from {source}"), Tone::Plain);
                self.begin(TaskKey::Server, what, now);
            }
            Event::ServerNotice { message } => {
                return self.text(&Line::new(message, Tone::Faint));
            }
            Event::LockWaiting { target, session } => {
                let what = Line::new(format!("waiting for the run lock of {target}"), Tone::Caution);
                self.begin(TaskKey::Lock(target.clone()), what, now);
                return self.text(&Line::new(
                    format!("The run lock of {target} is held by {session}; waiting."),
                    Tone::Caution,
                ));
            }
            Event::LockAcquired { target, .. } => {
                self.end(&TaskKey::Server);
                self.end(&TaskKey::Lock(target.clone()));
            }
            Event::RecoveryWaiting { message, .. } => {
                let text = format!("An earlier run is not over: {message}; waiting.");
                return self.text(&Line::new(text, Tone::Caution));
            }
            Event::Recovered { row, outcome, .. } => {
                return self.text(&Line::new(format!("Recovered ({row}): {outcome}."), Tone::Caution));
            }
            Event::AlreadyDone { address } => {
                let text = format!(
                    "{address}: what is asked was done by the interrupted run; nothing else is done."
                );
                return self.text(&Line::new(text, Tone::Plain));
            }
            Event::GroupWaiting { target, group, waited_ms, budget_ms, holder, .. } => {
                return self.waiting((target, group), (*waited_ms, *budget_ms), holder.as_deref(), now);
            }
            Event::OperationStarted { target, group, address, number, sql } => {
                self.end(&TaskKey::Waiting(target.clone(), group.clone()));
                let what = Line::new(address.to_string(), Tone::Strong)
                    .with(format!(": {}", in_one_line(sql)), Tone::Plain);
                self.begin(operation(target, group, *number), what, now);
            }
            Event::OperationProgress { target, group, number, phase, done, total, elapsed_ms, .. } => {
                let detail = progress(phase.as_deref(), *done, *total, Duration::from_millis(*elapsed_ms));
                self.detail(&operation(target, group, *number), detail);
            }
            Event::OperationFinished { target, group, number, elapsed_ms, .. } => {
                let task = self.end(&operation(target, group, *number));
                return task.map_or_else(String::new, |task| self.finished(&task, *elapsed_ms));
            }
            Event::GroupCommitted { target, group, .. } => {
                self.groups_done += 1;
                self.end(&TaskKey::Waiting(target.clone(), group.clone()));
            }
            Event::GroupFailed { target, group, failure, .. } => {
                self.groups_done += 1;
                self.tasks.retain(|key, _| match key {
                    TaskKey::Operation(t, g, _) | TaskKey::Waiting(t, g) => (t, g) != (target, group),
                    TaskKey::Server | TaskKey::Lock(_) => true,
                });
                return self::failure(target, group, failure).render(self.view.paint);
            }
            Event::ChangeBlocked { address, reason, notes, way_out } => {
                let (address, notes, way_out) = (address.clone(), notes.clone(), way_out.clone());
                self.not_done.entry(*reason).or_default().push(NotDone { address, notes, way_out });
            }
            Event::GateReached { address, way_out } => {
                let (address, way_out) = (address.clone(), Some(way_out.clone()));
                let gate = NotDone { address, notes: Vec::new(), way_out };
                self.not_done.entry(Reason::OperatorGate).or_default().push(gate);
            }
            Event::ApprovalSpent { address, approver, reason, .. } => {
                let text = format!("{address}: approved by {approver} ({reason}), now spent");
                return self.text(&Line::new(text, Tone::Plain));
            }
            Event::Diagnostic(found) => return self.found(found),
            Event::Summary(_) => self.tasks.clear(),
            Event::RunStarted { .. }
            | Event::ScratchStarted { .. }
            | Event::EpochTaken { .. }
            | Event::Observed { .. }
            | Event::SqlLoaded { .. }
            | Event::DriftFound { .. }
            | Event::GroupStarted { .. }
            | Event::StateWritten { .. } => {}
        }
        String::new()
    }

    /// The line that is redrawn in place: what has been running longest. None while all is quick.
    pub(crate) fn status(&self, now: Instant) -> Option<Line> {
        let busy = now.saturating_duration_since(self.busy_since?);
        if busy < NOTICEABLE {
            return None;
        }
        let task = self.tasks.values().min_by_key(|task| task.started)?;
        let mut line = Line::default();
        if let Some(groups) = self.groups.filter(|&groups| groups > 1) {
            let number = (self.groups_done + 1).min(groups);
            line.push(format!("{number}/{groups} "), Tone::Faint);
        }
        line.push(style::elapsed(now.saturating_duration_since(task.started)), Tone::Caution);
        line.push("  ", Tone::Plain);
        if !task.detail.is_empty() {
            line.push(format!("{}  ", task.detail), Tone::Plain);
        }
        if self.tasks.len() > 1 {
            line.push(format!("(and {} more)  ", self.tasks.len() - 1), Tone::Faint);
        }
        line.append(&task.what);
        Some(line)
    }

    /// For a log: a line for each task that has gone on for another ten seconds.
    pub(crate) fn reminders(&mut self, now: Instant) -> String {
        let mut lines = Vec::new();
        for task in self.tasks.values_mut() {
            if now.saturating_duration_since(task.reminded) < REMINDER {
                continue;
            }
            task.reminded = now;
            let elapsed = style::elapsed(now.saturating_duration_since(task.started));
            let mut line = Line::new(format!("still running after {elapsed}  "), Tone::Faint);
            if !task.detail.is_empty() {
                line.push(format!("{}  ", task.detail), Tone::Plain);
            }
            line.append(&task.what);
            lines.push(line.cut(self.view.width));
        }
        lines.iter().map(|line| self.text(line)).collect()
    }

    /// The end of the report: what was not done and the way out, then one line of summary.
    pub(crate) fn summary(&self, summary: &RunSummary, view: View) -> String {
        let mut text = String::new();
        let mut write = |line: &Line| {
            text.push_str(&line.render(view.paint));
            text.push('\n');
        };
        for (&reason, changes) in &self.not_done {
            for NotDone { address, notes, way_out } in changes.iter().take(MAX_LISTED) {
                let verdict = reason.verdict();
                let line = Line::new(format!("{:>3} ", mark_of(verdict)), Tone::of_verdict(verdict))
                    .with(address.to_string(), Tone::Strong)
                    .with("  ", Tone::Plain)
                    .with(verdict.as_str(), Tone::of_verdict(verdict));
                write(&line);
                standing(reason, Some(address), way_out.as_deref(), view.width).iter().for_each(&mut write);
                let notes = notes.iter().flat_map(|text| prose("note: ", text, Tone::Faint, view.width));
                notes.for_each(|line| write(&line));
            }
            let hidden = changes.len().saturating_sub(MAX_LISTED);
            if hidden > 0 {
                write(&Line::new(format!("    ... {hidden} more ({})", reason.code()), Tone::Faint));
            }
        }
        if !self.not_done.is_empty() {
            write(&Line::default());
        }
        // What failed before it began is told by its error.
        if !(is_idle(summary) && summary.outcome == Outcome::Failed) {
            write(&ending(summary));
        }
        text
    }

    fn begin(&mut self, key: TaskKey, what: Line, now: Instant) {
        self.busy_since.get_or_insert(now);
        let task = Task { what, detail: String::new(), started: now, reminded: now };
        self.tasks.entry(key).or_insert(task);
    }

    /// A group that waits for its locks, in no queue.
    fn waiting(
        &mut self,
        (target, group): (&Ident, &str),
        (waited_ms, budget_ms): (u64, u64),
        holder: Option<&LockHolder>,
        now: Instant,
    ) -> String {
        let key = TaskKey::Waiting(target.clone(), group.to_owned());
        let what = Line::new(format!("group {group} of {target} waits for its locks"), Tone::Caution);
        self.begin(key.clone(), what, now);
        self.detail(&key, holder.map(who).unwrap_or_default());
        let left = Duration::from_millis(budget_ms.saturating_sub(waited_ms));
        let holder = holder.map_or_else(|| "somebody has them".to_owned(), ToString::to_string);
        let text = format!(
            "Group {group} of {target} waits for its locks: {holder}; tried again for up to {}.",
            style::elapsed(left)
        );
        self.text(&Line::new(text, Tone::Caution))
    }

    fn detail(&mut self, key: &TaskKey, detail: String) {
        if let Some(task) = self.tasks.get_mut(key) {
            task.detail = detail;
        }
    }

    fn end(&mut self, key: &TaskKey) -> Option<Task> {
        let task = self.tasks.remove(key);
        // Many quick statements are busy together; what goes before them is not.
        if self.tasks.is_empty() && matches!(key, TaskKey::Server | TaskKey::Lock(_)) {
            self.busy_since = None;
        }
        task
    }

    /// Statements that took noticeably long are worth a line; `-v` wants them all.
    fn finished(&self, task: &Task, elapsed_ms: u64) -> String {
        let elapsed = Duration::from_millis(elapsed_ms);
        if elapsed < NOTICEABLE && !self.view.is_verbose() {
            return String::new();
        }
        let mut line = Line::new(format!("{:>9}  ", style::elapsed(elapsed)), Tone::Faint);
        line.append(&task.what);
        self.text(&line.cut(self.view.width))
    }

    fn found(&self, found: &PlanDiagnostic) -> String {
        if found.severity == Severity::Info && !self.view.is_verbose() {
            return String::new();
        }
        diagnostic(found).render(self.view.paint)
    }

    fn text(&self, line: &Line) -> String {
        line.render(self.view.paint) + "\n"
    }
}

fn operation(target: &Ident, group: &str, number: usize) -> TaskKey {
    TaskKey::Operation(target.clone(), group.to_owned(), number)
}

/// In short.
fn who(holder: &LockHolder) -> String {
    match holder.backend_pid {
        Some(pid) => format!("behind server process {pid}"),
        None => "behind a prepared transaction".to_owned(),
    }
}

fn mark_of(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Applied | Verdict::Derived => " ",
        Verdict::Deferred | Verdict::Blocked => "!",
    }
}

/// A statement without its line ends and indentation.
fn in_one_line(sql: &str) -> String {
    sql.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn percent(done: u64, total: u64) -> String {
    let share = if total == 0 { 100.0 } else { done.min(total) as f64 / total as f64 * 100.0 };
    format!("{:.0}%", share.floor())
}

/// `building index 45%, about 12 s left`.
fn progress(phase: Option<&str>, done: u64, total: Option<u64>, elapsed: Duration) -> String {
    let mut words: Vec<String> = phase.map(str::to_owned).into_iter().collect();
    words.extend(total.map(|total| percent(done, total)));
    let mut text = words.join(" ");
    // An estimate from the first moments is wrong more often than right.
    if let Some(total) = total.filter(|&total| done > 0 && done < total && elapsed >= REMINDER) {
        let left = elapsed.mul_f64((total - done) as f64 / done as f64);
        text.push_str(&format!(", about {} left", style::elapsed(left)));
    }
    text
}

/// PostgreSQL's error with everything it told.
fn failure(target: &Ident, group: &str, failure: &Failure) -> Diagnostic {
    let Failure { message, sqlstate, detail, hint, position, statement, address, transaction } = failure;
    let code = sqlstate.clone().unwrap_or_else(|| "group_failed".to_owned());
    let mut diagnostic = Diagnostic::error(code, message.clone());
    diagnostic.address = address.as_ref().map(ToString::to_string);
    if let Some(detail) = detail {
        diagnostic = diagnostic.note(format!("detail: {detail}"));
    }
    if let Some(statement) = statement {
        diagnostic = diagnostic.note(match position {
            Some(position) => {
                format!("statement, at character {position}:\n{}", pointed(statement, *position))
            }
            None => format!("statement:\n{statement}"),
        });
    }
    let fate = match transaction {
        TransactionFate::RolledBack => "was rolled back",
        TransactionFate::Committed => "is committed",
        TransactionFate::Unknown => "may be committed or not",
        TransactionFate::Outside => "ran outside a transaction",
    };
    diagnostic = diagnostic.note(format!("group {group} of {target} {fate}"));
    match hint {
        Some(hint) => diagnostic.help(hint.clone()),
        None => diagnostic,
    }
}

/// The statement with a caret below the character, counted from 1, that PostgreSQL complains of.
fn pointed(statement: &str, position: u32) -> String {
    let before: String = statement.chars().take((position as usize).saturating_sub(1)).collect();
    let line_number = before.matches('\n').count();
    let last_line = before.rsplit('\n').next().unwrap_or_default();
    let indent = " ".repeat(super::line::columns(last_line));
    let mut text = String::new();
    for (number, line) in statement.lines().enumerate() {
        text.push_str(line);
        text.push('\n');
        if number == line_number {
            text.push_str(&format!("{indent}^\n"));
        }
    }
    text
}

/// Whether no change has come to anything, not even to a failure.
pub(crate) fn is_idle(summary: &RunSummary) -> bool {
    let RunSummary { applied, deferred, blocked, failed, drift, .. } = summary;
    applied + deferred + blocked + failed + drift == 0
}

fn ending(summary: &RunSummary) -> Line {
    let RunSummary {
        run: _,
        outcome,
        exit_code: _,
        applied,
        deferred,
        blocked,
        failed,
        drift,
        serial,
        elapsed_ms,
    } = summary;
    let (word, tone) = match outcome {
        Outcome::Converged => ("Done.", Tone::Good),
        Outcome::Blocked => ("Done, but for what is blocked.", Tone::Caution),
        Outcome::Failed => ("Failed.", Tone::Danger),
        Outcome::Interrupted => ("Interrupted.", Tone::Danger),
    };
    let numbers = [
        (*applied, "applied", Tone::Good),
        (*failed, "failed", Tone::Danger),
        (*blocked, "blocked", Tone::Danger),
        (*deferred, "deferred", Tone::Caution),
        (*drift, "drifted", Tone::Caution),
    ];
    // The plan has said that there was nothing to do.
    let word = if is_idle(summary) { word.trim_end_matches('.') } else { word };
    let mut line = Line::new(word, tone).with(" ", Tone::Plain);
    let mut is_first = true;
    for (number, what, tone) in numbers.into_iter().filter(|(number, ..)| *number > 0) {
        line.push(if is_first { "" } else { ", " }, Tone::Plain);
        line.push(format!("{number} {what}"), tone);
        is_first = false;
    }
    line.push(if is_first { "" } else { " " }, Tone::Plain);
    let time = style::elapsed(Duration::from_millis(*elapsed_ms));
    line.push(format!("in {time}."), Tone::Faint);
    if let Some(serial) = serial {
        line.push(format!(" State serial {serial}."), Tone::Faint);
    }
    if *outcome == Outcome::Interrupted {
        line.push(" `djogi apply` goes on from here.", Tone::Plain);
    }
    line
}
