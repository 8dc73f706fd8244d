//! The check of what is written: no row is left that needs it. One that is was written by somebody past the trigger, and
//! its range is gone through again.
//!
//! All ranges are checked at once, from the front of the table to its end, which takes a tenth of the time that their keys
//! would. Only when there is a row are they looked at one by one.

use djogi_core::plan::Backfill;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::chunk::between;
use super::error::BackfillError;
use super::key::{Key, Position};
use super::range::Range;
use super::sql::{Parameter, one, optional};
use crate::error::EngineError;

/// An expression that never meets its condition would go round for ever.
const MOST_PASSES: i32 = 3;

const ALL_DONE: &str = "
UPDATE djogi.cursor
   SET state = 'done', holder = NULL, backend_pid = NULL, lease_until = NULL, rate = 0
 WHERE op_id = $1 AND state = 'written'
   AND EXISTS (SELECT FROM djogi.cursor o WHERE o.op_id = $1 AND o.range_no = $2 AND o.holder = $3 AND o.state = 'written')";

const DONE: &str = "
UPDATE djogi.cursor
   SET state = 'done', holder = NULL, backend_pid = NULL, lease_until = NULL, rate = 0
 WHERE op_id = $1 AND range_no = $2 AND holder = $3 AND state = 'written'";

/// What has come after the last key since then is part of the last range from now on.
const AGAIN: &str = "
UPDATE djogi.cursor
   SET state = 'open', position = NULL, keys_done = 0, passes = passes + 1,
       hi = COALESCE(pg_catalog.to_jsonb($4::text[]), hi)
 WHERE op_id = $1 AND range_no = $2 AND holder = $3 AND state = 'written'";

/// Checks all ranges or, when a row is left, `range`; gives the number of rows that are left in it.
///
/// # Errors
/// [`BackfillError::Refilled`] when the range was gone through too often.
pub(super) async fn check(
    client: &Client,
    backfill: &Backfill,
    key: &Key,
    range: &Range,
) -> Result<i64, EngineError> {
    crate::failpoint!("backfill.before_check");
    let op = range.op.to_string();
    let ours: [Parameter<'_>; 3] =
        [(&op, Type::TEXT), (&range.number, Type::INT4), (&range.holder, Type::TEXT)];
    let Backfill { table, condition, .. } = backfill;
    let any = format!("SELECT FROM {table} WHERE {condition} LIMIT 1");
    if optional(client, &any, &[]).await?.is_none() {
        optional(client, ALL_DONE, &ours).await?;
        crate::failpoint!("backfill.after_check");
        return Ok(0);
    }
    let (rows, first, last) = left(client, backfill, key, range).await?;
    if rows == 0 {
        optional(client, DONE, &ours).await?;
        return Ok(0);
    }
    // Lower keys than the end of a range are within it already.
    let hi = last.filter(|_| range.is_top);
    let parameters: Vec<Parameter<'_>> = ours.into_iter().chain([(&hi as _, Type::TEXT_ARRAY)]).collect();
    optional(client, AGAIN, &parameters).await?;
    if range.passes + 1 < MOST_PASSES {
        return Ok(rows);
    }
    range.release(client).await?;
    Err(BackfillError::Refilled {
        name: backfill.migration.clone(),
        table: backfill.table.clone(),
        rows,
        passes: range.passes + 1,
        key: first.unwrap_or_default().join(", "),
    }
    .into())
}

/// How many rows still need it, the first of them, and the last key there is. The last range goes to the end of the table.
async fn left(
    client: &Client,
    backfill: &Backfill,
    key: &Key,
    range: &Range,
) -> Result<(i64, Option<Position>, Option<Position>), EngineError> {
    let Backfill { table, condition, .. } = backfill;
    let mut parameters: Vec<Parameter<'_>> = Vec::new();
    let hi = range.hi.as_ref().filter(|_| !range.is_top);
    let keys = between(key, range.lo.as_ref(), hi, &mut parameters);
    let (numbered, texts, numbers) = (key.numbered(), key.numbered_texts(), key.numbers());
    let sql = format!(
        "WITH needs AS (SELECT {numbered} FROM {table} WHERE {keys} AND ({condition}))
SELECT pg_catalog.count(*), (SELECT {texts} FROM needs ORDER BY {numbers} LIMIT 1),
       (SELECT {} FROM {table} ORDER BY {} LIMIT 1)
  FROM needs",
        key.texts(),
        key.order_from_the_end()
    );
    let row = one(client, &sql, &parameters).await?;
    Ok((row.get(0), row.get(1), row.get(2)))
}
