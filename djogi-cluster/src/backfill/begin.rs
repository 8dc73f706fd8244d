//! Begins a backfill: notes it, waits until its trigger is there for every writer, and cuts the keys that there are into
//! ranges.
//!
//! A crash before the ranges are there leaves a row that waits; whoever begins it again goes on with that.

use djogi_core::plan::Backfill;
use djogi_core::{Digest, Ident};
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::error::BackfillError;
use super::key::Key;
use super::older::await_writers;
use super::row::{Live, State, is_there};
use super::sql::{one, optional, roll_back};
use crate::error::EngineError;
use crate::identity::OpId;

/// A backfill that was begun, now or before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Begun {
    /// What its rows in the ledger are called.
    pub op: OpId,
    pub state: State,
}

/// How many rows a range has, about: a hundred chunks.
pub const RANGE_ROWS: u32 = 500_000;

/// As [`begin_in_ranges`], with ranges of [`RANGE_ROWS`].
///
/// # Errors
/// As there.
pub async fn begin(
    client: &Client,
    target: &Ident,
    op: OpId,
    digest: Digest,
    backfill: &Backfill,
) -> Result<Begun, EngineError> {
    begin_in_ranges(client, target, op, digest, backfill, RANGE_ROWS).await
}

const INSERT: &str = "
INSERT INTO djogi.live (op_id, target, name, digest, definition)
VALUES ($1, $2, $3, $4, $5::text::jsonb)
    ON CONFLICT (target, name) DO NOTHING";

/// From the beginning, with another definition. The knobs stay as somebody has turned them.
const REPLACE: &str = "
WITH before AS (
    SELECT op_id FROM djogi.live WHERE target = $2 AND name = $3 FOR UPDATE
), gone AS (
    DELETE FROM djogi.cursor AS c USING before WHERE c.op_id = before.op_id
)
UPDATE djogi.live
   SET op_id = $1, digest = $4, definition = $5::text::jsonb, state = 'waiting', rows_estimate = NULL,
       started_at = pg_catalog.clock_timestamp(), done_at = NULL, throttle = NULL, throttle_until = NULL
 WHERE target = $2 AND name = $3";

/// Begins `backfill`, unless it was begun before. Not for the inside of a transaction, and for holders of the run lock.
/// Returns only when all transactions that write have ended that were there when it was called.
///
/// # Errors
/// [`BackfillError::Superseded`] when another one of this name is under way; when the table or its key is gone.
pub async fn begin_in_ranges(
    client: &Client,
    target: &Ident,
    op: OpId,
    digest: Digest,
    backfill: &Backfill,
    range_rows: u32,
) -> Result<Begun, EngineError> {
    if !is_there(client).await? {
        return Err(BackfillError::OldLedger.into());
    }
    let name = backfill.migration.as_str();
    let before = Live::find(client, target, name).await?;
    // One that is done was about rows of that time.
    let is_stale = |live: &Live| live.digest != digest || live.state == State::Done;
    let gives_way = backfill.refused.is_some() && before.as_ref().is_some_and(is_stale);
    if before.is_none() || gives_way {
        let definition = serde_json::to_string(backfill).expect("texts and names are JSON");
        let (op, digest, target) = (op.to_string(), digest.to_string(), target.as_str());
        crate::failpoint!("backfill.before_note");
        optional(
            client,
            if gives_way { REPLACE } else { INSERT },
            &[
                (&op, Type::TEXT),
                (&target, Type::TEXT),
                (&name, Type::TEXT),
                (&digest, Type::TEXT),
                (&definition, Type::TEXT),
            ],
        )
        .await?;
        crate::failpoint!("backfill.after_note");
    }
    let live = Live::get(client, target, name).await?;
    if live.digest != digest {
        let (found, wanted) = (live.digest.to_string(), digest.to_string());
        return Err(BackfillError::Superseded { name: name.to_owned(), found, wanted }.into());
    }
    if live.state != State::Waiting {
        return Ok(Begun { op: live.op, state: live.state });
    }
    let (key, table) = Key::of(client, &live.backfill).await?;
    await_writers(client, table, async |who| tell_of_waiting(client, live.op, &who).await).await?;
    split(client, live.op, &live.backfill, &key, table, range_rows).await?;
    let live = Live::get(client, target, name).await?;
    Ok(Begun { op: live.op, state: live.state })
}

const WAITS: &str = "
UPDATE djogi.live
   SET throttle = $2, throttle_until = pg_catalog.clock_timestamp() + '5 s'
 WHERE op_id = $1";

async fn tell_of_waiting(client: &Client, op: OpId, who: &str) -> Result<(), EngineError> {
    let (op, reason) = (op.to_string(), format!("waits for {who}"));
    optional(client, WAITS, &[(&op, Type::TEXT), (&reason, Type::TEXT)]).await.map(drop)
}

