//! Beside the workers: looks at the server, says what holds them up, and reports how far they are.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::key::Key;
use super::notice::Notice;
use super::observe::observe;
use super::run::Crew;
use super::sql::optional;
use super::throttle::{Signals, Throttle};
use crate::connect::Connection;
use crate::error::EngineError;

const TICK: Duration = Duration::from_millis(250);
const REPORTS: Duration = Duration::from_secs(1);

/// Looks until the run is over. A session that is lost is opened again; the workers say what is wrong with the server.
pub(super) async fn monitor(crew: &Crew<'_>) {
    while !crew.is_over() {
        let _ = watch(crew).await;
        crew.rest(REPORTS).await;
    }
}

async fn watch(crew: &Crew<'_>) -> Result<(), EngineError> {
    let connection = Connection::open(crew.parameters, &format!("{} monitor", crew.name)).await?;
    let client = connection.client();
    let (_, table) = Key::of(client, &crew.live.backfill).await?;
    let mut before: Option<(Signals, Instant)> = None;
    let mut reported = Instant::now();
    while !crew.is_over() {
        let Some(now) = Signals::ask(client, crew.live.op, table).await? else { return Ok(()) };
        let at = Instant::now();
        if crew.limits.workers.is_none() {
            crew.wanted.store(now.workers.unsigned_abs().max(1), Ordering::Relaxed);
        }
        let throttle = match &before {
            Some((before, then)) => now.throttle(before, at - *then, crew.limits),
            None => now.throttle(&now, TICK, crew.limits),
        };
        if let Some(reason) = throttle.reason() {
            tell(client, crew, reason).await?;
        }
        // A budget is kept over all that was used since it was last kept.
        let keeps = matches!(throttle, Throttle::Hold(_)) && before.is_some();
        crew.set_throttle(throttle);
        if !keeps {
            before = Some((now, at));
        }
        if reported.elapsed() >= REPORTS {
            reported = Instant::now();
            let found = observe(client, crew.target).await?;
            if let Some(live) = found.into_iter().find(|live| live.op == crew.live.op) {
                (crew.report)(&Notice::Progress(Box::new(live)));
            }
        }
        crew.rest(TICK).await;
    }
    connection.close().await;
    Ok(())
}

const TELL: &str = "
UPDATE djogi.live
   SET throttle = $2, throttle_until = pg_catalog.clock_timestamp() + '1 s'
 WHERE op_id = $1";

/// Lets others see what holds up this process; it is forgotten when it is not told again.
async fn tell(client: &Client, crew: &Crew<'_>, reason: &str) -> Result<(), EngineError> {
    let op = crew.live.op.to_string();
    crate::failpoint!(infallible "backfill.before_throttle");
    optional(client, TELL, &[(&op, Type::TEXT), (&reason, Type::TEXT)]).await.map(drop)
}
