//! Indexes that are built, exchanged, rebuilt and dropped while others read and write.

use std::process::Child;

use e2e::{Output, Project, Server, eventually, fingerprint, on_each_server};

const BEFORE: &str = "CREATE TABLE goods (id integer PRIMARY KEY, a text, b integer);
    CREATE INDEX by_a ON goods (a);";
const ALWAYS: &[&str] = &["apply", "--auto-approve", "--online", "always"];

fn project(server: &'static Server) -> Project {
    let project = Project::declaring(server, BEFORE);
    project.apply();
    project.database().run("INSERT INTO goods SELECT n, n::text, n FROM generate_series(1, 100) AS n");
    project
}

/// How many statements of djogi wait for the transaction of `reader` to end, and not for one that looks at them.
fn waiting(project: &Project, reader: i32) -> String {
    project.database().value(&format!(
        "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
          WHERE l.locktype = 'virtualxid' AND NOT l.granted AND a.datname = current_database()
            AND a.application_name LIKE 'djogi%' AND {reader} = ANY (pg_blocking_pids(l.pid))"
    ))
}

/// The locks that djogi has on the table.
fn locks(project: &Project) -> Vec<String> {
    project.database().column(
        "SELECT DISTINCT mode FROM pg_locks JOIN pg_stat_activity USING (pid)
          WHERE granted AND relation = 'goods'::regclass AND application_name LIKE 'djogi%'",
    )
}

/// An apply of `declared` that waits for `reader`, which has done `sql` in a transaction.
fn apply_behind(project: &Project, declared: &str, reader: &mut postgres::Client, sql: &str) -> Child {
    // Before its transaction: a query in there would keep a snapshot.
    let pid: i32 = reader.query_one("SELECT pg_backend_pid()", &[]).unwrap().get(0);
    reader.batch_execute(sql).unwrap();
    project.declare(declared);
    let apply = project.start(ALWAYS);
    eventually("the apply waits for the reader", || waiting(project, pid) == "1");
    apply
}

#[test]
fn an_index_is_built_exchanged_and_dropped_behind_a_reader_and_no_writer_waits() {
    // One has a snapshot of the past, the other only a lock.
    let (snapshot, lock) =
        ("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1", "BEGIN; SELECT FROM goods LIMIT 1");
    let table = "CREATE TABLE goods (id integer PRIMARY KEY, a text, b integer);";
    let steps = [
        ("CREATE INDEX by_a ON goods (a); CREATE INDEX by_b ON goods (b);", snapshot),
        ("CREATE INDEX by_a ON goods (a); CREATE INDEX by_b ON goods (b DESC, a) WHERE b > 0;", snapshot),
        ("CREATE INDEX by_a ON goods (a); CREATE UNIQUE INDEX by_b ON goods (b);", lock),
        ("CREATE INDEX by_a ON goods (a);", lock),
    ];
    on_each_server(|server| {
        let project = project(server);
        let mut reader = project.database().connect();
        let mut writer = project.database().connect();
        writer.batch_execute("SET lock_timeout = '10s'").unwrap();
        for (number, (indexes, open)) in (1000..).zip(steps) {
            let declared = format!("{table}{indexes}");
            let mut apply = apply_behind(&project, &declared, &mut reader, open);
            writer.execute("INSERT INTO goods VALUES ($1, 'x', $1)", &[&number]).unwrap();
            assert_eq!(apply.try_wait().unwrap(), None, "it waits still");
            assert_eq!(locks(&project), ["ShareUpdateExclusiveLock"]);
            reader.batch_execute("COMMIT").unwrap();
            let output: Output = apply.wait_with_output().unwrap().into();
            output.ok();
            project.is_converged();
            project.matches(&declared);
        }
        let kinds = "SELECT DISTINCT kind FROM djogi.op ORDER BY kind";
        assert_eq!(project.database().column(kinds), ["concurrent", "group"]);
    });
}

