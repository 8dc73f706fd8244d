//! `djogi unlock`: who has the run lock of each target, and the end of a session that is to have it no longer.
//!
//! The lock belongs to the server process that works for the run, and ends with it: there is never a lock to be
//! removed, only a process to be waited for or ended. Ending it rolls its group back.

use std::time::{Duration, Instant};

use djogi_core::Ident;
use serde::Serialize;
use tokio_postgres::types::Type;

use crate::apply::Stop;
use crate::cluster::Cluster;
use crate::connect::Connection;
use crate::error::EngineError;
use crate::event::Reporter;
use crate::identity::RunId;
use crate::interrupt::until_stopped;
use crate::ledger::{Holder, LockSession, read_lease};
use crate::lock::{LockError, lock_session};
use crate::session::Session;

/// The run lock of one target.
#[derive(Debug, Serialize)]
pub struct TargetLock {
    pub target: Ident,
    /// Who has it; its server process is alive as long as it does. `None`: it is free.
    pub session: Option<LockSession>,
    /// Who has taken the last epoch; not necessarily still at work.
    pub last_holder: Option<Holder>,
}

/// Who has the run lock of each target. Writes nothing.
///
/// # Errors
/// When a target cannot be reached.
pub async fn holders(cluster: &Cluster, reporter: &dyn Reporter) -> Result<Vec<TargetLock>, EngineError> {
    let sessions = Session::open_all(cluster, RunId::generate(), reporter).await?;
    let mut locks = Vec::with_capacity(sessions.len());
    for session in &sessions {
        let client = session.connection.client();
        let held = lock_session(client, session.target).await?;
        // A role without rights on the ledger is told what it may see.
        let last_holder =
            read_lease(client, session.target).await.ok().flatten().and_then(|lease| lease.holder);
        locks.push(TargetLock { target: session.target.clone(), session: held, last_holder });
    }
    Session::close_all(sessions).await?;
    Ok(locks)
}

/// Ends the server processes that `seen` found with the lock, if they still have it, and waits until they are gone.
///
/// # Errors
/// When this role may not do so, when one does not end within the patience for locks (half a minute at least), and
/// [`EngineError::Interrupted`].
pub async fn terminate(
    cluster: &Cluster,
    seen: &[TargetLock],
    stop: &Stop,
    reporter: &dyn Reporter,
) -> Result<(), EngineError> {
    const LEAST_PATIENCE: Duration = Duration::from_secs(30);
    let patience = cluster.lock_patience.max(LEAST_PATIENCE);
    let opened = Session::open_all(cluster, RunId::generate(), reporter);
    let sessions = until_stopped(stop, opened).await?;
    let mut ended = Ok(());
    for session in &sessions {
        let of_target = seen.iter().find(|lock| lock.target == *session.target);
        if let Some(holder) = of_target.and_then(|lock| lock.session.as_ref()) {
            let work = end_session(&session.connection, session.target, holder, patience);
            ended = ended.and(until_stopped(stop, work).await);
        }
    }
    Session::close_all(sessions).await?;
    ended
}

/// A process id is soon another's: only the session that began then is ended, where its beginning is shown.
const TERMINATE: &str = "
SELECT pg_catalog.pg_terminate_backend(a.pid)
  FROM pg_catalog.pg_stat_activity a
 WHERE a.pid = $1
   AND ($2 = '' OR pg_catalog.to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') = $2)";

async fn end_session(
    connection: &Connection,
    target: &Ident,
    holder: &LockSession,
    patience: Duration,
) -> Result<(), EngineError> {
    const PAUSE: Duration = Duration::from_millis(20);
    let client = connection.client();
    let is_held = async || -> Result<bool, EngineError> {
        let now = lock_session(client, target).await?;
        Ok(now.is_some_and(|now| now.backend_pid == holder.backend_pid && now.since == holder.since))
    };
    if !is_held().await? {
        return Ok(());
    }
    let since = holder.since.clone().unwrap_or_default();
    let parameters: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 2] =
        [(&holder.backend_pid, Type::INT4), (&since, Type::TEXT)];
    crate::failpoint!("unlock.before_terminate");
    let row = client.query_typed_opt(TERMINATE, &parameters).await;
    row.map_err(|error| EngineError::sql(&error, TERMINATE))?;
    crate::failpoint!("unlock.after_terminate");
    let began = Instant::now();
    while is_held().await? {
        if began.elapsed() > patience {
            let session = Some(Box::new(holder.clone()));
            return Err(LockError::Held { target: target.clone(), session }.into());
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}
