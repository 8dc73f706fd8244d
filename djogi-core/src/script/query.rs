//! Files of queries: what an application sends, each under a name.

use super::lexer::Lexeme;
use super::{Problem, Script, ScriptError, Statement, place, split, statement};

/// A statement that an application sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// What `-- name: find_orders` before it says; else the name of the file, with a number when there are several.
    pub name: String,
    pub statement: Statement,
}

impl Script {
    /// Splits `text`, a file of queries called `file`. The script has no statements besides.
    ///
    /// # Errors
    /// Everything in it that is no query.
    pub fn read_queries(
        file: impl Into<String>,
        text: impl Into<String>,
    ) -> Result<(Self, Vec<Query>), Vec<ScriptError>> {
        let (file, text) = (file.into(), text.into());
        let mut errors = Vec::new();
        let mut error = |at: usize, problem| errors.push(ScriptError { place: place(&text, at), problem });
        if let Some(at) = text.find('\0') {
            error(at, Problem::ZeroByte);
        }
        let split = split(&text, &mut error);
        let (mut queries, mut end) = (Vec::new(), 0);
        let count = split.len();
        for (at, lexemes) in split.into_iter().enumerate() {
            let statement = statement::read(&text, &lexemes);
            if !is_query(&lexemes) {
                error(statement.span.start, Problem::NoQuery);
            }
            let named = name_in(&text[end.min(statement.span.start)..statement.span.start]);
            end = statement.span.end;
            let name = named.unwrap_or_else(|| match count {
                1 => stem(&file).to_owned(),
                _ => format!("{} {}", stem(&file), at + 1),
            });
            queries.push(Query { name, statement });
        }
        let script = Self { file, text, statements: Vec::new() };
        if errors.is_empty() { Ok((script, queries)) } else { Err(errors) }
    }
}

/// What PostgreSQL prepares.
fn is_query(lexemes: &[Lexeme<'_>]) -> bool {
    const FIRST: [&str; 8] = ["select", "insert", "update", "delete", "merge", "values", "table", "with"];
    let first = lexemes.iter().find(|lexeme| lexeme.text != "(");
    first.is_some_and(|lexeme| FIRST.iter().any(|word| lexeme.is_word(word)))
}

/// The last `-- name: NAME` in what stands before a statement; what follows the name is for other programs.
fn name_in(before: &str) -> Option<String> {
    let name = |line: &str| {
        let comment = line.trim_start().strip_prefix("--")?.trim_start();
        comment.strip_prefix("name:")?.split_whitespace().next().map(str::to_owned)
    };
    before.lines().rev().find_map(name)
}

fn stem(file: &str) -> &str {
    let name = file.rsplit('/').next().unwrap_or(file);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(file: &str, text: &str) -> Vec<String> {
        Script::read_queries(file, text).unwrap().1.into_iter().map(|query| query.name).collect()
    }

    #[test]
    fn queries_have_names() {
        assert_eq!(names("queries/find_orders.sql", "SELECT 1 -- one\n;\n"), ["find_orders"]);
        assert_eq!(names("q.sql", "SELECT 1; (SELECT 2)"), ["q 1", "q 2"]);
        let text =
            "-- name: first :many\nSELECT ';';\n-- of two\n--name: second\nWITH x AS (SELECT 1) TABLE x;";
        assert_eq!(names("q.sql", text), ["first", "second"]);
    }

    #[test]
    fn what_is_no_query_is_told_at_its_place() {
        let errors = Script::read_queries("q.sql", "SELECT 1;\n  CREATE TABLE t ();").unwrap_err();
        assert_eq!(errors.len(), 1);
        assert_eq!((errors[0].place.line, errors[0].place.column), (2, 3));
        assert_eq!(errors[0].problem, Problem::NoQuery);
    }
}
