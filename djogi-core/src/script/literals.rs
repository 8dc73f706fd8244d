//! The string constants of a text, as the values that they stand for.

use super::lexer::{Lexeme, Sort, lexemes};

/// Every string constant in `text`, those within others in dollar quotes too. What does not read as one is left out.
pub fn literals(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let tokens = lexemes(text, &mut |_, _| {});
    for (at, token) in tokens.iter().enumerate().filter(|(_, token)| token.sort == Sort::Literal) {
        let escapes = at.checked_sub(1).is_some_and(|before| is_prefix(&tokens[before], token));
        if let Some(inner) = token.text.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')) {
            let inner = inner.replace("''", "'");
            found.push(if escapes { unescape(&inner) } else { inner });
        } else if let Some(inner) = dollar_quoted(token.text) {
            found.push(inner.to_owned());
            // The body of a `DO` holds statements.
            found.extend(literals(inner));
        }
    }
    found
}

fn is_prefix(before: &Lexeme<'_>, literal: &Lexeme<'_>) -> bool {
    before.end() == literal.start && before.is_word("e")
}

fn dollar_quoted(text: &str) -> Option<&str> {
    let tag = text.strip_prefix('$')?.find('$')? + 2;
    text.get(tag..text.len().checked_sub(tag)?)
}

/// Backslash escapes of `E'...'` for single characters; those for numbers are left as they are.
fn unescape(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let escaped = if c == '\\' { chars.next() } else { None };
        result.push(match escaped {
            None => c,
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some(other) => other,
        });
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_are_read_whatever_their_quotes() {
        let text = r#"SELECT 'it''s', E'a\\b\'c', $$plain$$, "no 'name'" -- 'no comment'
                      , $x$ CREATE SERVER s OPTIONS (password 'in $1') $x$"#;
        let found = literals(text);
        for expected in ["it's", "a\\b'c", "plain", "in $1"] {
            assert!(found.iter().any(|literal| literal == expected), "{expected}: {found:?}");
        }
        assert!(!found.iter().any(|literal| literal.contains("no ")));
        assert!(literals("'unclosed").is_empty() && literals("").is_empty());
    }
}
