//! One chunk: its rows and the move of the cursor in one transaction.
//!
//! A crash before the commit loses both, after it neither. `READ COMMITTED` looks again at a row that somebody else has
//! just changed, so a newer value is never written over. It does not look again at rows of other tables: where the condition is
//! about those too, the rows are locked before, and the statement that writes them sees what has come until then.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use djogi_core::plan::Backfill;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::error::BackfillError;
use super::key::{Key, Position};
use super::range::Range;
use super::sql::{Parameter, optional, roll_back};
use crate::error::EngineError;
use crate::refused_rows::{is_open, obstacle};

/// What became of a chunk.
#[derive(Debug)]
pub(super) enum Chunk {
    Written {
        keys: i64,
        /// From the first row lock to the commit: how long a writer may have waited.
        time: Duration,
        target: Duration,
        is_last: bool,
    },
    /// Another worker has the range by now.
    Lost,
    Paused(String),
    /// The migration was given up.
    Gone,
}

/// How a chunk is written, the same for all of a range.
#[derive(Debug)]
pub(super) struct Writing<'a> {
    pub(super) client: &'a Client,
    pub(super) backfill: &'a Backfill,
    pub(super) key: &'a Key,
    pub(super) lease: Duration,
    pub(super) lock_timeout: Duration,
    /// Overrides what the ledger says.
    pub(super) chunk_ms: Option<u32>,
    /// What the ledger said last.
    pub(super) usual_ms: AtomicU32,
}

/// A chunk locks the row of its migration before that of its range, as does who forgets them. `KEY SHARE` waits for who
/// deletes it, and keeps nobody from turning a knob.
const LOCK: &str = "
SELECT l.paused, COALESCE(l.pause_reason, 'no reason given'), l.chunk_ms,
       c.holder IS NOT DISTINCT FROM $3 AND c.state = 'open'
  FROM djogi.live l JOIN djogi.cursor c ON c.op_id = l.op_id
 WHERE l.op_id = $1 AND c.range_no = $2 AND l.state = 'running'
   FOR KEY SHARE OF l
   FOR UPDATE OF c";

const MOVE: &str = "
UPDATE djogi.cursor
   SET position = pg_catalog.to_jsonb($3::text[]),
       state = CASE WHEN $4 THEN 'written' ELSE 'open' END,
       rows_done = rows_done + $5, keys_done = keys_done + $6, chunks = chunks + 1,
       busy_ms = busy_ms + $7, longest_ms = GREATEST(longest_ms, $7), rate = $8,
       lease_until = pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => $9)
 WHERE op_id = $1 AND range_no = $2";

/// What was to be done for a foreign key that is gone is nobody's any more.
const FORGET: &str = "
WITH gone AS (DELETE FROM djogi.live WHERE op_id = $1 RETURNING op_id)
DELETE FROM djogi.cursor AS c USING gone WHERE c.op_id = gone.op_id";

