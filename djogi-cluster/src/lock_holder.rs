//! Who has locks on tables.

use std::collections::BTreeSet;
use std::fmt;

use djogi_core::plan::LockMode;
use serde::Serialize;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

/// A session, or a prepared transaction, with a lock on a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LockHolder {
    /// `None` for a prepared transaction, which no server process works on.
    pub backend_pid: Option<i32>,
    /// The name of a prepared transaction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prepared: Option<String>,
    pub table: String,
    /// As `pg_locks` calls it.
    pub mode: String,
    pub role: Option<String>,
    pub application: Option<String>,
    /// When its transaction began, in UTC; `None` when the role may not know.
    pub since: Option<String>,
    /// How long ago that was.
    pub transaction_ms: Option<u64>,
    pub nature: Nature,
    /// Tells its transaction from the one before and after.
    #[serde(skip)]
    pub virtual_transaction: String,
}

/// What becomes of a holder when somebody waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Nature {
    /// It goes when its transaction ends.
    Transaction,
    /// It gives way to whoever waits for longer than `deadlock_timeout`.
    Autovacuum,
    /// It gives way to nobody.
    Wraparound,
}

impl LockHolder {
    /// Whether both are the same session or prepared transaction.
    pub(crate) fn is(&self, other: &Self) -> bool {
        (self.backend_pid, &self.prepared) == (other.backend_pid, &other.prepared)
    }

    /// The statement that ends it.
    pub(crate) fn way_out(&self) -> String {
        match (self.backend_pid, &self.prepared) {
            (Some(pid), _) => format!("`SELECT pg_terminate_backend({pid});`"),
            (None, Some(name)) => format!("`ROLLBACK PREPARED '{}';`", name.replace('\'', "''")),
            (None, None) => "`ROLLBACK PREPARED`".to_owned(),
        }
    }
}

impl fmt::Display for LockHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { backend_pid, prepared, table, mode, role, application, since, nature, .. } = self;
        match (backend_pid, prepared) {
            (Some(pid), _) => write!(f, "server process {pid}")?,
            (None, Some(name)) => write!(f, "prepared transaction {name:?}")?,
            (None, None) => f.write_str("a prepared transaction")?,
        }
        match nature {
            Nature::Transaction => {}
            Nature::Autovacuum => f.write_str(" (autovacuum)")?,
            Nature::Wraparound => f.write_str(" (autovacuum to prevent wraparound)")?,
        }
        write!(f, " has {mode} on {table}")?;
        if let Some(role) = role {
            write!(f, ", as role {role:?}")?;
        }
        if let Some(application) = application.as_ref().filter(|name| !name.is_empty()) {
            write!(f, ", application {application:?}")?;
        }
        match since {
            Some(since) => write!(f, ", in a transaction since {since}"),
            None => Ok(()),
        }
    }
}

/// The text of statements stays out: it may hold what is secret. `LOCK TABLE` locks partitions and children too. A
/// prepared transaction has no process; it is known by the lock that it has on its own number. What only members of
/// `pg_read_all_stats` may know of others is NULL for everybody else; a process without a role is one of the server's own.
const HOLDERS: &str = "
WITH RECURSIVE locks AS MATERIALIZED (
    SELECT * FROM pg_catalog.pg_locks WHERE granted
), wanted AS (
    SELECT pg_catalog.to_regclass(w.relation)::oid AS relation, w.mode
      FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2)) AS w(relation, mode)
    UNION
    SELECT i.inhrelid, w.mode FROM wanted w JOIN pg_catalog.pg_inherits i ON i.inhparent = w.relation
), held AS (
    SELECT l.pid, x.gid, l.relation::pg_catalog.regclass::text AS name, l.mode,
           COALESCE(a.usename, x.owner)::text AS role, a.application_name,
           COALESCE(a.xact_start, x.prepared) AS since, l.virtualtransaction,
           a.query LIKE 'autovacuum:%(to prevent wraparound)' AND a.usesysid IS NULL AS is_wraparound,
           a.pid IS NOT NULL AND a.usesysid IS NULL AS is_autovacuum
      FROM locks l
      JOIN wanted w ON w.relation = l.relation AND w.mode = l.mode
      LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
      LEFT JOIN pg_catalog.pg_prepared_xacts x
        ON l.pid IS NULL AND EXISTS (
           SELECT FROM locks o
            WHERE o.locktype = 'transactionid' AND o.pid IS NULL AND o.transactionid = x.transaction
              AND o.virtualtransaction = l.virtualtransaction)
     WHERE l.locktype = 'relation' AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
       AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d
                          WHERE d.datname = pg_catalog.current_database())
       AND a.leader_pid IS NULL
)
SELECT h.pid, h.gid, h.name, h.mode, h.role, h.application_name,
       pg_catalog.to_char(h.since AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'),
       (EXTRACT(epoch FROM pg_catalog.clock_timestamp() - h.since) * 1000)::int8,
       h.virtualtransaction, COALESCE(h.is_wraparound, false), h.is_autovacuum
  FROM held h
 ORDER BY h.since, h.pid, h.name, h.mode
 LIMIT 100";

/// Those who have a lock of one of these modes on one of these tables or what is below it, longest transaction first. Only
/// reads, and waits for no lock.
///
/// # Errors
/// What the server said.
pub(crate) async fn lock_holders(
    client: &Client,
    locks: &BTreeSet<(String, LockMode)>,
) -> Result<Vec<LockHolder>, tokio_postgres::Error> {
    let (names, modes): (Vec<&str>, Vec<&str>) =
        locks.iter().map(|(name, mode)| (name.as_str(), mode.catalog_name())).unzip();
    let rows = client.query_typed(HOLDERS, &[(&names, Type::TEXT_ARRAY), (&modes, Type::TEXT_ARRAY)]).await?;
    rows.iter()
        .map(|row| {
            Ok(LockHolder {
                backend_pid: row.try_get(0)?,
                prepared: row.try_get(1)?,
                table: row.try_get(2)?,
                mode: row.try_get(3)?,
                role: row.try_get(4)?,
                application: row.try_get(5)?,
                since: row.try_get(6)?,
                transaction_ms: row.try_get::<_, Option<i64>>(7)?.map(|ms| u64::try_from(ms).unwrap_or(0)),
                virtual_transaction: row.try_get(8)?,
                nature: match (row.try_get(9)?, row.try_get(10)?) {
                    (true, _) => Nature::Wraparound,
                    (false, true) => Nature::Autovacuum,
                    (false, false) => Nature::Transaction,
                },
            })
        })
        .collect()
}
