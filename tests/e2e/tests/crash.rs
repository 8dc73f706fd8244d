//! A killed apply is finished by the next one.

use std::process::Child;

use e2e::{Project, Server, eventually, fingerprint, on_each_server};

const BEFORE: &str = "CREATE TABLE goods (id integer PRIMARY KEY, price integer);
    CREATE TABLE other (id integer PRIMARY KEY, x integer);";
const AFTER: &str = "CREATE TABLE goods (id integer PRIMARY KEY, price bigint);
    CREATE TABLE other (id integer PRIMARY KEY, x bigint);
    CREATE TABLE part (id integer PRIMARY KEY, goods integer REFERENCES goods);
    CREATE INDEX part_goods_idx ON part (goods);
    CREATE INDEX stop_here ON part (id, goods);
    CREATE INDEX later_idx ON part (goods, id);";

/// Makes whoever creates an index with this name wait for a lock that the test holds.
const STOP: &str = "CREATE SCHEMA stop;
    CREATE FUNCTION stop.wait() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
        IF current_query() LIKE '%stop_here%' THEN PERFORM pg_advisory_lock(4711); END IF; END $$;
    CREATE EVENT TRIGGER wait ON ddl_command_end EXECUTE FUNCTION stop.wait();";

/// A project with an apply that has run some statements of a group, and waits.
fn in_mid_group(server: &'static Server) -> (Project, Child, postgres::Client) {
    let mut project = Project::declaring(server, BEFORE);
    project.set_target("lock_timeout = \"60s\"\nlock_budget = \"0s\"");
    project.apply();
    project.database().run("INSERT INTO goods VALUES (1, 2)");
    project.database().run(STOP);
    let mut holder = project.database().connect();
    holder.batch_execute("SELECT pg_advisory_lock(4711)").unwrap();
    project.declare(AFTER);
    let apply = project.start(&["apply", "--auto-approve"]);
    let waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
                    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    eventually("the apply waits", || project.database().value(waits) == "1");
    (project, apply, holder)
}

/// The sessions of djogi in the project's database.
fn sessions(project: &Project) -> String {
    project.database().value(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'djogi%'",
    )
}

#[test]
fn an_apply_killed_in_mid_group_is_finished_by_the_next() {
    on_each_server(|server| {
        let (project, mut apply, mut holder) = in_mid_group(server);
        let state = project.read(".djogi/state.json");
        apply.kill().unwrap();
        apply.wait().unwrap();
        // Its statement still runs in the server, and keeps the lock.
        project.run(&["apply", "--auto-approve"]).expect(4).says(&["locked by tester@e2e"]);
        project.run(&["plan"]).ok();
        assert_eq!(project.read(".djogi/state.json"), state);

        holder.batch_execute("SELECT pg_advisory_unlock(4711)").unwrap();
        eventually("the session ends", || sessions(&project) == "0");
        let tables = fingerprint(project.database(), "public");
        assert!(
            !tables.iter().any(|fact| fact.contains("part")),
            "its group is rolled back as a whole: {tables:#?}"
        );
        project.apply();
        project.is_converged();
        project.matches(AFTER);
        assert_eq!(project.database().value("SELECT price FROM goods"), "2");
    });
}

#[test]
fn an_apply_whose_session_is_terminated_fails_and_is_finished_by_the_next() {
    on_each_server(|server| {
        let (project, apply, _holder) = in_mid_group(server);
        project.database().run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
              WHERE datname = current_database() AND application_name LIKE 'djogi%'",
        );
        let output: e2e::Output = apply.wait_with_output().unwrap().into();
        output.expect(1);
        project.database().run("DROP EVENT TRIGGER wait");
        project.apply();
        project.is_converged();
        project.matches(AFTER);
    });
}

#[test]
fn an_interrupted_apply_rolls_its_group_back_and_says_so() {
    on_each_server(|server| {
        for (signal, code) in [(rustix::process::Signal::INT, 130), (rustix::process::Signal::TERM, 143)] {
            let (project, apply, _holder) = in_mid_group(server);
            rustix::process::kill_process(rustix::process::Pid::from_child(&apply), signal).unwrap();
            let output: e2e::Output = apply.wait_with_output().unwrap().into();
            output.expect(code);
            let tables = fingerprint(project.database(), "public");
            assert!(!tables.iter().any(|fact| fact.contains("part")), "{tables:#?}");
            project.database().run("DROP EVENT TRIGGER wait");
            project.apply();
            project.is_converged();
            project.matches(AFTER);
        }
    });
}

#[test]
fn groups_that_were_committed_before_the_kill_stay_and_are_known() {
    // Types are changed that rewrite the tables.
    const DIRECT: [&str; 4] = ["apply", "--auto-approve", "--online", "never"];
    on_each_server(|server| {
        let mut project = Project::declaring(server, BEFORE);
        project.set_target("lock_timeout = \"60s\"\nlock_budget = \"0s\"");
        project.apply();
        let database = project.database();
        // Busy tables are worked on in groups of their own.
        database.run(
            "INSERT INTO goods SELECT n, n FROM generate_series(1, 20000) AS n; ANALYZE goods;
             INSERT INTO other SELECT n, n FROM generate_series(1, 20000) AS n; ANALYZE other;",
        );
        let types = || {
            database.column(
                "SELECT atttypid::regtype FROM pg_attribute
                  WHERE attrelid IN ('goods'::regclass, 'other'::regclass) AND attname IN ('price', 'x') ORDER BY attname",
            )
        };
        let ledger = "SELECT count(*) FROM djogi.op";
        let operations: u64 = database.value(ledger).parse().unwrap();
        project.declare(
            "CREATE TABLE goods (id integer PRIMARY KEY, price bigint);
             CREATE TABLE other (id integer PRIMARY KEY, x bigint);",
        );
        let mut blocker = database.connect();
        blocker.batch_execute("BEGIN; LOCK TABLE other IN ACCESS SHARE MODE").unwrap();
        let mut apply = project.start(&DIRECT);
        let waits = "SELECT count(*) FROM pg_locks WHERE relation = 'other'::regclass AND NOT granted";
        eventually("the apply waits", || database.value(waits) == "1");
        apply.kill().unwrap();
        apply.wait().unwrap();
        assert_eq!(types(), ["bigint", "integer"]);
        assert_eq!(database.value(ledger), (operations + 1).to_string());
        blocker.batch_execute("COMMIT").unwrap();
        eventually("the session ends", || sessions(&project) == "0");

        // What is done is not done again.
        let plan = project.run(&["plan", "--json", "--online", "never"]).ok().json();
        let left: Vec<_> = plan["groups"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|g| g["operations"].as_array().unwrap())
            .collect();
        assert_eq!(left.len(), 1, "{plan:#}");
        project.run(&DIRECT).ok();
        project.is_converged();
        assert_eq!(types(), ["bigint", "bigint"]);
        project.run(&["refresh", "--check"]).ok().says(&["No drift"]);
    });
}
