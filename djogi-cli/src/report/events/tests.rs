//! What a terminal, a log and a program see of a run.

use std::io;
use std::sync::Arc;

use djogi_cluster::event::{Failure, Outcome, RunSummary};
use djogi_cluster::identity::{OpId, RunId};
use djogi_cluster::lock_holder::{LockHolder, Nature};
use djogi_cluster::state::Serial;
use djogi_core::Digest;
use djogi_core::disposition::Reason;
use djogi_core::plan::Summary;

use super::super::sample::{address, ident};
use super::*;
use crate::diagnostic::Diagnostic;
use crate::terminal::Paint;

/// What was written to one stream.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Written {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

fn started(number: usize, at: &str, sql: &str) -> Event {
    Event::OperationStarted {
        target: ident("main"),
        group: "g1".to_owned(),
        address: address(at),
        number,
        sql: sql.to_owned(),
    }
}

fn finished(number: usize, at: &str, elapsed_ms: u64) -> Event {
    Event::OperationFinished {
        target: ident("main"),
        group: "g1".to_owned(),
        address: address(at),
        number,
        elapsed_ms,
    }
}

fn indexing(done: u64, elapsed_ms: u64) -> Event {
    Event::OperationProgress {
        target: ident("main"),
        group: "g1".to_owned(),
        address: address("index.main.public.orders_total_idx"),
        number: 1,
        phase: Some("building index".to_owned()),
        done,
        total: Some(1000),
        elapsed_ms,
    }
}

fn ended(outcome: Outcome, applied: usize, failed: usize, blocked: usize) -> Event {
    Event::Summary(RunSummary {
        run: RunId::generate(),
        outcome,
        exit_code: 0,
        applied,
        deferred: 0,
        blocked,
        failed,
        drift: 0,
        serial: Some(Serial::FIRST),
        elapsed_ms: 12_400,
    })
}

fn failed() -> Event {
    Event::GroupFailed {
        target: ident("main"),
        group: "g1".to_owned(),
        op: OpId::generate(),
        failure: Failure {
            message: "column \"totl\" does not exist".to_owned(),
            sqlstate: Some("42703".to_owned()),
            detail: Some("There is a column named \"total\".".to_owned()),
            hint: Some("Perhaps you meant to reference the column \"total\".".to_owned()),
            position: Some(62),
            statement: Some(
                "ALTER TABLE public.orders\n    ADD CONSTRAINT positive CHECK (totl >= 0)".to_owned(),
            ),
            address: Some(address("constraint.main.public.orders.positive")),
            ..Failure::default()
        },
        elapsed_ms: 3,
    }
}

fn quiet_plan() -> Event {
    Event::PlanMade { digest: Digest::of_bytes(b""), summary: Summary::default(), groups: 12 }
}

fn progress(width: usize) -> (Progress, Instant) {
    let mut progress = Progress::new(View::new(Paint::plain(), Some(width), Verbosity::Normal));
    let start = Instant::now();
    progress.take(&quiet_plan(), start);
    (progress, start)
}

fn status(progress: &Progress, now: Instant) -> Option<String> {
    progress.status(now).map(|line| line.render(Paint::plain()))
}

const INDEX: &str = "index.main.public.orders_total_idx";
const CREATE_INDEX: &str = "CREATE INDEX CONCURRENTLY orders_total_idx\n    ON public.orders (total)";

#[test]
fn the_status_line_waits_a_second_and_tells_what_runs() {
    let (mut progress, start) = progress(80);
    progress.take(&started(1, INDEX, CREATE_INDEX), start);
    assert_eq!(status(&progress, start + Duration::from_millis(900)), None);
    assert_eq!(
        status(&progress, start + Duration::from_secs(2)).unwrap(),
        "1/12 2.0 s  index.main.public.orders_total_idx: CREATE INDEX CONCURRENTLY orders_total_idx ON public.orders (total)"
    );
    progress.take(&indexing(450, 15_000), start + Duration::from_secs(15));
    assert!(
        status(&progress, start + Duration::from_secs(15))
            .unwrap()
            .starts_with("1/12 15 s  building index 45%, about 18 s left  index.main")
    );
    progress.take(&finished(1, INDEX, 16_000), start + Duration::from_secs(16));
    assert_eq!(status(&progress, start + Duration::from_secs(16)), None);
}

