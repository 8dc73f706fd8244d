//! What in the files PostgreSQL, or djogi, does not take.

use djogi_core::address_pattern::AddressPattern;
use djogi_core::declared::Source;
use djogi_core::script::{Place, Query, Script, ScriptError, Statement, literals};
use djogi_core::seed::DeclaredSeed;
use djogi_core::{Address, Ident};

use super::item::{Item, Origin};
use crate::connect::DatabaseError;
use crate::secrets::mask_pieces;

/// How much of a line of rows is shown.
const LONGEST_LINE: usize = 200;

/// A place in a file that is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{}:{}: {message}", .place.line, .place.column)]
pub struct Rejected {
    /// A stable code for diagnostics.
    pub code: &'static str,
    pub file: String,
    pub place: Place,
    /// The line of the file.
    pub line: String,
    pub message: String,
    /// What belongs to it: what PostgreSQL says besides.
    pub notes: Vec<String>,
    pub help: Option<String>,
}

impl Rejected {
    /// What is no statement of a schema.
    pub(super) fn unreadable(file: &str, text: &str, error: &ScriptError) -> Self {
        let before = usize::try_from(error.place.line.saturating_sub(1)).unwrap_or(usize::MAX);
        Self {
            code: "sql_file_unreadable",
            file: file.to_owned(),
            place: error.place,
            line: shown(text.lines().nth(before).unwrap_or_default()),
            message: error.to_string(),
            notes: Vec::new(),
            help: error.problem.help().map(str::to_owned),
        }
    }

    /// What PostgreSQL says of a statement, at the place that it points to.
    pub(super) fn statement(scripts: &[Script], item: &Item<'_>, error: &DatabaseError) -> Option<Self> {
        let Origin::File(script) = item.origin else { return None };
        let script = scripts.get(script)?;
        let place = match error.position {
            Some(position) => script.place_in(&item.statement, position),
            None => script.place(item.statement.span.start),
        };
        let told = Self::at(script, place, error);
        // An option can stand in a line of its own.
        let line = if item.statement.mentions("options") { without_constants(&told.line) } else { told.line };
        Some(Self { line, ..told })
    }

    /// What PostgreSQL says of this place.
    pub(super) fn at(script: &Script, place: Place, error: &DatabaseError) -> Self {
        let facts = [("detail", &error.detail), ("hint", &error.hint), ("context", &error.context)];
        let masked = |text: String| without_connection(script, place, text);
        let notes = facts.iter().filter_map(|(name, fact)| Some(format!("{name}: {}", fact.as_ref()?)));
        Self {
            code: "sql_file_refused",
            file: script.file.clone(),
            place,
            line: shown(script.line(place.line)),
            message: masked(error.to_string()),
            notes: notes.map(masked).collect(),
            help: None,
        }
    }

    /// What PostgreSQL says of a query, at the place that it points to.
    pub(super) fn query(script: &Script, query: &Query, error: &DatabaseError) -> Self {
        let Query { name, statement } = query;
        let place = match error.position {
            Some(position) => script.place_in(statement, position),
            None => script.place(statement.span.start),
        };
        Self {
            code: "query_refused",
            message: format!("query `{name}` would not run: {error}"),
            help: Some(
                "change the query, or keep what it uses until no application sends it any more".to_owned(),
            ),
            ..Self::at(script, place, error)
        }
    }

    /// A query whose name another one has, which stands at `other`.
    pub(super) fn query_twice(script: &Script, query: &Query, other: &str) -> Self {
        let place = script.place(query.statement.span.start);
        Self {
            code: "query_twice",
            file: script.file.clone(),
            place,
            line: script.line(place.line).to_owned(),
            message: format!("query `{}` is at {other} as well", query.name),
            notes: Vec::new(),
            help: Some("give each a name of its own: `-- name: NAME` on the line before it".to_owned()),
        }
    }

    /// What is declared and to be ignored at once.
    pub(crate) fn ignored(
        address: &Address,
        source: &Source,
        target: &Ident,
        pattern: &AddressPattern,
    ) -> Self {
        Self {
            code: "declared_ignored",
            file: source.file.clone(),
            place: Place { line: source.line, column: 1 },
            line: String::new(),
            message: format!("{address} is declared, and ignored by `{pattern}`"),
            notes: Vec::new(),
            help: Some(format!("remove the declaration, or the pattern from `ignore` of [target.{target}]")),
        }
    }

