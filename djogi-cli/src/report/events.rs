//! Reporters: what becomes of the engine's events while a run goes on.
//!
//! People get progress on standard error (a status line redrawn in place on a terminal, a line now and then in a
//! log) and the summary on standard output; programs get every event as a line of JSON on standard output.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use djogi_cluster::event::{Event, Reporter};
use djogi_core::digest::canonical_json;
use serde_json::json;

use super::View;
use super::progress::{Progress, is_idle};
use crate::diagnostic::CliError;
use crate::exit::Exit;
use crate::terminal::{Terminal, Verbosity};

/// How often the status line is redrawn and the log reminded.
const TICK: Duration = Duration::from_millis(500);
/// The width of a terminal that does not tell its own.
const USUAL_WIDTH: usize = 80;

/// Runs `work` with a reporter for people. When it returns, the status line is gone and nothing else is printed.
pub fn with_progress<T>(terminal: &mut Terminal, work: impl FnOnce(&dyn Reporter) -> T) -> T {
    let reporter = TerminalReporter::new(terminal);
    std::thread::scope(|scope| {
        scope.spawn(|| reporter.tick_until_over());
        // Also when `work` panics: the scope waits for the ticking thread before it lets the panic through.
        let _over = Over(&reporter);
        work(&reporter)
    })
}

/// Runs `work` with a reporter for programs. The last line is the summary, whatever happened: when `work` ended
/// before the engine could give one, it is made from the error. What was wrong comes before it.
///
/// # Errors
/// Those of `work`, by their exit code alone, since their diagnostics have been told. A closed pipe is none of them: effects go on, and are recorded, without a listener.
pub fn with_json<T>(
    terminal: &mut Terminal,
    work: impl FnOnce(&dyn Reporter) -> Result<T, CliError>,
) -> Result<T, CliError> {
    let reporter = JsonReporter { shared: Mutex::new(JsonLines { terminal, summary: None }) };
    let outcome = work(&reporter);
    reporter.lines().end(outcome.as_ref().err());
    outcome.map_err(|error| CliError { diagnostics: Vec::new(), ..error })
}

/// Writes each event as one line of JSON to standard output.
struct JsonReporter<'a> {
    shared: Mutex<JsonLines<'a>>,
}

struct JsonLines<'a> {
    terminal: &'a mut Terminal,
    /// The engine's last word, which is kept back to be the stream's.
    summary: Option<String>,
}

impl<'a> JsonReporter<'a> {
    fn lines(&self) -> MutexGuard<'_, JsonLines<'a>> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reporter for JsonReporter<'_> {
    fn report(&self, event: &Event) {
        let mut lines = self.lines();
        let line = canonical_json(event);
        match event {
            Event::Summary(_) => lines.summary = Some(line),
            _ if lines.summary.is_none() => lines.write(&line),
            _ => {}
        }
    }
}

impl JsonLines<'_> {
    fn write(&mut self, line: &str) {
        // Effects do not depend on whether somebody is still reading.
        drop(self.terminal.print(&format!("{line}\n")));
    }

    fn end(&mut self, error: Option<&CliError>) {
        for diagnostic in error.iter().flat_map(|error| &error.diagnostics) {
            let mut event = json!(diagnostic);
            event["event"] = "diagnostic".into();
            self.write(&canonical_json(&event));
        }
        let summary = self.summary.take().or_else(|| error.map(summary_of));
        if let Some(summary) = summary {
            self.write(&summary);
        }
    }
}

/// The summary of a run that failed before it had anything to sum up.
fn summary_of(error: &CliError) -> String {
    let outcome = match error.exit {
        Exit::Interrupted | Exit::Terminated => "interrupted",
        _ => "failed",
    };
    canonical_json(&json!({
        "event": "summary", "run": null, "outcome": outcome, "exit_code": error.exit.code(),
        "applied": 0, "deferred": 0, "blocked": 0, "failed": 0, "drift": 0, "serial": null,
    }))
}

/// Shows a run to people.
struct TerminalReporter<'a> {
    screen: Mutex<Screen<'a>>,
    over: Condvar,
}

struct Screen<'a> {
    terminal: &'a mut Terminal,
    progress: Progress,
    /// Columns of the status line that is on the screen.
    drawn: usize,
    is_over: bool,
}

/// Ends the reporter when it goes out of scope.
struct Over<'a, 'b>(&'a TerminalReporter<'b>);

impl Drop for Over<'_, '_> {
    fn drop(&mut self) {
        let mut screen = self.0.screen();
        screen.wipe();
        screen.is_over = true;
        self.0.over.notify_all();
    }
}

impl<'a> TerminalReporter<'a> {
    fn new(terminal: &'a mut Terminal) -> Self {
        let view = View::new(terminal.paint_err(), terminal.width_err(), terminal.verbosity());
        let screen = Screen { terminal, progress: Progress::new(view), drawn: 0, is_over: false };
        Self { screen: Mutex::new(screen), over: Condvar::new() }
    }

    fn screen(&self) -> MutexGuard<'_, Screen<'a>> {
        self.screen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tick_until_over(&self) {
        let mut screen = self.screen();
        while !screen.is_over {
            screen = self.over.wait_timeout(screen, TICK).unwrap_or_else(PoisonError::into_inner).0;
            if !screen.is_over {
                screen.tick(Instant::now());
            }
        }
    }
}

impl Reporter for TerminalReporter<'_> {
    fn report(&self, event: &Event) {
        self.screen().take(event, Instant::now());
    }
}

impl Screen<'_> {
    fn take(&mut self, event: &Event, now: Instant) {
        let text = self.progress.take(event, now);
        if !text.is_empty() {
            self.wipe();
            let is_loud = matches!(event, Event::GroupFailed { .. } | Event::Diagnostic(_));
            if is_loud { self.terminal.say(&text) } else { self.terminal.note(&text) }
        }
        if let Event::Summary(summary) = event {
            self.wipe();
            let mut text = self.progress.summary(summary, View::of(self.terminal));
            // What was done stands apart from the plan.
            if self.terminal.has_printed() && !text.is_empty() && !is_idle(summary) {
                text.insert(0, '\n');
            }
            // A closed pipe takes nothing away from what was done.
            drop(self.terminal.print(&text));
        }
    }

    fn tick(&mut self, now: Instant) {
        if self.terminal.verbosity() == Verbosity::Quiet {
            return;
        }
        if self.terminal.is_interactive() {
            self.draw(now);
        } else {
            let text = self.progress.reminders(now);
            if !text.is_empty() {
                self.terminal.note(&text);
            }
        }
    }

    fn draw(&mut self, now: Instant) {
        let Some(line) = self.progress.status(now) else { return self.wipe() };
        // The last column stays free: terminals differ in what they do after writing there.
        let line = line.cut(self.terminal.width_err().unwrap_or(USUAL_WIDTH).saturating_sub(1));
        let width = line.width();
        let rest = " ".repeat(self.drawn.saturating_sub(width));
        let text = format!("\r{}{rest}\r", line.render(self.terminal.paint_err()));
        self.terminal.say(&text);
        self.drawn = width;
    }

    /// Takes the status line off the screen.
    fn wipe(&mut self) {
        if self.drawn > 0 {
            self.terminal.say(&format!("\r{}\r", " ".repeat(self.drawn)));
            self.drawn = 0;
        }
    }
}

#[cfg(test)]
mod tests;
