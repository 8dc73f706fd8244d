//! Rows that refer to nothing, when a foreign key comes that would refuse them.

use std::process::Child;

use e2e::{Database, Project, Server, eventually, on_each_server};

use postgres::Client;

use super::{Client as Writers, leftovers};

const BEFORE: &str = "CREATE TABLE orders (id integer PRIMARY KEY);
CREATE TABLE lines (id integer PRIMARY KEY, order_id integer, note text,
    twice text GENERATED ALWAYS AS (note || note) STORED);
CREATE TABLE log (id integer PRIMARY KEY);";
const KEY: &str = "ALTER TABLE lines ADD CONSTRAINT lines_order FOREIGN KEY (order_id) REFERENCES orders;";
const NAME: &str = "lines_order_id_orphans";

/// The table that keeps the rows, if there is one.
fn kept(database: &Database) -> Option<String> {
    let tables = format!(
        "SELECT oid::regclass FROM pg_class WHERE relnamespace = 'djogi'::regnamespace AND relname LIKE '{NAME}%'
          ORDER BY oid DESC"
    );
    database.column(&tables).into_iter().next()
}

fn after() -> String {
    format!("{BEFORE}\n{KEY}")
}

fn rule(policy: &str) -> String {
    format!("[live.{NAME}]\non_orphan = \"{policy}\"")
}

/// A project with `rows` lines, of which one in twenty is of an order that is not there and one of none, which are to refer
/// to their orders.
fn project(server: &'static Server, rows: u32, policy: &str) -> Project {
    let mut project = Project::declaring(server, BEFORE);
    project.apply();
    project.database().run(&format!(
        "INSERT INTO orders SELECT n FROM generate_series(1, 1000) AS n;
         INSERT INTO lines (id, order_id, note)
         SELECT n, CASE WHEN n % 20 = 0 THEN NULL WHEN n % 10 = 0 THEN 100000 + n ELSE 1 + n % 1000 END, 'n'
           FROM generate_series(1, {rows}) AS n;
         ANALYZE"
    ));
    project.configure_more(&rule(policy));
    project.declare(&after());
    project
}

/// The orphans are gone, in the way of `policy`, and everything else is there.
fn is_mended(database: &Database, rows: u32, policy: &str) {
    let (orphans, own) = (rows / 20, "id <= 100000");
    let value = |sql: &str| database.value(sql).parse::<u32>().unwrap();
    let left = value(&format!("SELECT count(*) FROM lines WHERE {own}"));
    let nulls = value(&format!("SELECT count(*) FROM lines WHERE {own} AND order_id IS NULL"));
    match policy {
        "null" => assert_eq!((left, nulls), (rows, 2 * orphans)),
        _ => assert_eq!((left, nulls), (rows - orphans, orphans)),
    }
    let wrong = format!(
        "SELECT count(*) FROM lines WHERE {own} AND order_id IS NOT NULL AND order_id <> 1 + id % 1000"
    );
    assert_eq!(value(&wrong), 0);
    match (policy, kept(database)) {
        ("quarantine", Some(table)) => {
            let whole = "order_id = 100000 + id AND note = 'n' AND twice = 'nn' AND id % 20 = 10";
            let rows = format!("{table}, json_populate_record(NULL::lines, kept)");
            assert_eq!(value(&format!("SELECT count(*) FROM {rows} WHERE {whole}")), orphans);
        }
        (_, found) => assert_eq!(found, None),
    }
    let left = leftovers(database).into_iter().filter(|left| !left.contains(NAME)).collect::<Vec<_>>();
    assert_eq!(left, [""; 0]);
    assert_eq!(database.value("SELECT count(*) FROM djogi.live"), "0");
}

fn says(policy: &str) -> &'static str {
    match policy {
        "null" => "get order_id = NULL",
        "delete" => "are deleted",
        _ => "are moved into",
    }
}

/// Says another policy.
fn say(project: &Project, policy: &str) {
    let config = project.read("djogi.toml");
    let (before, _) = config.split_once("[live.").expect("there is a rule");
    project.write("djogi.toml", &format!("{before}{}\n", rule(policy)));
}

