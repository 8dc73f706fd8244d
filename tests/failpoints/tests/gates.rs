//! Commands about a live migration that were killed once their group had committed, and are repeated.

use e2e::{Output, servers};
use failpoints::{Stage, Template, await_the_end_of_sessions, plot};

const FINALIZE_NOW: &[&str] = &["live", "finalize", "goods_price_type", "--auto-approve", "--now"];
const ABANDON: &[&str] = &["live", "abandon", "goods_price_type", "--auto-approve"];
const DONE: &str = "what is asked was done by the interrupted run";

/// A stage in which the command of a plot was killed after its commit.
fn killed(name: &'static str, turn: usize) -> Stage {
    let template = Template::make(plot(name), &servers()[turn % servers().len()]);
    let stage = template.stage();
    let output = stage.run_disturbed(plot(name).command, "group.after_commit=kill");
    assert_eq!(output.code, None, "{output}");
    await_the_end_of_sessions(&stage.project);
    stage
}

fn keeps_old_values(stage: &Stage) -> bool {
    let count =
        "SELECT count(*) FROM pg_attribute WHERE attrelid = 'goods'::regclass AND attname LIKE '%djogi_old'";
    stage.project.database().value(count) == "1"
}

fn assert_done(output: &Output) {
    assert_eq!(output.code, Some(0), "{output}");
    assert!(output.all().contains(DONE), "{output}");
}

#[test]
fn a_cutover_that_is_asked_for_again_is_no_end_of_the_old_values() {
    let stage = killed("cut over", 0);
    assert_done(&stage.run(FINALIZE_NOW));
    assert!(keeps_old_values(&stage));
    let end = stage.run(FINALIZE_NOW);
    assert_eq!(end.code, Some(0), "{end}");
    assert!(!end.all().contains(DONE), "{end}");
    assert!(!keeps_old_values(&stage));
}

#[test]
fn an_end_that_is_asked_for_again_is_done() {
    let stage = killed("end", 1);
    assert_done(&stage.run(FINALIZE_NOW));
    let state = stage.state_document();
    assert!(state["config_digest"].is_string(), "{state:#}");
    let more = stage.run(FINALIZE_NOW);
    assert_eq!(more.code, Some(1), "{more}");
    assert!(more.all().contains("unknown_address"), "{more}");
}

#[test]
fn a_way_back_that_is_asked_for_again_is_done_and_is_no_cutover() {
    let stage = killed("turn back", 0);
    assert_done(&stage.run(ABANDON));
    assert!(!keeps_old_values(&stage));
    let stage = killed("turn back", 1);
    let finalize = stage.run(FINALIZE_NOW);
    assert_ne!(finalize.code, Some(0), "{finalize}");
    assert!(!finalize.all().contains(DONE), "{finalize}");
    assert!(!keeps_old_values(&stage));
}
