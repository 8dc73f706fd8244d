//! The `CHECK` with the bounds that `DETACH PARTITION ... CONCURRENTLY` leaves on what was a partition. It would keep rows
//! out that nobody has forbidden, so it goes in the transaction that writes down the outcome.
//!
//! PostgreSQL chooses its name, and makes none where another constraint says the same. It is known by what it says, and
//! by not having been there before.

use std::collections::BTreeMap;

use djogi_core::observation::Oid;
use djogi_core::{Address, Digest, Ident, QualifiedName};
use tokio_postgres::Client;
use tokio_postgres::types::{ToSql, Type};

use crate::error::EngineError;

/// What is known of a partition before it leaves.
#[derive(Clone, Debug)]
pub(crate) struct Bounds {
    /// Of the condition that its rows meet, those of the tables above included, as a constraint says it.
    pub(crate) digest: Digest,
    /// The checks that it has.
    pub(crate) checks: BTreeMap<Address, Oid>,
}

const BOUNDS: &str = "
SELECT pg_catalog.pg_get_partition_constraintdef($1),
       ARRAY(SELECT c.conname FROM pg_catalog.pg_constraint c
              WHERE c.conrelid = $1 AND c.contype = 'c' ORDER BY c.oid),
       ARRAY(SELECT c.oid FROM pg_catalog.pg_constraint c
              WHERE c.conrelid = $1 AND c.contype = 'c' ORDER BY c.oid)";

const LEFT: &str = "
SELECT n.nspname, t.relname, c.conname, pg_catalog.pg_get_expr(c.conbin, c.conrelid)
  FROM pg_catalog.pg_constraint c
  JOIN pg_catalog.pg_class t     ON t.oid = c.conrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
 WHERE c.conrelid = $1 AND c.contype = 'c' AND c.oid <> ALL ($2)
 ORDER BY c.oid";

impl Bounds {
    /// Of the partition `name`, which is the relation `oid`; `None` when it is no partition.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub(crate) async fn of(
        client: &Client,
        target: &Ident,
        name: &QualifiedName,
        oid: Oid,
    ) -> Result<Option<Self>, EngineError> {
        let row = client.query_typed_one(BOUNDS, &[(&oid.0, Type::OID)]).await;
        let row = row.map_err(|error| EngineError::sql(&error, BOUNDS))?;
        let (names, oids): (Vec<&str>, Vec<u32>) = (row.get(1), row.get(2));
        let check =
            |(check, oid)| Some((Address::constraint(target, name, &Ident::new(check).ok()?), Oid(oid)));
        let checks = names.into_iter().zip(oids).filter_map(check).collect();
        let condition: Option<&str> = row.get(0);
        Ok(condition.map(|text| Self { digest: Digest::of_bytes(simplified(text).as_bytes()), checks }))
    }
}

/// What there is on the relation after it has left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    Nothing,
    /// The statement that drops it.
    Constraint(String),
    /// A check that says something else than was expected, by its name.
    Unknown(String),
}

/// Looks for the check that says what `digest` is of, on the relation `oid`, which had the constraints `before`.
///
/// # Errors
/// When the database cannot be asked.
pub(crate) async fn find_left(
    client: &Client,
    oid: Oid,
    digest: Digest,
    before: impl Iterator<Item = Oid>,
) -> Result<Left, EngineError> {
    let before: Vec<u32> = before.map(|oid| oid.0).collect();
    let parameters: [(&(dyn ToSql + Sync), Type); 2] = [(&oid.0, Type::OID), (&before, Type::OID_ARRAY)];
    let rows = client.query_typed(LEFT, &parameters).await;
    let rows = rows.map_err(|error| EngineError::sql(&error, LEFT))?;
    let is_left = |row: &&tokio_postgres::Row| Digest::of_bytes(row.get::<_, &str>(3).as_bytes()) == digest;
    let Some(row) = rows.iter().find(is_left) else {
        return Ok(rows.first().map_or(Left::Nothing, |row| Left::Unknown(row.get(2))));
    };
    let [schema, table, name] = [0, 1, 2].map(|at| Ident::new(row.get::<_, &str>(at)).ok());
    Ok(match (schema, table, name) {
        (Some(schema), Some(table), Some(name)) => {
            Left::Constraint(format!("ALTER TABLE {schema}.{table} DROP CONSTRAINT {name}"))
        }
        _ => Left::Unknown(row.get(2)),
    })
}

/// PostgreSQL simplifies the condition before it makes a constraint of it: `(x = true)` becomes `x`, and `(x = false)`
/// becomes `(NOT x)`.
fn simplified(condition: &str) -> String {
    let mut text = condition.to_owned();
    for (ending, negation) in [(" = true)", false), (" = false)", true)] {
        while let Some(at) = text.find(ending) {
            let Some(open) = opening(&text[..at]) else { break };
            let value = text[open + 1..at].to_owned();
            let value = if negation { format!("(NOT {value})") } else { value };
            text.replace_range(open..at + ending.len(), &value);
        }
    }
    text
}

/// Where the parenthesis is that stands open at the end of `text`.
fn opening(text: &str) -> Option<usize> {
    let mut depth = 0;
    text.char_indices().rev().find_map(|(at, character)| {
        match character {
            ')' => depth += 1,
            '(' => depth -= 1,
            _ => {}
        }
        (depth < 0).then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_compared_with_a_boolean_is_said_as_postgresql_does() {
        let cases = [
            ("((a IS NOT NULL) AND (a = true))", "((a IS NOT NULL) AND a)"),
            ("((a IS NOT NULL) AND (a = false))", "((a IS NOT NULL) AND (NOT a))"),
            (
                "(((b IS NULL) IS NOT NULL) AND ((b IS NULL) = true))",
                "(((b IS NULL) IS NOT NULL) AND (b IS NULL))",
            ),
            ("((a IS NOT NULL) AND (a >= 1) AND (a < 2))", "((a IS NOT NULL) AND (a >= 1) AND (a < 2))"),
        ];
        for (condition, constraint) in cases {
            assert_eq!(simplified(condition), constraint);
        }
    }
}