/// Declares neither foreign key nor rule.
fn withdraw(project: &Project) {
    let config = project.read("djogi.toml");
    let (before, _) = config.split_once("[live.").expect("there is a rule");
    project.write("djogi.toml", before);
    project.declare(BEFORE);
}

const POLICIES: [&str; 3] = ["null", "delete", "quarantine"];

#[test]
fn on_a_small_table_they_go_in_the_transaction_of_the_foreign_key() {
    on_each_server(|server| {
        for policy in POLICIES {
            let project = project(server, 200, policy);
            let locks = "SHARE ROW EXCLUSIVE, scan";
            let plan = project.run(&["plan"]).ok();
            let plan = plan.says(&[locks, "that refer to no row of public.orders", says(policy)]);
            match policy {
                "quarantine" => plan.never_says(&["Destroys or narrows data"]),
                _ => plan.says(&["Destroys or narrows data"]),
            };
            project.run(&["apply", "--auto-approve"]).ok();
            is_mended(project.database(), 200, policy);
            project.is_converged();
            project.matches(&after());
        }
    });
}

#[test]
fn they_go_when_a_foreign_key_is_enforced_that_was_not() {
    on_each_server(|server| {
        if server.major() < 18 {
            return;
        }
        for policy in POLICIES {
            let project = project(server, 200, policy);
            project.declare(&format!("{BEFORE}\n{}", KEY.replace(';', " NOT ENFORCED;")));
            project.apply();
            assert_eq!(project.database().value("SELECT count(*) FROM lines WHERE order_id > 1000"), "10");
            project.declare(&after());
            project.run(&["plan"]).ok().says(&["that refer to no row of public.orders", says(policy)]);
            project.run(&["apply", "--auto-approve"]).ok();
            is_mended(project.database(), 200, policy);
            project.is_converged();
            project.matches(&after());
        }
    });
}

/// Lines are written and read, of orders that are there and that others take away meanwhile.
const WRITES: &str = "INSERT INTO log SELECT COALESCE(max(id), 0) + 1 FROM log;
    INSERT INTO lines (id, order_id, note) SELECT 200000 + max(id), 1 + max(id) % 1000, 'own' FROM log;
    UPDATE lines SET note = 'n' WHERE id % 991 = (SELECT max(id) % 991 FROM log);
    INSERT INTO orders SELECT 50000 + max(id) FROM log;
    DELETE FROM orders WHERE id = (SELECT 49999 + max(id) FROM log);
    SELECT count(*) FROM lines";

#[test]
fn on_a_large_one_they_go_while_others_write() {
    on_each_server(|server| {
        for policy in POLICIES {
            let project = project(server, 12000, policy);
            let database = project.database();
            let client = Writers::running(database, WRITES);
            project.run(&["plan"]).ok().says(&["that refer to no row of public.orders", says(policy)]);
            project.run(&["apply", "--auto-approve"]).ok();
            client.finish();
            is_mended(database, 12000, policy);
            project.is_converged();
            project.matches(&after());
        }
    });
}

/// Kills an apply whose foreign key is there, while it waits for a row that somebody else has locked.
fn killed_in_the_middle(project: &Project) {
    let database = project.database();
    let mut holder = database.connect();
    holder.batch_execute("BEGIN; SELECT FROM lines WHERE id = 10 FOR UPDATE").unwrap();
    let mut apply = project.start(&["apply", "--auto-approve"]);
    eventually("it is begun", || database.value("SELECT count(*) FROM djogi.live") == "1");
    apply.kill().unwrap();
    apply.wait().unwrap();
    holder.batch_execute("ROLLBACK").unwrap();
    let sessions = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name LIKE 'djogi%'";
    eventually("its sessions end", || database.value(sessions) == "0");
    assert_eq!(database.value("SELECT convalidated FROM pg_constraint WHERE conname = 'lines_order'"), "f");
}

#[test]
fn a_killed_one_is_finished_by_the_next_apply_whatever_is_said_by_then() {
    on_each_server(|server| {
        let project = project(server, 12000, "null");
        killed_in_the_middle(&project);
        project.run(&["live", "status"]).ok().says(&[NAME, "public.lines", "backfill"]);
        say(&project, "delete");
        project.run(&["apply", "--auto-approve"]).ok();
        is_mended(project.database(), 12000, "delete");
        project.is_converged();
    });
}

