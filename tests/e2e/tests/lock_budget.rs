//! A group whose locks others have is tried again, keeps nobody waiting for long, and ends when its budget is spent.

use std::io::{BufRead as _, BufReader, Lines};
use std::process::{Child, ChildStdout};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use e2e::{Database, DurableServer, Project, Server, eventually, installations, on_each_server, servers};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

const BEFORE: &str = "CREATE TABLE t (id int);";
const AFTER: &str = "CREATE TABLE t (id int, x text);";

/// An apply whose events are read while it is at work.
struct Apply {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
    events: Vec<Value>,
}

impl Apply {
    fn start(project: &Project) -> Self {
        let mut process = project.start(&["apply", "--auto-approve", "--json"]);
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, lines, events: Vec::new() }
    }

    fn next(&mut self) -> Option<Value> {
        let event: Value = serde_json::from_str(&self.lines.next()?.unwrap()).unwrap();
        self.events.push(event.clone());
        Some(event)
    }

    /// Its next event that somebody is waited for.
    #[track_caller]
    fn waits(&mut self) -> Value {
        loop {
            let Some(event) = self.next() else { panic!("it waits for nobody: {:#?}", self.events) };
            if event["event"] == "group_waiting" {
                return event;
            }
        }
    }

    /// Its events, when it ends like this.
    #[track_caller]
    fn ends(mut self, code: i32) -> Vec<Value> {
        while self.next().is_some() {}
        let ended = self.process.wait().unwrap();
        assert_eq!(ended.code(), Some(code), "{:#?}", self.events);
        self.events
    }
}

fn count(events: &[Value], name: &str) -> usize {
    events.iter().filter(|event| event["event"] == name).count()
}

fn changing(server: &'static Server, settings: &str) -> Project {
    let mut project = Project::declaring(server, BEFORE);
    project.set_target(settings);
    project.apply();
    project.declare(AFTER);
    project
}

/// A session with an open transaction that has done this, and its process.
fn holder(database: &Database, sql: &str) -> (postgres::Client, i32) {
    let mut session = database.connect();
    session.batch_execute(&format!("SET application_name = 'billing'; BEGIN; {sql}")).unwrap();
    let pid = session.query_one("SELECT pg_backend_pid()", &[]).unwrap().get(0);
    (session, pid)
}

/// Waits until its transaction is one that nobody queues behind.
fn grow_old(database: &Database, pid: i32) {
    let age =
        format!("SELECT clock_timestamp() - xact_start > '5.1 s' FROM pg_stat_activity WHERE pid = {pid}");
    eventually("the transaction is old", || database.value(&age) == "t");
}

fn is_as_before(project: &Project) {
    let columns = "SELECT count(*) FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'x'";
    assert_eq!(project.database().value(columns), "0");
    assert_eq!(project.database().value("SELECT count(*) FROM djogi.op"), "1", "of the first apply");
    project.run(&["unlock"]).ok().says(&["not locked"]);
    project.run(&["refresh", "--check"]).ok();
}

fn is_finished_by_the_next(project: &Project) {
    project.apply();
    project.is_converged();
    project.matches(AFTER);
}

#[test]
fn a_reader_is_waited_for_and_others_hardly_notice() {
    on_each_server(|server| {
        let project = changing(server, "lock_timeout = \"300ms\"");
        let (mut reader, pid) = holder(project.database(), "SELECT 'hunter2' FROM t");
        let is_over = AtomicBool::new(false);
        let mut another = project.database().connect();
        let (events, longest) = std::thread::scope(|scope| {
            let longest = scope.spawn(|| {
                let mut longest = Duration::ZERO;
                while !is_over.load(Ordering::Relaxed) {
                    let began = Instant::now();
                    another.batch_execute("SELECT * FROM t").unwrap();
                    longest = longest.max(began.elapsed());
                }
                longest
            });
            let began = Instant::now();
            let mut apply = Apply::start(&project);
            let waits = apply.waits();
            let holder = &waits["holder"];
            assert_eq!(holder["backend_pid"], pid, "{waits}");
            assert_eq!((&holder["table"], &holder["mode"]), (&"public.t".into(), &"AccessShareLock".into()));
            assert_eq!((&holder["role"], &holder["application"]), (&"postgres".into(), &"billing".into()));
            assert!(holder["transaction_ms"].is_u64(), "{waits}");
            assert_eq!(waits["budget_ms"], 1_800_000, "the default");
            std::thread::sleep(Duration::from_secs(3).saturating_sub(began.elapsed()));
            reader.batch_execute("COMMIT").unwrap();
            let events = apply.ends(0);
            is_over.store(true, Ordering::Relaxed);
            (events, longest.join().unwrap())
        });
        // The other reader may be in the way of a try as well.
        let told = events.iter().filter(|event| event["holder"]["backend_pid"] == pid).count();
        assert_eq!(told, 1, "once for one holder: {events:#?}");
        assert_eq!(count(&events, "group_committed"), 1);
        assert!(!events.iter().any(|event| event.to_string().contains("hunter2")));
        assert!(longest < Duration::from_millis(1200), "another reader was stopped for {longest:?}");
        project.is_converged();
        project.matches(AFTER);
    });
}