#[test]
fn many_quick_statements_are_seen_too() {
    let (mut progress, start) = progress(80);
    for number in 1..=30 {
        let now = start + Duration::from_millis(50) * number;
        let at = format!("table.main.public.t{number}");
        progress.take(&started(number as usize, &at, "CREATE TABLE"), now);
        let line = status(&progress, now);
        assert_eq!(line.is_some(), now - start >= Duration::from_millis(1050), "{number}: {line:?}");
        assert_eq!(progress.take(&finished(number as usize, &at, 50), now), "");
    }
}

#[test]
fn a_log_hears_every_ten_seconds_of_what_takes_long() {
    let (mut progress, start) = progress(80);
    progress.take(&started(1, INDEX, CREATE_INDEX), start);
    let mut log = String::new();
    for second in 1..=25 {
        if second == 15 {
            progress.take(&indexing(450, 15_000), start + Duration::from_secs(15));
        }
        log.push_str(&progress.reminders(start + Duration::from_secs(second)));
    }
    log.push_str(&progress.take(&finished(1, INDEX, 25_300), start + Duration::from_secs(25)));
    insta::assert_snapshot!(log);
}

#[test]
fn a_group_that_waits_for_its_locks_says_for_whom_until_it_has_them() {
    let (mut progress, start) = progress(120);
    let holder = LockHolder {
        backend_pid: Some(4711),
        prepared: None,
        table: "public.orders".to_owned(),
        mode: "AccessShareLock".to_owned(),
        role: Some("report".to_owned()),
        application: Some("nightly".to_owned()),
        since: Some("2026-03-01T02:00:00Z".to_owned()),
        transaction_ms: Some(60_000),
        nature: Nature::Transaction,
        virtual_transaction: "3/7".to_owned(),
    };
    let waiting = |holder: Option<LockHolder>| Event::GroupWaiting {
        target: ident("main"),
        group: "g1".to_owned(),
        tries: 1,
        waited_ms: 1000,
        budget_ms: 1_800_000,
        holder: holder.map(Box::new),
    };
    assert_eq!(
        progress.take(&waiting(Some(holder)), start),
        "Group g1 of main waits for its locks: server process 4711 has AccessShareLock on public.orders, as role \
         \"report\", application \"nightly\", in a transaction since 2026-03-01T02:00:00Z; tried again for up to 29 min 59 s.\n"
    );
    assert_eq!(
        status(&progress, start + Duration::from_secs(2)).unwrap(),
        "1/12 2.0 s  behind server process 4711  group g1 of main waits for its locks"
    );
    assert_eq!(
        progress.take(&waiting(None), start),
        "Group g1 of main waits for its locks: somebody has them; tried again for up to 29 min 59 s.\n"
    );
    progress.take(&started(1, INDEX, CREATE_INDEX), start + Duration::from_secs(3));
    assert!(status(&progress, start + Duration::from_secs(4)).unwrap().contains(INDEX));
    progress.take(&finished(1, INDEX, 10), start + Duration::from_secs(4));
    assert_eq!(status(&progress, start + Duration::from_secs(5)), None, "it has its locks");
}

#[test]
fn a_failure_tells_all_that_postgresql_told() {
    let (mut progress, now) = progress(80);
    insta::assert_snapshot!(progress.take(&failed(), now));
}

#[test]
fn the_end_names_what_was_not_done() {
    let (mut progress, now) = progress(80);
    for (at, reason) in [
        ("column.main.public.orders.total", Reason::ApprovalRequired),
        ("table.main.public.\"Order Lines\"", Reason::PreviousFailure),
    ] {
        progress.take(
            &Event::ChangeBlocked { address: address(at), reason, notes: Vec::new(), way_out: None },
            now,
        );
    }
    let Event::Summary(summary) = ended(Outcome::Failed, 12, 1, 2) else { unreachable!("it is a summary") };
    let view = View::new(Paint::plain(), Some(80), Verbosity::Normal);
    insta::assert_snapshot!(progress.summary(&summary, view));
}

#[test]
fn the_end_of_an_untroubled_run_is_one_line() {
    let (progress, _) = progress(80);
    let view = View::new(Paint::plain(), Some(80), Verbosity::Normal);
    let end = |event| match event {
        Event::Summary(summary) => progress.summary(&summary, view),
        _ => unreachable!("it is a summary"),
    };
    assert_eq!(end(ended(Outcome::Converged, 12, 0, 0)), "Done. 12 applied in 12 s. State serial 1.\n");
    assert_eq!(end(ended(Outcome::Converged, 0, 0, 0)), "Done in 12 s. State serial 1.\n");
    // Its error says more.
    assert_eq!(end(ended(Outcome::Failed, 0, 0, 0)), "");
    let goes_on = " State serial 1. `djogi apply` goes on from here.\n";
    assert_eq!(
        end(ended(Outcome::Interrupted, 2, 1, 0)),
        format!("Interrupted. 2 applied, 1 failed in 12 s.{goes_on}")
    );
    assert_eq!(end(ended(Outcome::Interrupted, 0, 0, 0)), format!("Interrupted in 12 s.{goes_on}"));
}

