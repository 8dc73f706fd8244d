//! One worker: claims a range, writes it chunk by chunk, claims the next, and looks for a server that has gone away.

use std::sync::atomic::AtomicU32;
use std::time::{Duration, Instant};

use super::check::check;
use super::chunk::{Chunk, Writing};
use super::error::BackfillError;
use super::key::Key;
use super::notice::Notice;
use super::pace::Pace;
use super::range::{End, Range, Work, claim, finish};
use super::run::{Crew, Outcome};
use super::throttle::Throttle;
use crate::connect::{ConnectError, Connection};
use crate::error::EngineError;
use crate::secrets::without_quoted;

/// Works until the backfill is done or the run is over.
pub(super) async fn work(crew: &Crew<'_>, number: u32) -> Result<Outcome, EngineError> {
    const LONGEST: Duration = Duration::from_secs(2);
    let (now, pace, rate) = (Instant::now(), Pace::new(), Rate::new());
    let mut worker =
        Worker { crew, number, pace, alive: now, rate, tells_not_cut: (number == 0).then_some(now) };
    let mut pause = Duration::from_millis(50);
    loop {
        if crew.is_over() {
            return Ok(Outcome::Stopped);
        }
        if crew.is_unwanted(number) {
            crew.rest(Duration::from_millis(250)).await;
            continue;
        }
        let began = Instant::now();
        let error = match worker.session().await {
            Err(error) if is_lost(&error) => error,
            ended => match ended? {
                Some(outcome) => return Ok(outcome),
                None => continue,
            },
        };
        if worker.alive > began {
            pause = Duration::from_millis(50);
        }
        if worker.alive.elapsed() > crew.limits.patience {
            return Err(error);
        }
        (crew.report)(&Notice::Disconnected { reason: error.to_string() });
        crew.rest(pause).await;
        pause = (pause * 2).min(LONGEST);
    }
}

/// Whether another session may have more luck.
fn is_lost(error: &EngineError) -> bool {
    match error {
        EngineError::Sql(error) => error.connection_lost(),
        EngineError::Connect(ConnectError::Unreachable { .. }) => true,
        EngineError::Connect(ConnectError::Refused { error, .. }) => error.connection_lost(),
        _ => false,
    }
}

struct Worker<'a> {
    crew: &'a Crew<'a>,
    number: u32,
    pace: Pace,
    /// When the server was last heard of.
    alive: Instant,
    rate: Rate,
    /// Since when it has waited for ranges; `None` when another one tells of it, or it is told.
    tells_not_cut: Option<Instant>,
}