/// The size in blocks, with all partitions.
const BLOCKS: &str = "
SELECT (COALESCE((SELECT pg_catalog.sum(pg_catalog.pg_relation_size(p.relid))
                    FROM pg_catalog.pg_partition_tree($1::oid::regclass) p
                   WHERE p.isleaf),
                 pg_catalog.pg_relation_size($1::oid::regclass))
        / pg_catalog.current_setting('block_size')::bigint)::float8";

const LOCK: &str = "SELECT FROM djogi.live WHERE op_id = $1 AND state = 'waiting' FOR UPDATE";

/// Fixes the highest key of now as the end, and cuts what is before it. Rows that come later are the trigger's.
async fn split(
    client: &Client,
    op: OpId,
    backfill: &Backfill,
    key: &Key,
    table: u32,
    range_rows: u32,
) -> Result<(), EngineError> {
    let begin = format!("BEGIN;\nSET LOCAL row_security = off;\n{}", key.search_path());
    crate::failpoint!("backfill.before_split");
    let work = async {
        client.batch_execute(&begin).await.map_err(|error| EngineError::sql(&error, &begin))?;
        let op = op.to_string();
        // Somebody else may have done it in the meantime, or have given the migration up.
        if optional(client, LOCK, &[(&op, Type::TEXT)]).await?.is_some() {
            let blocks: f64 = one(client, BLOCKS, &[(&table, Type::OID)]).await?.get(0);
            let percent = sampled_percent(blocks);
            let sql = splitting(backfill, key, percent, range_rows);
            one(client, &sql, &[(&op, Type::TEXT)]).await?;
        }
        const COMMIT: &str = "COMMIT";
        client.batch_execute(COMMIT).await.map_err(|error| EngineError::sql(&error, COMMIT))
    };
    let done = work.await;
    if done.is_err() {
        roll_back(client).await;
    }
    done?;
    crate::failpoint!("backfill.after_split");
    Ok(())
}

/// How much of a table is read to cut it: all of a small one, a thousandth of a large one.
fn sampled_percent(blocks: f64) -> f64 {
    const LEAST: f64 = 300.0;
    const MOST: f64 = 10_000.0;
    let wanted = (blocks / 1000.0).clamp(LEAST, MOST);
    (100.0 * wanted / blocks.max(1.0)).min(100.0)
}

/// The statement that writes the ranges and lets workers begin. Without rows there is nothing to be done, but one range
/// stays, to be asked again whether that is so.
fn splitting(backfill: &Backfill, key: &Key, percent: f64, range_rows: u32) -> String {
    let table = &backfill.table;
    let (numbered, numbers, texts) = (key.numbered(), key.numbers(), key.numbered_texts());
    let (order, from_the_end) = (key.order(), key.order_from_the_end());
    format!(
        "WITH top AS (
    SELECT {numbered} FROM {table} ORDER BY {from_the_end} LIMIT 1
), sample AS MATERIALIZED (
    SELECT {numbered}, pg_catalog.row_number() OVER (ORDER BY {order}) AS rank, pg_catalog.count(*) OVER () AS size
      FROM {table} TABLESAMPLE SYSTEM ({percent})
), size AS (
    SELECT (pg_catalog.max(size) * (100.0 / {percent}))::bigint AS rows,
           LEAST(GREATEST(pg_catalog.ceil(pg_catalog.max(size) * (100.0 / {percent}) / {range_rows}), 1), 1000)::bigint
               AS ranges
      FROM sample
), cut AS (
    SELECT {texts} AS key, s.rank
      FROM sample s, size z
     WHERE z.ranges > 1 AND s.rank % GREATEST(s.size / z.ranges, 1) = 0 AND ({numbers}) < (SELECT {numbers} FROM top)
     UNION ALL
    SELECT {texts}, 9223372036854775807 FROM top
), ranges AS (
    INSERT INTO djogi.cursor (op_id, range_no, lo, hi, state)
    SELECT $1, pg_catalog.row_number() OVER (ORDER BY rank)::integer,
           pg_catalog.to_jsonb(pg_catalog.lag(key) OVER (ORDER BY rank)), pg_catalog.to_jsonb(key), 'open'
      FROM cut
     UNION ALL
    SELECT $1, 1, NULL, NULL, 'done' WHERE NOT EXISTS (SELECT FROM top)
)
UPDATE djogi.live
   SET state = CASE WHEN EXISTS (SELECT FROM top) THEN 'running' ELSE 'done' END,
       done_at = CASE WHEN EXISTS (SELECT FROM top) THEN NULL ELSE pg_catalog.clock_timestamp() END,
       rows_estimate = COALESCE((SELECT rows FROM size), 0),
       throttle = NULL, throttle_until = NULL
 WHERE op_id = $1
RETURNING state"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_tables_are_cut_exactly_and_large_ones_by_a_sample() {
        assert_eq!(sampled_percent(0.0), 100.0);
        assert_eq!(sampled_percent(300.0), 100.0);
        assert_eq!(sampled_percent(30_000.0), 1.0);
        assert!(sampled_percent(1e9) < 0.001_1);
    }
}
