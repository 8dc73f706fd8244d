//! The safety table against real servers: each operation is run in a transaction that is rolled back, and PostgreSQL says
//! which locks it has taken and what it has done to the rows.
//!
//! The locks are those of `pg_locks`. A table that was written anew has another file; that rows were read or an index was
//! built the server says at the level DEBUG1.

mod cases;

use std::collections::BTreeSet;
use std::str::FromStr;
use std::sync::mpsc;

use djogi_core::observation::ServerVersion;
use djogi_core::plan::Effect;
use djogi_core::safety::{Row, Verb, look_up, since};
use e2e::{Database, Server, on_each_server};
use postgres::{Client, Config, NoTls};

use cases::{CASES, FIXTURE, UNTRIED};

/// One operation on the objects of [`FIXTURE`].
struct Case {
    verb: Verb,
    /// What it needs besides.
    setup: &'static str,
    sql: &'static str,
    /// The relation that it changes; empty where it is about none.
    on: &'static str,
    /// Another one that it locks.
    referenced: &'static str,
}

/// From the weakest to the strongest, as `pg_locks` calls them.
const MODES: [&str; 9] = [
    "",
    "AccessShareLock",
    "RowShareLock",
    "RowExclusiveLock",
    "ShareUpdateExclusiveLock",
    "ShareLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
    "AccessExclusiveLock",
];

fn strength(mode: &str) -> usize {
    MODES.iter().position(|known| *known == mode).unwrap_or_else(|| panic!("a lock mode: {mode}"))
}

/// As `pg_locks` calls it.
fn called(mode: Option<djogi_core::plan::LockMode>) -> String {
    let Some(mode) = mode else { return String::new() };
    let words = mode.as_sql().split(' ').map(|word| format!("{}{}", &word[..1], word[1..].to_lowercase()));
    words.collect::<String>() + "Lock"
}

/// What PostgreSQL has done.
#[derive(Debug)]
struct Seen {
    lock: String,
    referenced: String,
    effect: Effect,
    said: Vec<String>,
}

struct Oracle {
    client: Client,
    notices: mpsc::Receiver<String>,
}

impl Oracle {
    fn open(database: &Database) -> Self {
        let (sender, notices) = mpsc::channel();
        let mut config = Config::from_str(&database.url()).unwrap();
        config.notice_callback(move |notice| {
            let _ = sender.send(notice.message().to_owned());
        });
        Self { client: config.connect(NoTls).unwrap(), notices }
    }

    /// By oid: the operation may give the relation another name, or drop it.
    fn locks_of(&mut self, oid: u32) -> String {
        let sql = "SELECT mode FROM pg_locks
             WHERE pid = pg_backend_pid() AND locktype = 'relation' AND granted AND relation = $1";
        let rows = self.client.query(sql, &[&oid]).unwrap();
        let modes = rows.iter().map(|row| row.get::<_, String>(0));
        modes.max_by_key(|mode| strength(mode)).unwrap_or_default()
    }

    fn oid(&mut self, relation: &str) -> u32 {
        self.client.query_one("SELECT $1::text::regclass::oid", &[&relation]).unwrap().get(0)
    }

    /// Of a table; the one row of a sequence is always written anew.
    fn file(&mut self, oid: u32) -> Option<u32> {
        let sql = "SELECT relfilenode FROM pg_class WHERE oid = $1 AND relkind <> 'S'";
        self.client.query_opt(sql, &[&oid]).unwrap().map(|row| row.get(0))
    }