#[test]
fn one_that_is_not_wanted_any_more_is_forgotten() {
    on_each_server(|server| {
        let project = project(server, 12000, "delete");
        killed_in_the_middle(&project);
        withdraw(&project);
        project.run(&["apply", "--auto-approve"]).ok();
        project.run(&["live", "status"]).ok().says(&["No live migrations"]);
        assert_eq!(leftovers(project.database()), [""; 0]);
        project.is_converged();
        project.matches(BEFORE);
    });
}

/// An apply that waits for rows which somebody else has locked since it began to go through them.
fn held(project: &Project) -> (Child, Client) {
    let database = project.database();
    let (mut older, mut holder) = (database.connect(), database.connect());
    older.batch_execute("BEGIN; SELECT FROM lines WHERE id = 10 FOR UPDATE").unwrap();
    let apply = project.start(&["apply", "--auto-approve"]);
    let waits = "SELECT count(*) FROM djogi.live WHERE throttle LIKE 'waits for %'";
    eventually("it waits for who is older", || {
        database.value("SELECT to_regclass('djogi.live') IS NOT NULL") == "t" && database.value(waits) == "1"
    });
    // Whoever refers to them does not wait for it.
    holder.batch_execute("BEGIN; SELECT FROM lines WHERE id IN (11970, 11990) FOR NO KEY UPDATE").unwrap();
    older.batch_execute("ROLLBACK").unwrap();
    let waits = "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock'
        AND datname = current_database() AND query LIKE '%FROM ONLY public.lines %FOR UPDATE%'";
    eventually("it waits for the rows", || database.value(waits) == "t");
    (apply, holder)
}

#[test]
fn a_row_that_somebody_mends_meanwhile_stays() {
    on_each_server(|server| {
        let project = project(server, 12000, "delete");
        let (mut apply, mut holder) = held(&project);
        // The one by itself, the other by what it refers to.
        holder
            .batch_execute(
                "UPDATE lines SET order_id = 5 WHERE id = 11990; INSERT INTO orders VALUES (111970); COMMIT",
            )
            .unwrap();
        assert!(apply.wait().unwrap().success());
        let there = "SELECT count(*) FROM lines WHERE (id, order_id) IN ((11990, 5), (11970, 111970))";
        assert_eq!(project.database().value(there), "2");
    });
}

#[test]
fn a_foreign_key_that_is_another_by_now_costs_no_row() {
    on_each_server(|server| {
        let project = project(server, 12000, "delete");
        let (mut apply, mut holder) = held(&project);
        // Every row would be one by the name of the column.
        project.database().run(
            "BEGIN; ALTER TABLE orders RENAME COLUMN id TO old_id; ALTER TABLE orders ADD COLUMN id integer; COMMIT",
        );
        holder.batch_execute("ROLLBACK").unwrap();
        assert!(!apply.wait().unwrap().success());
        let good = "SELECT count(*) FROM lines WHERE order_id IS NULL OR order_id <= 1000";
        assert_eq!(project.database().value(good), "11400");
    });
}

#[test]
fn what_comes_while_they_go_to_refer_to_them_keeps_them() {
    on_each_server(|server| {
        let project = project(server, 12000, "delete");
        let (apply, mut holder) = held(&project);
        let database = project.database();
        database.run(
            "CREATE SCHEMA theirs; CREATE TABLE theirs.notes (line integer REFERENCES public.lines ON DELETE CASCADE);
             INSERT INTO theirs.notes VALUES (11970)",
        );
        holder.batch_execute("ROLLBACK").unwrap();
        let output = apply.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            !output.status.success() && said.contains("notes_line_fkey of theirs.notes refers"),
            "{said}"
        );
        assert_eq!(database.value("SELECT count(*) FROM theirs.notes"), "1");
    });
}

