//! What is wrong with a configuration file, collected: a user who made two mistakes hears of both at once.

use std::cell::RefCell;
use std::ops::Range;

use super::mask::{mask, mask_values};
use crate::diagnostic::{Diagnostic, Location, Snippet};

/// One mistake, at a byte range of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) code: &'static str,
    pub(super) span: Option<Range<usize>>,
    pub(super) message: String,
    pub(super) help: Option<String>,
}

/// The mistakes found so far.
#[derive(Debug, Default)]
pub(super) struct Problems(RefCell<Vec<Problem>>);

impl Problems {
    /// Adds a mistake, once: environments share the keys that they do not override.
    pub(super) fn add(&self, problem: Problem) {
        let mut all = self.0.borrow_mut();
        if !all.contains(&problem) {
            all.push(problem);
        }
    }

    /// The mistakes in the order of the file.
    pub(super) fn into_sorted(self) -> Vec<Problem> {
        let mut all = self.0.into_inner();
        all.sort_by_key(|problem| problem.span.as_ref().map_or(0, |span| span.start));
        all
    }
}

/// A configuration file that was read.
#[derive(Debug, Clone, Copy)]
pub(super) struct SourceFile<'a> {
    /// How the file is shown to the user.
    pub(super) name: &'a str,
    pub(super) text: &'a str,
}

impl SourceFile<'_> {
    /// The problem with the line it is on; secrets in the line are masked.
    pub(super) fn diagnostic(self, problem: Problem) -> Diagnostic {
        let mut diagnostic = Diagnostic::error(problem.code, problem.message);
        diagnostic.help = problem.help;
        let Some(span) = problem.span else {
            return diagnostic.file(self.name);
        };
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let harmless = ![SYNTAX, INVALID_URL].contains(&problem.code);
        let masked = mask(self.text, harmless.then_some(&span));
        let mut shown = masked.lines().nth(line - 1).unwrap_or_default().to_owned();
        if problem.code == SYNTAX {
            shown = mask_values(&shown);
        }
        let meant = self.text.get(span).unwrap_or_default().lines().next().unwrap_or_default();
        diagnostic.location(Location {
            file: self.name.to_owned(),
            line: Some(line),
            column: Some(column),
            snippet: Some(Snippet {
                // A tab is as wide as the terminal likes; a space keeps the caret below its key.
                text: shown.replace('\t', " "),
                width: meant.chars().count(),
            }),
        })
    }
}

/// The file is not TOML.
pub(super) const SYNTAX: &str = "config_syntax";
/// A key that djogi does not know.
pub(super) const UNKNOWN_KEY: &str = "unknown_key";
/// A key that must be there.
pub(super) const MISSING_KEY: &str = "missing_key";
/// A value of the wrong type or outside its range.
pub(super) const INVALID_VALUE: &str = "invalid_value";
/// A value of `url`, which is never shown.
pub(super) const INVALID_URL: &str = "invalid_url";
