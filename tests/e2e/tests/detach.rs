//! Partitions that leave while others read and write.

use std::process::Child;

use e2e::{Output, Project, Server, eventually, on_each_server};

const BEFORE: &str = "
    CREATE TABLE log (day integer, note text) PARTITION BY RANGE (day);
    CREATE TABLE old PARTITION OF log FOR VALUES FROM (0) TO (10);
    CREATE TABLE new PARTITION OF log FOR VALUES FROM (10) TO (20);";
const AFTER: &str = "
    CREATE TABLE log (day integer, note text) PARTITION BY RANGE (day);
    CREATE TABLE old (day integer, note text);
    CREATE TABLE new PARTITION OF log FOR VALUES FROM (10) TO (20);";
const ALWAYS: &[&str] = &["apply", "--auto-approve", "--online", "always"];
const SCRATCH: &[&str] = &["--scratch-url", "env:SCRATCH_URL"];
const SQL: &[&str] = &["plan", "--online", "always", "--format", "sql"];

/// A project of one SQL file, applied.
fn declaring(server: &'static Server, ddl: &str) -> Project {
    let mut project = Project::new(server);
    project.set_target("destructive = \"allow\"");
    project.configure("[sql]\nfiles = [\"schema.sql\"]\n");
    project.set_variable("SCRATCH_URL", &server.url("postgres"));
    declare(&project, ddl);
    run(&project, ALWAYS).ok();
    project
}

fn run(project: &Project, arguments: &[&str]) -> Output {
    project.run(&[SCRATCH, arguments].concat())
}

/// Nothing is left to do, and there is what `ddl` makes.
#[track_caller]
fn is_converged(project: &Project, ddl: &str) {
    run(project, &["plan", "--detailed-exitcode"]).ok().says(&["Nothing to do."]);
    project.matches(ddl);
}

fn declare(project: &Project, ddl: &str) {
    project.write("schema.sql", ddl);
}

fn project(server: &'static Server) -> Project {
    let project = declaring(server, BEFORE);
    project.database().run("INSERT INTO log VALUES (1, 'a'), (11, 'b')");
    project
}

/// An apply that waits for a reader of the partitioned table, with the partition marked already.
fn apply_behind(project: &Project, reader: &mut postgres::Client) -> Child {
    reader.batch_execute("BEGIN; SELECT FROM log").unwrap();
    declare(project, AFTER);
    let apply = project.start(&[SCRATCH, ALWAYS].concat());
    let pending = "SELECT count(*) FROM pg_inherits WHERE inhdetachpending";
    eventually("the partition is half detached", || project.database().value(pending) == "1");
    apply
}

/// Detaches as somebody does who gives up.
fn leave_half_way(project: &Project, partition: &str) {
    let mut reader = project.database().connect();
    reader.batch_execute("BEGIN; SELECT FROM log").unwrap();
    let mut other = project.database().connect();
    other.batch_execute("SET statement_timeout = '300ms'").unwrap();
    let detach = format!("ALTER TABLE log DETACH PARTITION {partition} CONCURRENTLY");
    other.batch_execute(&detach).expect_err("a reader is in the way");
    reader.batch_execute("COMMIT").unwrap();
}

/// The server process that detaches.
fn worker(project: &Project) -> String {
    project.database().value(
        "SELECT pid FROM pg_stat_activity
          WHERE datname = current_database() AND query LIKE '%DETACH PARTITION%' AND application_name LIKE 'djogi%'",
    )
}

/// The partition is an ordinary table with its rows and nothing besides.
#[track_caller]
fn is_detached(project: &Project) {
    is_converged(project, AFTER);
    let database = project.database();
    assert_eq!(database.column("SELECT note FROM old"), ["a"]);
    assert_eq!(database.column("SELECT note FROM log"), ["b"]);
    database.run("INSERT INTO old VALUES (99, 'no bounds any more')");
}

