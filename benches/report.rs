//! The table: for each promise its bar, what was measured, and whether it holds.

use std::fmt::Display;
use std::time::Duration;

/// Prints a row as soon as it is measured.
#[derive(Debug)]
pub(crate) struct Report {
    all_hold: bool,
}

#[expect(clippy::print_stdout, reason = "the table is what this program is for")]
impl Report {
    pub(crate) fn new(server: &str) -> Self {
        println!("{server}");
        println!("{:<58}{:>11}{:>11}{:>9}{:>9}", "", "djogi", "beside", "measured", "bar");
        Self { all_hold: true }
    }

    /// `ours` may take `bar` times as long as `theirs`; without a bar it is only told.
    pub(crate) fn ratio(&mut self, what: &str, ours: Duration, theirs: Duration, bar: Option<f64>) {
        let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
        let shown = bar.map(|bar| format!("{bar:.2}x"));
        self.row(
            what,
            millis(ours),
            millis(theirs),
            format!("{ratio:.2}x"),
            shown,
            bar.map(|bar| ratio <= bar),
        );
    }

    pub(crate) fn time(&mut self, what: &str, took: Duration, bar: Duration) {
        self.row(
            what,
            millis(took),
            "",
            millis(took),
            Some(format!("{} ms", bar.as_millis())),
            Some(took < bar),
        );
    }

    /// In bytes.
    pub(crate) fn memory(&mut self, what: &str, bytes: u64, bar: Option<u64>) {
        let shown = bar.map(|bar| format!("{} MiB", bar >> 20));
        let measured = format!("{:.0} MiB", bytes as f64 / f64::from(1 << 20));
        self.row(what, "", "", measured, shown, bar.map(|bar| bytes < bar));
    }

    /// How often something happens; at most `bar` times.
    pub(crate) fn count(&mut self, what: &str, ours: u64, theirs: Option<u64>, bar: Option<u64>) {
        let theirs = theirs.map_or(String::new(), |theirs| theirs.to_string());
        let shown = bar.map(|bar| bar.to_string());
        self.row(what, ours, theirs, ours, shown, bar.map(|bar| ours <= bar));
    }

    pub(crate) fn fact(&mut self, what: &str, holds: bool) {
        self.row(what, "", "", if holds { "yes" } else { "no" }, Some("yes".to_owned()), Some(holds));
    }

    fn row(
        &mut self,
        what: &str,
        ours: impl Display,
        theirs: impl Display,
        measured: impl Display,
        bar: Option<String>,
        holds: Option<bool>,
    ) {
        let verdict = match holds {
            Some(true) => "ok",
            Some(false) => "MISSED",
            None => "",
        };
        self.all_hold &= holds.unwrap_or(true);
        let (ours, theirs, measured) = (ours.to_string(), theirs.to_string(), measured.to_string());
        println!("{what:<58}{ours:>11}{theirs:>11}{measured:>9}{:>9}  {verdict}", bar.unwrap_or_default());
    }

    /// Whether every promise holds.
    pub(crate) fn finish(self) -> bool {
        self.all_hold
    }
}

fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}
