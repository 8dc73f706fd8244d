//! What a statement of a file is for.

use super::created::Created;
use super::lexer::{Lexeme, Sort};
use super::{Statement, created};

/// What a statement does in a file that says what a schema should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// It makes or changes objects, or may.
    Define,
    /// It makes or changes roles, which belong to the whole server.
    Role,
    /// It changes a setting of the session: what stands behind it in the file means what it means under the setting.
    Set,
    /// The same up to the end of the transaction.
    SetLocal,
    /// It begins a transaction.
    Begin,
    /// It ends one.
    Commit,
    /// It belongs to another kind of file.
    Refuse(Refused),
}

/// Why a statement says nothing of a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("the data of `COPY ... FROM stdin` are no SQL")]
    CopyData,
    #[error("rows are no part of a schema")]
    Rows,
    #[error("what is rolled back is not declared")]
    Rollback,
    #[error("this is done to a server, not to a schema")]
    Server,
    #[error("the scratch database, into which files are loaded, must not reach a publisher")]
    Publisher,
}

impl Refused {
    pub(super) fn help(self) -> &'static str {
        match self {
            Refused::CopyData | Refused::Rows => {
                "leave rows to the application or to a file of their own; only what defines objects belongs here"
            }
            Refused::Rollback => "remove the statements from BEGIN to ROLLBACK",
            Refused::Server => "remove it, and do it by hand where it is wanted",
            Refused::Publisher => {
                "write CREATE SUBSCRIPTION with (connect = false); enable and refresh it by hand where it is wanted"
            }
        }
    }
}

/// Whether a statement that begins so is a routine's, in whose body `BEGIN ATOMIC` may stand.
pub(super) fn is_routine(lexemes: &[Lexeme<'_>]) -> bool {
    let Some(rest) = after(lexemes, &["create"]) else { return false };
    let rest = after(rest, &["or", "replace"]).unwrap_or(rest);
    rest.first().is_some_and(|word| word.is_word("function") || word.is_word("procedure"))
}

/// What follows `words`, if `lexemes` begin with them.
pub(super) fn after<'s, 'a>(lexemes: &'s [Lexeme<'a>], words: &[&str]) -> Option<&'s [Lexeme<'a>]> {
    let is_word = |(lexeme, word): (&Lexeme<'_>, &&str)| lexeme.is_word(word);
    (lexemes.len() >= words.len() && lexemes.iter().zip(words).all(is_word)).then(|| &lexemes[words.len()..])
}

/// The statement of `lexemes`, of which there is at least one.
pub(super) fn read(text: &str, lexemes: &[Lexeme<'_>]) -> Statement {
    let span = match (lexemes.first(), lexemes.last()) {
        (Some(first), Some(last)) => first.start..last.end(),
        _ => text.len()..text.len(),
    };
    let mut words: Vec<String> = lexemes.iter().filter_map(Lexeme::name).collect();
    words.sort_unstable();
    words.dedup();
    let act = act(lexemes);
    let created: Option<Created> =
        if matches!(act, Act::Define | Act::Role) { created::read(lexemes) } else { None };
    Statement { span, act, created, altered_table: created::altered_table(lexemes), words }
}

/// Whether an option of `WITH (...)` is said to be off.
fn is_off(lexemes: &[Lexeme<'_>], option: &str) -> bool {
    let said = lexemes.windows(3).find(|three| three[0].is_word(option) && three[1].text == "=");
    said.is_some_and(|three| {
        let value = three[2].text.trim_matches('\'');
        ["false", "off", "0"].iter().any(|off| value.eq_ignore_ascii_case(off))
    })
}

/// Whether an `ALTER SUBSCRIPTION` starts a worker, looks for tables, or changes the slot.
fn reaches_publisher(lexemes: &[Lexeme<'_>]) -> bool {
    let has = |wanted: &str| lexemes.iter().any(|lexeme| lexeme.is_word(wanted));
    let refreshes = has("refresh") || has("publication");
    has("enable")
        || refreshes && !is_off(lexemes, "refresh")
        || has("set") && (has("failover") || has("two_phase"))
}

fn act(lexemes: &[Lexeme<'_>]) -> Act {
    let word = |at: usize| {
        let lexeme = lexemes.get(at).filter(|lexeme| lexeme.sort == Sort::Word);
        lexeme.map_or_else(String::new, |lexeme| lexeme.text.to_ascii_lowercase())
    };
    let has = |wanted: &str| lexemes.iter().any(|lexeme| lexeme.is_word(wanted));
    match (word(0).as_str(), word(1).as_str()) {
        ("begin", _) | ("start", "transaction") => Act::Begin,
        ("commit" | "end", _) => Act::Commit,
        ("savepoint" | "release", _) | ("set", "constraints" | "transaction") => Act::Begin,
        ("rollback" | "abort", _) => Act::Refuse(Refused::Rollback),
        ("set", "local") => Act::SetLocal,
        ("set" | "reset" | "discard", _) => Act::Set,
        ("select", _) if has("set_config") => Act::Set,
        ("copy", _) if has("from") && has("stdin") => Act::Refuse(Refused::CopyData),
        ("copy" | "insert" | "update" | "delete" | "truncate" | "merge", _) => Act::Refuse(Refused::Rows),
        ("create", "subscription") if !is_off(lexemes, "connect") => Act::Refuse(Refused::Publisher),
        ("alter", "subscription") if reaches_publisher(lexemes) => Act::Refuse(Refused::Publisher),
        // With a slot it is dropped on the publisher too.
        ("drop", "subscription") => Act::Refuse(Refused::Publisher),
        ("create" | "drop" | "alter", "user") if word(2) == "mapping" => Act::Define,
        ("create" | "drop" | "alter", "role" | "user" | "group") => Act::Role,
        ("comment", "on") if word(2) == "role" => Act::Role,
        // Without `ON` it is about memberships.
        ("grant" | "revoke", _) if !has("on") => Act::Role,
        ("create" | "drop" | "alter", "database" | "tablespace")
        | ("alter", "system")
        | ("vacuum" | "checkpoint" | "prepare" | "listen" | "notify" | "load", _) => {
            Act::Refuse(Refused::Server)
        }
        _ => Act::Define,
    }
}