#[test]
fn a_partition_leaves_behind_a_reader_and_no_writer_waits() {
    on_each_server(|server| {
        let project = project(server);
        let mut reader = project.database().connect();
        let mut apply = apply_behind(&project, &mut reader);
        project.database().run(
            "SET lock_timeout = '10s'; INSERT INTO log VALUES (12, 'c'); DELETE FROM log WHERE day = 12",
        );
        assert_eq!(apply.try_wait().unwrap(), None, "it waits still");
        let locks = "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)
              WHERE relation = 'log'::regclass AND application_name LIKE 'djogi%'
                AND mode NOT IN ('ShareUpdateExclusiveLock', 'AccessShareLock')";
        assert_eq!(project.database().value(locks), "0");
        reader.batch_execute("COMMIT").unwrap();
        Output::from(apply.wait_with_output().unwrap()).ok();
        is_detached(&project);
        let kinds =
            "SELECT kind FROM djogi.op WHERE 'table.main.public.old' = ANY (addresses) ORDER BY op_id";
        assert_eq!(project.database().column(kinds), ["group", "concurrent"]);
    });
}

#[test]
fn what_postgresql_leaves_on_it_goes_whatever_its_name() {
    // A table, a bound, and what it takes to keep PostgreSQL from the name that it would choose first.
    let shapes = [
        ("(a integer, b integer) PARTITION BY RANGE (a, b)", "FOR VALUES FROM (0, 0) TO (10, 0)", ""),
        ("(a integer, b integer) PARTITION BY LIST (a)", "FOR VALUES IN (1)", ""),
        ("(a integer, b integer) PARTITION BY LIST (a)", "FOR VALUES IN (NULL, 1)", ""),
        ("(a integer, b integer) PARTITION BY HASH (b)", "FOR VALUES WITH (MODULUS 2, REMAINDER 0)", ""),
        (
            "(at timestamp, year integer) PARTITION BY LIST (EXTRACT(year FROM at))",
            "FOR VALUES IN (2026)",
            "",
        ),
        (
            "(a text, \"C\" integer) PARTITION BY RANGE (a COLLATE \"C\")",
            "FOR VALUES FROM ('a') TO ('b')",
            "",
        ),
        ("(a boolean) PARTITION BY LIST (a)", "FOR VALUES IN (true)", ""),
        ("(a boolean) PARTITION BY LIST (a)", "FOR VALUES IN (false, NULL)", ""),
        ("(a integer) PARTITION BY LIST ((a IS NULL))", "FOR VALUES IN (true)", ""),
        (
            "(a integer CONSTRAINT a CHECK (a > 0), b integer CONSTRAINT b CHECK (b > 0)) PARTITION BY LIST (b)",
            "FOR VALUES IN (1)",
            "",
        ),
        (
            "(a integer) PARTITION BY LIST (a)",
            "FOR VALUES IN (1)",
            "CREATE DOMAIN odd AS integer CONSTRAINT part_a_check CHECK (value > 0);",
        ),
        (
            "(a integer) PARTITION BY LIST (a)",
            "FOR VALUES IN (1)",
            "CREATE TABLE other (x integer CONSTRAINT part_a_check CHECK (x > 0));",
        ),
    ];
    on_each_server(|server| {
        for (whole, bound, other) in shapes {
            let declared =
                |part: &str| format!("{other} CREATE TABLE whole {whole}; CREATE TABLE part {part};");
            let (columns, _) = whole.rsplit_once(" PARTITION").unwrap();
            let project = declaring(server, &declared(&format!("PARTITION OF whole {bound}")));
            let after = declared(columns);
            declare(&project, &after);
            run(&project, SQL).ok().says(&[
                "DETACH PARTITION public.part CONCURRENTLY;",
                "PostgreSQL leaves a CHECK with the bounds on it",
            ]);
            run(&project, ALWAYS).ok();
            is_converged(&project, &after);
        }
    });
}

#[test]
fn the_bounds_of_the_tables_above_are_among_what_is_left() {
    let top = "CREATE TABLE top (a integer, b integer) PARTITION BY RANGE (a);
        CREATE TABLE middle PARTITION OF top FOR VALUES FROM (0) TO (10) PARTITION BY LIST (b);";
    on_each_server(|server| {
        let project =
            declaring(server, &format!("{top} CREATE TABLE leaf PARTITION OF middle FOR VALUES IN (1);"));
        let after = format!("{top} CREATE TABLE leaf (a integer, b integer);");
        declare(&project, &after);
        run(&project, SQL).ok().says(&["DETACH PARTITION public.leaf CONCURRENTLY;"]);
        run(&project, ALWAYS).ok();
        is_converged(&project, &after);

        // A constraint of one that has partitions goes through all of them.
        declare(&project, &format!("{top} CREATE TABLE leaf PARTITION OF middle FOR VALUES IN (1);"));
        run(&project, ALWAYS).ok();
        let after = "CREATE TABLE top (a integer, b integer) PARTITION BY RANGE (a);
            CREATE TABLE middle (a integer, b integer) PARTITION BY LIST (b);
            CREATE TABLE leaf PARTITION OF middle FOR VALUES IN (1);";
        declare(&project, after);
        run(&project, SQL).ok().says(&["DETACH PARTITION public.middle;", "it has partitions of its own"]);
        run(&project, ALWAYS).ok();
        is_converged(&project, after);
    });
}

