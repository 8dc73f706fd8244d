//! A run that was taken over while it stood still does nothing more.

use std::process::Child;

use e2e::{Output, on_each_server};
use failpoints::{Stage, check_what_is_left, finish, plot};

use crate::support::{ledger, played};

/// Where a run stands still, and the part of its work that is done then.
const POINTS: [&str; 4] =
    ["lock.after_epoch_bump", "group.after_begin", "group.before_commit", "apply.between_groups"];

fn stand_still(stage: &Stage, point: &str) -> Child {
    let mut run = stage.start(&["apply", "--auto-approve"], &format!("{point}=pause"));
    assert!(stage.await_pause(point, || run.try_wait().unwrap().is_some()), "it comes by {point}");
    run
}

fn wake_up(stage: &Stage, point: &str, run: Child) -> Output {
    stage.release(point);
    run.wait_with_output().unwrap().into()
}

#[test]
fn a_holder_whose_session_was_terminated_and_that_was_overtaken_writes_nothing_when_it_wakes_up() {
    on_each_server(|server| {
        for point in POINTS {
            let plot = plot("change");
            let (template, reference) = played(plot, server);
            let stage = template.stage();
            let holder = stand_still(&stage, point);
            stage.terminate_sessions();
            stage.run(&["apply", "--auto-approve"]).ok();
            let (rows, state) = (ledger(&stage), stage.project.read(".djogi/state.json"));
            let output = wake_up(&stage, point, holder);
            assert!(matches!(output.code, Some(1 | 5)), "{point}: {output}");
            assert_eq!(ledger(&stage), rows, "{point}");
            assert_eq!(stage.project.read(".djogi/state.json"), state, "{point}");
            check_what_is_left(&point, &stage, plot, reference, &output);
            finish(&point, &stage, plot, reference, true);
        }
    });
}

#[test]
fn a_holder_whose_epoch_is_no_longer_the_last_is_fenced_with_exit_code_5() {
    on_each_server(|server| {
        for point in ["lock.after_epoch_bump", "apply.between_groups"] {
            let plot = plot("change");
            let (template, reference) = played(plot, server);
            let stage = template.stage();
            let holder = stand_still(&stage, point);
            // As a run does that has the lock, which only a proxy between could give away.
            stage.project.database().run("UPDATE djogi.lease SET epoch = epoch + 1");
            let rows = ledger(&stage);
            let output = wake_up(&stage, point, holder).expect(5).says(&["taken over"]);
            assert_eq!(ledger(&stage), rows, "{point}");
            check_what_is_left(&point, &stage, plot, reference, &output);
            finish(&point, &stage, plot, reference, false);
        }
    });
}

#[test]
fn a_run_whose_state_was_moved_meanwhile_loses_the_comparison_and_overwrites_nothing() {
    on_each_server(|server| {
        let plot = plot("change");
        let (template, reference) = played(plot, server);
        let stage = template.stage();
        let holder = stand_still(&stage, "state.cas_lost");
        stage.publish_elsewhere();
        let theirs = stage.project.read(".djogi/state.json");
        let output = wake_up(&stage, "state.cas_lost", holder).expect(5).says(&["has moved"]);
        assert_eq!(stage.project.read(".djogi/state.json"), theirs);
        check_what_is_left(&"a moved state", &stage, plot, reference, &output);
        finish(&"a moved state", &stage, plot, reference, false);
    });
}