#[test]
fn nobody_can_change_the_table_that_keeps_them_while_they_go() {
    on_each_server(|server| {
        let project = project(server, 12000, "quarantine");
        let database = project.database();
        let (mut apply, mut holder) = held(&project);
        database
            .run("CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'");
        let trigger = format!(
            "CREATE TRIGGER nothing BEFORE INSERT ON {} FOR EACH ROW EXECUTE FUNCTION nothing()",
            kept(database).expect("it is there")
        );
        let mut other = database.connect();
        other.batch_execute("SET lock_timeout = '300ms'").unwrap();
        other.batch_execute(&trigger).expect_err("a chunk has the table");
        holder.batch_execute("ROLLBACK").unwrap();
        assert!(apply.wait().unwrap().success());
        database.run("DROP FUNCTION nothing");
        is_mended(database, 12000, "quarantine");
    });
}

#[test]
fn without_an_apply_a_worker_takes_nothing() {
    on_each_server(|server| {
        let project = project(server, 12000, "delete");
        let database = project.database();
        let (mut apply, mut holder) = held(&project);
        apply.kill().unwrap();
        apply.wait().unwrap();
        holder.batch_execute("ROLLBACK").unwrap();
        let rows = "SELECT count(*) FROM lines";
        let left = database.value(rows);
        project.run(&["live", "status"]).ok().says(&[NAME]).never_says(&["djogi live worker"]);
        project.run(&["live", "worker"]).ok().says(&["No rows are to be written"]);
        let refused = project.run(&["live", "worker", NAME]).expect(1);
        refused.says(&["by the `djogi apply` that brings foreign key lines_order"]);
        project.run(&["live", "pause", NAME, "--reason", "the shop is busy"]).ok();
        say(&project, "null");
        project.run(&["apply", "--auto-approve"]).expect(1).says(&["the shop is busy"]);
        assert_eq!(database.value(rows), left);
        project.run(&["live", "resume", NAME]).ok();
        project.run(&["apply", "--auto-approve"]).ok();
        project.is_converged();
    });
}

/// What comes between a saved plan and its apply, and what stays as it is then.
const AFTER_PLAN: [(&str, &str, &str); 2] = [
    (
        "CREATE TABLE theirs.notes (line integer REFERENCES public.lines ON DELETE CASCADE);
         INSERT INTO theirs.notes VALUES (10)",
        "notes",
        "notes_line_fkey of theirs.notes refers to what would change",
    ),
    (
        "CREATE TABLE theirs.more () INHERITS (public.lines); INSERT INTO theirs.more VALUES (10, 100010)",
        "more",
        "other tables inherit from public.lines",
    ),
];

#[test]
fn a_saved_plan_takes_nothing_that_others_have_by_then() {
    on_each_server(|server| {
        for (theirs, table, why) in AFTER_PLAN {
            let project = project(server, 200, "delete");
            project.run(&["plan", "--out", "saved.plan"]).ok();
            let database = project.database();
            database.run(&format!("CREATE SCHEMA theirs; {theirs}"));
            project.run(&["apply", "saved.plan", "--auto-approve"]).expect(1).says(&[why]);
            assert_eq!(database.value(&format!("SELECT count(*) FROM theirs.{table}")), "1");
            assert_eq!(database.value("SELECT count(*) FROM ONLY lines"), "200");
        }
    });
}

#[test]
fn a_small_table_and_what_it_refers_to_can_be_renamed_by_the_same_plan() {
    on_each_server(|server| {
        for (old, new, lines) in [("orders", "orderz", "lines"), ("lines", "linez", "linez")] {
            let mut project = project(server, 200, "delete");
            let rename = |text: &str| text.replace(&format!(" {old}"), &format!(" {new}"));
            project.configure_more(&format!(
                "[[moved]]\nfrom = \"table.main.public.{old}\"\nto = \"table.main.public.{new}\""
            ));
            let config = project.read("djogi.toml");
            project.write("djogi.toml", &config.replace(NAME, &format!("{lines}_order_id_orphans")));
            project.declare(&rename(&after()));
            project.apply();
            project.matches(&rename(&after()));
            assert_eq!(project.database().value(&format!("SELECT count(*) FROM {lines}")), "190");
        }
    });
}

