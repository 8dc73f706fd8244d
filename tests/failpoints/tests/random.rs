//! Kills at random moments; `cargo run -p failpoints -- random` does more of them.

use failpoints::kill_at_random;

#[test]
fn runs_that_are_killed_at_random_moments_are_finished_by_the_next() {
    let failures = kill_at_random(16, 20, 2);
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