    /// A seed that is not as it must be.
    pub(crate) fn seed(seed: &DeclaredSeed, line: Option<u32>, message: &str) -> Self {
        let place = Place { line: line.unwrap_or(seed.source.line), column: 1 };
        let file = if line.is_some() { &seed.file } else { &seed.source.file };
        // A line of the file may hold what is to be shown nowhere.
        let shown = seed.secret.is_empty() && line.is_some();
        let before = usize::try_from(place.line.saturating_sub(1)).unwrap_or(usize::MAX);
        let text = seed.text.lines().nth(before).filter(|_| shown).unwrap_or_default();
        Self {
            code: "seed_refused",
            file: file.clone(),
            place,
            line: text.chars().take(LONGEST_LINE).collect(),
            message: format!("seed `{}`: {message}", seed.name),
            notes: Vec::new(),
            help: None,
        }
    }

    /// What PostgreSQL says of the query of a seed, at the place that it points to.
    pub(super) fn seed_query(
        seed: &DeclaredSeed,
        (script, query): (&Script, &Query),
        error: &DatabaseError,
    ) -> Self {
        let told = Self::query(script, query, error);
        Self { code: "seed_refused", message: format!("seed `{}`: {error}", seed.name), help: None, ..told }
    }

    /// What a statement says of a managed role and djogi does not take.
    pub(super) fn of_role(item: &Item<'_>, message: String, help: Option<String>) -> Self {
        Self {
            code: "role_statement",
            file: item.source.file.clone(),
            place: Place { line: item.source.line, column: 1 },
            line: shown(item.sql.lines().next().unwrap_or_default()),
            message,
            notes: Vec::new(),
            help,
        }
    }

    /// A role that ends at no moment.
    pub(super) fn of_moment(source: &Source, role: &Ident, until: &str) -> Self {
        Self {
            code: "role_statement",
            file: source.file.clone(),
            place: Place { line: source.line, column: 1 },
            line: String::new(),
            message: format!("role {role} is to end at {until:?}, which is no moment"),
            notes: Vec::new(),
            help: Some("VALID UNTIL '2030-01-31 00:00:00+00', or 'infinity'".to_owned()),
        }
    }

    /// A move of a role, whose name is in too much.
    pub(super) fn role_move(from: &Address, to: &Address, source: &Source) -> Self {
        Self {
            message: format!("`{from}` cannot become `{to}`: a role keeps its name"),
            help: Some("rename it by hand, declare its new name, and import it".to_owned()),
            ..Self::bad_move(to, source)
        }
    }

    /// A move to what nobody declares.
    pub(super) fn bad_move(to: &Address, source: &Source) -> Self {
        Self {
            code: "bad_move",
            file: source.file.clone(),
            place: Place { line: source.line, column: 1 },
            line: String::new(),
            message: format!("`{to}` is declared nowhere, so nothing can be moved to it"),
            notes: Vec::new(),
            help: None,
        }
    }

    /// What a model declares as well.
    pub(super) fn declared_twice(item: &Item<'_>, address: &Address, model: &Source) -> Self {
        Self {
            code: "declared_twice",
            file: item.source.file.clone(),
            place: Place { line: item.source.line, column: 1 },
            line: shown(item.sql.lines().next().unwrap_or_default()),
            message: format!("{address} is declared here and at {model}"),
            notes: Vec::new(),
            help: Some("remove one of the two".to_owned()),
        }
    }
}

/// What is said of a statement, without the pieces of its connection string when it is about a subscription.
fn without_connection(script: &Script, place: Place, mut text: String) -> String {
    let is_there = |statement: &&Statement| {
        script.place(statement.span.start) <= place && place <= script.place(statement.span.end)
    };
    let there = script.statements.iter().filter(is_there);
    for statement in there.filter(|statement| statement.mentions("subscription")) {
        literals(script.sql(statement)).iter().for_each(|literal| mask_pieces(&mut text, literal));
    }
    text
}

/// A line of a file as it is told: without its constants where one of them may be a password.
fn shown(line: &str) -> String {
    let words = line.to_ascii_lowercase();
    let may_hold_password = ["options", "connection", "password"].iter().any(|word| words.contains(word));
    if may_hold_password { without_constants(line) } else { line.to_owned() }
}

fn without_constants(line: &str) -> String {
    let masked = |(number, part): (usize, &str)| match number % 2 {
        1 => "********".to_owned(),
        _ => part.to_owned(),
    };
    line.split('\'').enumerate().map(masked).collect::<Vec<_>>().join("'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_with_a_password_is_told_without_it() {
        assert_eq!(
            shown("CREATE SERVER s OPTIONS (password 'x', b 'y')"),
            "CREATE SERVER s OPTIONS (password '********', b '********')"
        );
        assert_eq!(shown("ALTER ROLE a PASSWORD 'open"), "ALTER ROLE a PASSWORD '********");
        assert_eq!(shown("CREATE TABLE a (b text DEFAULT 'x')"), "CREATE TABLE a (b text DEFAULT 'x')");
    }
}