#[test]
fn all_of_a_row_is_kept_whatever_columns_it_has_by_then() {
    on_each_server(|server| {
        let project = project(server, 200, "quarantine");
        let database = project.database();
        project.run(&["apply", "--auto-approve"]).ok();
        let config = project.read("djogi.toml");
        withdraw(&project);
        project.run(&["apply", "--auto-approve"]).ok();
        project.write("djogi.toml", &config);
        database.run("INSERT INTO lines (id, order_id, note) VALUES (10, 100010, 'n')");
        let wider = BEFORE.replace("note text,", "note text, amount numeric(8,3) NOT NULL DEFAULT 1.5,");
        project.declare(&format!("{wider}\n{KEY}"));
        project.run(&["apply", "--auto-approve"]).ok();
        let table = kept(database).expect("rows are kept");
        assert_eq!(database.value(&format!("SELECT count(*) FROM {table}")), "11");
        let amounts = format!(
            "SELECT kept ->> 'id' || ' ' || (kept ->> 'amount') FROM {table} WHERE kept ->> 'amount' IS NOT NULL"
        );
        assert_eq!(database.column(&amounts), ["10 1.500"]);
        project.is_converged();
        // And can be had back.
        database.run(&format!(
            "ALTER TABLE lines DROP CONSTRAINT lines_order; ALTER TABLE lines ALTER twice DROP EXPRESSION;
            INSERT INTO lines SELECT (exact::lines).* FROM {table}
             WHERE ARRAY(SELECT json_object_keys(kept)) = ARRAY(SELECT attname::text FROM pg_attribute
                   WHERE attrelid = 'lines'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum)"
        ));
        assert_eq!(database.value("SELECT amount || twice FROM lines WHERE id = 10"), "1.500nn");
    });
}

/// Of what the plan would not see by itself: the policy, what is there before, what is declared then, and why not.
const ELSEWHERE: [(&str, &str, &str); 11] = [
    (
        "delete",
        "CREATE TABLE theirs.notes (line integer REFERENCES public.lines ON DELETE CASCADE)",
        "notes_line_fkey of theirs.notes refers to what would change",
    ),
    (
        "quarantine",
        "CREATE TABLE theirs.more () INHERITS (public.lines)",
        "other tables inherit from public.lines",
    ),
    ("null", "CREATE TABLE theirs.more () INHERITS (public.orders)", "other tables inherit from public.orders"),
    (
        "delete",
        "CREATE RULE soft AS ON DELETE TO public.lines DO INSTEAD UPDATE public.lines SET note = 'gone' WHERE id = OLD.id",
        "rule soft of public.lines may make something else of it",
    ),
    (
        "null",
        "CREATE OPERATOR CLASS theirs.odd FOR TYPE integer USING btree AS
             OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(integer, integer);
         CREATE UNIQUE INDEX odd ON public.orders (id theirs.odd)",
        "the unique index odd compares otherwise than `=` does",
    ),
    (
        "null",
        "ALTER TABLE lines ADD UNIQUE (order_id);
         CREATE TABLE theirs.notes (o integer REFERENCES public.lines (order_id) ON UPDATE SET NULL)",
        "notes_o_fkey of theirs.notes refers to what would change",
    ),
    (
        "delete",
        "CREATE TABLE theirs.all_lines (LIKE public.lines INCLUDING GENERATED, PRIMARY KEY (id)) PARTITION BY RANGE (id);
         ALTER TABLE theirs.all_lines ATTACH PARTITION public.lines FOR VALUES FROM (0) TO (1000000);
         CREATE TABLE theirs.notes (line integer REFERENCES theirs.all_lines ON DELETE CASCADE)",
        "refers to what would change",
    ),
    (
        "null",
        "ALTER TABLE lines ADD next integer GENERATED ALWAYS AS (order_id + 1) STORED UNIQUE;
         CREATE TABLE theirs.notes (line integer REFERENCES public.lines (next) ON UPDATE CASCADE)",
        "notes_line_fkey of theirs.notes refers to what would change",
    ),
    (
        "quarantine",
        "CREATE TABLE djogi.lines_order_id_orphans (kept_at timestamptz DEFAULT now() NOT NULL, kept json NOT NULL, exact text NOT NULL);
         CREATE FUNCTION theirs.nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
         CREATE TRIGGER nothing BEFORE INSERT ON djogi.lines_order_id_orphans FOR EACH ROW EXECUTE FUNCTION theirs.nothing()",
        "djogi.lines_order_id_orphans is not the table that djogi would make",
    ),
    (
        "quarantine",
        "CREATE UNLOGGED TABLE djogi.lines_order_id_orphans (kept_at timestamptz DEFAULT now() NOT NULL, kept json NOT NULL, exact text NOT NULL)",
        "djogi.lines_order_id_orphans is not the table that djogi would make",
    ),
    (
        "quarantine",
        "CREATE TABLE djogi.lines_order_id_orphans (kept_at timestamptz DEFAULT now() NOT NULL, kept json)",
        "djogi.lines_order_id_orphans is not the table that djogi would make",
    ),
];

