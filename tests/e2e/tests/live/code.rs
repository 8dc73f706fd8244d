//! A column with views, policies, triggers and rules on it gets another type.

use e2e::{Project, Server, on_each_server};

use super::{Client, leftovers};

const BEFORE: &str = "CREATE TABLE orders (id integer PRIMARY KEY, total integer DEFAULT 0 NOT NULL, note text);
    CREATE VIEW large AS SELECT id, total FROM orders WHERE total > 5000;
    CREATE VIEW doubled WITH (security_barrier) AS SELECT id, total * 2 AS twice FROM large;
    CREATE RULE large_stays AS ON DELETE TO large DO INSTEAD NOTHING;
    COMMENT ON VIEW large IS 'more than 5000';
    COMMENT ON COLUMN doubled.twice IS 'two times the total';
    GRANT SELECT ON large TO PUBLIC;
    GRANT UPDATE (total) ON large TO PUBLIC;
    CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.note := 'now ' || NEW.total; RETURN NEW; END $$;
    CREATE TRIGGER notes BEFORE UPDATE OF total ON orders FOR EACH ROW WHEN (OLD.total <> NEW.total) EXECUTE FUNCTION noted();
    ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
    CREATE POLICY none_below_zero ON orders USING (total >= 0);";

fn after() -> String {
    BEFORE.replace("total integer", "total bigint")
}

const NAME: &str = "orders_total_type";
const FINALIZE: &[&str] = &["live", "finalize", NAME, "--auto-approve"];
const END: &[&str] = &["live", "finalize", NAME, "--auto-approve", "--now"];
const ABANDON: &[&str] = &["live", "abandon", NAME, "--auto-approve"];

/// Readers of the views, those who have the table before, and a writer past all of them.
const USES: &str = "SELECT sum(total) FROM large; SET ROLE pg_monitor; SELECT count(*) FROM large; RESET ROLE; SELECT max(twice) FROM doubled; DELETE FROM large;
    UPDATE large SET total = total + 1 WHERE id % 997 = 5;
    BEGIN; SELECT FROM orders WHERE id = 1; SELECT FROM doubled LIMIT 1; COMMIT;
    UPDATE orders SET total = total + 1 WHERE id % 997 = 7";

fn filled(server: &'static Server) -> Project {
    let project = Project::declaring(server, BEFORE);
    project.apply();
    project
        .database()
        .run("INSERT INTO orders SELECT n, n, NULL FROM generate_series(1, 12000) AS n; ANALYZE");
    project
}

fn project(server: &'static Server) -> Project {
    let project = filled(server);
    project.declare(&after());
    project
}

const VIEW_TYPES: &str = "SELECT attrelid::regclass || ' ' || format_type(atttypid, NULL) FROM pg_attribute
    WHERE attrelid IN (to_regclass('large'), to_regclass('doubled')) AND attnum = 2 ORDER BY 1";

#[test]
fn code_goes_and_comes_back_with_the_cutover() {
    on_each_server(|server| {
        let project = project(server);
        let database = project.database();
        let client = Client::running(database, USES);
        project.apply();
        assert_eq!(database.column(VIEW_TYPES), ["doubled integer", "large integer"]);
        project.run(&["plan"]).ok().says(&["djogi live finalize"]).never_says(&["view.main"]);
        project.run(FINALIZE).ok();
        assert_eq!(database.column(VIEW_TYPES), ["doubled bigint", "large bigint"]);
        project.run(&["plan"]).ok().never_says(&["view.main", "policy.main", "trigger.main"]);
        client.finish();
        database.run("UPDATE large SET total = 5000000000 WHERE id = 12000");
        assert_eq!(database.value("SELECT note FROM orders WHERE id = 12000"), "now 5000000000");
        project.run(END).ok();
        assert_eq!(leftovers(database), [""; 0]);
        project.is_converged();
        project.matches(&after());
    });
}

#[test]
fn code_goes_back_with_the_old_column() {
    on_each_server(|server| {
        let project = project(server);
        let database = project.database();
        project.apply();
        project.run(FINALIZE).ok();
        let client = Client::running(database, USES);
        project.run(ABANDON).ok();
        client.finish();
        assert_eq!(database.column(VIEW_TYPES), ["doubled integer", "large integer"]);
        assert_eq!(leftovers(database), [""; 0]);
        project.declare(BEFORE);
        project.apply();
        project.is_converged();
        project.matches(BEFORE);
    });
}

#[test]
fn what_somebody_has_made_on_the_new_column_stands_in_the_way_back() {
    on_each_server(|server| {
        let project = project(server);
        let database = project.database();
        project.apply();
        project.run(FINALIZE).ok();
        database.run("CREATE VIEW somebodys AS SELECT total FROM orders");
        project.run(ABANDON).expect(3).says(&["view.main.public.somebodys uses it"]);
        assert_eq!(database.column(VIEW_TYPES), ["doubled bigint", "large bigint"]);
        database.run("DROP VIEW somebodys");
        project.run(ABANDON).ok();
        assert_eq!(leftovers(database), [""; 0]);
    });
}

#[test]
fn code_that_is_for_the_old_type_alone_goes_back_when_it_is_declared_again() {
    on_each_server(|server| {
        let project = filled(server);
        let before = BEFORE.replace("total * 2 AS", "pg_catalog.int4larger(total, 2) AS");
        project.declare(&before);
        project.apply();
        let after = after().replace("total * 2 AS", "pg_catalog.int8larger(total, 2) AS");
        project.declare(&after);
        project.apply();
        project.run(FINALIZE).ok();
        project.declare(&before);
        project.run(ABANDON).ok();
        assert_eq!(leftovers(project.database()), [""; 0]);
        project.is_converged();
        project.matches(&before);
    });
}

#[test]
fn what_is_declared_for_the_new_type_comes_with_it() {
    on_each_server(|server| {
        let project = filled(server);
        let database = project.database();
        let after = after()
            + "CREATE VIEW exact AS SELECT pg_catalog.int8abs(total) AS total FROM orders; GRANT SELECT ON exact TO PUBLIC;";
        project.declare(&after);
        project.apply();
        assert_eq!(database.value("SELECT to_regclass('exact') IS NULL"), "t");
        project.run(FINALIZE).ok();
        project.run(END).ok();
        project.is_converged();
        project.matches(&after);
    });
}

#[test]
fn what_holds_rows_is_in_the_way_and_is_named() {
    on_each_server(|server| {
        let before =
            BEFORE.to_owned() + "CREATE MATERIALIZED VIEW counted AS SELECT sum(twice) AS all FROM doubled;";
        let project = Project::declaring(server, &before);
        project.apply();
        let database = project.database();
        database.run("INSERT INTO orders SELECT n, n, NULL FROM generate_series(1, 12000) AS n; ANALYZE");
        project.declare(&before.replace("total integer", "total bigint"));
        project.run(&["plan"]).ok().says(&["materialized_view.main.public.counted uses it"]);
    });
}

#[test]
fn a_view_is_never_missing_while_its_table_is_written_anew() {
    on_each_server(|server| {
        let project = project(server);
        let client = Client::running(project.database(), USES);
        project.run(&["apply", "--auto-approve", "--online", "never"]).ok();
        client.finish();
        project.is_converged();
        project.matches(&after());
    });
}
