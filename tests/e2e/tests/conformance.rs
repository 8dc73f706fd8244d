//! Pairs of states of a schema, brought from one to the other and back: none that has passed may fail again.
//!
//! The pairs are data from outside of the repository, in the folder that `DJOGI_CASES` names, by default `../shared/cases`
//! beside it. `cargo run -p e2e --release -- cases DIR --write tests/e2e/cases/passing.txt` writes down what passes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use e2e::conformance::{Case, Question, Report, run};
use e2e::random::{Finding, Plan};

/// Pairs of our own, all of which pass.
#[test]
fn our_own_pairs_converge_both_ways() {
    let cases = Case::all(&ours().join("own")).expect("pairs of our own");
    assert!(!cases.is_empty());
    let report = run(Question::Converges, &cases, 2, &|_| {});
    assert_eq!(report.passing().len(), 2 * cases.len(), "{}", told(&report, &BTreeSet::new()));
}

/// The same, where nobody may be kept waiting.
#[test]
fn our_own_tables_converge_online_both_ways() {
    let mut cases = Case::all(&ours().join("own")).expect("pairs of our own");
    let suites = ["constraints/", "foreign/", "partitions/", "tables/"];
    cases.retain(|case| suites.iter().any(|suite| case.id().starts_with(suite)));
    let report = run(Question::ConvergesOnline, &cases, 2, &|_| {});
    assert_eq!(report.passing().len(), 2 * cases.len(), "{}", told(&report, &BTreeSet::new()));
}

/// The same, each state written as sources and loaded again.
#[test]
fn our_own_states_are_what_is_written_from_them() {
    let mut cases = Case::all(&ours().join("own")).expect("pairs of our own");
    cases.retain(|case| !case.meta.holds_secrets);
    let report = run(Question::GoesRound, &cases, 2, &|_| {});
    assert_eq!(report.passing().len(), 2 * cases.len(), "{}", told(&report, &BTreeSet::new()));
}

/// A few; `cargo run -p e2e --release -- random --runs 2000` tries many.
#[test]
fn random_pairs_converge_both_ways() {
    let findings = e2e::random::run(Plan { runs: 8, jobs: 2, seed: 7, shrinking: 0 }, &|| {});
    let told = findings.iter().map(|found| {
        let Finding { old, new, direction, failure } = found;
        format!("-- {direction}: {}\n{old}\n-- new\n{new}\n{}\n", failure.class, failure.detail.join("\n"))
    });
    assert!(findings.is_empty(), "{}", told.collect::<String>());
}

#[test]
fn no_pair_that_has_passed_fails_again() {
    let folder = std::env::var_os("DJOGI_CASES")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/cases"), PathBuf::from);
    if !folder.is_dir() {
        tell(&format!(
            "no pairs in {}: DJOGI_CASES names their folder; only our own are tried",
            folder.display()
        ));
        return;
    }
    let list = std::fs::read_to_string(ours().join("passing.txt")).expect("the list of pairs that pass");
    let passing: BTreeSet<String> = list.lines().map(str::to_owned).collect();
    let mut cases = Case::all(&folder).expect("the pairs");
    cases.retain(|case| {
        ["forward", "back"].iter().any(|direction| passing.contains(&format!("{} {direction}", case.id())))
    });
    let report = run(Question::Converges, &cases, 2, &|_| {});
    let passed = report.passing();
    let known: BTreeSet<String> = report.tried.iter().map(|tried| tried.case.id()).collect();
    let lost: BTreeSet<String> = passing
        .difference(&passed)
        .filter(|name| name.rsplit_once(' ').is_some_and(|(id, _)| known.contains(id)))
        .cloned()
        .collect();
    assert!(lost.is_empty(), "{}", told(&report, &lost));
}

/// Why those in `lost` fail; all when there are none.
fn told(report: &Report, lost: &BTreeSet<String>) -> String {
    let failures = report.failures().filter_map(|(tried, direction, failure)| {
        let name = format!("{} {direction}", tried.case.id());
        let is_told = lost.is_empty() || lost.contains(&name);
        is_told.then(|| format!("{name}: {}\n    {}\n", failure.class, failure.detail.join("\n    ")))
    });
    failures.collect()
}

fn ours() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cases")
}

fn tell(text: &str) {
    eprintln!("{text}");
}