#[test]
fn a_null_that_moves_rows_to_another_partition_is_refused_where_others_refer_to_one() {
    let partitioned = "CREATE TABLE orders (id integer PRIMARY KEY);
        CREATE TABLE lines (id integer, order_id integer) PARTITION BY LIST (order_id);
        CREATE TABLE lines_with PARTITION OF lines (UNIQUE (id)) DEFAULT;
        CREATE TABLE lines_without PARTITION OF lines FOR VALUES IN (NULL);";
    let notes = |schema: &str| {
        format!(
            "CREATE TABLE {schema}.notes (line integer REFERENCES public.lines_with (id) ON DELETE CASCADE);"
        )
    };
    on_each_server(|server| {
        for is_declared in [true, false] {
            let before = if is_declared {
                format!("{partitioned}{}", notes("public"))
            } else {
                partitioned.to_owned()
            };
            let mut project = Project::declaring(server, &before);
            project.apply();
            project.configure_more(&rule("null"));
            let database = project.database();
            if !is_declared {
                database.run(&format!("CREATE SCHEMA theirs; {}", notes("theirs")));
            }
            database.run("INSERT INTO lines VALUES (1, 1)");
            project.declare(&format!("{before}{KEY}"));
            let why = "cannot be done: notes_line_fkey of";
            project.run(&["plan", "--json"]).ok().says(&[
                "no_way_in_place",
                why,
                "refers to what would change",
            ]);
        }
    });
}

#[test]
fn an_operator_where_a_chunk_looks_for_those_of_its_key_decides_nothing() {
    let before = "CREATE TABLE orders (code varchar PRIMARY KEY);
        CREATE TABLE lines (id odd.number PRIMARY KEY, code varchar);";
    let odd = "CREATE SCHEMA odd; CREATE DOMAIN odd.number AS integer;
        CREATE FUNCTION odd.never(varchar, varchar) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT false';
        CREATE OPERATOR odd.= (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = odd.never);";
    on_each_server(|server| {
        let mut project = Project::new(server).managing(&["public", "odd"]);
        project.set_target("destructive = \"allow\"");
        let declared = |key: &str| format!("{odd} {before} {key}");
        project.declare(&declared(""));
        project.apply();
        project.configure_more("[live.lines_code_orphans]\non_orphan = \"delete\"");
        let database = project.database();
        database.run(
            "INSERT INTO orders SELECT 'c' || n FROM generate_series(1, 1000) AS n;
             INSERT INTO lines SELECT n, CASE n WHEN 7 THEN 'none' ELSE 'c' || 1 + n % 1000 END FROM generate_series(1, 12000) AS n; ANALYZE",
        );
        project.declare(&declared(
            "ALTER TABLE lines ADD CONSTRAINT lines_order FOREIGN KEY (code) REFERENCES orders;",
        ));
        project.run(&["apply", "--auto-approve"]).ok();
        assert_eq!(database.value("SELECT count(*) FROM lines"), "11999");
    });
}

