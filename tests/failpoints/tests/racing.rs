//! Many appliers at once: one does the work, and the history is as if there had been no other.

use std::process::Child;

use e2e::{Output, on_each_server};
use failpoints::{Stage, check_what_is_left, finish, plot};

use crate::support::{ledger, played};

const APPLIERS: usize = 16;

fn race(stage: &Stage) -> Vec<Output> {
    let start = |number: usize| {
        // Some wait for the lock, some do not.
        let patience = if number.is_multiple_of(2) { "60s" } else { "0s" };
        stage.start(&["apply", "--auto-approve", "--json", "--lock-timeout", patience], "")
    };
    let appliers: Vec<Child> = (0..APPLIERS).map(start).collect();
    appliers.into_iter().map(|child| child.wait_with_output().unwrap().into()).collect()
}

/// The serials that the store has kept, oldest first.
fn serials(stage: &Stage) -> Vec<u64> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let history = runtime.block_on(stage.store().history()).unwrap();
    history.into_iter().map(|serial| serial.get()).collect()
}

#[test]
fn sixteen_appliers_of_a_new_target_do_the_work_once_and_leave_a_serial_history() {
    on_each_server(|server| {
        let plot = plot("first");
        let (template, reference) = played(plot, server);
        let stage = template.stage();
        let outputs = race(&stage);
        let mut applied = Vec::new();
        for output in &outputs {
            assert!(matches!(output.code, Some(0 | 4)), "{output}");
            if output.code == Some(0) {
                let summary = output.json_lines().pop().unwrap();
                applied.extend(summary["applied"].as_u64().filter(|count| *count > 0));
            }
        }
        assert_eq!(applied.len(), 1, "one has done it all: {applied:?}");
        assert!(outputs.iter().any(|output| output.code == Some(4)), "somebody was told who has the lock");

        let database = stage.project.database();
        let groups = "SELECT count(*) - count(DISTINCT (target, epoch, group_no)) FROM djogi.op";
        assert_eq!(database.value(groups), "0");
        assert_eq!(database.value("SELECT count(DISTINCT run_id) FROM djogi.op"), "1");
        assert_eq!(database.value("SELECT epoch FROM djogi.lease"), "1");
        let serials = serials(&stage);
        let expected: Vec<u64> = (1..).take(serials.len()).collect();
        assert_eq!(serials, expected, "no gaps, no duplicates");
        check_what_is_left(&"racing", &stage, plot, reference, &outputs[0]);
        finish(&"racing", &stage, plot, reference, true);
    });
}

#[test]
fn sixteen_appliers_of_a_converged_target_write_nothing() {
    on_each_server(|server| {
        let (template, _) = played(plot("first"), server);
        let stage = template.stage();
        stage.run(&["apply", "--auto-approve"]).ok();
        let before = (ledger(&stage), stage.project.files());
        for output in race(&stage) {
            assert!(matches!(output.code, Some(0 | 4)), "{output}");
        }
        let after = (ledger(&stage), stage.project.files());
        assert_eq!(before.0, after.0);
        let trace = stage.project.root().join("signals/trace");
        let without_trace = |files: e2e::Files| -> Vec<_> {
            files.into_iter().filter(|(path, _)| *path != trace && !path.is_dir()).collect()
        };
        assert!(without_trace(before.1) == without_trace(after.1), "a file was written");
    });
}
