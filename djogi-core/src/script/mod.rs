//! SQL files as psql reads them: a text that is split into statements, each with what it is and what it creates.
//!
//! This is lexical work and no parser: PostgreSQL alone knows what a statement means. What is found here decides only in
//! which order statements are tried, and which place in which file an object is said to come from.

mod created;
mod lexer;
mod literals;
mod query;
pub mod role;
mod statement;

use std::ops::Range;

pub use created::Created;
pub use literals::literals;
pub use query::Query;
pub use statement::{Act, Refused};

use lexer::Lexeme;

/// One statement of a [`Script`], without its semicolon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Where it stands in the text, in bytes.
    pub span: Range<usize>,
    pub act: Act,
    /// What a `CREATE` names.
    pub created: Option<Created>,
    /// The table that an `ALTER TABLE` changes, without its schema.
    pub altered_table: Option<String>,
    /// Every name and keyword in it, folded as PostgreSQL folds them, each once and sorted.
    words: Vec<String>,
}

impl Statement {
    /// Whether `name` occurs in it outside of literals and comments.
    pub fn mentions(&self, name: &str) -> bool {
        self.words.binary_search_by(|word| word.as_str().cmp(name)).is_ok()
    }

    /// Every name and keyword in it, each once.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.words.iter().map(String::as_str)
    }
}

/// A file of statements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// As the user knows it.
    pub file: String,
    pub text: String,
    pub statements: Vec<Statement>,
}

/// A place in a file, both counted from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub line: u32,
    pub column: u32,
}

/// Why a text cannot be split into statements.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct ScriptError {
    pub place: Place,
    pub problem: Problem,
}

/// What cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    #[error("`\\{0}` is a command of psql, not of SQL")]
    MetaCommand(String),
    #[error("{0} has no end")]
    Unclosed(&'static str),
    #[error("there is a zero byte, which PostgreSQL does not take")]
    ZeroByte,
    #[error("{0}")]
    Refused(Refused),
    /// In a file of queries.
    #[error("this is no query")]
    NoQuery,
}

impl Problem {
    /// What to do about it; `None` when the message says it all.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Problem::MetaCommand(_) => Some(
                "remove it: several files are given by `[sql] files`, and variables have no meaning here",
            ),
            Problem::Refused(refused) => Some(refused.help()),
            Problem::NoQuery => Some(
                "a query is SELECT, INSERT, UPDATE, DELETE, MERGE, VALUES, TABLE or WITH; what defines objects goes to `[sql] files`",
            ),
            Problem::Unclosed(_) | Problem::ZeroByte => None,
        }
    }
}

impl Script {
    /// Splits `text`, a file called `file`.
    ///
    /// # Errors
    /// Everything in it that is no SQL statement, or none that can say what a schema should be.
    pub fn read(file: impl Into<String>, text: impl Into<String>) -> Result<Self, Vec<ScriptError>> {
        let text: String = text.into();
        let mut errors = Vec::new();
        let mut error = |at: usize, problem| errors.push(ScriptError { place: place(&text, at), problem });
        if let Some(at) = text.find('\0') {
            error(at, Problem::ZeroByte);
        }
        let mut statements = Vec::new();
        for lexemes in split(&text, &mut error) {
            let statement = statement::read(&text, &lexemes);
            if let Act::Refuse(refused) = &statement.act {
                error(statement.span.start, Problem::Refused(*refused));
            }
            statements.push(statement);
        }
        if errors.is_empty() { Ok(Self { file: file.into(), text, statements }) } else { Err(errors) }
    }

    /// The text of a statement.
    pub fn sql(&self, statement: &Statement) -> &str {
        &self.text[statement.span.clone()]
    }

    /// Where the byte `at` stands.
    pub fn place(&self, at: usize) -> Place {
        place(&self.text, at)
    }

    /// Where the character of a statement stands that PostgreSQL points at, counted from 1.
    pub fn place_in(&self, statement: &Statement, position: u32) -> Place {
        let before = usize::try_from(position.saturating_sub(1)).unwrap_or(usize::MAX);
        let sql = self.sql(statement);
        let at = sql.char_indices().nth(before).map_or(sql.len(), |(at, _)| at);
        self.place(statement.span.start + at)
    }

    /// The line with this number, without its end.
    pub fn line(&self, number: u32) -> &str {
        let before = usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
        self.text.lines().nth(before).unwrap_or_default()
    }
}

fn place(text: &str, at: usize) -> Place {
    let before = &text[..at.min(text.len())];
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Place {
        line: count(before.matches('\n').count() + 1),
        column: count(before[start..].chars().count() + 1),
    }
}

/// The statements of `text`, each as its lexemes; empty ones are left out. The rules are those of psql (`psqlscan.l`):
/// a semicolon ends a statement outside of parentheses and of the body of an SQL-standard routine.
fn split<'a>(text: &'a str, error: &mut impl FnMut(usize, Problem)) -> Vec<Vec<Lexeme<'a>>> {
    let mut statements = Vec::new();
    let mut current: Vec<Lexeme<'a>> = Vec::new();
    let (mut parentheses, mut bodies) = (0_usize, 0_usize);
    for lexeme in lexer::lexemes(text, error) {
        match lexeme.text {
            "(" => parentheses += 1,
            ")" => parentheses = parentheses.saturating_sub(1),
            ";" if parentheses == 0 && bodies == 0 => {
                if !current.is_empty() {
                    statements.push(std::mem::take(&mut current));
                }
                continue;
            }
            _ => {}
        }
        let begins = lexeme.is_word("begin") && statement::is_routine(&current);
        if begins || bodies > 0 && lexeme.is_word("case") {
            bodies += 1;
        } else if bodies > 0 && lexeme.is_word("end") {
            bodies -= 1;
        }
        current.push(lexeme);
    }
    if !current.is_empty() {
        statements.push(current);
    }
    statements
}

#[cfg(test)]
mod tests;
