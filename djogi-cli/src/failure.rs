//! The engine's errors as diagnostics.

use djogi_cluster::connect::{ConnectError, DatabaseError};
use djogi_cluster::error::EngineError;
use djogi_cluster::normalise::{NormaliseError, Refusal, ViewColumn};
use djogi_cluster::sql_files::Rejected;
use djogi_core::declared::Source;

use crate::diagnostic::{CliError, Diagnostic, Location, Snippet};
use crate::exit::Exit;

impl From<EngineError> for CliError {
    fn from(error: EngineError) -> Self {
        if let EngineError::Declarations(unreadable) | EngineError::Sources(unreadable) = &error
            && let Some(ours) = unreadable.downcast_ref::<CliError>()
        {
            return ours.clone();
        }
        let exit = Exit::from_code(error.exit_code());
        let diagnostics = match &error {
            EngineError::Normalise(NormaliseError::Refused(refusals)) => {
                refusals.iter().map(refusal).collect()
            }
            EngineError::Normalise(NormaliseError::ViewColumns(columns)) => {
                columns.iter().map(view_column).collect()
            }
            EngineError::Normalise(NormaliseError::Rejected(rejected)) => {
                rejected.iter().map(of_sql_file).collect()
            }
            EngineError::Sql(database) => vec![with_facts(plain(&error), database)],
            EngineError::Connect(ConnectError::Refused { error: database, .. }) => {
                vec![with_facts(plain(&error), database)]
            }
            EngineError::Stale(moved) => {
                let head = Diagnostic::error(error.code(), "the plan no longer fits what there is");
                let head = moved.iter().fold(head, |diagnostic, one| diagnostic.note(one));
                vec![with_help(head, &error)]
            }
            _ => vec![plain(&error)],
        };
        Self { exit, diagnostics }
    }
}

fn plain(error: &EngineError) -> Diagnostic {
    with_help(Diagnostic::error(error.code(), error.to_string()), error)
}

fn with_help(diagnostic: Diagnostic, error: &EngineError) -> Diagnostic {
    match error.help() {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    }
}

/// A place in Rust source.
fn in_source(source: &Source) -> Location {
    let line = usize::try_from(source.line).ok();
    Location { file: source.file.clone(), line, column: None, snippet: None }
}

/// A column of a view that does not fit its model, at the field.
fn view_column(column: &ViewColumn) -> Diagnostic {
    let ViewColumn { address, source_place, mismatch } = column;
    Diagnostic::error("view_columns", mismatch.to_string())
        .address(address.to_string())
        .location(in_source(source_place))
        .help(mismatch.help())
}

/// A declaration that PostgreSQL refuses, at its place in the source.
fn refusal(refusal: &Refusal) -> Diagnostic {
    let Refusal { address, source_place, expression, error } = refusal;
    let mut diagnostic = Diagnostic::error("declaration_refused", error.to_string())
        .address(address.to_string())
        .location(in_source(source_place));
    if let Some(expression) = expression {
        diagnostic = diagnostic.note(format!("expression: {expression}"));
    }
    // What a name does not resolve to may well be there in the target, where nobody tries expressions.
    if matches!(error.sqlstate.as_deref(), Some("3F000" | "42883" | "42704" | "42P01")) {
        diagnostic = diagnostic.help(
            "declarations are tried in an empty database of the same version: only what PostgreSQL has, what declared \
             extensions bring and what is declared beside it can be named",
        );
    }
    with_facts(diagnostic, error)
}

/// A place in an SQL file that is refused.
fn of_sql_file(rejected: &Rejected) -> Diagnostic {
    let Rejected { code, file, place, line, message, notes, help } = rejected;
    let number = |number: u32| usize::try_from(number).ok();
    let snippet = (!line.is_empty()).then(|| Snippet { text: line.clone(), width: 1 });
    let (line, column) = (number(place.line), number(place.column));
    let location = Location { file: file.clone(), line, column, snippet };
    let diagnostic = Diagnostic::error(*code, message).location(location);
    let diagnostic = notes.iter().fold(diagnostic, Diagnostic::note);
    match help {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    }
}

/// Everything that PostgreSQL said.
fn with_facts(mut diagnostic: Diagnostic, error: &DatabaseError) -> Diagnostic {
    let facts = [("detail", &error.detail), ("hint", &error.hint), ("context", &error.context)];
    for (name, fact) in facts {
        if let Some(fact) = fact {
            diagnostic = diagnostic.note(format!("{name}: {fact}"));
        }
    }
    if let Some(statement) = &error.statement {
        let at = error.position.map(|at| format!(" (at character {at})")).unwrap_or_default();
        diagnostic = diagnostic.note(format!("statement{at}: {statement}"));
    }
    diagnostic
}
