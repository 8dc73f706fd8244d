//! Every failpoint in every mode, once: on alternating servers and in the plot that comes by it most often.

use failpoints::{Extent, Matrix};

#[test]
fn a_run_that_is_disturbed_anywhere_leaves_nothing_wrong_and_is_finished_by_the_next() {
    let matrix = Matrix::play(Extent::Quick, "", 4);
    let failures = matrix.failures();
    assert!(failures.is_empty(), "{}\n{} failures", failures.join("\n"), failures.len());
    assert!(matrix.rows.len() > 100, "only {} cases", matrix.rows.len());
}
