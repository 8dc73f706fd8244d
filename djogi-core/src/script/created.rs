//! What a `CREATE` or an `ALTER TABLE` names.

use super::lexer::{Lexeme, Sort};
use super::statement::after;

/// The object that a `CREATE` makes, as far as its words tell.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Created {
    /// The word for its kind in lower case: `table`, `materialized view`, `type`.
    pub kind: String,
    /// `None` when the name stands without one: the first of the search path.
    pub schema: Option<String>,
    pub name: String,
    /// The table of an index, a trigger, a rule or a policy.
    pub table: Option<String>,
    /// Whether it may be there already.
    pub if_not_exists: bool,
}

/// Words between `CREATE` and the kind that change nothing of the name.
const MODIFIERS: [&str; 13] = [
    "or",
    "replace",
    "temp",
    "temporary",
    "local",
    "global",
    "unlogged",
    "unique",
    "recursive",
    "trusted",
    "procedural",
    "constraint",
    "default",
];

/// Kinds of several words, of which the longer come first.
const LONG_KINDS: [&[&str]; 14] = [
    &["text", "search", "configuration"],
    &["text", "search", "dictionary"],
    &["text", "search", "parser"],
    &["text", "search", "template"],
    &["foreign", "data", "wrapper"],
    &["materialized", "view"],
    &["foreign", "table"],
    &["event", "trigger"],
    &["operator", "class"],
    &["operator", "family"],
    &["access", "method"],
    &["user", "mapping"],
    &["default", "conversion"],
    &["recursive", "view"],
];

/// What the statement creates; `None` for every other statement, and where the object has no name in it.
pub(super) fn read(lexemes: &[Lexeme<'_>]) -> Option<Created> {
    let mut rest = after(lexemes, &["create"])?;
    while rest.first().is_some_and(|lexeme| MODIFIERS.iter().any(|word| lexeme.is_word(word))) {
        rest = &rest[1..];
    }
    let (kind, mut rest) = match LONG_KINDS.iter().find_map(|words| Some((words, after(rest, words)?))) {
        Some((words, rest)) => (words.join(" "), rest),
        None => (rest.first().filter(|lexeme| lexeme.sort == Sort::Word)?.name()?, &rest[1..]),
    };
    rest = after(rest, &["concurrently"]).unwrap_or(rest);
    let unconditional = rest;
    rest = after(rest, &["if", "not", "exists"]).unwrap_or(rest);
    let if_not_exists = rest.len() < unconditional.len();
    let on_table = ["index", "trigger", "rule", "policy"].contains(&kind.as_str());
    if on_table && rest.first()?.is_word("on") {
        return None;
    }
    let rest = after(rest, &["authorization"]).unwrap_or(rest);
    // A user mapping is called by its role.
    let rest = if kind == "user mapping" { after(rest, &["for"])? } else { rest };
    let (schema, name, rest) = qualified(rest)?;
    // A rule is `ON event TO table`.
    let before_table = if kind == "rule" { "to" } else { "on" };
    let table = on_table
        .then(|| rest.iter().position(|lexeme| lexeme.is_word(before_table)))
        .flatten()
        .and_then(|at| {
            let rest = &rest[at + 1..];
            qualified(after(rest, &["only"]).unwrap_or(rest))
        })
        .map(|(_, table, _)| table);
    Some(Created { kind, schema, name, table, if_not_exists })
}

/// The table that an `ALTER TABLE` changes, without its schema.
pub(super) fn altered_table(lexemes: &[Lexeme<'_>]) -> Option<String> {
    let rest = after(lexemes, &["alter"])?;
    let rest = after(after(rest, &["foreign"]).unwrap_or(rest), &["table"])?;
    let rest = after(rest, &["if", "exists"]).unwrap_or(rest);
    let (_, name, _) = qualified(after(rest, &["only"]).unwrap_or(rest))?;
    Some(name)
}

/// A name with or without its schema, and what follows.
fn qualified<'s, 'a>(lexemes: &'s [Lexeme<'a>]) -> Option<(Option<String>, String, &'s [Lexeme<'a>])> {
    let first = lexemes.first()?.name()?;
    match (lexemes.get(1), lexemes.get(2).and_then(Lexeme::name)) {
        (Some(dot), Some(second)) if dot.text == "." => Some((Some(first), second, &lexemes[3..])),
        _ => Some((None, first, &lexemes[1..])),
    }
}