    fn run(&mut self, case: &Case) -> Result<Seen, postgres::Error> {
        self.client.batch_execute("BEGIN")?;
        self.client.batch_execute(case.setup)?;
        // The locks of the preparation are not those of the operation.
        self.client.batch_execute("COMMIT; BEGIN")?;
        let on = (!case.on.is_empty()).then(|| self.oid(case.on));
        let referenced = (!case.referenced.is_empty()).then(|| self.oid(case.referenced));
        let before = on.and_then(|oid| self.file(oid));
        // A look at the catalogs takes no lock that matters; it is over with its transaction.
        self.client.batch_execute("COMMIT; BEGIN; SET LOCAL client_min_messages = debug1")?;
        while self.notices.try_recv().is_ok() {}
        self.client.batch_execute(case.sql)?;
        let said: Vec<String> = self.notices.try_iter().collect();
        self.client.batch_execute("SET LOCAL client_min_messages = warning")?;
        let lock = on.map(|oid| self.locks_of(oid)).unwrap_or_default();
        let other = referenced.map(|oid| self.locks_of(oid)).unwrap_or_default();
        let after = on.and_then(|oid| self.file(oid));
        let is_rewritten = after.is_some() && after != before;
        let effect = if is_rewritten {
            Effect::Rewrite
        } else if said.iter().any(|text| text.starts_with("building index")) && !case.is_of_new_relation() {
            Effect::Build
        } else if said.iter().any(|text| is_scan(text)) {
            Effect::Scan
        } else {
            Effect::Catalog
        };
        self.client.batch_execute("ROLLBACK")?;
        Ok(Seen { lock, referenced: other, effect, said })
    }
}

impl Case {
    /// The indexes of a new table are built, too, and nobody waits.
    fn is_of_new_relation(&self) -> bool {
        matches!(self.verb, Verb::CreateTable | Verb::CreatePartition | Verb::CreateInheriting)
    }
}

fn is_scan(text: &str) -> bool {
    text.starts_with("verifying table") || text.starts_with("validating foreign key constraint")
}

/// What the table says and the server does not do; empty when they agree.
fn differences(case: &Case, row: &Row, seen: &Seen) -> Vec<String> {
    let mut differences = Vec::new();
    let mut differ = |what: &str, said: String, found: String| {
        if said != found {
            differences.push(format!("{what}: the table says {said:?}, the server did {found:?}"));
        }
    };
    differ("the lock", called(row.lock), seen.lock.clone());
    if !case.referenced.is_empty() {
        differ("the lock on the other table", called(row.referenced_lock), seen.referenced.clone());
    }
    differ("the effect", format!("{:?}", row.effect), format!("{:?}", seen.effect));
    differences
}

#[test]
fn each_row_is_what_the_server_does() {
    on_each_server(|server: &'static Server| {
        let mut wrong = Vec::new();
        let major = server.major();
        let version = ServerVersion(major * 10_000);
        for case in CASES.iter().filter(|case| since(case.verb) <= major) {
            let database = Database::create(server);
            database.run(FIXTURE);
            let mut oracle = Oracle::open(&database);
            let told = match oracle.run(case) {
                Err(error) => {
                    vec![format!("{:?}", error.as_db_error().map(|error| error.message().to_owned()))]
                }
                Ok(seen) => {
                    let mut told = differences(case, look_up(case.verb, version), &seen);
                    if !told.is_empty() {
                        told.extend(seen.said);
                    }
                    told
                }
            };
            if !told.is_empty() {
                wrong.push(format!("{:?} ({}): {}", case.verb, case.sql, told.join("; ")));
            }
        }
        assert!(wrong.is_empty(), "on PostgreSQL {major}\n{}", wrong.join("\n"));
    });
}

#[test]
fn each_row_is_tried_or_it_is_said_why_not() {
    let tried: BTreeSet<Verb> = CASES.iter().map(|case| case.verb).collect();
    let untried: BTreeSet<Verb> = UNTRIED.iter().flat_map(|(verbs, _)| verbs.iter().copied()).collect();
    let all: BTreeSet<Verb> = Verb::ALL.iter().copied().collect();
    let missing: Vec<_> =
        all.iter().filter(|verb| !tried.contains(verb) && !untried.contains(verb)).collect();
    assert!(missing.is_empty(), "no case for {missing:?}");
    let both: Vec<_> = tried.intersection(&untried).collect();
    assert!(both.is_empty(), "{both:?} are tried, and said not to be");
}
