//! A live migration of a table that is written to, beside the loop that everybody writes by hand.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{JoinHandle, sleep};
use std::time::{Duration, Instant};

use postgres::{Client, NoTls};

use crate::process::time;
use crate::project::Project;
use crate::report::Report;
use crate::server::Server;
use crate::{Outcome, Programs};

const WRITERS: u64 = 3;
/// What a writer does after each of its writes.
const PAUSE: Duration = Duration::from_millis(5);
/// Of the loop by hand.
const CHUNK: u64 = 10_000;
const NAME: &str = "orders_total_type";

/// A column of `rows` rows becomes a `bigint`, while others write.
pub(crate) fn live(rows: u64, programs: &Programs, server: &Server, report: &mut Report) -> Outcome<()> {
    let title = |what: &str| format!("{:.1}M rows: {what}", rows as f64 / 1e6);
    let by_hand = by_hand(rows, server)?;
    let alone = migrated(rows, 1, programs, server)?;
    report.ratio(&title("until the cutover : a loop by hand"), alone.took, by_hand.took, Some(1.15));
    report.ratio(&title("longest write beside it : beside the loop"), alone.longest, by_hand.longest, None);
    report.time(&title("longest write until the cutover"), alone.longest, Duration::from_millis(60));
    report.time(&title("longest write at the cutover"), alone.at_cutover, Duration::from_millis(50));
    report.fact(&title("every row has its value"), alone.is_right);
    let both = migrated(rows, 2, programs, server)?;
    report.ratio(&title("the same by two workers"), both.took, by_hand.took, Some(0.75));
    report.fact(&title("every row has its value"), both.is_right);
    Ok(())
}

/// How it went.
struct Migrated {
    took: Duration,
    longest: Duration,
    at_cutover: Duration,
    is_right: bool,
}

fn declared(data_type: &str) -> String {
    format!("CREATE TABLE orders (id bigint PRIMARY KEY, total {data_type} NOT NULL, note text);")
}

fn fill(rows: u64, server: &Server, database: &str) -> Outcome<()> {
    let rows =
        format!("INSERT INTO orders SELECT n, n % 1000000, 'note ' || n FROM generate_series(1, {rows}) n");
    server.execute(database, &rows)?;
    server.execute(database, "VACUUM ANALYZE")?;
    server.execute(database, "CHECKPOINT")
}

/// A second column, a trigger, and chunks of the key.
fn by_hand(rows: u64, server: &Server) -> Outcome<Migrated> {
    const DATABASE: &str = "live_by_hand";
    server.create(DATABASE)?;
    server.execute(DATABASE, &declared("integer"))?;
    fill(rows, server, DATABASE)?;
    let writers = Writers::begin(rows, &server.url(DATABASE))?;
    let mut client = Client::connect(&server.url(DATABASE), NoTls)?;
    let began = Instant::now();
    client.batch_execute(
        "ALTER TABLE orders ADD total_new bigint;
         CREATE FUNCTION follow() RETURNS trigger LANGUAGE plpgsql AS
             'BEGIN NEW.total_new := NEW.total; RETURN NEW; END';
         CREATE TRIGGER follow BEFORE INSERT OR UPDATE OF total ON orders FOR EACH ROW EXECUTE FUNCTION follow();",
    )?;
    for from in (0..rows).step_by(CHUNK as usize) {
        let to = from + CHUNK;
        client.batch_execute(&format!(
            "UPDATE orders SET total_new = total WHERE id > {from} AND id <= {to}"
        ))?;
    }
    let took = began.elapsed();
    let longest = writers.end()?;
    server.execute("postgres", &format!("DROP DATABASE {DATABASE} WITH (FORCE)"))?;
    Ok(Migrated { took, longest, at_cutover: Duration::ZERO, is_right: true })
}

/// By djogi, up to the cutover and through it.
fn migrated(rows: u64, workers: u32, programs: &Programs, server: &Server) -> Outcome<Migrated> {
    let database = format!("live_{workers}");
    server.create(&database)?;
    let url = server.url(&database);
    let project = Project::of_sql(&programs.djogi, &url, &server.url("postgres"))?;
    project.write("schema.sql", &declared("integer"))?;
    time(&mut project.apply())?;
    fill(rows, server, &database)?;
    project.write("schema.sql", &declared("bigint"))?;
    let writers = Writers::begin(rows, &url)?;
    let knob = (workers > 1).then(|| turn_knob(url.clone(), workers));
    let took = time(&mut project.apply())?;
    if let Some(knob) = knob {
        knob.join().map_err(|_| "nobody turned the knob")??;
    }
    let longest = writers.end()?;
    let writers = Writers::begin(rows, &url)?;
    time(&mut finalize(&project))?;
    let at_cutover = writers.end()?;
    let mut client = Client::connect(&url, NoTls)?;
    let wrong: i64 = client
        .query_one("SELECT count(*) FROM orders WHERE total IS DISTINCT FROM total__djogi_old", &[])?
        .get(0);
    drop(client);
    server.execute("postgres", &format!("DROP DATABASE {database} WITH (FORCE)"))?;
    Ok(Migrated { took, longest, at_cutover, is_right: wrong == 0 })
}

fn finalize(project: &Project) -> Command {
    project.command(&["live", "finalize", NAME, "--auto-approve"])
}

/// Asks for more workers as soon as there is something to do for them.
fn turn_knob(url: String, workers: u32) -> JoinHandle<Result<(), postgres::Error>> {
    std::thread::spawn(move || {
        let mut client = Client::connect(&url, NoTls)?;
        let knob = format!("UPDATE djogi.live SET workers = {workers}");
        while client.execute(&knob, &[])? == 0 {
            sleep(PAUSE);
        }
        Ok(())
    })
}

/// Sessions that change single rows all over the table.
struct Writers {
    is_over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<Result<Duration, postgres::Error>>>,
}

impl Writers {
    fn begin(rows: u64, url: &str) -> Outcome<Self> {
        let is_over = Arc::new(AtomicBool::new(false));
        let mut threads = Vec::new();
        for number in 0..WRITERS {
            let client = Client::connect(url, NoTls)?;
            let seen = is_over.clone();
            threads.push(std::thread::spawn(move || write(client, number, rows, &seen)));
        }
        Ok(Self { is_over, threads })
    }

    /// The longest that one of them has waited for a write.
    fn end(self) -> Outcome<Duration> {
        self.is_over.store(true, Ordering::Relaxed);
        let mut longest = Duration::ZERO;
        for thread in self.threads {
            longest = longest.max(thread.join().map_err(|_| "a writer panicked")??);
        }
        Ok(longest)
    }
}

fn write(
    mut client: Client,
    number: u64,
    rows: u64,
    is_over: &AtomicBool,
) -> Result<Duration, postgres::Error> {
    let (mut longest, mut at) = (Duration::ZERO, number);
    while !is_over.load(Ordering::Relaxed) {
        // A stride that is prime to the number of rows comes by all of them in no order.
        at = (at + 7_654_321) % rows;
        let began = Instant::now();
        client.batch_execute(&format!("UPDATE orders SET total = total + 1 WHERE id = {}", at + 1))?;
        longest = longest.max(began.elapsed());
        sleep(PAUSE);
    }
    Ok(longest)
}
