//! Lines of toned text that know their width before they are coloured.
//!
//! Text comes from databases and files: whatever could move a cursor, forge a line or reverse the reading
//! direction is shown as an escape, so that a name can only ever look like a name.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr;

use super::style::Tone;
use crate::terminal::Paint;

/// One line of a report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Line {
    spans: Vec<(String, Tone)>,
}

impl Line {
    /// An empty line with an indentation.
    pub(crate) fn indented(columns: usize) -> Self {
        Self::default().with(" ".repeat(columns), Tone::Plain)
    }

    pub(crate) fn new(text: impl AsRef<str>, tone: Tone) -> Self {
        Self::default().with(text, tone)
    }

    /// Adds text; control characters in it are escaped.
    #[must_use]
    pub(crate) fn with(mut self, text: impl AsRef<str>, tone: Tone) -> Self {
        self.push(text, tone);
        self
    }

    /// Adds text; control characters in it are escaped.
    pub(crate) fn push(&mut self, text: impl AsRef<str>, tone: Tone) {
        let text = printable(text.as_ref());
        match self.spans.last_mut() {
            Some((last, same)) if *same == tone => last.push_str(&text),
            _ if text.is_empty() => {}
            _ => self.spans.push((text, tone)),
        }
    }

    /// Adds another line's text.
    pub(crate) fn append(&mut self, other: &Line) {
        for (text, tone) in &other.spans {
            self.push(text, *tone);
        }
    }

    /// Fills up with blanks.
    pub(crate) fn pad_to(&mut self, columns: usize) {
        let missing = columns.saturating_sub(self.width());
        self.push(" ".repeat(missing), Tone::Plain);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Columns that it takes on a terminal.
    pub(crate) fn width(&self) -> usize {
        self.spans.iter().map(|(text, _)| text.width()).sum()
    }

    /// The text, without blanks at the end.
    pub(crate) fn render(&self, paint: Paint) -> String {
        let visible = self.spans.iter().rposition(|(text, _)| !text.trim_end().is_empty());
        let spans = visible.map_or(&self.spans[..0], |last| &self.spans[..=last]);
        let mut rendered = String::new();
        for (i, (text, tone)) in spans.iter().enumerate() {
            let text = if i + 1 == spans.len() { text.trim_end() } else { text };
            match tone {
                Tone::Plain => rendered.push_str(text),
                tone => rendered.push_str(&paint.apply(text, tone.style())),
            }
        }
        rendered
    }

    /// At most so many columns; what is cut off is replaced by dots.
    #[must_use]
    pub(crate) fn cut(self, width: usize) -> Self {
        if self.width() <= width {
            return self;
        }
        let mut cut = Line::default();
        let room = width.saturating_sub(3);
        for (text, tone) in self.spans {
            for c in text.chars() {
                let mut buffer = [0; 4];
                let c = c.encode_utf8(&mut buffer);
                if cut.width() + c.width() > room {
                    return cut.with("...", Tone::Faint);
                }
                cut.push(c, tone);
            }
        }
        cut
    }

    /// Breaks at blanks so that each part fits, later parts indented. A word that is too long stays whole: an
    /// address must be copied in one piece.
    pub(crate) fn wrap(self, width: usize, hanging: usize) -> Vec<Line> {
        if self.width() <= width {
            return vec![self];
        }
        let mut lines = Vec::new();
        let mut line = Line::default();
        let mut holds_words = false;
        for word in self.words() {
            let fits = line.width() + word.gap.0.len() + word.body.width() <= width;
            if holds_words && !fits {
                lines.push(std::mem::replace(&mut line, Line::indented(hanging)));
            } else {
                line.push(word.gap.0, word.gap.1);
            }
            line.append(&word.body);
            holds_words = true;
        }
        lines.push(line);
        lines
    }

    fn words(&self) -> Vec<Word> {
        let mut words: Vec<Word> = Vec::new();
        let mut in_gap = true;
        for (text, tone) in &self.spans {
            for piece in split_at_blanks(text) {
                let is_gap = piece.starts_with(' ');
                if is_gap && (!in_gap || words.is_empty()) {
                    words.push(Word { gap: (piece.to_owned(), *tone), body: Line::default() });
                } else if is_gap {
                    let word = words.last_mut().expect("a gap was met before");
                    word.gap.0.push_str(piece);
                } else {
                    if words.is_empty() {
                        words.push(Word { gap: (String::new(), *tone), body: Line::default() });
                    }
                    words.last_mut().expect("one was just made").body.push(piece, *tone);
                }
                in_gap = is_gap;
            }
        }
        words
    }
}

/// Blanks and what follows them.
struct Word {
    gap: (String, Tone),
    body: Line,
}

fn split_at_blanks(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_blank = first == ' ';
        let end = rest.find(|c| (c == ' ') != is_blank).unwrap_or(rest.len());
        let (piece, tail) = rest.split_at(end);
        pieces.push(piece);
        rest = tail;
    }
    pieces
}