#[test]
fn what_a_live_migration_keeps_for_the_way_back_changes_too() {
    on_each_server(|server| {
        let project = project(server, 12000, "null");
        let config = project.read("djogi.toml");
        withdraw(&project);
        let wider = |text: &str| text.replace("order_id integer", "order_id bigint");
        project.declare(&wider(BEFORE));
        project.run(&["apply", "--auto-approve"]).ok();
        project.run(&["live", "finalize", "lines_order_id_type", "--auto-approve"]).ok();
        project.write("djogi.toml", &config);
        project.declare(&wider(&after()));
        project.run(&["apply", "--auto-approve"]).ok();
        let database = project.database();
        assert_eq!(database.value("SELECT count(*) FROM lines WHERE order_id IS NULL"), "1200");
        assert_eq!(database.value("SELECT count(*) FROM lines WHERE order_id__djogi_old IS NULL"), "1200");
        project.declare(&after());
        project.run(&["live", "abandon", "lines_order_id_type", "--auto-approve"]).ok();
        project.run(&["apply", "--auto-approve"]).ok();
        project.is_converged();
        project.matches(&after());
    });
}

#[test]
fn what_others_have_in_other_schemas_stays() {
    on_each_server(|server| {
        for (policy, theirs, why) in ELSEWHERE {
            let project = Project::declaring(server, BEFORE);
            project.apply();
            let database = project.database();
            database.run("INSERT INTO lines (id, order_id) VALUES (1, NULL)");
            database.run(&format!("CREATE SCHEMA theirs; {theirs}"));
            let mut project = project;
            project.configure_more(&rule(policy));
            project.declare(&after());
            let said = format!("cannot be done: {why}");
            let output = project.run(&["plan", "--json"]).ok();
            assert!(output.all().contains("no_way_in_place"), "{theirs}: {output}");
            assert!(output.all().contains(&said) || output.all().contains(why), "{theirs}: {output}");
        }
    });
}

#[test]
fn the_text_of_a_row_loses_nothing() {
    let before = BEFORE.replace("note text,", "note text, doc jsonb NOT NULL, raw json, part integer[],");
    on_each_server(|server| {
        let mut project = Project::declaring(server, &before);
        project.apply();
        project.configure_more(&rule("quarantine"));
        let database = project.database();
        database.run(
            r#"INSERT INTO lines (id, order_id, note, doc, raw, part)
               VALUES (1, 7, E'a "b",\\ c\n', 'null', '{"a": "\u0000"}', '[0:2]={1,2,3}')"#,
        );
        let row = database.value("SELECT lines::text FROM lines");
        project.declare(&format!("{before}\n{KEY}"));
        project.run(&["apply", "--auto-approve"]).ok();
        let table = kept(database).expect("a row is kept");
        database.run(&format!(
            "INSERT INTO orders VALUES (7); INSERT INTO lines (id, order_id, note, doc, raw, part)
             SELECT (exact::lines).id, (exact::lines).order_id, (exact::lines).note, (exact::lines).doc,
                    (exact::lines).raw, (exact::lines).part FROM {table}"
        ));
        assert_eq!(database.value("SELECT lines::text FROM lines"), row);
    });
}

#[test]
fn what_a_live_migration_writes_is_waited_for() {
    on_each_server(|server| {
        let mut project = Project::declaring(server, BEFORE);
        project.apply();
        project.database().run(
            "INSERT INTO orders SELECT n FROM generate_series(1, 12000) AS n;
             INSERT INTO lines (id, order_id) SELECT n, 100000 + n FROM generate_series(1, 12000) AS n; ANALYZE",
        );
        project.configure_more(&format!(
            "[live.orders_id_type]\nup = \"id::bigint + 100000\"\ndown = \"(id - 100000)::integer\"\n{}",
            rule("delete")
        ));
        project.declare(&after().replace("orders (id integer", "orders (id bigint"));
        project.run(&["apply", "--auto-approve"]);
        assert_eq!(project.database().value("SELECT count(*) FROM lines"), "12000");
        project
            .run(&["plan", "--json"])
            .says(&["public.orders.id gets its values by the same plan or a live migration"]);
    });
}

