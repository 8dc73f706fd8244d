//! Passed and failed, by suite, by kind and by class of reasons.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::{Direction, Failure, Tried, Verdict};

/// What came of all pairs.
#[derive(Clone, Debug)]
pub struct Report {
    pub tried: Vec<Tried>,
}

/// Directions that passed, of all that count.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    passed: usize,
    reordered: usize,
    all: usize,
}

impl Tally {
    fn count(&mut self, verdict: &Verdict) {
        match verdict {
            Verdict::NotLoaded(_) => {}
            Verdict::Failed(_) => self.all += 1,
            Verdict::Passed { reordered } => {
                self.all += 1;
                self.passed += 1;
                self.reordered += usize::from(*reordered);
            }
        }
    }

    fn line(&self, name: &str) -> String {
        let Self { passed, reordered, all } = *self;
        if all == 0 {
            return format!("{name:<28} {all:>6}\n");
        }
        let tenths = passed * 1000 / all;
        let (whole, rest) = (tenths / 10, tenths % 10);
        format!("{name:<28} {all:>6} {passed:>7} {whole:>5}.{rest} % {reordered:>9}\n")
    }
}

impl Report {
    /// `suite/case direction` of all that passed.
    pub fn passing(&self) -> BTreeSet<String> {
        self.all()
            .filter(|(_, _, verdict)| matches!(verdict, Verdict::Passed { .. }))
            .map(|(tried, direction, _)| format!("{} {direction}", tried.case.id()))
            .collect()
    }

    /// Every direction that failed.
    pub fn failures(&self) -> impl Iterator<Item = (&Tried, Direction, &Failure)> {
        self.all().filter_map(|(tried, direction, verdict)| match verdict {
            Verdict::Failed(failure) => Some((tried, direction, failure)),
            Verdict::Passed { .. } | Verdict::NotLoaded(_) => None,
        })
    }

    fn all(&self) -> impl Iterator<Item = (&Tried, Direction, &Verdict)> {
        self.tried.iter().flat_map(|tried| {
            tried.verdicts.iter().map(move |(direction, verdict)| (tried, *direction, verdict))
        })
    }

    /// The tables, for people.
    pub fn tables(&self) -> String {
        let mut total = Tally::default();
        let (mut suites, mut kinds) = (BTreeMap::<&str, Tally>::new(), BTreeMap::<&str, Tally>::new());
        for (tried, _, verdict) in self.all() {
            total.count(verdict);
            suites.entry(&tried.case.suite).or_default().count(verdict);
            for kind in &tried.case.meta.kinds_changed {
                kinds.entry(kind).or_default().count(verdict);
            }
        }
        let head = format!("{:<28} {:>6} {:>7} {:>7} {:>9}\n", "", "tried", "passed", "", "reordered");
        let mut text = head.clone();
        text.extend(suites.iter().map(|(name, tally)| tally.line(name)));
        text.push_str(&total.line("all"));
        let _ = write!(text, "\nby changed kind\n{head}");
        text.extend(kinds.iter().map(|(name, tally)| tally.line(name)));
        let mut classes: BTreeMap<&str, usize> = BTreeMap::new();
        for (_, _, failure) in self.failures() {
            *classes.entry(&failure.class).or_default() += 1;
        }
        let mut classes: Vec<(&str, usize)> = classes.into_iter().collect();
        classes.sort_by_key(|&(name, count)| (std::cmp::Reverse(count), name));
        text.push_str("\nwhy\n");
        text.extend(classes.iter().map(|(name, count)| format!("{count:>6}  {name}\n")));
        let unloaded = self.tried.iter().filter_map(|tried| match &tried.verdicts[0].1 {
            Verdict::NotLoaded(reason) => Some(format!("{}: {reason}\n", tried.case.id())),
            _ => None,
        });
        let unloaded: String = unloaded.collect();
        if !unloaded.is_empty() {
            let _ = write!(text, "\nnot loaded, and not counted\n{unloaded}");
        }
        text
    }
}
