//! What a statement that takes long is doing: how far an index build is, and who holds the lock that it waits for.
//!
//! A second session asks; it is opened only for a statement that has run for [`PATIENCE`]. What goes wrong with it ends
//! the watching and nothing else.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::future::pending;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use djogi_core::Address;
use djogi_core::plan::{Group, Operation, PlanDiagnostic, Severity, TransactionMode};
use tokio::time::{MissedTickBehavior, interval};
use tokio_postgres::types::{ToSql, Type};

use crate::connect::{Connection, DatabaseError};
use crate::event::{Event, Reporter, millis_since};
use crate::session::Session;

/// How long a statement may take before anybody asks what it does; shorter than the usual `lock_timeout`.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often the second session asks.
const EVERY: Duration = Duration::from_millis(500);

/// What the session of a group is executing.
#[derive(Debug, Default)]
pub(super) struct Progress {
    running: Mutex<Option<Running>>,
    told: Mutex<Told>,
}

/// What was told of a group, which may be tried several times.
#[derive(Debug, Default)]
struct Told {
    /// How many of its operations have begun, and ended.
    started: usize,
    finished: usize,
    /// The server processes whose locks it waits for.
    blockers: BTreeSet<i32>,
}

/// One statement, since it was its turn.
#[derive(Clone, Debug)]
struct Running {
    /// The position and the address of an operation; `None` while the group takes its locks.
    operation: Option<(usize, Address)>,
    began: Instant,
}

/// What the server says of a session.
struct Seen {
    /// Of an index build.
    build: Option<Build>,
    blockers: Vec<Blocker>,
}

struct Build {
    phase: String,
    done: u64,
    /// 0 when unknown.
    total: u64,
}

struct Blocker {
    pid: i32,
    application: Option<String>,
    transaction_seconds: Option<i64>,
    state: Option<String>,
    command: Option<String>,
}

impl Progress {
    /// Nothing was told of the next group yet.
    pub(super) fn begin(&self) {
        *self.told() = Told::default();
    }

    /// Whether the operation begins for the first time.
    pub(super) fn starts(&self, number: usize) -> bool {
        let started = &mut self.told().started;
        let is_first = number > *started;
        *started = number.max(*started);
        is_first
    }

    /// Whether the operation ends for the first time.
    pub(super) fn finishes(&self, number: usize) -> bool {
        let finished = &mut self.told().finished;
        let is_first = number > *finished;
        *finished = number.max(*finished);
        is_first
    }

    /// Takes note that somebody is told of a server process in the way; whether that is new.
    pub(super) fn tells_of(&self, blocker: i32) -> bool {
        self.told().blockers.insert(blocker)
    }

    /// The group takes its locks from now on.
    pub(super) fn locking(&self) {
        *self.running() = Some(Running { operation: None, began: Instant::now() });
    }

    /// It is this operation's turn.
    pub(super) fn executing(&self, number: usize, operation: &Operation) {
        let operation = Some((number, operation.address.clone()));
        *self.running() = Some(Running { operation, began: Instant::now() });
    }

    /// What is left takes no time.
    pub(super) fn over(&self) {
        *self.running() = None;
    }

    fn running(&self) -> MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What has taken long.
    fn long_running(&self) -> Option<Running> {
        self.running().clone().filter(|running| running.began.elapsed() >= PATIENCE)
    }

    fn is_still(&self, running: &Running) -> bool {
        self.running().as_ref().is_some_and(|now| now.began == running.began)
    }

    /// Does `work`, which executes `group` in `session`, and reports on it meanwhile.
    pub(super) async fn watched<T>(
        &self,
        work: impl Future<Output = T>,
        session: &Session<'_>,
        group: &Group,
        reporter: &dyn Reporter,
    ) -> T {
        tokio::select! {
            biased;
            done = work => done,
            never = self.watch(session, group, reporter) => match never {},
        }
    }

