//! The run lock: at most one run makes effects on a target.
//!
//! It is a session advisory lock in the very backend that executes the statements: a killed client does not stop
//! its backend, and as long as that works on, nobody else gets in. It is polled and never waited in, because the
//! snapshot of a waiting statement deadlocks with concurrent index builds. When the backend ends, however it
//! ends, the lock is gone; nothing is ever left behind to clean.

use std::time::{Duration, Instant};

use djogi_core::{Digest, Ident};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, GenericClient};

use crate::event::{Event, Reporter};
use crate::identity::{Actor, Lineage, RunId, host_name, timestamp};
use crate::ledger::{
    DIRECT_CONNECTION, Fence, Holder, LEDGER_VERSION, LedgerError, LedgerVersion, LockSession, bump_epoch,
    ensure_ledger, read_lease,
};

/// Why there is no run lock.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    #[error("target `{target}` is locked by {}", shown(.session))]
    Held { target: Ident, session: Option<Box<LockSession>> },
    #[error(
        "the connection changed from server process {locked} to {now}: a proxy pools transactions, and a run \
         lock cannot be held through it"
    )]
    Pooled { locked: i32, now: i32 },
    #[error("the run lock of target `{target}` is no longer held by this connection")]
    Lost { target: Ident },
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

fn shown(session: &Option<Box<LockSession>>) -> String {
    session.as_ref().map_or_else(|| "a session that has just ended".to_owned(), |session| session.to_string())
}

impl LockError {
    /// A stable code for diagnostics.
    pub fn code(&self) -> &'static str {
        match self {
            LockError::Held { .. } => "locked",
            LockError::Pooled { .. } => "pooled_connection",
            LockError::Lost { .. } => "lock_lost",
            LockError::Ledger(error) => error.code(),
        }
    }

    /// What to do next; `None` when the message says it all.
    pub fn help(&self) -> Option<String> {
        match self {
            LockError::Held { .. } => {
                Some(
                    "wait for it (`--lock-timeout 10m`), then run the command again; `djogi unlock` shows the holder, \
                     and can end it"
                        .to_owned(),
                )
            }
            LockError::Pooled { .. } => Some(DIRECT_CONNECTION.to_owned()),
            LockError::Lost { .. } => Some("run the command again".to_owned()),
            LockError::Ledger(error) => error.help(),
        }
    }
}

/// The run lock of one target, held by the connection it was acquired with. Ends with [`RunLock::release`] or
/// with the connection.
#[derive(Debug)]
pub struct RunLock {
    target: Ident,
    backend_pid: i32,
}

const TRY: &str = "SELECT pg_catalog.pg_try_advisory_lock($1, $2), pg_catalog.pg_backend_pid()";

const RELEASE: &str = "SELECT pg_catalog.pg_advisory_unlock($1, $2)";

/// `pg_locks` shows the two keys as unsigned numbers, with `objsubid` 2.
macro_rules! lock_is_ours {
    () => {
        "l.locktype = 'advisory' AND l.granted AND l.objsubid = 2
   AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
   AND l.classid::bigint = $1::bigint & 4294967295 AND l.objid::bigint = $2::bigint & 4294967295"
    };
}

const VERIFY: &str = concat!(
    "SELECT pg_catalog.pg_backend_pid(), EXISTS (
SELECT FROM pg_catalog.pg_locks l WHERE l.pid = pg_catalog.pg_backend_pid() AND ",
    lock_is_ours!(),
    ")"
);

const SESSION: &str = concat!(
    "SELECT l.pid, a.usename::text, a.application_name, pg_catalog.host(a.client_addr),
       pg_catalog.to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'),
       p.command || ' (' || p.phase || ')'
  FROM pg_catalog.pg_locks l
  LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
  LEFT JOIN pg_catalog.pg_stat_progress_create_index p ON p.pid = l.pid
 WHERE ",
    lock_is_ours!()
);

impl RunLock {
    const FIRST_PAUSE: Duration = Duration::from_millis(100);
    const LONGEST_PAUSE: Duration = Duration::from_secs(1);
    /// For how long a lock is tried that somebody had and nobody has when asked who.
    const CHANGING_HANDS: Duration = Duration::from_secs(2);