#[test]
fn what_was_done_stands_apart_from_the_plan() {
    let printed = |summary, before: &str| {
        let (out, err) = (Written::default(), Written::default());
        let mut terminal = Terminal::redirected(out.clone(), err);
        terminal.print(before).unwrap();
        with_progress(&mut terminal, |reporter| reporter.report(&summary));
        out.text()
    };
    let done = "Done. 1 applied in 12 s. State serial 1.\n";
    assert_eq!(
        printed(ended(Outcome::Converged, 1, 0, 0), "Plan: 1 to create.\n"),
        format!("Plan: 1 to create.\n\n{done}")
    );
    assert_eq!(printed(ended(Outcome::Converged, 1, 0, 0), ""), done);
    let idle = printed(ended(Outcome::Converged, 0, 0, 0), "Nothing to do.\n");
    assert_eq!(idle, "Nothing to do.\nDone in 12 s. State serial 1.\n");
}

#[test]
fn the_status_line_never_reaches_standard_output_and_leaves_the_screen() {
    let (out, err) = (Written::default(), Written::default());
    let mut terminal = Terminal::interactive(out.clone(), err.clone());
    let start = Instant::now();
    let view = View::new(Paint::plain(), Some(80), Verbosity::Normal);
    let mut screen =
        Screen { terminal: &mut terminal, progress: Progress::new(view), drawn: 0, is_over: false };
    screen.take(&started(1, INDEX, CREATE_INDEX), start);
    screen.tick(start + Duration::from_secs(2));
    screen.take(&finished(1, INDEX, 2_500), start + Duration::from_secs(3));
    screen.take(&ended(Outcome::Converged, 1, 0, 0), start + Duration::from_secs(3));
    assert_eq!(out.text(), "Done. 1 applied in 12 s. State serial 1.\n");
    let err = err.text();
    assert!(err.split('\r').all(|part| part.trim_end_matches('\n').len() <= 80), "{err:?}");
    let (drawn, after) = err.rsplit_once('\r').unwrap();
    assert!(drawn.ends_with("    "), "the status line was overwritten: {err:?}");
    assert!(after.starts_with("    2.5 s  index.main.public.orders_total_idx: CREATE"), "{after:?}");
}

#[test]
fn a_reporter_ends_with_its_work() {
    let (out, err) = (Written::default(), Written::default());
    let mut terminal = Terminal::redirected(out.clone(), err.clone());
    let answer = with_progress(&mut terminal, |reporter| {
        reporter.report(&started(1, INDEX, CREATE_INDEX));
        reporter.report(&finished(1, INDEX, 3));
        reporter.report(&ended(Outcome::Converged, 1, 0, 0));
        7
    });
    assert_eq!((answer, err.text().as_str()), (7, ""));
    assert!(out.text().starts_with("Done. 1 applied"));
}

#[test]
fn programs_get_one_object_a_line_and_the_summary_last() {
    let out = Written::default();
    let mut terminal = Terminal::redirected(out.clone(), io::sink());
    with_json(&mut terminal, |reporter| {
        reporter.report(&quiet_plan());
        reporter.report(&failed());
        reporter.report(&ended(Outcome::Failed, 0, 1, 0));
        reporter.report(&quiet_plan());
        Err::<(), _>(CliError::from(Diagnostic::error("group_failed", "a group failed")))
    })
    .unwrap_err();
    let text = out.text();
    let events: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names: Vec<&str> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(names, ["plan_made", "group_failed", "diagnostic", "summary"]);
}

#[test]
fn a_run_that_fails_before_it_begins_has_a_summary_too() {
    let out = Written::default();
    let mut terminal = Terminal::redirected(out.clone(), io::sink());
    with_json(&mut terminal, |_| Err::<(), _>(CliError::from(Diagnostic::error("unreachable", "no server"))))
        .unwrap_err();
    insta::assert_snapshot!(out.text());
}