#[test]
fn the_size_of_the_table_decides_and_the_plan_says_so() {
    on_each_server(|server| {
        let project = project(server);
        project.declare(&format!("{BEFORE} CREATE INDEX by_b ON goods (b);"));
        let sql = |flags: &[&str]| project.run(&[&["plan", "--format", "sql"], flags].concat()).ok();
        sql(&[]).says(&["CREATE INDEX by_b", "not concurrently, because the table is small"]);
        sql(&["--online", "always"]).says(&["INDEX CONCURRENTLY by_b", "because of --online always"]);
        project
            .database()
            .run("INSERT INTO goods SELECT n, n, n FROM generate_series(1000, 20000) AS n; ANALYZE goods");
        sql(&[]).says(&[
            "INDEX CONCURRENTLY by_b",
            "because the table is not small",
            "SET lock_timeout = '0ms'",
        ]);
        sql(&["--online", "never"]).says(&["CREATE INDEX by_b", "because of --online never"]);
        project.run(&["plan"]).ok().says(&["SHARE UPDATE EXCLUSIVE", "runs outside a transaction"]);
        project.run(&["plan", "--out", "saved"]).ok();
        project.run(&["apply", "saved"]).ok();
        project.is_converged();
        project.matches(&format!("{BEFORE} CREATE INDEX by_b ON goods (b);"));
    });
}

#[test]
fn a_large_table_that_was_never_analysed_is_large() {
    on_each_server(|server| {
        let project = Project::declaring(server, BEFORE);
        project.apply();
        let database = project.database();
        database.run(
            "ALTER TABLE goods SET (autovacuum_enabled = false);
             INSERT INTO goods SELECT n, repeat('x', 700), n FROM generate_series(1, 30000) AS n",
        );
        let known = "SELECT reltuples, relpages FROM pg_class WHERE relname = 'goods'";
        assert_eq!(database.rows(known), [["-1", "0"]]);
        project.declare(&format!("{BEFORE} CREATE INDEX by_b ON goods (b);"));
        let sql = ["plan", "--format", "sql"];
        project.run(&sql).ok().says(&["INDEX CONCURRENTLY by_b", "because the table is not small"]);
        // Nobody waits for a lock to find out.
        let mut other = database.connect();
        other.batch_execute("BEGIN; LOCK TABLE goods IN ACCESS EXCLUSIVE MODE").unwrap();
        project.run(&sql).ok().says(&["by_b"]);
        other.batch_execute("ROLLBACK").unwrap();
        project.run(&sql).ok().says(&["INDEX CONCURRENTLY by_b"]);
        project.apply();
        project.is_converged();
    });
}

#[test]
fn an_exchange_that_was_killed_half_way_goes_on() {
    on_each_server(|server| {
        let project = project(server);
        let mut reader = project.database().connect();
        let after = "CREATE TABLE goods (id integer PRIMARY KEY, a text, b integer);
            CREATE INDEX by_a ON goods (a DESC); COMMENT ON INDEX by_a IS 'backwards';";
        let open = "BEGIN; SELECT FROM goods LIMIT 1";
        let mut apply = apply_behind(&project, after, &mut reader, open);
        apply.kill().unwrap();
        apply.wait().unwrap();
        project.run(ALWAYS).expect(4).says(&["locked by tester@e2e"]);
        reader.batch_execute("COMMIT").unwrap();
        let indexes = || {
            project.database().column("SELECT indexname FROM pg_indexes WHERE tablename = 'goods' ORDER BY 1")
        };
        eventually("the server has ended the drop", || indexes() == ["by_a__djogi_new", "goods_pkey"]);
        let plan = project.run(&["plan", "--format", "sql"]);
        plan.ok().says(&["ALTER INDEX public.by_a__djogi_new RENAME TO by_a"]).never_says(&["CREATE INDEX"]);
        project.run(ALWAYS).ok();
        project.is_converged();
        project.matches(after);
    });
}

