//! Waits until every transaction has ended that may have begun to write before a trigger was there, as `CREATE INDEX
//! CONCURRENTLY` does.
//!
//! It is polled, so that the session that waits has no snapshot that others would wait for.

use std::time::Duration;

use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::sql::{all, one};
use crate::error::EngineError;

/// Transactions of this database that have written, and those that have locked the table for writing. Only who writes
/// matters: who reads keeps nothing from the trigger. Prepared transactions have no process.
const WRITERS: &str = "
SELECT DISTINCT l.virtualtransaction
  FROM pg_catalog.pg_locks l
  LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
 WHERE l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
   AND (l.locktype = 'transactionid' AND l.granted AND l.mode = 'ExclusiveLock'
        AND CASE WHEN l.pid IS NULL
                 THEN l.transactionid IN (SELECT p.transaction FROM pg_catalog.pg_prepared_xacts p
                                           WHERE p.database = pg_catalog.current_database())
                 ELSE a.datid IS NULL OR a.datname = pg_catalog.current_database() END
        OR l.locktype = 'relation' AND l.relation = $1 AND l.granted
        AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
        AND l.mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock'))";

/// Those that are left, with the process of one of them.
const LEFT: &str = "
SELECT COALESCE(pg_catalog.array_agg(DISTINCT l.virtualtransaction), '{}'), pg_catalog.max(l.pid)
  FROM pg_catalog.pg_locks l
 WHERE l.virtualtransaction = ANY ($1)";

/// Waits for the writers of now; `tell` hears of one of them each time it looks, once it takes longer.
pub(super) async fn await_writers(
    client: &Client,
    table: u32,
    mut tell: impl AsyncFnMut(String) -> Result<(), EngineError>,
) -> Result<(), EngineError> {
    const SHORTEST: Duration = Duration::from_millis(2);
    const LONGEST: Duration = Duration::from_millis(500);
    let rows = all(client, WRITERS, &[(&table, Type::OID)]).await?;
    let mut left: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    let mut pause = SHORTEST;
    while !left.is_empty() {
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST);
        let row = one(client, LEFT, &[(&left, Type::TEXT_ARRAY)]).await?;
        left = row.get(0);
        if !left.is_empty() && pause == LONGEST {
            let who = match row.get::<_, Option<i32>>(1) {
                Some(pid) => format!("the transaction of server process {pid}"),
                None => "a prepared transaction".to_owned(),
            };
            tell(format!("{who}, which has begun to write before")).await?;
        }
    }
    Ok(())
}
