//! The words of an SQL expression, as far as djogi must know them: where a literal ends, which names occur,
//! what is called. It reads what PostgreSQL prints (`pg_get_expr`, `format_type`) and never fails on anything
//! else; it is no parser.

use std::ops::Range;

use crate::ident::Ident;

/// One lexical element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    /// A name or keyword without quotes.
    Word(&'a str),
    /// A name in double quotes, with the inner quotes still doubled.
    Quoted(&'a str),
    /// A string constant with its quotes; a prefix (`E`, `B`, `X`) is a word before it.
    Literal(&'a str),
    Number(&'a str),
    /// `::`
    Cast,
    Symbol(char),
}

impl Token<'_> {
    /// Whether this is the name `name`.
    pub(crate) fn names(&self, name: &str) -> bool {
        match self {
            Token::Word(word) => *word == name,
            Token::Quoted(quoted) => quoted.replace("\"\"", "\"") == name,
            Token::Literal(_) | Token::Number(_) | Token::Cast | Token::Symbol(_) => false,
        }
    }
}

/// Splits `text` into tokens, without white space.
pub(crate) fn tokens(text: &str) -> Vec<Token<'_>> {
    spans(text).into_iter().map(|(token, _)| token).collect()
}

/// The tokens of `text` with the bytes they stand at.
pub(crate) fn spans(text: &str) -> Vec<(Token<'_>, Range<usize>)> {
    let mut tokens: Vec<(Token<'_>, Range<usize>)> = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '\'' => {
                let length = quoted_length(rest, '\'', matches!(tokens.last(), Some((Token::Word("E"), _))));
                (Token::Literal(&rest[..length]), length)
            }
            '"' => {
                let length = quoted_length(rest, '"', false);
                (Token::Quoted(rest[1..length].strip_suffix('"').unwrap_or(&rest[1..length])), length)
            }
            ':' if rest.starts_with("::") => (Token::Cast, 2),
            c if c.is_ascii_digit() => {
                let length = rest.find(|c: char| !c.is_alphanumeric() && c != '.').unwrap_or(rest.len());
                (Token::Number(&rest[..length]), length)
            }
            c if is_word(c) => {
                let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                (Token::Word(&rest[..length]), length)
            }
            c => (Token::Symbol(c), c.len_utf8()),
        };
        let start = text.len() - rest.len();
        tokens.push((token, start..start + length));
        rest = rest[length..].trim_start();
    }
    tokens
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// Bytes from the opening quote through the closing one, or to the end.
fn quoted_length(text: &str, quote: char, backslash_escapes: bool) -> usize {
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c == '\\' && backslash_escapes {
            chars.next();
        } else if c == quote && chars.next_if(|&(_, next)| next == quote).is_none() {
            return at + 1;
        }
    }
    text.len()
}

/// Whether the expression `text` mentions the column `name`. Functions, types and fields of the same name do not
/// count; a keyword that is spelled like the column may.
pub(crate) fn mentions(text: &str, name: &Ident) -> bool {
    let tokens = tokens(text);
    tokens.iter().enumerate().any(|(at, token)| {
        let before = at.checked_sub(1).map(|before| tokens[before]);
        token.names(name.as_str())
            && !matches!(before, Some(Token::Cast | Token::Symbol('.')))
            && tokens.get(at + 1) != Some(&Token::Symbol('('))
    })
}

/// The expression in parentheses, unless it already stands in one pair that spans it.
pub(crate) fn in_parentheses(text: &str) -> String {
    let tokens = tokens(text);
    let mut depth = 0_usize;
    let spanned = tokens.first() == Some(&Token::Symbol('('))
        && tokens.iter().enumerate().all(|(at, token)| {
            match token {
                Token::Symbol('(') => depth += 1,
                Token::Symbol(')') => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth > 0 || at + 1 == tokens.len()
        });
    if spanned { text.trim().to_owned() } else { format!("({text})") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_told_from_literals_functions_and_types() {
        let mentions = |text: &str, name: &str| mentions(text, &Ident::new(name).unwrap());
        let text = r#"((status = 'open (total)'::public."Mood") AND ("To""tal" > (length(a))::date))"#;
        for column in ["status", "To\"tal", "a"] {
            assert!(mentions(text, column), "{column}");
        }
        for other in ["total", "open", "Mood", "public", "length", "date"] {
            assert!(!mentions(text, other), "{other}");
        }
        assert!(!mentions(r"(note <> E'it\'s status')", "status"));
    }

    #[test]
    fn parentheses_are_added_once() {
        assert_eq!(in_parentheses("(a > 0)"), "(a > 0)");
        assert_eq!(in_parentheses("(a > 0) AND (b > 0)"), "((a > 0) AND (b > 0))");
        assert_eq!(in_parentheses("lower(a)"), "(lower(a))");
        assert_eq!(in_parentheses("(a = ')'::text)"), "(a = ')'::text)");
    }

    #[test]
    fn unclosed_quotes_end_with_the_text() {
        assert_eq!(tokens("'abc"), [Token::Literal("'abc")]);
        assert_eq!(tokens("\"abc"), [Token::Quoted("abc")]);
    }
}