#[test]
fn an_index_of_a_partitioned_table_is_built_partition_by_partition() {
    let table = "CREATE TABLE parts (id integer, a text, at date) PARTITION BY RANGE (id);
        CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (1) TO (100);
        CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (100) TO (200) PARTITION BY LIST (a);
        CREATE TABLE parts_2_x PARTITION OF parts_2 FOR VALUES IN ('x');";
    let declared = format!("{table} CREATE INDEX parts_at ON parts (at);");
    on_each_server(|server| {
        for is_killed in [false, true] {
            let project = Project::declaring(server, table);
            project.apply();
            let database = project.database();
            database.run("INSERT INTO parts SELECT n, 'x', current_date FROM generate_series(1, 199) AS n");
            let mut reader = database.connect();
            let open = "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1";
            let mut apply = apply_behind(&project, &declared, &mut reader, open);
            database
                .connect()
                .batch_execute("SET lock_timeout = '10s'; INSERT INTO parts VALUES (1, 'x')")
                .unwrap();
            if is_killed {
                apply.kill().unwrap();
                apply.wait().unwrap();
                reader.batch_execute("COMMIT").unwrap();
                eventually("the server has noticed", || {
                    let alive = "SELECT count(*) FROM pg_stat_activity
                         WHERE application_name LIKE 'djogi%' AND datname = current_database()";
                    project.database().value(alive) == "0"
                });
                project.run(ALWAYS).ok();
            } else {
                reader.batch_execute("COMMIT").unwrap();
                let output: Output = apply.wait_with_output().unwrap().into();
                output.ok();
            }
            project.is_converged();
            project.matches(&declared);
        }
    });
}

#[test]
fn an_index_that_became_invalid_is_drift_and_rebuilt() {
    on_each_server(|server| {
        for (flags, statement) in
            [(ALWAYS, "REINDEX INDEX CONCURRENTLY"), (&ALWAYS[..2], "REINDEX INDEX public")]
        {
            let project = project(server);
            let valid = fingerprint(project.database(), "public");
            project
                .database()
                .run("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'by_a'::regclass");
            project.run(&["refresh", "--check"]).expect(2).says(&["by_a"]);
            project.run(flags).ok();
            assert_eq!(fingerprint(project.database(), "public"), valid);
            let plan = ["plan", "--detailed-exitcode"];
            project.run(&plan).ok();
            project
                .database()
                .run("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'by_a'::regclass");
            let online = flags.get(2..).unwrap_or_default();
            project.run(&[&["plan", "--format", "sql"], online].concat()).ok().says(&[statement]);
        }
    });
}

#[test]
fn a_build_that_fails_leaves_nothing() {
    on_each_server(|server| {
        let project = project(server);
        project.database().run("UPDATE goods SET b = 1");
        project.declare(&format!("{BEFORE} CREATE UNIQUE INDEX by_b ON goods (b);"));
        let failed = project.run(ALWAYS).expect(1);
        failed.says(&[
            "could not create unique index \"by_b\"",
            "ran outside a transaction",
            "it left public.by_b",
            "djogi drops it",
        ]);
        assert_eq!(project.database().value("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "0");
        project.database().run("UPDATE goods SET b = id");
        project.run(ALWAYS).ok();
        project.is_converged();
    });
}

#[test]
fn an_interrupted_build_is_cancelled_and_cleared_away_by_the_next_apply() {
    on_each_server(|server| {
        let project = project(server);
        let mut reader = project.database().connect();
        let after = format!("{BEFORE} CREATE INDEX by_b ON goods (b);");
        let open = "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1";
        let apply = apply_behind(&project, &after, &mut reader, open);
        let pid = rustix::process::Pid::from_child(&apply);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        let output: Output = apply.wait_with_output().unwrap().into();
        output.expect(130).says(&["it left public.by_b", "djogi drops it"]);
        reader.batch_execute("COMMIT").unwrap();
        project.run(ALWAYS).ok();
        project.matches(&after);
    });
}
