//! The lexical elements of SQL text (manual section 4.1), each with where it stands.

use super::Problem;

/// What sort of element it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// A keyword, or a name without quotes.
    Word,
    /// A name in double quotes.
    Quoted,
    /// A constant, of whatever quotes.
    Literal,
    Other,
}

/// One element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lexeme<'a> {
    pub(super) sort: Sort,
    pub(super) text: &'a str,
    /// The byte it begins at.
    pub(super) start: usize,
}

impl Lexeme<'_> {
    /// Whether this is the keyword `word`, which is given in lower case.
    pub(super) fn is_word(&self, word: &str) -> bool {
        self.sort == Sort::Word && self.text.eq_ignore_ascii_case(word)
    }

    /// The name, folded as PostgreSQL folds it; `None` when it is none.
    pub(super) fn name(&self) -> Option<String> {
        match self.sort {
            Sort::Word => Some(self.text.to_ascii_lowercase()),
            Sort::Quoted => {
                let inner = self.text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
                Some(inner.unwrap_or(self.text).replace("\"\"", "\""))
            }
            Sort::Literal | Sort::Other => None,
        }
    }

    /// The byte behind it.
    pub(super) fn end(&self) -> usize {
        self.start + self.text.len()
    }
}

/// The elements of `text`; white space and comments are left out.
pub(super) fn lexemes<'a>(text: &'a str, error: &mut impl FnMut(usize, Problem)) -> Vec<Lexeme<'a>> {
    let mut found: Vec<Lexeme<'a>> = Vec::new();
    // psql leaves out a byte order mark.
    let mut at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        if rest.starts_with("--") {
            at += rest.find('\n').unwrap_or(rest.len());
            continue;
        }
        if rest.starts_with("/*") {
            at += comment(rest).unwrap_or_else(|| {
                error(at, Problem::Unclosed("this comment"));
                rest.len()
            });
            continue;
        }
        if first == '\\' {
            let line = rest.find('\n').unwrap_or(rest.len());
            let name = rest[1..line].split_whitespace().next().unwrap_or_default();
            // Newer pg_dump programs write these two around everything.
            if !matches!(name, "restrict" | "unrestrict") {
                error(at, Problem::MetaCommand(name.to_owned()));
            }
            at += line;
            continue;
        }
        let (sort, length) = match first {
            '\'' => {
                let escapes = found.last().is_some_and(|before| before.end() == at && before.is_word("e"));
                (Sort::Literal, quoted(rest, '\'', escapes).ok_or("this string"))
            }
            '"' => (Sort::Quoted, quoted(rest, '"', false).ok_or("this name in quotes")),
            '$' => match dollar_tag(rest) {
                Some(tag) => {
                    let end = rest[tag.len()..].find(tag).map(|end| end + 2 * tag.len());
                    (Sort::Literal, end.ok_or("this string in dollar quotes"))
                }
                None => (Sort::Other, Ok(1)),
            },
            c if starts_word(c) => (Sort::Word, Ok(rest.find(|c| !continues_word(c)).unwrap_or(rest.len()))),
            c if c.is_ascii_digit() => {
                (Sort::Other, Ok(rest.find(|c: char| !continues_word(c) && c != '.').unwrap_or(rest.len())))
            }
            c => (Sort::Other, Ok(c.len_utf8())),
        };
        let length = length.unwrap_or_else(|what| {
            error(at, Problem::Unclosed(what));
            rest.len()
        });
        found.push(Lexeme { sort, text: &rest[..length], start: at });
        at += length;
    }
    found
}

fn starts_word(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_' || !c.is_ascii()
}

fn continues_word(c: char) -> bool {
    starts_word(c) || c.is_ascii_digit() || c == '$'
}

/// `$$` or `$tag$` at the beginning of `text`.
fn dollar_tag(text: &str) -> Option<&str> {
    let inner = &text[1..];
    let end = inner.find('$')?;
    let tag = &inner[..end];
    let is_tag = tag.chars().next().is_none_or(starts_word)
        && tag.chars().all(|c| starts_word(c) || c.is_ascii_digit());
    is_tag.then(|| &text[..end + 2])
}

/// Bytes from the opening quote through the closing one.
fn quoted(text: &str, quote: char, backslash_escapes: bool) -> Option<usize> {
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c == '\\' && backslash_escapes {
            chars.next();
        } else if c == quote && chars.next_if(|&(_, next)| next == quote).is_none() {
            return Some(at + 1);
        }
    }
    None
}

/// Bytes of the comment that `text` begins with, which may hold others.
fn comment(text: &str) -> Option<usize> {
    let (mut depth, mut at) = (0_usize, 0);
    loop {
        let next = text[at..].find(['/', '*'])? + at;
        match text.get(next..next + 2) {
            Some("/*") => (depth, at) = (depth + 1, next + 2),
            Some("*/") => {
                (depth, at) = (depth - 1, next + 2);
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => at = next + 1,
        }
    }
}