#[test]
fn where_something_is_renamed_too_all_is_one_transaction() {
    let renamed = |text: &str| text.replace("note", "memo");
    on_each_server(|server| {
        let mut project = project(server);
        project.set_target("lock_budget = \"1s\"");
        project.configure_more(
            "[[moved]]\nfrom = \"column.main.public.log.note\"\nto = \"column.main.public.log.memo\"",
        );
        declare(&project, &renamed(AFTER));
        run(&project, SQL).ok().says(&["DETACH PARTITION public.old;", "a rename is declared"]);
        let mut reader = project.database().connect();
        reader.batch_execute("BEGIN; SELECT FROM log").unwrap();
        run(&project, ALWAYS).expect(1);
        reader.batch_execute("COMMIT").unwrap();
        run(&project, ALWAYS).ok();
        is_converged(&project, &renamed(AFTER));
        assert_eq!(project.database().column("SELECT memo FROM old"), ["a"]);
    });
}

#[test]
fn a_constraint_that_says_the_same_stays() {
    let check = "CONSTRAINT old_day_check CHECK (day IS NOT NULL AND day >= 0 AND day < 10)";
    let log = "CREATE TABLE log (day integer) PARTITION BY RANGE (day);";
    on_each_server(|server| {
        let project = declaring(
            server,
            &format!("{log} CREATE TABLE old PARTITION OF log ({check}) FOR VALUES FROM (0) TO (10);"),
        );
        let after = format!("{log} CREATE TABLE old (day integer, {check});");
        declare(&project, &after);
        run(&project, SQL).ok().says(&["DETACH PARTITION public.old CONCURRENTLY;"]);
        run(&project, ALWAYS).ok();
        is_converged(&project, &after);
    });
}

#[test]
fn what_others_have_where_djogi_does_not_look_is_seen() {
    let cases = [
        ("CREATE TABLE theirs.rest PARTITION OF public.log DEFAULT", "beside a default partition"),
        (
            "ALTER TABLE log ADD UNIQUE (day); CREATE TABLE theirs.entry (day integer REFERENCES public.log (day))",
            "foreign keys refer to the partitioned table",
        ),
    ];
    on_each_server(|server| {
        for (theirs, why) in cases {
            let project = project(server);
            project.database().run(&format!("CREATE SCHEMA theirs; {theirs}"));
            declare(&project, AFTER);
            run(&project, SQL).ok().says(&["DETACH PARTITION public.old;", why]);
            run(&project, ALWAYS).ok();
            run(&project, &["plan", "--detailed-exitcode"]).ok();
            assert_eq!(project.database().column("SELECT note FROM old"), ["a"]);
        }
        // And when it comes after the plan.
        let project = project(server);
        declare(&project, AFTER);
        run(&project, &["plan", "--online", "always", "--out", "saved.plan"]).ok();
        project
            .database()
            .run("CREATE SCHEMA theirs; CREATE TABLE theirs.rest PARTITION OF public.log DEFAULT");
        run(&project, &["apply", "saved.plan"]).expect(5).says(&["beside a default partition"]);
        run(&project, ALWAYS).ok();
        run(&project, &["plan", "--detailed-exitcode"]).ok();
    });
}

