//! The words of SQL expressions as PostgreSQL prints them, just enough to find and replace names.
//!
//! The tokens of a text concatenate to the text, so that a replacement changes nothing else. Literals are
//! opaque but for `'name'::regclass`, by which a default names its sequence.

use crate::ident::{Ident, QualifiedName};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TokenKind {
    /// An identifier or keyword, quoted or not.
    Word,
    /// A string literal with its quotes.
    Literal,
    Space,
    /// A number, an operator, a bracket.
    Symbol,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Token<'a> {
    kind: TokenKind,
    text: &'a str,
}

impl Token<'_> {
    /// The identifier that a word stands for.
    fn ident(&self) -> Option<Ident> {
        if self.kind != TokenKind::Word {
            return None;
        }
        let name = match self.text.strip_prefix('"') {
            Some(quoted) => quoted.strip_suffix('"').unwrap_or(quoted).replace("\"\"", "\""),
            None => self.text.to_owned(),
        };
        Ident::new(name).ok()
    }

    fn is(&self, text: &str) -> bool {
        self.kind == TokenKind::Symbol && self.text == text
    }
}

fn tokens(sql: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let (kind, length) = match first {
            '\'' => (TokenKind::Literal, quoted_length(rest, '\'', false)),
            'E' if rest[1..].starts_with('\'') => {
                (TokenKind::Literal, 1 + quoted_length(&rest[1..], '\'', true))
            }
            '"' => (TokenKind::Word, quoted_length(rest, '"', false)),
            c if c.is_alphabetic() || c == '_' => (TokenKind::Word, run(rest, is_word)),
            c if c.is_ascii_digit() => (TokenKind::Symbol, run(rest, |c| c.is_alphanumeric() || c == '.')),
            c if c.is_whitespace() => (TokenKind::Space, run(rest, char::is_whitespace)),
            ':' if rest.starts_with("::") => (TokenKind::Symbol, 2),
            c => (TokenKind::Symbol, c.len_utf8()),
        };
        let (text, tail) = rest.split_at(length);
        tokens.push(Token { kind, text });
        rest = tail;
    }
    tokens
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

fn run(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

/// The bytes of the quoted text at the start of `text`; all of it when the closing quote is missing.
fn quoted_length(text: &str, quote: char, backslashes: bool) -> usize {
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if backslashes && c == '\\' {
            chars.next();
        } else if c == quote && chars.next_if(|&(_, next)| next == quote).is_none() {
            return at + quote.len_utf8();
        }
    }
    text.len()
}

/// Whether the word at `at` can be a column: not a function, a type after `::`, or part of a dotted name.
fn may_be_column(tokens: &[Token<'_>], at: usize) -> bool {
    let before = tokens[..at].iter().rev().find(|t| t.kind != TokenKind::Space);
    let after = tokens[at + 1..].iter().find(|t| t.kind != TokenKind::Space);
    !before.is_some_and(|t| t.is(".") || t.is("::")) && !after.is_some_and(|t| t.is("(") || t.is("."))
}

/// The unqualified names in `sql` that can be columns of the table it belongs to. Keywords are among them.
pub(crate) fn column_names(sql: &str) -> Vec<Ident> {
    let tokens = tokens(sql);
    (0..tokens.len()).filter(|&at| may_be_column(&tokens, at)).filter_map(|at| tokens[at].ident()).collect()
}

/// The `schema.name` pairs in `sql`, those in `'...'::regclass` included.
pub(crate) fn qualified_names(sql: &str) -> Vec<QualifiedName> {
    let mut names = Vec::new();
    replace_names(sql, |name| {
        names.push(name.clone());
        None
    });
    names
}

/// `sql` with columns renamed by `new_name`, old name to new name.
pub(crate) fn replace_columns<'a>(sql: &str, new_name: impl Fn(&Ident) -> Option<&'a Ident>) -> String {
    let tokens = tokens(sql);
    let mut out = String::with_capacity(sql.len());
    for (at, token) in tokens.iter().enumerate() {
        match token.ident().as_ref().and_then(&new_name) {
            Some(new) if may_be_column(&tokens, at) => out.push_str(&new.to_string()),
            Some(_) | None => out.push_str(token.text),
        }
    }
    out
}

/// `sql` with schema-qualified names of types, relations and functions replaced by `new_name`.
pub(crate) fn replace_names(
    sql: &str,
    mut new_name: impl FnMut(&QualifiedName) -> Option<QualifiedName>,
) -> String {
    let tokens = tokens(sql);
    let mut out = String::with_capacity(sql.len());
    let mut at = 0;
    while at < tokens.len() {
        let replacement = match &tokens[at..] {
            [schema, dot, name, ..] if dot.is(".") => {
                let pair = schema.ident().zip(name.ident()).map(|(s, n)| QualifiedName::new(s, n));
                pair.and_then(|pair| new_name(&pair)).map(|new| (new.to_string(), 3))
            }
            [literal, cast, class, ..]
                if literal.kind == TokenKind::Literal && cast.is("::") && class.text == "regclass" =>
            {
                let inner = literal.text.trim_matches('\'').replace("''", "'");
                let new = replace_names(&inner, &mut new_name as &mut dyn FnMut(&QualifiedName) -> _);
                (new != inner).then(|| (format!("'{}'", new.replace('\'', "''")), 1))
            }
            _ => None,
        };
        match replacement {
            Some((text, consumed)) => {
                out.push_str(&text);
                at += consumed;
            }
            None => {
                out.push_str(tokens[at].text);
                at += 1;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ident(name: &str) -> Ident {
        Ident::new(name).unwrap()
    }

    #[test]
    fn a_column_is_renamed_outside_literals_functions_types_and_longer_names() {
        let sql = "((total > 0) AND (total_net < total) AND (note <> 'total'::text) AND total(1) = x.total)";
        let (old, new) = (ident("total"), ident("Sum"));
        assert_eq!(
            replace_columns(sql, |name| (*name == old).then_some(&new)),
            "((\"Sum\" > 0) AND (total_net < \"Sum\") AND (note <> 'total'::text) AND total(1) = x.total)"
        );
    }

    #[test]
    fn a_sequence_is_renamed_inside_its_regclass_literal() {
        let new = QualifiedName::new(ident("app"), ident("It's"));
        let rename = |name: &QualifiedName| (name.name.as_str() == "old_seq").then(|| new.clone());
        assert_eq!(
            replace_names("nextval('public.old_seq'::regclass)", rename),
            "nextval('app.\"It''s\"'::regclass)"
        );
        assert_eq!(replace_names("'public.old_seq'::text", rename), "'public.old_seq'::text");
    }

    #[test]
    fn names_are_found_in_casts_and_regclass_literals() {
        let names = qualified_names("COALESCE('x'::public.mood, f(nextval('app.\"S\"'::regclass)))");
        assert_eq!(names.iter().map(ToString::to_string).collect::<Vec<_>>(), ["public.mood", "app.\"S\""]);
        assert_eq!(column_names("(lower(name) = 'a''b'::text)"), [ident("name")]);
    }

    proptest! {
        #[test]
        fn tokens_concatenate_to_the_text(sql in ".{0,60}") {
            prop_assert_eq!(tokens(&sql).iter().map(|t| t.text).collect::<String>(), sql);
        }
    }
}