#[test]
fn who_never_lets_go_is_named_when_the_budget_is_spent() {
    on_each_server(|server| {
        let project = changing(server, "lock_timeout = \"100ms\"\nlock_budget = \"1s\"");
        let (mut reader, pid) = holder(project.database(), "SELECT * FROM t");
        let began = Instant::now();
        project.run(&["apply", "--auto-approve"]).expect(1).says(&[
            &format!("waits for its locks: server process {pid} has AccessShareLock on public.t"),
            "tried again for up to 0.",
            "55P03",
            "table.main.public.t",
            "not to be had within its lock_budget of 1 s, in ",
            "of at most 100 ms each",
            &format!("server process {pid} has AccessShareLock on public.t, as role \"postgres\", application \"billing\""),
            &format!("pg_terminate_backend({pid})"),
            "raise lock_budget of the target",
            "the lock was not to be had within its budget",
        ]);
        assert!(began.elapsed() >= Duration::from_secs(1), "the budget was used");
        is_as_before(&project);
        reader.batch_execute("COMMIT").unwrap();
        is_finished_by_the_next(&project);
    });
}

#[test]
fn nobody_queues_behind_an_old_transaction() {
    on_each_server(|server| {
        let project = changing(server, "lock_budget = \"3s\"");
        let (mut reader, pid) = holder(project.database(), "SELECT * FROM t");
        grow_old(project.database(), pid);
        project.run(&["apply", "--auto-approve"]).expect(1).says(&["in 1 try of at most 2 s"]);
        // As soon as it is over, there is another try.
        let mut apply = Apply::start(&project);
        assert_eq!(apply.waits()["holder"]["backend_pid"], pid);
        reader.batch_execute("COMMIT").unwrap();
        apply.ends(0);
        project.is_converged();
    });
}

#[test]
fn whose_lock_does_not_conflict_is_not_waited_for() {
    on_each_server(|server| {
        let mut project = Project::declaring(server, BEFORE);
        project.set_target("lock_budget = \"20s\"");
        project.apply();
        project.declare("CREATE TABLE t (id int); CREATE INDEX t_id ON t (id);");
        let (_reader, reader_pid) = holder(project.database(), "SELECT * FROM t");
        grow_old(project.database(), reader_pid);
        let (mut writer, writer_pid) = holder(project.database(), "INSERT INTO t VALUES (1)");
        let mut apply = Apply::start(&project);
        let waits = apply.waits();
        assert_eq!(waits["holder"]["backend_pid"], writer_pid, "the reader is {reader_pid}: {waits}");
        assert_eq!(waits["holder"]["mode"], "RowExclusiveLock");
        writer.batch_execute("COMMIT").unwrap();
        apply.ends(0);
        project.is_converged();
    });
}

#[test]
fn prepared_transactions_and_locks_on_partitions_are_seen() {
    for installation in installations() {
        let durable = DurableServer::start(installation);
        let server = durable.0;
        Database::create(server).run("ALTER SYSTEM SET max_prepared_transactions = 5");
        server.crash();
        let before = "CREATE TABLE t (id int) PARTITION BY RANGE (id);
                      CREATE TABLE t_low PARTITION OF t FOR VALUES FROM (0) TO (10);";
        let mut project = Project::declaring(server, before);
        project.set_target("lock_budget = \"500ms\"");
        project.apply();
        project.declare(&before.replace("(id int)", "(id int, x text)"));
        let (mut session, _) = holder(project.database(), "INSERT INTO t_low VALUES (1)");
        session.batch_execute("PREPARE TRANSACTION 'half'").unwrap();
        project.run(&["apply", "--auto-approve"]).expect(1).says(&[
            "waits for its locks: prepared transaction \"half\" has ",
            "has RowExclusiveLock on public.t_low, as role \"postgres\", in a transaction since 2",
            "end it with `ROLLBACK PREPARED 'half';`",
        ]);
        session.batch_execute("COMMIT PREPARED 'half'").unwrap();
        project.apply();
        project.is_converged();
    }
}