    /// Takes the run lock of `target`, trying for as long as `patience` says (zero: once). Needs no ledger and
    /// writes nothing.
    ///
    /// # Errors
    /// [`LockError::Held`] names who has it; [`LockError::Pooled`] when the connection is not to one backend.
    pub async fn acquire(
        client: &Client,
        target: &Ident,
        patience: Duration,
        reporter: &dyn Reporter,
    ) -> Result<Self, LockError> {
        let began = Instant::now();
        let mut pause = Self::FIRST_PAUSE;
        let mut reported = None;
        loop {
            let row = client.query_typed_one(TRY, &key(target).params()).await;
            let row = row.map_err(LedgerError::sql("take the run lock", TRY))?;
            let (taken, backend_pid): (bool, i32) = (row.get(0), row.get(1));
            if taken {
                let lock = Self { target: target.clone(), backend_pid };
                lock.verify(client).await?;
                reporter.report(&Event::LockAcquired { target: target.clone(), waited_ms: millis(began) });
                return Ok(lock);
            }
            let session = lock_session(client, target).await?.map(Box::new);
            let patience = if session.is_some() { patience } else { patience.max(Self::CHANGING_HANDS) };
            let left = patience.saturating_sub(began.elapsed());
            if left.is_zero() {
                return Err(LockError::Held { target: target.clone(), session });
            }
            if let Some(session) = session
                && reported != Some(session.backend_pid)
            {
                reported = Some(session.backend_pid);
                reporter.report(&Event::LockWaiting { target: target.clone(), session });
            }
            tokio::time::sleep(pause.min(left)).await;
            pause = (pause * 2).min(Self::LONGEST_PAUSE);
        }
    }

    /// The server process that holds the lock.
    pub fn backend_pid(&self) -> i32 {
        self.backend_pid
    }

    /// Makes this run the one that may write: creates the ledger unless what was `found` is all of it, and takes the
    /// next epoch, committed at once. A run that finds nothing to do need not call it.
    ///
    /// The state of `lineage` must be durable before, if only as an empty first revision: a crash after this
    /// would otherwise leave a ledger whose state seems lost.
    ///
    /// # Errors
    /// [`LedgerError::OtherLineage`] when the target belongs to another state.
    pub async fn take_epoch(
        &self,
        client: &Client,
        lineage: Lineage,
        actor: &Actor,
        run: RunId,
        command: &str,
        found: LedgerVersion,
    ) -> Result<Fence, LedgerError> {
        let Self { target, backend_pid } = self;
        let holder = Holder {
            actor: actor.clone(),
            host: host_name(),
            pid: std::process::id(),
            run,
            command: command.to_owned(),
            since: timestamp(),
            backend_pid: *backend_pid,
        };
        if found != LedgerVersion::At(LEDGER_VERSION) {
            ensure_ledger(client).await?;
        }
        crate::failpoint!(infallible "ledger.after_create");
        let epoch = bump_epoch(client, target, lineage, &holder).await?;
        Ok(Fence { target: target.clone(), lineage, epoch, backend_pid: *backend_pid })
    }

    /// Whether the connection is still the one that holds the lock. A failover, a terminated backend and a
    /// pooling proxy are found here.
    pub async fn verify(&self, client: &impl GenericClient) -> Result<(), LockError> {
        let row = client.query_typed_one(VERIFY, &key(&self.target).params()).await;
        let row = row.map_err(LedgerError::sql("verify the run lock", VERIFY))?;
        let (now, held): (i32, bool) = (row.get(0), row.get(1));
        if now != self.backend_pid {
            return Err(LockError::Pooled { locked: self.backend_pid, now });
        }
        if held { Ok(()) } else { Err(LockError::Lost { target: self.target.clone() }) }
    }

    /// Gives the lock back.
    ///
    /// # Errors
    /// [`LockError::Lost`] when this connection did not hold it any more.
    pub async fn release(self, client: &Client) -> Result<(), LockError> {
        let row = client.query_typed_one(RELEASE, &key(&self.target).params()).await;
        let row = row.map_err(LedgerError::sql("release the run lock", RELEASE))?;
        if row.get(0) { Ok(()) } else { Err(LockError::Lost { target: self.target }) }
    }
}

/// The session that holds the run lock of `target`; `None` when it is free. Reads only.
pub async fn lock_session(
    client: &impl GenericClient,
    target: &Ident,
) -> Result<Option<LockSession>, LedgerError> {
    let row = client.query_typed_opt(SESSION, &key(target).params()).await;
    let Some(row) = row.map_err(LedgerError::sql("find the holder of the run lock", SESSION))? else {
        return Ok(None);
    };
    let backend_pid: i32 = row.get(0);
    // Before the first apply there is no lease, and a role without rights on it is told what it may see.
    let lease = read_lease(client, target).await.ok().flatten();
    let holder = lease.and_then(|lease| lease.holder).filter(|holder| holder.backend_pid == backend_pid);
    Ok(Some(LockSession {
        backend_pid,
        role: row.get(1),
        application_name: row.get(2),
        client_address: row.get(3),
        since: row.get(4),
        building: row.get(5),
        holder,
    }))
}

/// The two keys of the advisory lock: djogi's own, and one for each target.
struct Key(i32, i32);

impl Key {
    fn params(&self) -> [(&(dyn ToSql + Sync), Type); 2] {
        [(&self.0, Type::INT4), (&self.1, Type::INT4)]
    }
}

fn key(target: &Ident) -> Key {
    const NAMESPACE: i32 = i32::from_be_bytes(*b"djog");
    let hex = Digest::of_bytes(target.as_str().as_bytes()).hex();
    let hash = u32::from_str_radix(&hex[..8], 16).expect("a digest is hexadecimal");
    Key(NAMESPACE, hash.cast_signed())
}

fn millis(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)
}
