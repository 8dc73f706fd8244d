//! Runs that die in the recovery of one that died, and again in the recovery of that.

use std::collections::BTreeMap;

use e2e::servers;
use failpoints::{check_what_is_left, finish, in_parallel, plot};

use crate::support::played;

#[test]
fn a_recovery_that_dies_anywhere_and_dies_there_again_is_finished_by_the_next_apply() {
    let mut cases = BTreeMap::new();
    let plots = ["recover online", "recover", "clear away", "clear away again", "finalize"];
    for (turn, name) in plots.into_iter().enumerate() {
        let played = played(plot(name), &servers()[turn % servers().len()]);
        for point in played.1.points() {
            cases.entry(point).or_insert((plot(name), played));
        }
    }
    assert!(cases.len() > 20, "a recovery comes by more points than {cases:?}", cases = cases.keys());
    let results = in_parallel(cases.into_iter().collect(), 3, |(point, (plot, (template, reference)))| {
        let stage = template.stage();
        let case = format!("{point}, killed twice in the recovery of {}", plot.name);
        for _ in 0..2 {
            let output = stage.run_disturbed(plot.command, &format!("{point}=kill"));
            assert!(matches!(output.code, None | Some(0)), "{case}: {output}");
            check_what_is_left(&case, &stage, plot, reference, &output);
        }
        finish(&case, &stage, plot, reference, false);
    });
    let failures: Vec<String> = results.into_iter().filter_map(Result::err).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