    async fn watch(&self, session: &Session<'_>, group: &Group, reporter: &dyn Reporter) -> Infallible {
        let pid = session.connection.backend_pid();
        let mut observer: Option<Connection> = None;
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let Some(running) = self.long_running() else { continue };
            let connection = match observer.take() {
                Some(connection) => connection,
                None => match Connection::open(&session.parameters, "progress").await {
                    Ok(connection) => connection,
                    Err(_) => return pending().await,
                },
            };
            let Ok(seen) = look(&connection, pid).await else { return pending().await };
            observer = Some(connection);
            if self.is_still(&running) {
                if running.operation.is_some() && group.transaction == TransactionMode::Outside {
                    crate::failpoint!(infallible "concurrent.during");
                }
                self.tell(&seen, &running, group, reporter);
            }
        }
    }

    fn tell(&self, seen: &Seen, running: &Running, group: &Group, reporter: &dyn Reporter) {
        for blocker in seen.blockers.iter().filter(|blocker| self.tells_of(blocker.pid)) {
            reporter.report(&Event::Diagnostic(PlanDiagnostic {
                code: "lock_waiting".to_owned(),
                severity: Severity::Warning,
                address: running.operation.as_ref().map(|(_, address)| address.clone()),
                message: format!("group {} waits for a lock of {blocker}", group.id),
                help: Some(format!(
                    "it goes on when that transaction ends; SELECT pg_terminate_backend({}) ends it",
                    blocker.pid
                )),
            }));
        }
        // The phases of a build that waits are about what it waits for.
        if let (Some(build), Some((number, address)), true) =
            (&seen.build, &running.operation, seen.blockers.is_empty())
        {
            reporter.report(&Event::OperationProgress {
                target: group.target.clone(),
                group: group.id.clone(),
                address: address.clone(),
                number: *number,
                phase: Some(build.phase.clone()),
                done: build.done,
                total: Some(build.total).filter(|total| *total > 0),
                elapsed_ms: millis_since(running.began),
            });
        }
    }
}

/// Blocks while the table is scanned, tuples while the index is filled (manual section 28.4.4).
const BUILD: &str = "
SELECT p.phase,
       CASE WHEN p.blocks_total > 0 THEN p.blocks_done ELSE p.tuples_done END,
       CASE WHEN p.blocks_total > 0 THEN p.blocks_total ELSE p.tuples_total END
  FROM pg_catalog.pg_stat_progress_create_index p
 WHERE p.pid = $1";

/// Of the blocker's statement only the first word: the rest may hold what is secret.
const BLOCKERS: &str = "
SELECT a.pid,
       NULLIF(a.application_name, ''),
       EXTRACT(epoch FROM pg_catalog.clock_timestamp() - a.xact_start)::int8,
       a.state,
       (pg_catalog.regexp_match(a.query, '^\\s*([A-Za-z]+)'))[1]
  FROM pg_catalog.pg_stat_activity a
 WHERE a.pid = ANY (pg_catalog.pg_blocking_pids($1))
 ORDER BY a.xact_start, a.pid";

async fn look(connection: &Connection, pid: i32) -> Result<Seen, DatabaseError> {
    let failed = |error: tokio_postgres::Error| DatabaseError::new(&error);
    let (client, pid) = (connection.client(), [(&pid as &(dyn ToSql + Sync), Type::INT4)]);
    let asked = futures_util::try_join!(client.query_typed(BUILD, &pid), client.query_typed(BLOCKERS, &pid));
    let (build, blockers) = asked.map_err(failed)?;
    let count = |row: &tokio_postgres::Row, column| {
        row.try_get::<_, Option<i64>>(column).map(|count| u64::try_from(count.unwrap_or(0)).unwrap_or(0))
    };
    let mut seen = Seen { build: None, blockers: Vec::with_capacity(blockers.len()) };
    if let Some(row) = build.first() {
        let (done, total) = (count(row, 1).map_err(failed)?, count(row, 2).map_err(failed)?);
        seen.build = Some(Build { phase: row.try_get(0).map_err(failed)?, done, total });
    }
    for row in &blockers {
        seen.blockers.push(Blocker {
            pid: row.try_get(0).map_err(failed)?,
            application: row.try_get(1).map_err(failed)?,
            transaction_seconds: row.try_get(2).map_err(failed)?,
            state: row.try_get(3).map_err(failed)?,
            command: row.try_get(4).map_err(failed)?,
        });
    }
    Ok(seen)
}

impl std::fmt::Display for Blocker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { pid, application, transaction_seconds, state, command } = self;
        write!(f, "server process {pid}")?;
        if let Some(application) = application {
            write!(f, " ({application})")?;
        }
        if let Some(seconds) = transaction_seconds {
            write!(f, ", in a transaction for {seconds} s")?;
        }
        match (state, command) {
            (Some(state), Some(command)) => write!(f, ", {state}, last statement {command}"),
            (Some(state), None) => write!(f, ", {state}"),
            (None, _) => Ok(()),
        }
    }
}