impl Worker<'_> {
    /// Works with one session; `None` when this worker is not needed any more.
    async fn session(&mut self) -> Result<Option<Outcome>, EngineError> {
        const POLL: Duration = Duration::from_millis(100);
        let Crew { parameters, live, limits, name, .. } = self.crew;
        let holder = format!("{name} {}", self.number + 1);
        let connection = Connection::open(parameters, &holder).await?;
        let (key, _) = Key::of(connection.client(), &live.backfill).await?;
        let writing = Writing {
            client: connection.client(),
            backfill: &live.backfill,
            key: &key,
            lease: limits.lease,
            lock_timeout: limits.lock_timeout,
            chunk_ms: limits.chunk_ms,
            usual_ms: AtomicU32::new(live.chunk_ms.unsigned_abs()),
        };
        self.alive = Instant::now();
        let mut hold = self.crew.throttle();
        let ended = loop {
            if self.crew.is_over() {
                break Some(Outcome::Stopped);
            }
            if self.crew.is_unwanted(self.number) {
                break None;
            }
            if matches!(hold, Throttle::Hold(_)) {
                self.crew.rest(POLL).await;
                hold = self.crew.throttle();
                continue;
            }
            match claim(writing.client, live.op, &holder, limits.lease).await? {
                Some(range) => {
                    if let Some(outcome) = self.work_on(&writing, range).await? {
                        break Some(outcome);
                    }
                }
                None => match finish(writing.client, live.op).await? {
                    End::Done => break Some(Outcome::Done { rows: 0 }),
                    End::Gone => break Some(Outcome::Gone),
                    End::Paused(reason) => break Some(Outcome::Paused { reason }),
                    End::NotYet => self.crew.rest(POLL).await,
                    End::NotCut => {
                        self.tell_not_cut();
                        self.crew.rest(POLL).await;
                    }
                },
            }
            self.alive = Instant::now();
            hold = self.crew.throttle();
        };
        connection.close().await;
        Ok(ended)
    }

    /// Says once that there are no ranges, where it takes longer.
    fn tell_not_cut(&mut self) {
        const LONG: Duration = Duration::from_secs(2);
        if self.tells_not_cut.is_some_and(|since| since.elapsed() > LONG) {
            self.tells_not_cut = None;
            (self.crew.report)(&Notice::NotCut);
        }
    }

    /// Works on a range until it is written, taken over, or something else comes first.
    async fn work_on(
        &mut self,
        writing: &Writing<'_>,
        mut range: Range,
    ) -> Result<Option<Outcome>, EngineError> {
        if range.work == Work::Check {
            let rows = check(writing.client, writing.backfill, writing.key, &range).await?;
            if rows == 0 {
                return Ok(None);
            }
            (self.crew.report)(&Notice::Refilled {
                range: range.number,
                rows,
                has_trigger: writing.backfill.refused.is_none(),
            });
            range.release(writing.client).await?;
            return Ok(None);
        }
        let (mut tries, mut suspects) = (0, 0);
        self.rate.begin();
        loop {
            let throttle = self.crew.throttle();
            let held = matches!(throttle, Throttle::Hold(_));
            if held || self.crew.is_over() || self.crew.is_unwanted(self.number) {
                range.release(writing.client).await?;
                return Ok(None);
            }
            let size = self.pace.size();
            let rate = self.rate;
            match writing.chunk(&mut range, size, |keys| rate.with(keys)).await {
                Ok(Chunk::Written { keys, time, target, is_last, .. }) => {
                    self.alive = Instant::now();
                    self.rate = Rate { rate: rate.with(keys), since: self.alive };
                    suspects -= keys;
                    self.pace.hold(suspects > 0);
                    if !is_last {
                        self.pace.took(keys, time, target);
                    }
                    tries = 0;
                    if is_last {
                        range.release(writing.client).await?;
                        return Ok(None);
                    }
                    if matches!(throttle, Throttle::Slow(_)) {
                        self.crew.rest(time).await;
                    }
                }
                Ok(Chunk::Lost) => return Ok(None),
                Ok(Chunk::Gone) => return Ok(Some(Outcome::Gone)),
                Ok(Chunk::Paused(reason)) => {
                    range.release(writing.client).await?;
                    return Ok(Some(Outcome::Paused { reason }));
                }
                Err(error) => {
                    let failure = Failure::of(&error);
                    tries += 1;
                    match failure {
                        Failure::Busy(sqlstate)
                            if size > 1 || tries <= MOST_TRIES || sqlstate != CANCELED =>
                        {
                            self.hindered(&error, tries).await;
                        }
                        Failure::OfARow if size > 1 => {
                            suspects = suspects.max(size);
                            self.pace.hold(true);
                        }
                        Failure::OfARow => {
                            let error = self.row_error(writing, &range, error).await;
                            range.release(writing.client).await?;
                            return Err(error);
                        }
                        Failure::Busy(_) | Failure::Other => return Err(error),
                    }
                    self.pace.failed();
                }
            }
        }
    }

    /// Lets others go first for a while.
    async fn hindered(&self, error: &EngineError, tries: u32) {
        const LONGEST: Duration = Duration::from_secs(2);
        (self.crew.report)(&Notice::Hindered { reason: error.to_string() });
        let pause = Duration::from_millis(25) * 2_u32.pow(tries.min(8));
        self.crew.rest(pause.min(LONGEST)).await;
    }

    /// Names the row that a chunk of one key failed for.
    async fn row_error(&self, writing: &Writing<'_>, range: &Range, error: EngineError) -> EngineError {
        let EngineError::Sql(mut database) = error else { return error };
        // A worker knows of no model which columns are sensitive.
        database.message = without_quoted(&database.message);
        database.detail = None;
        let key = match writing.next_key(range).await {
            Ok(key) => key.unwrap_or_else(|| range.hi.clone().unwrap_or_default()),
            Err(_) => return EngineError::Sql(database),
        };
        BackfillError::Row {
            name: writing.backfill.migration.clone(),
            table: writing.backfill.table.clone(),
            key: format!("{} = ({})", writing.key.columns(), key.join(", ")),
            error: database,
        }
        .into()
    }
}

/// A single row that is not written in this many times the time of a chunk never will be.
const MOST_TRIES: u32 = 10;

const CANCELED: &str = "57014";

/// Why a chunk did not go through.
#[derive(Debug, PartialEq, Eq)]
enum Failure<'a> {
    /// Others are in the way, or it took too long: fewer rows at once may go through.
    Busy(&'a str),
    /// A value cannot be had, or is refused.
    OfARow,
    Other,
}

impl<'a> Failure<'a> {
    fn of(error: &'a EngineError) -> Self {
        let EngineError::Sql(error) = error else { return Failure::Other };
        let Some(code) = error.sqlstate.as_deref() else { return Failure::Other };
        match code {
            code @ ("55P03" | "40P01" | "40001" | CANCELED) => Failure::Busy(code),
            code if ["22", "23", "P0", "44"].contains(&&code[..2]) => Failure::OfARow,
            _ => Failure::Other,
        }
    }
}

/// How many keys a worker goes through in a second, pauses and all.
#[derive(Clone, Copy, Debug)]
struct Rate {
    rate: f64,
    since: Instant,
}

impl Rate {
    fn new() -> Self {
        Self { rate: 0.0, since: Instant::now() }
    }

    fn begin(&mut self) {
        self.since = Instant::now();
    }

    /// As it is when `keys` more have been gone through just now.
    fn with(self, keys: i64) -> f64 {
        const WEIGHT: f64 = 0.2;
        let now = keys as f64 / self.since.elapsed().as_secs_f64().max(0.000_1);
        if self.rate == 0.0 { now } else { self.rate + WEIGHT * (now - self.rate) }
    }
}
