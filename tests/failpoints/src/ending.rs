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

/// Runs the plot again until its end, each command at most twice, and panics unless that is the end of an undisturbed
/// run. Of an acknowledged run nothing may be left to do before.
pub fn finish(case: &impl Display, stage: &Stage, plot: &Plot, reference: &Reference, is_acknowledged: bool) {
    if is_acknowledged && plot.again.len() == 1 {
        let plan = stage.run(&["plan", "--detailed-exitcode"]);
        assert_eq!(plan.code, Some(0), "{case}: acknowledged, and not converged: {plan}");
    }
    for arguments in plot.again {
        let first = stage.run(arguments);
        if first.code != Some(0) {
            let second = stage.run(arguments);
            assert_eq!(second.code, Some(0), "{case}: twice {arguments:?}\n{first}\n{second}");
        }
    }
    let plan = stage.run(&["plan", "--detailed-exitcode"]);
    assert_eq!(plan.code, Some(0), "{case}: not converged: {plan}");
    let differences = reference.differences(stage);
    assert!(differences.is_empty(), "{case} ends otherwise\n{}", differences.join("\n"));
}
