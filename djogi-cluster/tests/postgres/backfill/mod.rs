//! The backfill engine: every row is written once, whatever happens to whoever writes it.

mod begin;
mod crash;
mod failure;
mod keys;
mod knobs;
mod rows;

use std::sync::Mutex;
use std::time::{Duration, Instant};

use djogi_cluster::backfill::{self, Begun, Limits, LiveProgress, Notice, Outcome};
use djogi_cluster::connect::{ConnectParameters, Connection};
use djogi_cluster::error::EngineError;
use djogi_cluster::identity::OpId;
use djogi_cluster::ledger::ensure_ledger;
use djogi_core::plan::Backfill;
use djogi_core::{Digest, QualifiedName};
use tokio::sync::watch;
use tokio_postgres::Client;

use crate::support::{Database, ident};

/// A table whose rows tell how often the engine has written them.
const TABLE: &str = "
CREATE TABLE public.t (id integer PRIMARY KEY, v text, w integer, writes integer NOT NULL DEFAULT 0);
CREATE FUNCTION public.counted() RETURNS trigger LANGUAGE plpgsql
    AS 'BEGIN NEW.writes := OLD.writes + 1; RETURN NEW; END';
CREATE TRIGGER counted BEFORE UPDATE ON public.t FOR EACH ROW
    WHEN (pg_catalog.current_setting('djogi.backfill', true) = 'on') EXECUTE FUNCTION public.counted();";

/// Writes the length of `v` into `w`.
fn lengths() -> Backfill {
    Backfill {
        migration: "t_w".to_owned(),
        table: QualifiedName::new(ident("public"), ident("t")),
        key: vec![ident("id")],
        assignment: Some("w = pg_catalog.length(v)".to_owned()),
        condition: "w IS DISTINCT FROM pg_catalog.length(v)".to_owned(),
        refused: None,
    }
}

/// A ledger, and `rows` rows of [`TABLE`].
async fn with_rows(database: &Database, rows: usize) {
    ensure_ledger(database.connection.client()).await.unwrap();
    let fill = format!(
        "{TABLE} INSERT INTO public.t (id, v)
         SELECT n * 3, pg_catalog.repeat('x', n % 50) FROM pg_catalog.generate_series(1, {rows}) AS n"
    );
    database.run(&fill).await;
}

async fn begin(client: &Client, backfill: &Backfill, range_rows: u32) -> Begun {
    let digest = Digest::of(backfill);
    backfill::begin_in_ranges(client, &ident("main"), OpId::generate(), digest, backfill, range_rows)
        .await
        .unwrap()
}

/// Lets the next worker look whether what is done is still done.
const AGAIN: &str = "UPDATE djogi.live SET state = 'running', done_at = NULL;
     UPDATE djogi.cursor SET state = 'written', passes = 0";

/// Chunks that are small, so that there are many.
fn hurried() -> Limits {
    Limits { chunk_ms: Some(1), workers: Some(1), ..Limits::default() }
}

/// Runs until the end, and keeps what was told.
struct Run<'a> {
    parameters: &'a ConnectParameters,
    limits: Limits,
    stop: watch::Sender<Option<u8>>,
    notices: Mutex<Vec<Notice>>,
}

impl<'a> Run<'a> {
    fn new(parameters: &'a ConnectParameters, limits: Limits) -> Self {
        Self { parameters, limits, stop: watch::Sender::new(None), notices: Mutex::default() }
    }

    async fn go(&self) -> Result<Outcome, EngineError> {
        let report = |notice: &Notice| self.notices.lock().unwrap().push(notice.clone());
        let stop = self.stop.subscribe();
        backfill::run(self.parameters, &ident("main"), "t_w", &self.limits, stop, &report).await
    }

    fn has_told(&self, of: impl Fn(&Notice) -> bool) -> bool {
        self.notices.lock().unwrap().iter().any(of)
    }
}

async fn run(database: &Database, limits: Limits) -> Result<Outcome, EngineError> {
    Run::new(&database.parameters, limits).go().await
}

async fn progress(client: &Client) -> LiveProgress {
    let found = backfill::observe(client, &ident("main")).await.unwrap();
    found.into_iter().next().expect("a backfill")
}

/// Waits until the backfill is like this.
async fn until(parameters: &ConnectParameters, is_so: impl Fn(&LiveProgress) -> bool) -> LiveProgress {
    let connection = Connection::open(parameters, "observer").await.unwrap();
    let began = Instant::now();
    loop {
        let found = progress(connection.client()).await;
        if is_so(&found) {
            return found;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "still {found:#?}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

async fn number(client: &Client, sql: &str) -> i64 {
    client.query_one(sql, &[]).await.unwrap().get(0)
}

/// Each row has its value, each that needed one was written once, and the ledger says so.
async fn every_row_was_written_once(client: &Client) {
    let wrong = "SELECT count(*) FROM public.t WHERE w IS DISTINCT FROM length(v)";
    assert_eq!(number(client, wrong).await, 0);
    let needed = number(client, "SELECT count(*) FROM public.t WHERE v IS NOT NULL").await;
    assert_eq!(number(client, "SELECT count(*) FROM public.t WHERE writes > 1").await, 0);
    assert_eq!(number(client, "SELECT sum(writes) FROM public.t").await, needed);
    let found = progress(client).await;
    assert_eq!(found.rows_written, needed.unsigned_abs(), "{found:#?}");
    assert_eq!((found.state, found.rows_done), (backfill::State::Done, found.rows), "{found:#?}");
    assert!(found.working.is_empty() && found.throttle.is_none(), "{found:#?}");
}