#[test]
fn a_role_that_owns_the_table_and_not_the_partition_does_it_at_once() {
    on_each_server(|server| {
        let mut project = project(server);
        let name = format!("role_{}", project.database().name());
        let url = server.url(project.database().name()).replace("user=postgres", &format!("user={name}"));
        project.database().run(&format!(
            "CREATE ROLE {name} LOGIN; ALTER TABLE log OWNER TO {name}; ALTER TABLE new OWNER TO {name};
             GRANT ALL ON DATABASE {} TO {name}; GRANT ALL ON ALL TABLES IN SCHEMA public, djogi TO {name};
             GRANT ALL ON SCHEMA public, djogi TO {name}",
            project.database().name()
        ));
        project.set_variable("DATABASE_URL", &url);
        declare(&project, AFTER);
        run(&project, SQL).ok().says(&["DETACH PARTITION public.old;", "belongs to another role"]);
        run(&project, ALWAYS).ok();
        run(&project, &["plan", "--detailed-exitcode"]).ok();
        assert_eq!(project.database().column("SELECT note FROM old"), ["a"]);
        project.database().run(&format!("DROP OWNED BY {name} CASCADE; DROP ROLE {name}"));
    });
}

#[test]
fn where_it_cannot_leave_concurrently_the_plan_says_why() {
    let log = "CREATE TABLE log (day integer PRIMARY KEY) PARTITION BY RANGE (day);";
    let part = |name: &str, bound: &str| format!("CREATE TABLE {name} PARTITION OF log {bound};");
    let old = part("old", "FOR VALUES FROM (0) TO (10)");
    let alone = "CREATE TABLE old (day integer PRIMARY KEY);";
    let rest = part("rest", "DEFAULT");
    let reference = "CREATE TABLE entry (day integer REFERENCES log);";
    let cases = [
        (format!("{log}{old}{rest}"), format!("{log}{alone}{rest}"), "beside a default partition"),
        (
            format!("{log}{old}{reference}"),
            format!("{log}{alone}{reference}"),
            "foreign keys refer to the partitioned table",
        ),
        (
            format!("{log}{old}"),
            format!("{log}{}", part("old", "FOR VALUES FROM (0) TO (100)")),
            "missed by nobody before it has its new place",
        ),
        (format!("{log}{old}"), alone.to_owned(), "the partitioned table goes as well"),
        (
            format!("{log}{old} CREATE TABLE entry (day integer);"),
            format!("{log}{alone}{reference}"),
            "foreign keys refer to the partitioned table",
        ),
    ];
    on_each_server(|server| {
        for (before, after, why) in &cases {
            let project = declaring(server, before);
            project.database().run("INSERT INTO log VALUES (1)");
            declare(&project, after);
            run(&project, SQL).ok().says(&["DETACH PARTITION public.old;", "not concurrently, because", why]);
            run(&project, ALWAYS).ok();
            is_converged(&project, after);
            assert_eq!(project.database().value("SELECT count(*) FROM old"), "1");
        }
        let project = project(server);
        declare(&project, AFTER);
        run(&project, &["plan", "--format", "sql"])
            .ok()
            .says(&["not concurrently, because the table is small"]);
        run(&project, ALWAYS).ok();
        is_detached(&project);
    });
}

#[test]
fn what_it_has_from_above_can_go_once_it_has_left() {
    let log =
        "CREATE TABLE log (id integer PRIMARY KEY, before integer REFERENCES log) PARTITION BY RANGE (id);";
    let before = format!("{log} CREATE TABLE old PARTITION OF log FOR VALUES FROM (0) TO (10);");
    on_each_server(|server| {
        for rest in ["before integer", "before integer CONSTRAINT other REFERENCES log"] {
            for way in ["always", "never"] {
                let project = declaring(server, &before);
                project.database().run("INSERT INTO log VALUES (1, NULL)");
                let after = format!("{log} CREATE TABLE old (id integer PRIMARY KEY, {rest});");
                declare(&project, &after);
                run(&project, &["apply", "--auto-approve", "--online", way]).ok();
                is_converged(&project, &after);
            }
        }
    });
}

#[test]
fn its_columns_are_renamed_once_it_has_left() {
    let moved = |table: &str| {
        format!(
            "[[moved]]\nfrom = \"column.main.public.{table}.note\"\nto = \"column.main.public.{table}.memo\"\n"
        )
    };
    let own = AFTER.replace("old (day integer, note text)", "old (day integer, memo text)");
    let cases = [(moved("old"), own), (moved("old") + &moved("log"), AFTER.replace("note", "memo"))];
    on_each_server(|server| {
        for (moved, after) in &cases {
            let mut project = project(server);
            project.configure_more(moved);
            declare(&project, after);
            run(&project, ALWAYS).ok();
            is_converged(&project, after);
            assert_eq!(project.database().column("SELECT memo FROM old"), ["a"]);
        }
    });
}

