//! How far backfills are, from any session.

use djogi_core::{Digest, Ident, QualifiedName};
use serde::{Deserialize, Serialize};
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::error::BackfillError;
use super::row::{State, is_there};
use super::sql::all;
use crate::error::EngineError;
use crate::identity::OpId;

/// One backfill.
#[derive(Clone, Debug, Serialize)]
pub struct LiveProgress {
    pub name: String,
    pub op: OpId,
    pub digest: Digest,
    pub table: QualifiedName,
    /// The one that would refuse the rows; they go by the apply that brings it, and by no other worker.
    pub foreign_key: Option<String>,
    pub state: State,
    /// Keys that were gone through, of about `rows`.
    pub rows_done: u64,
    pub rows: u64,
    /// Rows that had the value to come.
    pub rows_written: u64,
    pub ranges: u32,
    pub ranges_done: u32,
    pub chunks: u64,
    /// How fast all workers together are now.
    pub rows_per_second: f64,
    /// `None` when nobody works on it.
    pub seconds_left: Option<u64>,
    /// What holds it up.
    pub throttle: Option<String>,
    /// What somebody has paused it for.
    pub paused: Option<String>,
    /// The longest chunk: no writer has waited longer for a row.
    pub longest_wait_ms: u64,
    pub chunk_ms: u32,
    /// How many workers a process is to have.
    pub workers: u32,
    /// Who is at work.
    pub working: Vec<RangeWorker>,
    /// As RFC 3339.
    pub started_at: String,
    pub done_at: Option<String>,
}

/// A worker with the range that it has.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RangeWorker {
    pub range: u32,
    /// Host, process, and the number of the worker there.
    pub holder: String,
    pub backend_pid: Option<i32>,
    /// For how long the range is kept for it, if it is not heard of again.
    pub lease_seconds: f64,
}

const OBSERVE: &str = "
SELECT l.name, l.op_id, l.digest, l.definition -> 'table' ->> 'schema', l.definition -> 'table' ->> 'name', l.state,
       COALESCE(l.rows_estimate, 0), l.chunk_ms, l.workers,
       CASE WHEN l.paused THEN COALESCE(l.pause_reason, 'no reason given') END,
       CASE WHEN l.throttle_until > pg_catalog.clock_timestamp() THEN l.throttle END,
       pg_catalog.to_char(l.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'),
       pg_catalog.to_char(l.done_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'),
       COALESCE(c.keys, 0), COALESCE(c.rows, 0), c.ranges, c.done, COALESCE(c.chunks, 0), COALESCE(c.longest, 0),
       COALESCE(c.rate, 0), COALESCE(c.working, '[]'), l.definition -> 'refused' ->> 'foreign_key'
  FROM djogi.live l
  LEFT JOIN LATERAL (
       SELECT pg_catalog.sum(c.keys_done)::bigint AS keys, pg_catalog.sum(c.rows_done)::bigint AS rows,
              pg_catalog.count(*) AS ranges, pg_catalog.count(*) FILTER (WHERE c.state = 'done') AS done,
              pg_catalog.sum(c.chunks)::bigint AS chunks, pg_catalog.max(c.longest_ms) AS longest,
              pg_catalog.sum(c.rate) FILTER (WHERE c.lease_until > pg_catalog.clock_timestamp()) AS rate,
              (pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                   'range', c.range_no, 'holder', c.holder, 'backend_pid', c.backend_pid,
                   'lease_seconds', EXTRACT(epoch FROM c.lease_until - pg_catalog.clock_timestamp()))
                   ORDER BY c.range_no)
                  FILTER (WHERE c.holder IS NOT NULL AND c.lease_until > pg_catalog.clock_timestamp()))::text AS working
         FROM djogi.cursor c
        WHERE c.op_id = l.op_id) c ON true
 WHERE l.target = $1
 ORDER BY l.name";

/// All backfills of `target`, in the order of their names; none where the ledger knows of none. Reads only.
///
/// # Errors
/// When the ledger cannot be read.
pub async fn observe(client: &Client, target: &Ident) -> Result<Vec<LiveProgress>, EngineError> {
    if !is_there(client).await? {
        return Ok(Vec::new());
    }
    let rows = all(client, OBSERVE, &[(&target.as_str(), Type::TEXT)]).await?;
    rows.iter().map(progress).collect()
}

fn progress(row: &tokio_postgres::Row) -> Result<LiveProgress, EngineError> {
    let name: String = row.get(0);
    let bad = |value: &str| BackfillError::BadRow { name: name.clone(), value: value.to_owned() };
    let (op, digest, state): (&str, &str, &str) = (row.get(1), row.get(2), row.get(5));
    let ident = |at: usize| {
        let text = row.get::<_, Option<&str>>(at).unwrap_or_default();
        Ident::new(text).map_err(|_| bad(text))
    };
    let count = |at: usize| row.get::<_, i64>(at).unsigned_abs();
    let working: &str = row.get(20);
    let state = State::parse(state).ok_or_else(|| bad(state))?;
    let (rows, keys, rate): (u64, u64, f64) = (count(6), count(13), row.get(19));
    let done = if state == State::Done { rows } else { keys.min(rows) };
    let left = (rows - done) as f64;
    Ok(LiveProgress {
        op: op.parse().map_err(|_| bad(op))?,
        digest: digest.parse().map_err(|_| bad(digest))?,
        table: QualifiedName::new(ident(3)?, ident(4)?),
        foreign_key: row.get(21),
        state,
        rows_done: done,
        rows,
        rows_written: count(14),
        ranges: u32::try_from(count(15)).unwrap_or(u32::MAX),
        ranges_done: u32::try_from(count(16)).unwrap_or(u32::MAX),
        chunks: count(17),
        rows_per_second: rate,
        seconds_left: (state == State::Running && rate > 0.0).then(|| (left / rate).ceil() as u64),
        throttle: row.get(10),
        paused: row.get(9),
        longest_wait_ms: count(18),
        chunk_ms: row.get::<_, i32>(7).unsigned_abs(),
        workers: row.get::<_, i32>(8).unsigned_abs(),
        working: serde_json::from_str(working).map_err(|_| bad(working))?,
        started_at: row.get(11),
        done_at: row.get(12),
        name,
    })
}
