//! What djogi promises whatever happens, and the tests that try to break each promise.

use std::collections::BTreeSet;
use std::path::Path;

/// A promise, by its number in the design, with tests as `file::test` from the root of the repository.
const INVARIANTS: [(&str, &[&str]); 13] = [
    (
        "1: an acknowledged apply is never lost",
        &[
            "tests/failpoints/tests/matrix.rs::a_run_that_is_disturbed_anywhere_leaves_nothing_wrong_and_is_finished_by_the_next",
            "tests/failpoints/tests/random.rs::runs_that_are_killed_at_random_moments_are_finished_by_the_next",
        ],
    ),
    (
        "2: the state never claims what the catalog lacks",
        &[
            "tests/failpoints/tests/matrix.rs::a_run_that_is_disturbed_anywhere_leaves_nothing_wrong_and_is_finished_by_the_next",
            "tests/failpoints/tests/storage.rs::a_power_cut_between_rename_and_directory_sync_costs_the_file_and_nothing_else",
            "tests/e2e/tests/state_files.rs::a_database_that_was_made_anew_is_told_from_drift_and_healed_after_a_refresh",
        ],
    ),
    (
        "3: no effect without a durable intent; no intent retired before its outcome is durable",
        &[
            "tests/failpoints/tests/matrix.rs::a_run_that_is_disturbed_anywhere_leaves_nothing_wrong_and_is_finished_by_the_next",
            "tests/failpoints/tests/twice.rs::a_recovery_that_dies_anywhere_and_dies_there_again_is_finished_by_the_next_apply",
            "tests/failpoints/tests/placement.rs::no_effect_goes_without_a_failpoint",
        ],
    ),
    (
        "4: commands that only look write nothing",
        &["tests/e2e/tests/read_only.rs::plan_status_show_and_validate_write_nothing"],
    ),
    (
        "5: at most one applier makes effects on a target",
        &[
            "tests/failpoints/tests/racing.rs::sixteen_appliers_of_a_new_target_do_the_work_once_and_leave_a_serial_history",
            "tests/failpoints/tests/fencing.rs::a_holder_whose_session_was_terminated_and_that_was_overtaken_writes_nothing_when_it_wakes_up",
            "tests/failpoints/tests/fencing.rs::a_holder_whose_epoch_is_no_longer_the_last_is_fenced_with_exit_code_5",
        ],
    ),
    (
        "6: nothing destructive runs without an approval of what it destroys",
        &[
            "tests/e2e/tests/drops.rs::drops_are_blocked_by_default_and_the_rest_goes_on",
            "tests/e2e/tests/drops.rs::drops_are_refused_where_the_configuration_denies_them",
        ],
    ),
    (
        "7: a recovery never drops what holds data",
        &[
            "tests/failpoints/tests/twice.rs::a_recovery_that_dies_anywhere_and_dies_there_again_is_finished_by_the_next_apply",
            "tests/failpoints/tests/dead_ends.rs::killed_between_the_ledger_and_the_state",
            "tests/failpoints/tests/dead_ends.rs::a_concurrent_step_that_fails_after_a_committed_group",
        ],
    ),
    (
        "8: what runs is what was reviewed",
        &[
            "tests/e2e/tests/saved_plan.rs::a_saved_plan_runs_exactly_its_statements_whatever_is_declared_by_now",
            "tests/e2e/tests/saved_plan.rs::an_edited_plan_is_refused",
        ],
    ),
    (
        "9: applying a converged target again does no DDL and no write",
        &[
            "tests/e2e/tests/convergence.rs::applying_again_does_no_ddl_and_changes_no_byte_of_state",
            "tests/failpoints/tests/racing.rs::sixteen_appliers_of_a_converged_target_write_nothing",
        ],
    ),
    (
        "10: no clock decides",
        &["tests/failpoints/tests/dead_ends.rs::times_that_make_no_sense_decide_nothing"],
    ),
    (
        "11: unknown is never success, and each blocked state has a way out",
        &[
            "tests/failpoints/tests/storage.rs::a_damaged_state_is_refused_by_name_and_changes_nothing_until_it_is_put_back",
            "tests/failpoints/tests/storage.rs::a_lost_or_foreign_state_is_not_taken_for_a_new_one",
            "tests/failpoints/tests/connections.rs::a_connection_that_ends_at_any_message_of_a_commit_leaves_the_group_whole_or_absent",
        ],
    ),
    (
        "12: after any crashes, converged by at most two applies, or blocked by name",
        &[
            "tests/failpoints/tests/twice.rs::a_recovery_that_dies_anywhere_and_dies_there_again_is_finished_by_the_next_apply",
            "tests/failpoints/tests/random.rs::runs_that_are_killed_at_random_moments_are_finished_by_the_next",
        ],
    ),
    (
        "13: unmanaged objects are never changed",
        &[
            "tests/e2e/tests/unmanaged.rs::foreign_objects_survive_every_change_and_are_counted",
            "tests/failpoints/tests/matrix.rs::a_run_that_is_disturbed_anywhere_leaves_nothing_wrong_and_is_finished_by_the_next",
        ],
    ),
];

/// The tests of a file that are run.
fn tests_in(file: &Path) -> BTreeSet<String> {
    let source = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let items = syn::parse_file(&source).unwrap().items;
    let tests = items.into_iter().filter_map(|item| match item {
        syn::Item::Fn(function) => Some(function),
        _ => None,
    });
    let has = |function: &syn::ItemFn, name: &str| function.attrs.iter().any(|a| a.path().is_ident(name));
    let run = tests.filter(|function| has(function, "test") && !has(function, "ignore"));
    run.map(|function| function.sig.ident.to_string()).collect()
}

#[test]
fn every_invariant_has_tests_that_are_there_and_run() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for (number, (invariant, tests)) in (1..).zip(INVARIANTS) {
        assert!(invariant.starts_with(&format!("{number}: ")), "{invariant}");
        assert!(!tests.is_empty(), "{invariant}");
        for test in tests {
            let (file, name) = test.split_once("::").unwrap();
            assert!(
                tests_in(&root.join(file)).contains(name),
                "invariant {invariant}: there is no test {test}"
            );
        }
    }
}
