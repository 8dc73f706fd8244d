//! Which value is none of its column: PostgreSQL says what is wrong, and halving the rows says where.

use std::ops::Range;

use djogi_core::seed::{DeclaredSeed, SeedRows};
use tokio_postgres::Client;

use super::compare::{Columns, declared_rows, parameters};
use crate::connect::DatabaseError;
use crate::error::EngineError;
use crate::normalise::NormaliseError;
use crate::sql_files::Rejected;

/// What is shown in the place of a secret value.
const MASK: &str = "********";

/// Has PostgreSQL cast all values to `types`.
///
/// # Errors
/// The first value that it does not take, with its line; and when it cannot be asked.
pub(super) async fn check(
    client: &Client,
    seed: &DeclaredSeed,
    declared: &SeedRows,
    columns: &Columns<'_>,
    types: &[(usize, String)],
) -> Result<(), EngineError> {
    let Some(mut error) = attempt(client, columns, types, 0..declared.rows.len()).await? else {
        return Ok(());
    };
    let mut suspects = 0..declared.rows.len();
    while suspects.len() > 1 {
        let middle = suspects.start + suspects.len() / 2;
        match attempt(client, columns, types, suspects.start..middle).await? {
            Some(found) => (error, suspects) = (found, suspects.start..middle),
            None => suspects = middle..suspects.end,
        }
    }
    if let Some(found) = attempt(client, columns, types, suspects.clone()).await? {
        error = found;
    }
    let row = &declared.rows[suspects.start];
    let mut message = error.to_string();
    for (column, value) in declared.columns.iter().zip(&row.values) {
        if let Some(value) = value.as_deref().filter(|value| !value.is_empty())
            && declared.secret.contains(column)
        {
            message = message.replace(value, MASK);
        }
    }
    Err(NormaliseError::Rejected(vec![Rejected::seed(seed, Some(row.line), &message)]).into())
}

/// A text that is none of its type, or that the constraint of a domain refuses.
fn is_about_a_value(error: &tokio_postgres::Error) -> bool {
    error.code().is_some_and(|code| code.code().starts_with("22") || code.code().starts_with("23"))
}

/// What PostgreSQL says of these rows; `None` when it takes them.
async fn attempt(
    client: &Client,
    columns: &Columns<'_>,
    types: &[(usize, String)],
    rows: Range<usize>,
) -> Result<Option<DatabaseError>, EngineError> {
    if types.is_empty() {
        return Ok(None);
    }
    let values: Vec<String> = types.iter().map(|(at, data_type)| format!("v.c{at}::{data_type}")).collect();
    let sql = format!(
        "SELECT pg_catalog.count(ROW({})::text) FROM {}",
        values.join(", "),
        declared_rows(columns.len())
    );
    let share: Columns<'_> = columns.iter().map(|column| column[rows.clone()].to_vec()).collect();
    match client.query_typed(&sql, &parameters(&share)).await {
        Ok(_) => Ok(None),
        Err(error) if is_about_a_value(&error) => Ok(Some(DatabaseError::new(&error))),
        Err(error) => Err(EngineError::sql(&error, &sql)),
    }
}
