//! Constraints that come to tables while others read and write.

use std::process::Child;

use e2e::{Output, Project, Server, eventually, fingerprint, on_each_server};

const GOODS: &str = "CREATE TABLE makers (id integer PRIMARY KEY);
    CREATE TABLE goods (id integer NOT NULL, maker integer, name text, price integer";
const ALWAYS: &[&str] = &["apply", "--auto-approve", "--online", "always"];

/// Whoever applies waits in this check until the test lets go; everybody else passes.
const GATE: &str = "CREATE FUNCTION gate(price integer) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
    IF current_setting('application_name') LIKE 'djogi%' THEN
        PERFORM pg_advisory_lock_shared(7);
        PERFORM pg_advisory_unlock_shared(7);
    END IF;
    RETURN price > 0; END $$;";

fn with(members: &str) -> String {
    format!("{GOODS}{members});")
}

fn project(server: &'static Server) -> Project {
    let project = Project::declaring(server, &with(""));
    project.apply();
    project.database().run(
        "INSERT INTO makers SELECT generate_series(1, 10);
         INSERT INTO goods SELECT n, n % 10 + 1, n::text, n FROM generate_series(1, 100) AS n",
    );
    project
}

fn planned(project: &Project) -> Output {
    project.run(&["plan", "--format", "sql", "--online", "always"])
}

/// The modes in which djogi has the table locked.
fn locks(project: &Project) -> Vec<String> {
    project.database().column(
        "SELECT DISTINCT mode FROM pg_locks JOIN pg_stat_activity USING (pid)
          WHERE granted AND relation = 'goods'::regclass AND application_name LIKE 'djogi%'",
    )
}

/// An apply of a check that waits for the owner of `gate` while it looks at the rows.
fn apply_at_the_gate(project: &Project, gate: &mut postgres::Client, declared: &str) -> Child {
    gate.batch_execute("SELECT pg_advisory_lock(7)").unwrap();
    project.declare(declared);
    let apply = project.start(ALWAYS);
    let waits = "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)
         WHERE locktype = 'advisory' AND objid = 7 AND NOT granted AND datname = current_database()";
    eventually("the apply looks at the rows", || project.database().value(waits) == "1");
    apply
}

#[test]
fn rows_are_checked_while_others_write() {
    on_each_server(|server| {
        let project = project(server);
        let declared = format!("{GATE}{}", with(", CONSTRAINT dear CHECK (gate(price))"));
        let mut gate = project.database().connect();
        let apply = apply_at_the_gate(&project, &mut gate, &declared);
        assert_eq!(locks(&project), ["ShareUpdateExclusiveLock"]);
        let mut writer = project.database().connect();
        writer.batch_execute("SET lock_timeout = '10s'; INSERT INTO goods VALUES (101, 1, 'x', 1)").unwrap();
        writer.batch_execute("UPDATE goods SET name = 'y' WHERE id = 1").unwrap();
        let refused = writer.batch_execute("INSERT INTO goods VALUES (102, 1, 'x', 0)").unwrap_err();
        assert_eq!(refused.as_db_error().unwrap().constraint(), Some("dear"));
        gate.batch_execute("SELECT pg_advisory_unlock(7)").unwrap();
        let output: Output = apply.wait_with_output().unwrap().into();
        output.ok();
        project.is_converged();
        project.matches(&declared);
    });
}

#[test]
fn a_check_that_was_killed_over_the_rows_goes_on_with_them() {
    on_each_server(|server| {
        let project = project(server);
        let declared = format!("{GATE}{}", with(", CONSTRAINT dear CHECK (gate(price))"));
        let mut gate = project.database().connect();
        let mut apply = apply_at_the_gate(&project, &mut gate, &declared);
        apply.kill().unwrap();
        apply.wait().unwrap();
        gate.batch_execute("SELECT pg_advisory_unlock(7)").unwrap();
        let alive = "SELECT count(*) FROM pg_stat_activity
             WHERE application_name LIKE 'djogi%' AND datname = current_database()";
        eventually("the server has noticed", || project.database().value(alive) == "0");
        let plan = planned(&project);
        plan.ok().says(&["VALIDATE CONSTRAINT dear"]).never_says(&["ADD CONSTRAINT dear"]);
        project.run(ALWAYS).ok();
        project.is_converged();
        project.matches(&declared);
    });
}

#[test]
fn each_sort_of_constraint_has_its_way() {
    on_each_server(|server| {
        let project = project(server);
        let not_null: &[&str] = if server.major() >= 18 {
            &[
                "ADD CONSTRAINT goods_price_not_null NOT NULL price NOT VALID",
                "VALIDATE CONSTRAINT goods_price",
            ]
        } else {
            &[
                "ADD CONSTRAINT price__djogi_proof CHECK (price IS NOT NULL) NOT VALID",
                "VALIDATE CONSTRAINT price__djogi_proof",
                "ALTER COLUMN price SET NOT NULL",
                "DROP CONSTRAINT price__djogi_proof",
            ]
        };
        let ways: [(&str, &[&str]); 6] = [
            (
                ", CONSTRAINT dear CHECK (price > 0)",
                &["ADD CONSTRAINT dear CHECK (price > 0) NOT VALID", "VALIDATE CONSTRAINT dear"],
            ),
            (
                ", CONSTRAINT made_by FOREIGN KEY (maker) REFERENCES makers (id)",
                &["REFERENCES public.makers (id) NOT VALID", "VALIDATE CONSTRAINT made_by"],
            ),
            (
                ", CONSTRAINT named UNIQUE NULLS NOT DISTINCT (name) INCLUDE (price) WITH (fillfactor = 70) DEFERRABLE",
                &[
                    "CREATE UNIQUE INDEX CONCURRENTLY named__djogi_new ON public.goods",
                    "ADD CONSTRAINT named UNIQUE USING INDEX named__djogi_new DEFERRABLE",
                ],
            ),
            (
                ", CONSTRAINT named UNIQUE (id, name)",
                &[
                    "CREATE UNIQUE INDEX CONCURRENTLY named__djogi_new ON public.goods",
                    "DROP CONSTRAINT named",
                    "ADD CONSTRAINT named UNIQUE USING INDEX named__djogi_new",
                ],
            ),
            (
                ", PRIMARY KEY (id)",
                &[
                    "CREATE UNIQUE INDEX CONCURRENTLY goods_pkey__djogi_new",
                    "ADD CONSTRAINT goods_pkey PRIMARY KEY USING INDEX goods_pkey__djogi_new",
                ],
            ),
            (", PRIMARY KEY (id), CHECK (true)", &[]),
        ];
        for (members, statements) in ways {
            let declared = with(members);
            project.declare(&declared);
            planned(&project).ok().says_in_order(statements);
            project.run(ALWAYS).ok();
            project.is_converged();
            project.matches(&declared);
        }
        let declared = with("").replace("price integer", "price integer NOT NULL");
        project.declare(&declared);
        planned(&project).ok().says_in_order(not_null);
        project.run(ALWAYS).ok();
        project.is_converged();
        project.matches(&declared);
        // A primary key makes its columns NOT NULL, which is done before.
        let declared = with(", PRIMARY KEY (id, maker)");
        project.declare(&declared);
        project.run(ALWAYS).ok();
        project.is_converged();
        project.matches(&declared);
    });
}

#[test]
fn the_size_of_the_table_decides_and_the_plan_says_so() {
    on_each_server(|server| {
        let project = project(server);
        let declared = with(", CONSTRAINT dear CHECK (price > 0), CONSTRAINT named UNIQUE (name)");
        project.declare(&declared);
        let sql = |flags: &[&str]| project.run(&[&["plan", "--format", "sql"], flags].concat()).ok();
        sql(&[]).never_says(&["NOT VALID", "CONCURRENTLY"]);
        project.database().run(
            "INSERT INTO goods SELECT n, 1, n::text, n FROM generate_series(1000, 20000) AS n; ANALYZE goods",
        );
        sql(&[]).says(&[
            "NOT VALID",
            "rows are checked after it is there, while others write, because the table is not small",
            "CONCURRENTLY",
            "concurrently, because the table is not small",
        ]);
        sql(&["--online", "never"]).never_says(&["NOT VALID", "CONCURRENTLY"]);
        project.run(&["plan", "--out", "saved"]).ok();
        project.run(&["apply", "saved"]).ok();
        project.is_converged();
        project.matches(&declared);
    });
}

#[test]
fn a_key_whose_rows_are_not_unique_leaves_nothing_and_waits_for_them() {
    on_each_server(|server| {
        let project = project(server);
        project.declare(&with(", CONSTRAINT made_once UNIQUE (maker)"));
        project.run(ALWAYS).expect(1).says(&["could not create unique index", "made_once__djogi_new"]);
        assert_eq!(project.database().value("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "0");
        project.run(ALWAYS).expect(3).says(&["rows violate its uniqueness", "10 rows"]);
        project.database().run("UPDATE goods SET maker = id");
        project.run(ALWAYS).ok();
        project.is_converged();
        project.matches(&with(", CONSTRAINT made_once UNIQUE (maker)"));
    });
}

#[test]
fn a_key_that_was_killed_after_its_index_takes_the_index() {
    on_each_server(|server| {
        let project = project(server);
        let declared = with(", CONSTRAINT named UNIQUE (name)");
        // What a run leaves that was killed between the two.
        project.database().run("CREATE UNIQUE INDEX named__djogi_new ON goods (name)");
        project.declare(&declared);
        planned(&project).ok().says(&["UNIQUE USING INDEX named__djogi_new"]).never_says(&["CREATE"]);
        project.run(ALWAYS).ok();
        project.is_converged();
        project.matches(&declared);
    });
}

#[test]
fn rows_in_the_way_are_named_before_anything_is_done() {
    on_each_server(|server| {
        let project = project(server);
        project
            .database()
            .run("UPDATE goods SET price = -1 WHERE id > 90; UPDATE goods SET maker = 77 WHERE id = 5");
        let before = fingerprint(project.database(), "public");
        let members = ", CONSTRAINT dear CHECK (price > 0),
            CONSTRAINT made_by FOREIGN KEY (maker) REFERENCES makers (id)";
        project.declare(&with(members));
        project.run(ALWAYS).expect(1).says(&[
            "10 rows stand in its way, with ctid ",
            ", ...",
            "1 row stands in its way, with ctid ",
            "mend the rows, or change the declaration",
            "mend the rows, say what becomes of them by [live.goods_maker_orphans] on_orphan, or change",
        ]);
        assert_eq!(fingerprint(project.database(), "public"), before);
        project.database().run(
            "UPDATE goods SET price = 1 WHERE id > 90; UPDATE goods SET maker = 7 WHERE id = 5;
             UPDATE goods SET name = NULL WHERE id IN (6, 7)",
        );
        project.run(ALWAYS).ok();
        let declared = with(&format!("{members}, PRIMARY KEY (id)"));
        project.declare(&declared);
        project.run(ALWAYS).ok();
        let declared = declared.replace("name text", "name text NOT NULL");
        project.declare(&declared);
        project.run(ALWAYS).expect(1).says(&["2 rows stand in its way, with id 6, 7"]);
        project.database().run("UPDATE goods SET name = 'x' WHERE name IS NULL");
        project.run(ALWAYS).ok();
        project.is_converged();
        project.matches(&declared);
    });
}

#[test]
fn what_a_killed_run_has_left_proves_the_column_and_goes() {
    on_each_server(|server| {
        let project = project(server);
        let declared = with("").replace("price integer", "price integer NOT NULL");
        for valid in ["NOT VALID", ""] {
            let left = format!(
                "ALTER TABLE goods ADD CONSTRAINT price__djogi_proof CHECK (price IS NOT NULL) {valid}"
            );
            project.database().run(&left);
            project.declare(&declared);
            project.run(ALWAYS).ok();
            project.is_converged();
            project.matches(&declared);
            project.declare(&with(""));
            project.run(ALWAYS).ok();
        }
    });
}
