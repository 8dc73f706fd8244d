//! Inline differences of long texts: `price [->-]{+>=+} 0`, in the notation of `git diff --word-diff`, which
//! can be read without colours.

use similar::{Algorithm, DiffOp, DiffTag, capture_diff_slices};

use super::line::Line;
use super::style::Tone;

/// Shorter texts are easier to read side by side.
const LONG: usize = 24;

/// A piece of two texts: what only the old one has, what only the new one has, or both.
enum Piece {
    Same(String),
    Different { old: String, new: String },
}

/// Both texts in one, if they are long and alike; otherwise they are better shown side by side.
pub(crate) fn inline(old: &str, new: &str) -> Option<Line> {
    if old.len().max(new.len()) < LONG {
        return None;
    }
    let (old_words, new_words) = (words(old), words(new));
    let operations = capture_diff_slices(Algorithm::Patience, &old_words, &new_words);
    let pieces = pieces(&operations, &old_words, &new_words);
    let same: usize = pieces.iter().map(Piece::common_bytes).sum();
    (same * 2 >= old.len().min(new.len()) && same > 0).then(|| lay_out(&pieces))
}

/// One labelled difference of two lists: every member is shown, the others marked.
pub(crate) fn list(old: &[String], new: &[String]) -> Line {
    let mut line = Line::default();
    let mut add = |mark: [&str; 2], text: &str, tone| {
        if !line.is_empty() {
            line.push(", ", Tone::Plain);
        }
        line.push(format!("{}{text}{}", mark[0], mark[1]), tone);
    };
    for operation in capture_diff_slices(Algorithm::Myers, old, new) {
        if operation.tag() == DiffTag::Equal {
            old[operation.old_range()].iter().for_each(|text| add(["", ""], text, Tone::Plain));
            continue;
        }
        old[operation.old_range()].iter().for_each(|text| add(["[-", "-]"], text, Tone::Removed));
        new[operation.new_range()].iter().for_each(|text| add(["{+", "+}"], text, Tone::Added));
    }
    line
}

impl Piece {
    fn common_bytes(&self) -> usize {
        match self {
            Piece::Same(text) => text.len(),
            Piece::Different { .. } => 0,
        }
    }
}

/// Runs of letters and digits, of blanks, of operator characters, and everything else one by one.
fn words(text: &str) -> Vec<&str> {
    let class = |c: char| match c {
        c if c.is_alphanumeric() || c == '_' => 0,
        c if c.is_whitespace() => 1,
        '<' | '>' | '=' | '!' | '+' | '-' | '*' | '/' | '~' | '@' | '#' | '%' | '^' | '&' | '|' | ':' => 3,
        _ => 2,
    };
    let mut words = Vec::new();
    let mut start = 0;
    let mut last = None;
    for (at, c) in text.char_indices() {
        let this = class(c);
        if last.is_some_and(|last| last != this || this == 2) {
            words.push(&text[start..at]);
            start = at;
        }
        last = Some(this);
    }
    words.push(&text[start..]);
    words
}

fn pieces(operations: &[DiffOp], old: &[&str], new: &[&str]) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    for (i, operation) in operations.iter().enumerate() {
        let (before, after) = (old[operation.old_range()].concat(), new[operation.new_range()].concat());
        let is_between = i > 0 && i + 1 < operations.len();
        // A lone blank or bracket between two differences only makes both harder to read.
        let is_same = operation.tag() == DiffTag::Equal && !(is_between && before.trim().len() <= 1);
        match pieces.last_mut() {
            _ if is_same => pieces.push(Piece::Same(before)),
            Some(Piece::Different { old, new }) => {
                old.push_str(&before);
                new.push_str(&after);
            }
            Some(Piece::Same(_)) | None => pieces.push(Piece::Different { old: before, new: after }),
        }
    }
    pieces
}

fn lay_out(pieces: &[Piece]) -> Line {
    let mut line = Line::default();
    for piece in pieces {
        match piece {
            Piece::Same(text) => line.push(text, Tone::Plain),
            Piece::Different { old, new } => {
                if !old.is_empty() {
                    line.push(format!("[-{old}-]"), Tone::Removed);
                }
                if !new.is_empty() {
                    line.push(format!("{{+{new}+}}"), Tone::Added);
                }
            }
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::Paint;

    fn shown(old: &str, new: &str) -> Option<String> {
        inline(old, new).map(|line| line.render(Paint::plain()))
    }

    #[test]
    fn only_the_words_that_differ_are_marked() {
        assert_eq!(
            shown("((price > 0) AND (stock >= 0))", "((price >= 0) AND (stock >= 0))").unwrap(),
            "((price [->-]{+>=+} 0) AND (stock >= 0))"
        );
        assert_eq!(
            shown("(status = 'new'::public.order_status)", "(status = 'open'::public.order_status)").unwrap(),
            "(status = '[-new-]{+open+}'::public.order_status)"
        );
    }

    #[test]
    fn short_or_unlike_texts_are_left_side_by_side() {
        assert_eq!(shown("a > 0", "a >= 0"), None);
        assert_eq!(shown("lower(email) <> ''::text", "num_nonnulls(phone, fax) = 1"), None);
    }

    #[test]
    fn lists_show_where_members_come_in() {
        let texts = |all: &[&str]| all.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        let line = list(&texts(&["'new'", "'gone'", "'paid'"]), &texts(&["'new'", "'open'", "'paid'"]));
        assert_eq!(line.render(Paint::plain()), "'new', [-'gone'-], {+'open'+}, 'paid'");
    }
}