impl Writing<'_> {
    /// Writes the next `size` keys of `range` and moves its position. Nothing has happened on an error, unless the
    /// connection is gone.
    ///
    /// # Errors
    /// What PostgreSQL says.
    pub(super) async fn chunk(
        &self,
        range: &mut Range,
        size: i64,
        rate: impl Fn(i64) -> f64,
    ) -> Result<Chunk, EngineError> {
        crate::failpoint!("backfill.before_chunk");
        let done = self.try_chunk(range, size, rate).await;
        if done.is_err() {
            roll_back(self.client).await;
        } else {
            crate::failpoint!("backfill.after_commit");
        }
        done
    }

    async fn try_chunk(
        &self,
        range: &mut Range,
        size: i64,
        rate: impl Fn(i64) -> f64,
    ) -> Result<Chunk, EngineError> {
        let begin = self.begin();
        let op = range.op.to_string();
        let lock: [Parameter<'_>; 3] =
            [(&op, Type::TEXT), (&range.number, Type::INT4), (&range.holder, Type::TEXT)];
        let (begun, locked, bound) = futures_util::join!(
            self.client.batch_execute(&begin),
            optional(self.client, LOCK, &lock),
            self.bound(range, size)
        );
        begun.map_err(|error| EngineError::sql(&error, &begin))?;
        let Some(row) = locked? else {
            roll_back(self.client).await;
            return Ok(Chunk::Gone);
        };
        let (paused, is_ours): (bool, bool) = (row.get(0), row.get(3));
        if paused || !is_ours {
            roll_back(self.client).await;
            return Ok(if is_ours { Chunk::Paused(row.get(1)) } else { Chunk::Lost });
        }
        self.usual_ms.store(row.get::<_, i32>(2).unsigned_abs(), Ordering::Relaxed);
        let target = self.target_ms();
        let bound = bound?;
        let (end, is_last) = match bound {
            Some(end) => (end, false),
            None => (range.hi.clone().unwrap_or_default(), true),
        };
        let began = Instant::now();
        let Some(rows) = self.fill(range, &end).await? else {
            roll_back(self.client).await;
            optional(self.client, FORGET, &[(&op, Type::TEXT)]).await?;
            return Ok(Chunk::Gone);
        };
        crate::failpoint!("backfill.after_update_before_commit");
        // The last chunk of a range has fewer keys than were asked for; how many, nobody has counted.
        let keys = if is_last { i64::try_from(rows).unwrap_or(size).min(size) } else { size };
        self.move_and_commit(range, &end, is_last, (rows, keys), began, rate(keys)).await?;
        range.position = Some(end);
        let target = Duration::from_millis(target.into());
        Ok(Chunk::Written { keys, time: began.elapsed(), target, is_last })
    }

    fn target_ms(&self) -> u32 {
        self.chunk_ms.unwrap_or_else(|| self.usual_ms.load(Ordering::Relaxed))
    }

    /// The settings of its transaction. Reading the table from the front would be the end of it, whatever statistics say;
    /// a policy that hides rows makes it fail. Triggers of djogi know the writes of a live migration by `djogi.backfill`; what
    /// a foreign key would refuse is changed as anybody would change it. Nobody waits for the disk: a server that crashes loses rows and cursor alike, and what notes that all is done is flushed after them.
    fn begin(&self) -> String {
        const MOST: Duration = Duration::from_secs(60);
        let statement = (Duration::from_millis(self.target_ms().into()) * 10).min(MOST);
        format!(
            "BEGIN;\nSET LOCAL lock_timeout = {};\nSET LOCAL statement_timeout = {};\n\
             SET LOCAL idle_in_transaction_session_timeout = '30s';\nSET LOCAL enable_seqscan = off;\n\
             SET LOCAL row_security = off;\nSET LOCAL synchronous_commit = off;\n\
             {}{}",
            self.lock_timeout.as_millis(),
            statement.max(self.lock_timeout * 2).as_millis(),
            if self.backfill.refused.is_none() { "SET LOCAL djogi.backfill = 'on';\n" } else { "" },
            self.key.search_path()
        )
    }

    /// The key of the next row, for who must name it.
    pub(super) async fn next_key(&self, range: &Range) -> Result<Option<Position>, EngineError> {
        self.bound(range, 1).await
    }

    /// The key that the chunk ends with; `None` when fewer than `size` are left.
    async fn bound(&self, range: &Range, size: i64) -> Result<Option<Position>, EngineError> {
        let mut parameters: Vec<Parameter<'_>> = Vec::new();
        let keys = between(self.key, range.position.as_ref(), range.hi.as_ref(), &mut parameters);
        let offset = size - 1;
        parameters.push((&offset, Type::INT8));
        let sql = format!(
            "SELECT {} FROM {} WHERE {keys} ORDER BY {} OFFSET ${} LIMIT 1",
            self.key.texts(),
            self.backfill.table,
            self.key.order(),
            parameters.len()
        );
        Ok(optional(self.client, &sql, &parameters).await?.map(|row| row.get(0)))
    }

    /// `None` when the foreign key is gone, or another, for whose sake the rows were to go.
    async fn fill(&self, range: &Range, end: &Position) -> Result<Option<u64>, EngineError> {
        let mut parameters: Vec<Parameter<'_>> = Vec::new();
        let keys = between(self.key, range.position.as_ref(), Some(end), &mut parameters);
        let Some(refused) = &self.backfill.refused else {
            let sql = self.backfill.statement(Some(&keys));
            let written = self.client.execute_typed(&sql, &parameters).await;
            return written.map(Some).map_err(|error| EngineError::sql(&error, &sql));
        };
        // Nobody can rename what the names below are about, refer to the rows, or make something else of the table that
        // keeps them, until they are gone.
        let written = std::iter::once(&refused.table).chain(&refused.into);
        let written: Vec<String> = written.map(ToString::to_string).collect();
        let tables = format!(
            "LOCK TABLE {} IN ROW EXCLUSIVE MODE; LOCK TABLE {} IN ACCESS SHARE MODE",
            written.join(", "),
            refused.references
        );
        let lock = self.backfill.lock(&keys);
        let (held, is_open, obstacle, locked) = futures_util::join!(
            self.client.batch_execute(&tables),
            is_open(self.client, refused),
            obstacle(self.client, refused),
            optional(self.client, &lock, &parameters)
        );
        held.map_err(|error| EngineError::sql(&error, &tables))?;
        if !is_open? {
            return Ok(None);
        }
        if let Some(why) = obstacle? {
            let (name, foreign_key) = (self.backfill.migration.clone(), refused.foreign_key.clone());
            return Err(BackfillError::Stay { name, foreign_key, why }.into());
        }
        let places =
            locked?.and_then(|row| Some((row.get::<_, Option<Vec<u32>>>(0)?, row.get::<_, Vec<String>>(1))));
        let Some((parts, places)) = places else { return Ok(Some(0)) };
        // Those and no others: a row whose key has come into the range since is locked by nobody.
        let at = parameters.len();
        let sql = self.backfill.statement(Some(&format!(
            "{keys} AND (tableoid, ctid) IN (SELECT part, place::tid FROM ROWS FROM (pg_catalog.unnest(${}::oid[]), \
             pg_catalog.unnest(${}::text[])) AS locked (part, place))",
            at + 1,
            at + 2
        )));
        parameters.extend([(&parts as _, Type::OID_ARRAY), (&places as _, Type::TEXT_ARRAY)]);
        let written = self.client.execute_typed(&sql, &parameters).await;
        written.map(Some).map_err(|error| EngineError::sql(&error, &sql))
    }

    async fn move_and_commit(
        &self,
        range: &Range,
        end: &Position,
        is_last: bool,
        (rows, keys): (u64, i64),
        began: Instant,
        rate: f64,
    ) -> Result<(), EngineError> {
        let (op, seconds) = (range.op.to_string(), self.lease.as_secs_f64());
        let rows = i64::try_from(rows).unwrap_or(i64::MAX);
        let millis = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
        const COMMIT: &str = "COMMIT";
        let parameters: [Parameter<'_>; 9] = [
            (&op, Type::TEXT),
            (&range.number, Type::INT4),
            (end, Type::TEXT_ARRAY),
            (&is_last, Type::BOOL),
            (&rows, Type::INT8),
            (&keys, Type::INT8),
            (&millis, Type::INT8),
            (&rate, Type::FLOAT8),
            (&seconds, Type::FLOAT8),
        ];
        let (moved, committed) =
            futures_util::join!(optional(self.client, MOVE, &parameters), self.client.batch_execute(COMMIT));
        moved?;
        committed.map_err(|error| EngineError::sql(&error, COMMIT))
    }
}

/// The rows after `lo` and up to `hi`, whose values are added to the parameters.
pub(super) fn between<'a>(
    key: &Key,
    lo: Option<&'a Position>,
    hi: Option<&'a Position>,
    parameters: &mut Vec<Parameter<'a>>,
) -> String {
    let mut number = |position: Option<&'a Position>| {
        position.map(|position| {
            parameters.push((position, Type::TEXT_ARRAY));
            parameters.len()
        })
    };
    let (lo, hi) = (number(lo), number(hi));
    key.between(lo, hi)
}