#[test]
fn a_signal_ends_the_waiting() {
    on_each_server(|server| {
        for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
            let project = changing(server, "");
            let (mut reader, pid) = holder(project.database(), "SELECT * FROM t");
            // So that the signal comes while it only looks.
            grow_old(project.database(), pid);
            let mut apply = Apply::start(&project);
            apply.waits();
            let began = Instant::now();
            kill_process(Pid::from_child(&apply.process), signal).unwrap();
            let events = apply.ends(code);
            assert!(began.elapsed() < Duration::from_secs(10), "it took {:?}", began.elapsed());
            assert_eq!(events.last().unwrap()["outcome"], "interrupted");
            is_as_before(&project);
            reader.batch_execute("COMMIT").unwrap();
            is_finished_by_the_next(&project);
        }
    });
}

#[test]
fn what_somebody_changes_during_the_waiting_is_noticed() {
    // Where nobody else writes, catalogs are read again only because somebody did during the waiting.
    let quiet = installations().iter().map(Server::alone);
    for server in quiet.chain(servers()) {
        let project = changing(server, "");
        let (mut reader, _) = holder(project.database(), "SELECT * FROM t");
        let mut apply = Apply::start(&project);
        apply.waits();
        reader.batch_execute("COMMIT; ALTER TABLE t ALTER id SET DEFAULT 1").unwrap();
        let events = apply.ends(5);
        let failed = events.iter().find(|event| event["event"] == "group_failed").unwrap();
        let message = failed["failure"]["message"].as_str().unwrap();
        assert!(message.contains("`table.main.public.t` was changed"), "{message}");
        project.run(&["refresh"]).ok();
        is_finished_by_the_next(&project);
    }
}

#[test]
fn two_who_wait_for_each_other_both_get_what_they_want() {
    on_each_server(|server| {
        let before = "CREATE TABLE a (id int); CREATE TABLE b (id int);";
        let after = "CREATE TABLE a (id int, x text); CREATE TABLE b (id int, x text);";
        let project = Project::declaring(server, before);
        project.apply();
        project.declare(after);
        let plan = project.run(&["plan", "--json"]).ok().json();
        assert_eq!(plan["groups"].as_array().unwrap().len(), 1, "{plan:#}");
        let database = project.database();
        // It is djogi that finds out, where both wait at the same time.
        database.run(&format!("ALTER DATABASE {} SET deadlock_timeout = '30ms'", database.name()));
        let (mut client, _) = holder(database, "SELECT * FROM b; SET deadlock_timeout = '1min'");
        let apply = Apply::start(&project);
        let has_a = "SELECT count(*) FROM pg_locks
                      WHERE relation = 'a'::regclass AND granted AND mode = 'AccessExclusiveLock'";
        eventually("djogi has a, and wants b", || database.value(has_a) == "1");
        client.batch_execute("SELECT * FROM a; COMMIT").unwrap();
        apply.ends(0);
        project.is_converged();
        project.matches(after);
    });
}

#[test]
fn what_is_done_anew_is_told_and_recorded_once() {
    on_each_server(|server| {
        let project = Project::declaring(server, BEFORE);
        project.apply();
        // The last statement of the group waits for a lock that nobody sees on a table.
        project.database().run(
            "CREATE SCHEMA stop;
             CREATE FUNCTION stop.wait() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
                 IF current_query() LIKE '%stop_here%' THEN PERFORM pg_advisory_xact_lock(4711); END IF;
             END $$;
             CREATE EVENT TRIGGER wait ON ddl_command_end EXECUTE FUNCTION stop.wait();",
        );
        let after =
            "CREATE TABLE t (id int, x text); CREATE TABLE u (id int); CREATE INDEX stop_here ON u (id);";
        project.declare(after);
        let (mut stopper, _) = holder(project.database(), "SELECT pg_advisory_xact_lock(4711)");
        let mut apply = Apply::start(&project);
        let waits = apply.waits();
        assert_eq!(waits["holder"], Value::Null, "{waits}");
        assert!(waits["tries"].as_u64() > Some(1), "{waits}");
        stopper.batch_execute("COMMIT").unwrap();
        let events = apply.ends(0);
        let operations =
            events.iter().find(|event| event["event"] == "group_started").unwrap()["operations"].clone();
        for name in ["operation_started", "operation_finished"] {
            let numbers: Vec<u64> = events
                .iter()
                .filter(|event| event["event"] == name)
                .map(|event| event["number"].as_u64().unwrap())
                .collect();
            let all: Vec<u64> = (1..=operations.as_u64().unwrap()).collect();
            assert_eq!(numbers, all, "{name}");
        }
        assert_eq!(count(&events, "group_started"), 1);
        assert_eq!(count(&events, "group_committed"), 1);
        assert_eq!(project.database().value("SELECT count(*) FROM djogi.op"), "2");
        project.database().run("DROP EVENT TRIGGER wait");
        project.is_converged();
        project.matches(after);
    });
}