#[test]
fn a_killed_run_is_finished_by_the_next() {
    on_each_server(|server| {
        let project = project(server);
        let mut reader = project.database().connect();
        let mut apply = apply_behind(&project, &mut reader);
        let worker = worker(&project);
        apply.kill().unwrap();
        apply.wait().unwrap();
        project.database().run(&format!("SELECT pg_terminate_backend({worker})"));
        let at_work = format!("SELECT count(*) FROM pg_stat_activity WHERE pid = {worker}");
        eventually("its server process is gone", || project.database().value(&at_work) == "0");
        reader.batch_execute("COMMIT").unwrap();
        run(&project, &["recover"]).ok().says(&["D2", "public.old is half detached from public.log"]);
        run(&project, ALWAYS).ok().says(&["D2"]);
        is_detached(&project);
    });
}

#[test]
fn one_that_is_cancelled_does_not_leave_it_half_way() {
    on_each_server(|server| {
        let project = project(server);
        let mut reader = project.database().connect();
        let apply = apply_behind(&project, &mut reader);
        project.database().run(&format!("SELECT pg_cancel_backend({})", worker(&project)));
        let finishes = "SELECT count(*) FROM pg_stat_activity
              WHERE datname = current_database() AND query LIKE '%old FINALIZE%' AND pid <> pg_backend_pid()";
        eventually("it is being finished", || project.database().value(finishes) == "1");
        reader.batch_execute("COMMIT").unwrap();
        Output::from(apply.wait_with_output().unwrap()).expect(1).says(&["half detached"]);
        assert_eq!(project.database().value("SELECT count(*) FROM pg_inherits"), "1");
        run(&project, ALWAYS).ok();
        is_detached(&project);
    });
}

#[test]
fn what_somebody_else_has_left_half_way_comes_to_an_end() {
    on_each_server(|server| {
        for declared in [AFTER, BEFORE] {
            let project = project(server);
            leave_half_way(&project, "old");
            assert_eq!(project.database().column("SELECT note FROM log"), ["b"]);
            declare(&project, declared);
            run(&project, SQL).ok().says(&["DETACH PARTITION public.old FINALIZE;", "was interrupted"]);
            run(&project, ALWAYS).ok();
            run(&project, &["plan", "--detailed-exitcode"]).ok().says(&["Nothing to do."]);
            let rows: &[&str] = if declared == BEFORE { &["a", "b"] } else { &["b"] };
            assert_eq!(project.database().column("SELECT note FROM log ORDER BY 1"), rows);
        }
    });
}

#[test]
fn two_leave_one_after_the_other_and_beside_one_that_is_pending_at_once() {
    let log = "CREATE TABLE log (day integer) PARTITION BY RANGE (day);";
    let parts = |names: &[&str]| -> String {
        let part = |(number, name): (usize, &&str)| {
            format!(
                "CREATE TABLE {name} PARTITION OF log FOR VALUES FROM ({}) TO ({});",
                number * 10,
                number * 10 + 10
            )
        };
        names.iter().enumerate().map(part).collect()
    };
    on_each_server(|server| {
        let project = declaring(server, &format!("{log}{}", parts(&["a", "b", "c"])));
        let after =
            format!("{log}{} CREATE TABLE b (day integer); CREATE TABLE c (day integer);", parts(&["a"]));
        declare(&project, &after);
        let sql = ["DETACH PARTITION public.b CONCURRENTLY;", "DETACH PARTITION public.c CONCURRENTLY;"];
        run(&project, SQL).ok().says(&sql);
        leave_half_way(&project, "b");
        run(&project, SQL).ok().says(&[
            "b FINALIZE;",
            "public.c;",
            "the detachment of another partition is pending",
        ]);
        run(&project, ALWAYS).ok();
        run(&project, &["plan", "--detailed-exitcode"]).ok().says(&["Nothing to do."]);
        // What somebody else's statement has left is not ours.
        project.database().run("ALTER TABLE b DROP CONSTRAINT b_day_check");
        project.matches(&after);
    });
}
