//! How the statements of the engine are sent.

use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row};

use crate::error::EngineError;

pub(super) type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

pub(super) async fn one(
    client: &Client,
    sql: &str,
    parameters: &[Parameter<'_>],
) -> Result<Row, EngineError> {
    client.query_typed_one(sql, parameters).await.map_err(|error| EngineError::sql(&error, sql))
}

pub(super) async fn optional(
    client: &Client,
    sql: &str,
    parameters: &[Parameter<'_>],
) -> Result<Option<Row>, EngineError> {
    client.query_typed_opt(sql, parameters).await.map_err(|error| EngineError::sql(&error, sql))
}

pub(super) async fn all(
    client: &Client,
    sql: &str,
    parameters: &[Parameter<'_>],
) -> Result<Vec<Row>, EngineError> {
    client.query_typed(sql, parameters).await.map_err(|error| EngineError::sql(&error, sql))
}

/// Ends a transaction that has failed; when the connection is gone, so is the transaction.
pub(super) async fn roll_back(client: &Client) {
    let _ = client.batch_execute("ROLLBACK").await;
}
