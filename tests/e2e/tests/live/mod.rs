//! Live migrations: a column gets another type while its table is read and written.

mod abandon;
mod code;
mod columns;
mod convert;
mod fill;
mod gates;
mod orphans;
mod plan;
mod references;
mod retype;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{JoinHandle, sleep};
use std::time::Duration;

use e2e::{Database, Project, Server};

pub(crate) const BEFORE: &str = "CREATE TABLE orders (
    id integer PRIMARY KEY, customer integer NOT NULL, total integer DEFAULT 0 NOT NULL, note text,
    CONSTRAINT total_is_not_negative CHECK (total >= 0), CONSTRAINT one_total UNIQUE (customer, id, total));
CREATE INDEX orders_total ON orders (total DESC) INCLUDE (note) WHERE note IS NOT NULL;
COMMENT ON COLUMN orders.total IS 'in cents';
CREATE TABLE log (id integer PRIMARY KEY);";

/// The same with a total that is a `bigint`.
pub(crate) fn after() -> String {
    BEFORE.replace("total integer", "total bigint")
}

pub(crate) const NAME: &str = "orders_total_type";
pub(crate) const FINALIZE: &[&str] = &["live", "finalize", NAME, "--auto-approve"];
pub(crate) const ABANDON: &[&str] = &["live", "abandon", NAME, "--auto-approve"];

/// A project with a table that is not small, whose column is to get another type.
pub(crate) fn project(server: &'static Server) -> Project {
    let project = filled(server);
    project.declare(&after());
    project
}

pub(crate) fn filled(server: &'static Server) -> Project {
    let project = Project::declaring(server, BEFORE);
    project.apply();
    project.database().run(
        "INSERT INTO orders SELECT n, n % 100, n, CASE WHEN n % 3 = 0 THEN 'x' END FROM generate_series(1, 12000) AS n;
         ANALYZE",
    );
    project
}

/// What is left of a migration anywhere in the database.
pub(crate) fn leftovers(database: &Database) -> Vec<String> {
    database.column(
        "SELECT attrelid::regclass || '.' || attname FROM pg_attribute WHERE attname LIKE '%djogi%' AND NOT attisdropped
            AND attrelid NOT IN (SELECT oid FROM pg_class WHERE relnamespace = 'djogi'::regnamespace)
         UNION ALL SELECT conname FROM pg_constraint WHERE conname LIKE '%#_#_djogi%' ESCAPE '#'
         UNION ALL SELECT relname FROM pg_class WHERE relname LIKE '%djogi%' AND relkind IN ('i', 'r', 'v')
         UNION ALL SELECT tgname FROM pg_trigger WHERE tgname LIKE '%djogi%'
         UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'djogi'::regnamespace
         UNION ALL SELECT name FROM djogi.live
         UNION ALL SELECT op_id FROM djogi.cursor",
    )
}

/// What a client does after each of its rounds: one that never rests takes a processor from all other tests.
const PAUSE: Duration = Duration::from_millis(3);

/// Somebody who writes and reads as programs do, until told to stop.
pub(crate) struct Client {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Result<u32, String>>>,
}

impl Client {
    /// Runs `statements` over and over in a session of its own.
    pub(crate) fn running(database: &Database, statements: &'static str) -> Self {
        let mut session = database.connect();
        let stop = Arc::new(AtomicBool::new(false));
        let is_over = stop.clone();
        let thread = std::thread::spawn(move || {
            let mut rounds = 0;
            session.batch_execute("SET lock_timeout = '20s'").map_err(|error| error.to_string())?;
            while !is_over.load(Ordering::Relaxed) {
                session.batch_execute(statements).map_err(|error| format!("{error:?}"))?;
                rounds += 1;
                sleep(PAUSE);
            }
            Ok(rounds)
        });
        Self { stop, thread: Some(thread) }
    }

    /// How often it has gone round; no statement may have failed.
    pub(crate) fn finish(mut self) -> u32 {
        self.stop.store(true, Ordering::Relaxed);
        let thread = self.thread.take().unwrap();
        let rounds = thread.join().unwrap().unwrap();
        assert!(rounds > 0, "it has done nothing");
        rounds
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}
