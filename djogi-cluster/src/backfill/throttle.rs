//! Why a backfill that could go on does not, or goes slowly: the first of these signals that holds, with its value and its
//! limit.

use std::time::Duration;

use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::run::Limits;
use super::sql::optional;
use crate::error::EngineError;
use crate::identity::OpId;

/// What the signals come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Throttle {
    None,
    /// Rests after a chunk as long as that took.
    Slow(String),
    /// No chunk until it is over.
    Hold(String),
}

impl Throttle {
    pub(super) fn reason(&self) -> Option<&str> {
        match self {
            Throttle::None => None,
            Throttle::Slow(reason) | Throttle::Hold(reason) => Some(reason),
        }
    }
}

/// What the server says of itself at one time.
#[derive(Clone, Debug, Default)]
pub(super) struct Signals {
    /// As of the migration's row.
    pub(super) workers: i32,
    chunk_ms: i32,
    /// Bytes of WAL since the server was made.
    wal: i64,
    replica_lag: f64,
    waiting: i64,
    longest_wait: f64,
    is_vacuumed: bool,
    dead: i64,
    alive: i64,
}

/// Who waits for us is seen in `pg_locks`, where everybody may look. Replicas and their lag are seen by members of
/// `pg_monitor` only.
const SIGNALS: &str = "
WITH ours AS (
    SELECT pg_catalog.array_agg(c.backend_pid) AS pids
      FROM djogi.cursor c
     WHERE c.op_id = $1 AND c.backend_pid IS NOT NULL
), waits AS (
    SELECT l.waitstart
      FROM pg_catalog.pg_locks l, ours o
     WHERE NOT l.granted AND o.pids IS NOT NULL AND l.pid <> ALL (o.pids)
       AND pg_catalog.pg_blocking_pids(l.pid) && o.pids
)
SELECT l.workers, l.chunk_ms,
       (pg_catalog.pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint,
       COALESCE((SELECT pg_catalog.max(EXTRACT(epoch FROM r.replay_lag))
                   FROM pg_catalog.pg_stat_replication r
                  WHERE r.state = 'streaming'), 0)::float8,
       (SELECT pg_catalog.count(*) FROM waits),
       COALESCE((SELECT EXTRACT(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.min(w.waitstart)) FROM waits w),
                0)::float8,
       EXISTS (SELECT FROM pg_catalog.pg_stat_progress_vacuum v
                WHERE v.relid = $2 AND v.datname = pg_catalog.current_database()),
       COALESCE(s.n_dead_tup, 0), COALESCE(s.n_live_tup, 0)
  FROM djogi.live l LEFT JOIN pg_catalog.pg_stat_all_tables s ON s.relid = $2
 WHERE l.op_id = $1";

impl Signals {
    /// Asks the server; `None` when the migration is gone.
    pub(super) async fn ask(client: &Client, op: OpId, table: u32) -> Result<Option<Self>, EngineError> {
        let op = op.to_string();
        let row = optional(client, SIGNALS, &[(&op, Type::TEXT), (&table, Type::OID)]).await?;
        Ok(row.map(|row| Self {
            workers: row.get(0),
            chunk_ms: row.get(1),
            wal: row.get(2),
            replica_lag: row.get(3),
            waiting: row.get(4),
            longest_wait: row.get(5),
            is_vacuumed: row.get(6),
            dead: row.get(7),
            alive: row.get(8),
        }))
    }

    /// What they come to, `before` being those of `elapsed` ago.
    pub(super) fn throttle(&self, before: &Self, elapsed: Duration, limits: &Limits) -> Throttle {
        /// A crowd waits for more than single rows.
        const CROWD: i64 = 10;
        let lag = limits.replica_lag.as_secs_f64();
        if self.replica_lag > lag {
            return Throttle::Hold(format!(
                "a replica is {:.1} s behind, {lag:.1} s are allowed",
                self.replica_lag
            ));
        }
        let patience = f64::from(self.chunk_ms) * 5.0 / 1000.0;
        if self.waiting >= CROWD || self.longest_wait > patience {
            return Throttle::Hold(format!(
                "{} sessions wait for rows that were being written, the longest for {:.0} ms",
                self.waiting,
                self.longest_wait * 1000.0
            ));
        }
        let rate = (self.wal - before.wal) as f64 / elapsed.as_secs_f64().max(0.001);
        if let Some(allowed) = limits.wal_rate
            && before.wal > 0
            && rate > allowed as f64
        {
            let mega = |bytes: f64| bytes / 1_000_000.0;
            return Throttle::Hold(format!(
                "the server writes {:.1} MB of WAL a second, {:.1} MB are allowed",
                mega(rate),
                mega(allowed as f64)
            ));
        }
        // What a backfill itself leaves behind is one dead row for each, and nothing to be slow for.
        if self.is_vacuumed && self.dead > self.alive / 2 * 3 {
            return Throttle::Slow(format!(
                "the table is being vacuumed, with {} dead rows beside {}",
                self.dead, self.alive
            ));
        }
        Throttle::None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(now: &Signals) -> Throttle {
        let limits = Limits { wal_rate: Some(10_000_000), ..Limits::default() };
        let before = Signals { wal: 1, ..Signals::default() };
        now.throttle(&before, Duration::from_secs(1), &limits)
    }

    fn quiet() -> Signals {
        Signals { chunk_ms: 50, wal: 2, alive: 1000, ..Signals::default() }
    }

    #[test]
    fn nothing_holds_up_what_disturbs_nobody() {
        assert_eq!(of(&quiet()), Throttle::None);
        assert_eq!(of(&Signals { waiting: 2, longest_wait: 0.04, ..quiet() }), Throttle::None);
        assert_eq!(of(&Signals { dead: 1000, ..quiet() }), Throttle::None);
    }

    #[test]
    fn each_signal_says_its_value_and_its_limit() {
        let reason = |signals: Signals| of(&signals).reason().unwrap_or_default().to_owned();
        assert_eq!(
            reason(Signals { replica_lag: 12.34, ..quiet() }),
            "a replica is 12.3 s behind, 10.0 s are allowed"
        );
        assert!(reason(Signals { waiting: 1, longest_wait: 0.3, ..quiet() }).contains("300 ms"));
        assert!(reason(Signals { waiting: 12, longest_wait: 0.01, ..quiet() }).starts_with("12 sessions"));
        assert!(reason(Signals { wal: 20_000_001, ..quiet() }).contains("20.0 MB"));
        let vacuumed = Signals { is_vacuumed: true, dead: 1600, ..quiet() };
        assert!(matches!(of(&vacuumed), Throttle::Slow(_)));
        assert_eq!(of(&Signals { dead: 1000, ..vacuumed }), Throttle::None);
    }
}
