//! Runs a backfill in this process: its workers, and the monitor beside them.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use djogi_core::Ident;
use futures_util::future::{Either, join_all, select};
use serde::Serialize;
use tokio::sync::watch;

use super::error::BackfillError;
use super::monitor::monitor;
use super::notice::Notice;
use super::observe::observe;
use super::row::Live;
use super::throttle::Throttle;
use super::worker::work;
use crate::apply::Stop;
use crate::connect::{ConnectParameters, Connection};
use crate::error::EngineError;
use crate::identity::{RunId, host_name};

/// How far a run of workers may go.
#[derive(Clone, Debug)]
pub struct Limits {
    /// As many as the ledger says when `None`.
    pub workers: Option<u32>,
    /// How long a chunk may take; as the ledger says when `None`.
    pub chunk_ms: Option<u32>,
    /// For how long a range is kept from others after a chunk.
    pub lease: Duration,
    /// How long a chunk waits for a row that somebody else has locked, before it lets go of its own.
    pub lock_timeout: Duration,
    /// For how long a server is sought that has gone away.
    pub patience: Duration,
    /// Replicas may lag as far behind.
    pub replica_lag: Duration,
    /// How many bytes of WAL the server may write in a second, for whomever.
    pub wal_rate: Option<u64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            workers: None,
            chunk_ms: None,
            lease: Duration::from_secs(30),
            lock_timeout: Duration::from_millis(500),
            patience: Duration::from_secs(60),
            replica_lag: Duration::from_secs(10),
            wal_rate: None,
        }
    }
}

/// How a run has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum Outcome {
    /// Every row has its value.
    Done { rows: u64 },
    /// Somebody wants nobody to work on it for now.
    Paused { reason: String },
    /// This process was asked to end.
    Stopped,
    /// The migration was given up.
    Gone,
}

/// Who hears of it.
pub type Report<'a> = dyn Fn(&Notice) + Sync + 'a;

/// More workers than this wait for each other on one disk.
const MOST_WORKERS: u32 = 8;

/// What the workers of a run share.
pub(super) struct Crew<'a> {
    pub(super) parameters: &'a ConnectParameters,
    pub(super) target: &'a Ident,
    pub(super) live: Live,
    pub(super) limits: &'a Limits,
    pub(super) stop: Stop,
    pub(super) report: &'a Report<'a>,
    /// Unlike that of any other process.
    pub(super) name: String,
    /// How many workers are to be at work.
    pub(super) wanted: AtomicU32,
    /// Set when one of them has come to an end.
    pub(super) over: watch::Sender<bool>,
    throttle: Mutex<Throttle>,
}

impl Crew<'_> {
    pub(super) fn throttle(&self) -> Throttle {
        self.throttle.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set_throttle(&self, throttle: Throttle) {
        *self.throttle.lock().unwrap_or_else(PoisonError::into_inner) = throttle;
    }

    /// Whether everybody is to come to an end.
    pub(super) fn is_over(&self) -> bool {
        *self.over.borrow() || self.stop.borrow().is_some()
    }

    /// Waits, but not longer than the run goes on.
    pub(super) async fn rest(&self, time: Duration) {
        let (mut stop, mut over) = (self.stop.clone(), self.over.subscribe());
        tokio::select! {
            () = tokio::time::sleep(time) => {}
            Ok(_) = stop.wait_for(Option::is_some) => {}
            Ok(_) = over.wait_for(|over| *over) => {}
        }
    }
}

/// Works on the backfill `name` until it is done, paused, given up, or `stop` is asked for; then every chunk is committed
/// and every range given back.
///
/// # Errors
/// [`BackfillError`]s, and what PostgreSQL says.
pub async fn run(
    parameters: &ConnectParameters,
    target: &Ident,
    name: &str,
    limits: &Limits,
    stop: Stop,
    report: &Report<'_>,
) -> Result<Outcome, EngineError> {
    let run = RunId::generate();
    let connection = Connection::open(parameters, &run.to_string()).await?;
    let live = Live::get(connection.client(), target, name).await?;
    connection.close().await;
    let wanted = limits.workers.unwrap_or(live.workers.unsigned_abs()).max(1);
    let crew = Crew {
        parameters,
        target,
        live,
        limits,
        stop,
        report,
        name: format!("{} {} {run}", host_name(), std::process::id()),
        wanted: AtomicU32::new(wanted),
        over: watch::Sender::new(false),
        throttle: Mutex::new(Throttle::None),
    };
    let most = limits.workers.map_or(MOST_WORKERS, |_| wanted);
    let workers = (0..most.max(wanted)).map(|number| {
        let crew = &crew;
        async move {
            let ended = work(crew, number).await;
            crew.over.send_replace(true);
            ended
        }
    });
    let (workers, beside) = (std::pin::pin!(join_all(workers)), std::pin::pin!(monitor(&crew)));
    let ended = match select(workers, beside).await {
        Either::Left((ended, _)) => ended,
        Either::Right(((), workers)) => workers.await,
    };
    let outcome = worst(ended)?;
    match outcome {
        Outcome::Done { .. } => done(parameters, target, name, run).await,
        outcome => Ok(outcome),
    }
}

/// Of what the workers came to: a failure, then what keeps from going on.
fn worst(ended: Vec<Result<Outcome, EngineError>>) -> Result<Outcome, EngineError> {
    let rank = |outcome: &Outcome| match outcome {
        Outcome::Done { .. } => 0,
        Outcome::Gone => 1,
        Outcome::Paused { .. } => 2,
        Outcome::Stopped => 3,
    };
    let all = ended.into_iter().collect::<Result<Vec<_>, _>>()?;
    // A worker stops because another one has found out more.
    Ok(all.into_iter().min_by_key(rank).unwrap_or(Outcome::Stopped))
}

async fn done(
    parameters: &ConnectParameters,
    target: &Ident,
    name: &str,
    run: RunId,
) -> Result<Outcome, EngineError> {
    let connection = Connection::open(parameters, &run.to_string()).await?;
    let found = observe(connection.client(), target).await?;
    connection.close().await;
    let written = found.into_iter().find(|live| live.name == name);
    let rows = written
        .map(|live| live.rows_written)
        .ok_or_else(|| BackfillError::Unknown { target: target.to_string(), name: name.to_owned() })?;
    Ok(Outcome::Done { rows })
}

impl Crew<'_> {
    /// Whether this worker is one too many.
    pub(super) fn is_unwanted(&self, number: u32) -> bool {
        number >= self.wanted.load(Ordering::Relaxed)
    }
}