#[test]
fn nothing_is_done_where_that_cannot_be_meant() {
    let not_null = after().replace("order_id integer", "order_id integer NOT NULL");
    let of_a_new_one = format!(
        "CREATE TABLE buyers (id integer PRIMARY KEY);\n{}",
        after().replace("REFERENCES orders", "REFERENCES buyers")
    );
    let of_itself = after().replace("REFERENCES orders", "REFERENCES lines");
    let twice = format!("{}\n{}", after(), KEY.replace("lines_order", "lines_order_too"));
    let of_two = format!(
        "CREATE TABLE orders (id integer PRIMARY KEY, other integer, UNIQUE (id, other));\n{}\n{}",
        BEFORE.split_once('\n').unwrap().1.replace("note text", "other integer, note text"),
        KEY.replace(
            "(order_id) REFERENCES orders",
            "(order_id, other) REFERENCES orders (id, other) MATCH FULL"
        )
    );
    let referred =
        format!("{}\nCREATE TABLE notes (line integer REFERENCES lines ON DELETE CASCADE);", after());
    let other_type = after().replace("orders (id integer", "orders (id numeric");
    let inherited = format!("{}\nCREATE TABLE more_lines () INHERITS (lines);", after());
    let cases = [
        ("null", not_null.as_str(), "order_id cannot be null"),
        ("delete", &of_a_new_one, "public.buyers is made by the same plan, and every row would be one"),
        ("quarantine", &of_itself, "lines_order of public.lines refers to what would change"),
        ("quarantine", &referred, "notes_line_fkey of public.notes refers to what would change"),
        ("delete", &twice, "several foreign keys have a rule of this name"),
        ("null", &of_two, "it is not for `MATCH FULL` over several columns"),
        ("null", &other_type, "djogi cannot tell how PostgreSQL compares order_id with id"),
        ("delete", &inherited, "other tables inherit from public.lines"),
    ];
    on_each_server(|server| {
        let project = project(server, 200, "null");
        let before =
            project.database().column("SELECT id || ' ' || COALESCE(order_id, 0) FROM lines ORDER BY id");
        for (policy, declared, why) in cases {
            let name = if declared == of_two { "lines_order_id_other_orphans" } else { NAME };
            say(&project, policy);
            project.write("djogi.toml", &project.read("djogi.toml").replace(NAME, name));
            project.declare(declared);
            let said = format!("cannot be done: {why}");
            project.run(&["plan", "--json"]).ok().says(&["no_way_in_place", &said, "mend the rows by hand"]);
        }
        say(&project, "delete");
        let denying = project.read("djogi.toml").replace("schemas = ", "destructive = \"deny\"\nschemas = ");
        project.write("djogi.toml", &denying);
        project.declare(&after());
        let denied = "the policy of this target denies changes that destroy or narrow data";
        project.run(&["apply", "--auto-approve"]).expect(7).says(&[denied]);
        say(&project, "fail");
        project.run(&["apply", "--auto-approve"]).expect(1).says(&["say what becomes of them by [live."]);
        let rows =
            project.database().column("SELECT id || ' ' || COALESCE(order_id, 0) FROM lines ORDER BY id");
        assert_eq!(rows, before);
    });
}

#[test]
fn without_a_key_to_go_through_its_rows_by_a_large_table_keeps_them() {
    on_each_server(|server| {
        let project = project(server, 12000, "delete");
        project.declare(&after().replace("lines (id integer PRIMARY KEY", "lines (id integer NOT NULL"));
        let why = "cannot be done: the table has no unique key without nulls that stays";
        project.run(&["plan", "--json"]).ok().says(&["no_way_in_place", why]);
    });
}

#[test]
fn a_rule_about_no_foreign_key_is_refused() {
    let server = &e2e::servers()[0];
    let mut project = Project::declaring(server, BEFORE);
    project.configure(&rule("null"));
    project.run(&["plan"]).expect(1).says(&[&format!("`[live.{NAME}]` is about no live migration")]);
    project.configure(&rule("nothing"));
    project.run(&["plan"]).expect(1).says(&["must be \"fail\", \"null\", \"delete\" or \"quarantine\""]);
    project.configure("[live.lines_order_id_fill]\non_orphan = \"null\"");
    project.run(&["plan"]).expect(1).says(&["belongs to <table>_<columns>_orphans"]);
}
