//! From what a disturbed run has left to the end that every run comes to.

use std::fmt::Display;

use e2e::Output;

use crate::leftover::problems;
use crate::plot::Plot;
use crate::reference::Reference;
use crate::stage::Stage;

/// Panics when what `case` has left is not in order.
pub fn check_what_is_left(
    case: &impl Display,
    stage: &Stage,
    plot: &Plot,
    reference: &Reference,
    output: &Output,
) {
    let problems = problems(stage, plot, reference);
    assert!(problems.is_empty(), "{case} leaves\n{}\nafter {output}", problems.join("\n"));
}

/// Runs the plot again until its end, and panics unless that is the end of an undisturbed run. Of an acknowledged run
/// nothing may be left to do before.
pub fn finish(case: &impl Display, stage: &Stage, plot: &Plot, reference: &Reference, is_acknowledged: bool) {
    if is_acknowledged && plot.again == [plot.command] {
        let plan = stage.run(&["plan", "--detailed-exitcode"]);
        assert_eq!(plan.code, Some(plot.planned), "{case}: acknowledged, and not converged: {plan}");
    }
    run_again(case, stage, plot);
    let differences = reference.differences(stage);
    assert!(differences.is_empty(), "{case} ends otherwise\n{}", differences.join("\n"));
}

/// Runs the plot again, each command at most twice, and panics unless it has converged then.
pub(crate) fn run_again(case: &impl Display, stage: &Stage, plot: &Plot) {
    for arguments in plot.again {
        let is_done = |output: &Output| {
            output.code == Some(0) || *arguments == plot.command && plot.says_it_is_done(output)
        };
        let first = stage.run(arguments);
        if !is_done(&first) {
            let second = stage.run(arguments);
            assert!(is_done(&second), "{case}: twice {arguments:?}\n{first}\n{second}");
        }
        stage.look_for_state_in(plot.state_then);
    }
    let plan = stage.run(&["plan", "--detailed-exitcode"]);
    assert_eq!(plan.code, Some(plot.planned), "{case}: not converged: {plan}");
}
