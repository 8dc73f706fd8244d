//! A range of keys and who works on it.
//!
//! A worker claims a range for a while, by the clock of the server, and with each chunk for a while more. A range whose
//! time is over, or whose server process is gone, is anybody's; a worker that slept through that finds another holder in
//! the row before it writes anything.

use std::time::Duration;

use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row};

use super::key::Position;
use super::sql::optional;
use crate::error::EngineError;
use crate::identity::OpId;

/// What is to be done with a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// Its rows are to be written.
    Write,
    /// They are all written; none that needs it is to be left.
    Check,
}

/// A range that this worker has claimed.
#[derive(Clone, Debug)]
pub(super) struct Range {
    pub(super) op: OpId,
    pub(super) number: i32,
    pub(super) holder: String,
    /// Keys after this one; from the first on when `None`.
    pub(super) position: Option<Position>,
    pub(super) hi: Option<Position>,
    /// What it begins after.
    pub(super) lo: Option<Position>,
    /// Whether no range comes after it.
    pub(super) is_top: bool,
    pub(super) work: Work,
    /// How often its rows have been gone through.
    pub(super) passes: i32,
}

/// Ranges to be written come first, and one worker at a time checks once all are.
const CLAIM: &str = "
UPDATE djogi.cursor c
   SET holder = $2, backend_pid = pg_catalog.pg_backend_pid(),
       lease_until = pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => $3)
 WHERE (c.op_id, c.range_no) = (
           SELECT f.op_id, f.range_no
             FROM djogi.cursor f JOIN djogi.live l ON l.op_id = f.op_id
            WHERE f.op_id = $1 AND f.state <> 'done' AND l.state = 'running' AND NOT l.paused
              AND (f.lease_until IS NULL OR f.lease_until < pg_catalog.clock_timestamp()
                   OR f.backend_pid = pg_catalog.pg_backend_pid()
                   OR NOT EXISTS (SELECT FROM pg_catalog.pg_stat_activity a WHERE a.pid = f.backend_pid))
              AND (f.state = 'open'
                   OR NOT EXISTS (SELECT FROM djogi.cursor o
                                   WHERE o.op_id = $1 AND (o.state = 'open' OR o.state = 'written' AND o.range_no < f.range_no)))
            ORDER BY f.state, f.range_no
            LIMIT 1
              FOR UPDATE OF f SKIP LOCKED)
RETURNING c.range_no, c.state, c.passes,
          CASE WHEN COALESCE(c.position, c.lo) IS NULL THEN NULL
               ELSE ARRAY(SELECT pg_catalog.jsonb_array_elements_text(COALESCE(c.position, c.lo))) END,
          CASE WHEN c.hi IS NULL THEN NULL ELSE ARRAY(SELECT pg_catalog.jsonb_array_elements_text(c.hi)) END,
          CASE WHEN c.lo IS NULL THEN NULL ELSE ARRAY(SELECT pg_catalog.jsonb_array_elements_text(c.lo)) END,
          c.range_no = (SELECT pg_catalog.max(m.range_no) FROM djogi.cursor m WHERE m.op_id = c.op_id)";

/// Claims a range for `lease`; `None` when nothing is to be had.
pub(super) async fn claim(
    client: &Client,
    op: OpId,
    holder: &str,
    lease: Duration,
) -> Result<Option<Range>, EngineError> {
    let seconds = lease.as_secs_f64();
    let id = op.to_string();
    crate::failpoint!("backfill.before_claim");
    let claimed =
        optional(client, CLAIM, &[(&id, Type::TEXT), (&holder, Type::TEXT), (&seconds, Type::FLOAT8)])
            .await?;
    crate::failpoint!("backfill.after_claim");
    let range = |row: Row| Range {
        op,
        number: row.get(0),
        holder: holder.to_owned(),
        work: if row.get::<_, &str>(1) == "written" { Work::Check } else { Work::Write },
        passes: row.get(2),
        position: row.get(3),
        hi: row.get(4),
        lo: row.get(5),
        is_top: row.get(6),
    };
    Ok(claimed.map(range))
}

const GIVE_BACK: &str = "
UPDATE djogi.cursor
   SET holder = NULL, backend_pid = NULL, lease_until = NULL, rate = 0
 WHERE op_id = $1 AND range_no = $2 AND holder = $3";

impl Range {
    /// Gives the range back, for whoever comes next.
    pub(super) async fn release(&self, client: &Client) -> Result<(), EngineError> {
        let op = self.op.to_string();
        crate::failpoint!("backfill.before_release");
        optional(
            client,
            GIVE_BACK,
            &[(&op, Type::TEXT), (&self.number, Type::INT4), (&self.holder, Type::TEXT)],
        )
        .await
        .map(drop)
    }
}

/// What is left to be done, for who finds nothing to claim.
const OPEN: &str = "
SELECT l.state, EXISTS (SELECT FROM djogi.cursor c WHERE c.op_id = l.op_id AND c.state <> 'done'),
       CASE WHEN l.paused THEN COALESCE(l.pause_reason, 'no reason given') END
  FROM djogi.live l
 WHERE l.op_id = $1";

const FINISH: &str = "
UPDATE djogi.live
   SET state = 'done', done_at = pg_catalog.clock_timestamp(), throttle = NULL, throttle_until = NULL
 WHERE op_id = $1 AND state = 'running'
   AND NOT EXISTS (SELECT FROM djogi.cursor c WHERE c.op_id = $1 AND c.state <> 'done')";

/// Where a backfill stands of which no range is to be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Others work on what is left.
    NotYet,
    /// There are no ranges yet.
    NotCut,
    Paused(String),
    Done,
    /// Somebody has given the migration up.
    Gone,
}

/// Notes that a backfill is done when all its ranges are.
pub(super) async fn finish(client: &Client, op: OpId) -> Result<End, EngineError> {
    let op = op.to_string();
    let op: [super::sql::Parameter<'_>; 1] = [(&op, Type::TEXT)];
    let Some(row) = optional(client, OPEN, &op).await? else { return Ok(End::Gone) };
    let (state, is_open): (&str, bool) = (row.get(0), row.get(1));
    if state == "done" {
        return Ok(End::Done);
    }
    if let Some(reason) = row.get::<_, Option<String>>(2) {
        return Ok(End::Paused(reason));
    }
    if state == "waiting" {
        return Ok(End::NotCut);
    }
    if is_open {
        return Ok(End::NotYet);
    }
    crate::failpoint!("backfill.before_done");
    optional(client, FINISH, &op).await?;
    crate::failpoint!("backfill.after_done");
    Ok(End::NotYet)
}
