//! The look of every report: tones and their colours, and the way numbers, plurals, sizes and times are written.
//!
//! Marks are plain ASCII, so that a terminal of any encoding shows them.

use std::time::Duration;

use djogi_core::disposition::Verdict;
use djogi_core::plan::{Effect, LockMode};
use owo_colors::Style;

/// Between an old and a new value.
pub const ARROW: &str = "->";

/// What a piece of text means; its colour follows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tone {
    /// Ordinary text.
    #[default]
    Plain,
    /// Less important.
    Faint,
    /// Names.
    Strong,
    /// The title of a section.
    Title,
    /// Comes into being.
    Added,
    /// Ceases to be.
    Removed,
    /// Becomes another.
    Changed,
    /// Goes under another name.
    Moved,
    /// Mind this.
    Caution,
    /// This is dangerous, or wrong.
    Danger,
    /// All is well.
    Good,
}

impl Tone {
    /// The colours of a tone; the eight basic ones, which every theme keeps readable.
    pub fn style(self) -> Style {
        match self {
            Tone::Plain => Style::new(),
            Tone::Faint => Style::new().dimmed(),
            Tone::Strong => Style::new().bold(),
            Tone::Title => Style::new().bold().underline(),
            Tone::Added | Tone::Good => Style::new().green(),
            Tone::Removed => Style::new().red(),
            Tone::Changed | Tone::Caution => Style::new().yellow(),
            Tone::Moved => Style::new().cyan(),
            Tone::Danger => Style::new().red().bold(),
        }
    }

    /// Of a disposition's word.
    pub fn of_verdict(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Applied => Tone::Good,
            Verdict::Derived => Tone::Faint,
            Verdict::Deferred => Tone::Caution,
            Verdict::Blocked => Tone::Danger,
        }
    }

    /// Of the name of a lock mode: by whom it keeps waiting.
    pub fn of_lock(mode: LockMode) -> Self {
        match mode {
            LockMode::AccessShare
            | LockMode::RowShare
            | LockMode::RowExclusive
            | LockMode::ShareUpdateExclusive => Tone::Faint,
            LockMode::Share | LockMode::ShareRowExclusive | LockMode::Exclusive => Tone::Caution,
            LockMode::AccessExclusive => Tone::Danger,
        }
    }

    /// Of the word for what a statement does.
    pub fn of_effect(effect: Effect) -> Self {
        match effect {
            Effect::Catalog => Tone::Faint,
            Effect::Scan | Effect::Build => Tone::Caution,
            Effect::Rewrite | Effect::Data => Tone::Danger,
        }
    }
}

/// The word for what a statement does.
pub fn effect_word(effect: Effect) -> &'static str {
    match effect {
        Effect::Catalog => "catalog",
        Effect::Scan => "scan",
        Effect::Build => "build",
        Effect::Rewrite => "rewrite",
        Effect::Data => "data",
    }
}

/// `1 table`, `2 indexes`.
pub fn count(number: usize, noun: &str) -> String {
    format!("{number} {}", plural(number, noun))
}

/// The noun alone, in the form that goes with the number.
pub fn plural(number: usize, noun: &str) -> String {
    match (number, noun.ends_with('x')) {
        (1, _) => noun.to_owned(),
        (_, true) => format!("{noun}es"),
        (_, false) => format!("{noun}s"),
    }
}

/// An estimated number of rows: `1 row`, `740 rows`, `1.2 M rows`.
pub fn rows(number: u64) -> String {
    let noun = plural(if number == 1 { 1 } else { 2 }, "row");
    format!("{} {noun}", scaled(number, 1000.0, &["", " k", " M", " G", " T", " P"]))
}

/// A size as `pg_size_pretty` names its units: powers of 1024, `92 MB`.
pub fn bytes(number: u64) -> String {
    scaled(number, 1024.0, &[" B", " kB", " MB", " GB", " TB", " PB"])
}

fn scaled(number: u64, step: f64, units: &[&str]) -> String {
    let mut value = number as f64;
    let mut unit = 0;
    // What would be rounded up to a whole step belongs to the next unit.
    while value >= step - 0.5 && unit + 1 < units.len() {
        value /= step;
        unit += 1;
    }
    let decimals = usize::from(unit > 0 && value < 9.95);
    format!("{value:.decimals$}{}", units[unit])
}

/// `0.3 s`, `12 s`, `2 min 5 s`, `1 h 4 min`.
pub fn elapsed(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..=9 => format!("{}.{} s", seconds, time.subsec_millis() / 100),
        10..=59 => format!("{seconds} s"),
        60..=3599 => format!("{} min {} s", seconds / 60, seconds % 60),
        3600.. => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let all = [0, 1, 999, 1000, 1234, 9_960, 12_345, 999_499, 999_999, 1_200_000, u64::MAX].map(rows);
        assert_eq!(
            all,
            [
                "0 rows",
                "1 row",
                "999 rows",
                "1.0 k rows",
                "1.2 k rows",
                "10 k rows",
                "12 k rows",
                "999 k rows",
                "1.0 M rows",
                "1.2 M rows",
                "18447 P rows",
            ]
        );
        let all = [0, 900, 1024, 8192, 1_048_575, 96_000_000, 5_000_000_000].map(bytes);
        assert_eq!(all, ["0 B", "900 B", "1.0 kB", "8.0 kB", "1.0 MB", "92 MB", "4.7 GB"]);
    }

    #[test]
    fn nouns_follow_their_number() {
        assert_eq!(["table", "index"].map(|noun| count(1, noun)), ["1 table", "1 index"]);
        assert_eq!(["table", "index"].map(|noun| count(0, noun)), ["0 tables", "0 indexes"]);
    }

    #[test]
    fn times_lose_digits_as_they_grow() {
        let all = [340, 12_900, 125_000, 3_840_000].map(|ms| elapsed(Duration::from_millis(ms)));
        assert_eq!(all, ["0.3 s", "12 s", "2 min 5 s", "1 h 4 min"]);
    }
}