/// The text with control characters, and those that reverse the direction of reading, as escapes.
pub(crate) fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for c in text.chars() {
        let is_bidi =
            matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if is_bidi || matches!(c, '\u{2028}' | '\u{2029}') {
            write!(printable, "{}", c.escape_unicode()).expect("writing to a String does not fail");
        } else if c.is_control() {
            write!(printable, "{}", c.escape_default()).expect("writing to a String does not fail");
        } else {
            printable.push(c);
        }
    }
    printable
}

/// The same for text of several lines: line ends stay.
pub(crate) fn printable_lines(text: &str) -> String {
    text.split('\n').map(printable).collect::<Vec<_>>().join("\n")
}

/// Columns that a text takes on a terminal, escapes included.
pub(crate) fn columns(text: &str) -> usize {
    printable(text).width()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(text: &str, width: usize) -> Vec<String> {
        let lines = Line::new(text, Tone::Plain).wrap(width, 2);
        lines.iter().map(|line| line.render(Paint::plain())).collect()
    }

    #[test]
    fn lines_break_at_blanks_and_keep_their_indentation() {
        assert_eq!(wrapped("  one two three", 10), ["  one two", "  three"]);
        assert_eq!(wrapped("short", 10), ["short"]);
        assert_eq!(wrapped("a-very-long-word b", 10), ["a-very-long-word", "  b"]);
    }

    #[test]
    fn a_word_of_two_tones_is_one_word() {
        let line = Line::new("aaaa bb", Tone::Plain).with("bb", Tone::Added).with(" c", Tone::Plain);
        let parts = line.wrap(7, 0);
        assert_eq!(parts.iter().map(|l| l.render(Paint::plain())).collect::<Vec<_>>(), ["aaaa", "bbbb c"]);
    }

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!(Line::new("注文", Tone::Plain).width(), 4);
        assert_eq!(wrapped("注文 注文 注文", 10), ["注文 注文", "  注文"]);
    }

    #[test]
    fn cut_lines_fit() {
        let line = || Line::new("注文 abc", Tone::Added).with("defg", Tone::Plain);
        assert_eq!(line().cut(12).render(Paint::plain()), "注文 abcdefg");
        assert_eq!(line().cut(10).render(Paint::plain()), "注文 ab...");
        assert_eq!(line().cut(6).render(Paint::plain()), "注...");
    }

    #[test]
    fn names_cannot_forge_output() {
        assert_eq!(printable("a\u{1b}[31mb\nc\u{202e}d\u{7f}"), "a\\u{1b}[31mb\\nc\\u{202e}d\\u{7f}");
        assert_eq!(printable("größe \"x\" 注文"), "größe \"x\" 注文");
    }

    #[test]
    fn blanks_at_the_end_are_not_written() {
        assert_eq!(Line::new("a", Tone::Added).with("  ", Tone::Plain).render(Paint::plain()), "a");
        assert_eq!(Line::indented(4).render(Paint::plain()), "");
    }
}
