//! Columns that are filled in place, beside those who read and write.

use e2e::{Database, Project, Server, eventually, fingerprint, on_each_server};

use super::{Client, leftovers};

const BEFORE: &str =
    "CREATE TABLE people (id integer PRIMARY KEY, name text NOT NULL, email text, note text);
CREATE TABLE log (id integer PRIMARY KEY);";
const NAME: &str = "people_email_fill";
const RULE: &str = "[live.people_email_fill]\nbackfill = \"lower(name) || '@example.org'\"";

fn after() -> String {
    BEFORE.replace("email text", "email text NOT NULL")
}

/// A project with a table that is not small, with a third of its emails missing.
fn filled(server: &'static Server) -> Project {
    let project = Project::declaring(server, BEFORE);
    project.apply();
    project.database().run(
        "INSERT INTO people SELECT n, 'N' || n, CASE WHEN n % 3 > 0 THEN 'own' || n END FROM generate_series(1, 12000) AS n;
         ANALYZE",
    );
    project
}

/// The same, whose emails are to be `NOT NULL`.
fn project(server: &'static Server) -> Project {
    let mut project = filled(server);
    project.configure_more(RULE);
    project.declare(&after());
    project
}

/// Nulls are written as long as somebody takes care of them: the lock of the first statement keeps the trigger.
const WRITES: &str = "INSERT INTO log SELECT COALESCE(max(id), 0) + 1 FROM log;
    INSERT INTO people (id, name, email) SELECT 100000 + max(id), 'Own', 'me' || max(id) FROM log;
    INSERT INTO people (id, name) SELECT 500000 + max(id), 'Null' FROM log
     HAVING EXISTS (SELECT FROM pg_trigger WHERE tgname LIKE '%djogi_fill');
    UPDATE people SET email = NULL WHERE id % 997 = (SELECT max(id) % 997 FROM log) AND id % 3 = 0
       AND EXISTS (SELECT FROM pg_trigger WHERE tgname LIKE '%djogi_fill');
    UPDATE people SET note = 'y' WHERE id % 991 = (SELECT max(id) % 991 FROM log);
    SELECT count(email) FROM people";

/// Everybody has the email that the rule says, or the own one.
fn everybody_has_an_email(database: &Database) {
    let wrong = "SELECT id || ' ' || COALESCE(email, 'null') FROM people
        WHERE email IS DISTINCT FROM CASE WHEN id <= 12000 AND id % 3 > 0 THEN 'own' || id
                                          WHEN name = 'Own' THEN 'me' || id - 100000
                                          ELSE lower(name) || '@example.org' END";
    assert_eq!(database.column(wrong), [""; 0]);
}

/// Kills an apply whose trigger is there, while it waits for somebody who may have written before that.
fn killed_in_the_middle(project: &Project) {
    let database = project.database();
    let mut holder = database.connect();
    holder.batch_execute("BEGIN; INSERT INTO log VALUES (0)").unwrap();
    let mut apply = project.start(&["apply", "--auto-approve"]);
    eventually("it is begun", || database.value("SELECT count(*) FROM djogi.live") == "1");
    apply.kill().unwrap();
    apply.wait().unwrap();
    holder.batch_execute("ROLLBACK").unwrap();
    let sessions = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name LIKE 'djogi%'";
    eventually("its sessions end", || database.value(sessions) == "0");
    // Rows that are written meanwhile have a value.
    database.run(
        "INSERT INTO people (id, name) VALUES (20000, 'New'); UPDATE people SET note = 'z' WHERE id = 3",
    );
}

#[test]
fn a_column_becomes_not_null_while_nulls_are_written() {
    on_each_server(|server| {
        let project = project(server);
        let database = project.database();
        let client = Client::running(database, WRITES);
        project.run(&["plan"]).ok().says(&["live.main.people_email_fill", "people_email_fill.backfill"]);
        project.run(&["apply", "--auto-approve"]).ok();
        client.finish();
        everybody_has_an_email(database);
        assert_eq!(leftovers(database), [""; 0]);
        project.is_converged();
        project.matches(&after());
        project.run(&["live", "status"]).ok().says(&["No live migrations"]);
        assert!(!project.read(".djogi/state.json").contains(NAME), "it is over");
    });
}

#[test]
fn a_killed_one_is_shown_and_finished_by_the_next_apply() {
    on_each_server(|server| {
        let project = project(server);
        killed_in_the_middle(&project);
        project.run(&["live", "status"]).ok().says(&[
            "people_email_fill (main, public.people): backfill",
            "email, filled with lower(name) || '@example.org'",
            "djogi live abandon people_email_fill",
        ]);
        project.run(&["live", "pause", NAME]).ok();
        project.run(&["apply", "--auto-approve"]).expect(1).says(&["is paused"]);
        project.run(&["live", "resume", NAME]).ok();
        project.run(&["live", "worker", NAME]).ok();
        project.run(&["live", "run", NAME, "--auto-approve"]).ok();
        everybody_has_an_email(project.database());
        assert_eq!(leftovers(project.database()), [""; 0]);
        project.is_converged();
        project.matches(&after());
    });
}

#[test]
fn one_that_is_abandoned_leaves_the_column_as_it_was() {
    on_each_server(|server| {
        let project = project(server);
        let before = fingerprint(project.database(), "public");
        killed_in_the_middle(&project);
        project
            .run(&["live", "abandon", NAME, "--auto-approve"])
            .ok()
            .says(&["the values that rows have got stay"]);
        assert_eq!(leftovers(project.database()), [""; 0]);
        assert_eq!(fingerprint(project.database(), "public"), before);
        let written = "SELECT count(*) > 0 FROM people WHERE email LIKE '%@example.org'";
        assert_eq!(project.database().value(written), "t");
        project.declare(BEFORE);
        project.is_converged();
        project.declare(&after());
        project.run(&["apply", "--auto-approve"]).ok();
        everybody_has_an_email(project.database());
        project.is_converged();
    });
}

#[test]
fn another_value_than_that_of_the_begun_one_is_not_mixed_with_it() {
    on_each_server(|server| {
        let mut project = project(server);
        killed_in_the_middle(&project);
        project.configure(
            "[models]\ncatalog = \"catalog.json\"\n[live.people_email_fill]\nbackfill = \"name\"\n",
        );
        project
            .run(&["apply", "--auto-approve"])
            .expect(3)
            .says(&["a backfill of an older declaration", "djogi live abandon people_email_fill"]);
        project.run(&["live", "abandon", NAME, "--auto-approve"]).ok();
        project.run(&["apply", "--auto-approve"]).ok();
        assert_eq!(project.database().value("SELECT email FROM people WHERE id = 11997"), "N11997");
        project.is_converged();
    });
}

#[test]
fn rows_for_which_there_is_no_value_are_named() {
    on_each_server(|server| {
        let mut project = filled(server);
        project.configure_more("[live.people_email_fill]\nbackfill = \"note\"");
        project.database().run("UPDATE people SET note = 'n' || id WHERE id <> 300");
        project.declare(&after());
        project.run(&["apply", "--auto-approve"]).expect(1).says(&["1 row stands in its way, with id 300"]);
        project.database().run("UPDATE people SET note = 'late' WHERE id = 300");
        project.run(&["apply", "--auto-approve"]).ok();
        assert_eq!(project.database().value("SELECT email FROM people WHERE id = 300"), "late");
        assert_eq!(leftovers(project.database()), [""; 0]);
        project.is_converged();
    });
}

#[test]
fn a_value_that_cannot_be_had_is_refused_by_the_plan() {
    on_each_server(|server| {
        let mut project = filled(server);
        project.declare(&after());
        let models = "[models]\ncatalog = \"catalog.json\"\n";
        for (value, why) in [
            ("max(name)", "aggregate functions are not allowed"),
            ("generate_series(1, 2)::text", "set-returning functions are not allowed"),
            ("(SELECT 'x')", "looks at other rows"),
            ("log.id::text", "log"),
            ("upper(email)", "made of the column itself"),
            ("nothing", "nothing"),
        ] {
            project.configure(&format!("{models}[live.people_email_fill]\nbackfill = \"{value}\"\n"));
            project
                .run(&["plan", "--json"])
                .ok()
                .says(&["offline_only", "no live migration", why])
                .never_says(&["live.main"]);
        }
        project.configure(&format!("{models}[live.people_emial_fill]\nbackfill = \"name\"\n"));
        project.run(&["plan"]).expect(1).says(&[
            "unknown_migration",
            "[live.people_emial_fill]",
            "<table>_<column>_fill",
        ]);
        // Without a value the rows in the way are named.
        project.configure(models);
        project.run(&["apply", "--auto-approve"]).expect(1).says(&["4000 rows stand in its way"]);
    });
}

#[test]
fn a_small_table_is_filled_with_the_change() {
    on_each_server(|server| {
        let mut project = Project::declaring(server, BEFORE);
        project.apply();
        project.database().run("INSERT INTO people (id, name, email) VALUES (1, 'A', NULL), (2, 'B', 'b')");
        project.configure_more(RULE);
        project.declare(&after());
        project
            .run(&["plan", "--format", "sql"])
            .ok()
            .says(&["UPDATE public.people SET email = lower(name) || '@example.org' WHERE email IS NULL"])
            .never_says(&["live.main"]);
        project.apply();
        assert_eq!(project.database().column("SELECT email FROM people ORDER BY id"), ["a@example.org", "b"]);
        project.is_converged();
        project.matches(&after());
    });
}

#[test]
fn a_new_column_gets_a_value_that_is_another_one_for_each_row() {
    on_each_server(|server| {
        let project = filled(server);
        let database = project.database();
        let after = BEFORE.replace("note text", "note text, token uuid NOT NULL DEFAULT gen_random_uuid()");
        project.declare(&after);
        let client = Client::running(
            database,
            "INSERT INTO log SELECT COALESCE(max(id), 0) + 1 FROM log;
             INSERT INTO people (id, name) SELECT 100000 + max(id), 'x' FROM log;
             UPDATE people SET note = 'y' WHERE id % 991 = (SELECT max(id) % 991 FROM log)",
        );
        project.run(&["plan"]).ok().says(&["live.main.people_token_fill"]);
        let file = "SELECT pg_relation_filenode('people')";
        let before = database.value(file);
        project.run(&["apply", "--auto-approve"]).ok();
        client.finish();
        assert_eq!(database.value(file), before, "the table was not written anew");
        assert_eq!(database.value("SELECT count(*) - count(DISTINCT token) FROM people"), "0");
        assert_eq!(leftovers(database), [""; 0]);
        project.is_converged();
        project.matches(&after);
    });
}

#[test]
fn a_new_column_that_may_be_null_needs_a_word_for_it() {
    on_each_server(|server| {
        let mut project = filled(server);
        let after = BEFORE.replace("note text", "note text, token uuid DEFAULT gen_random_uuid()");
        project.declare(&after);
        project.run(&["apply", "--auto-approve"]).expect(7).says(&[
            "no live migration of token",
            "it may be null",
            "[live.people_token_fill]",
        ]);
        project.configure_more("[live.people_token_fill]\nbackfill = \"gen_random_uuid()\"");
        project.run(&["apply", "--auto-approve"]).ok();
        assert_eq!(project.database().value("SELECT count(*) FROM people WHERE token IS NULL"), "0");
        assert_eq!(leftovers(project.database()), [""; 0]);
        project.is_converged();
        project.matches(&after);
    });
}

#[test]
fn a_default_is_for_old_rows_only_where_that_is_said() {
    on_each_server(|server| {
        for is_said in [false, true] {
            let mut project = filled(server);
            let after = BEFORE.replace("email text", "email text DEFAULT 'none'");
            project.declare(&after);
            if is_said {
                project.configure_more("[live.people_email_fill]\nbackfill = \"'none'\"");
            }
            project.run(&["apply", "--auto-approve"]).ok();
            let nulls = project.database().value("SELECT count(*) FROM people WHERE email IS NULL");
            assert_eq!(nulls, if is_said { "0" } else { "4000" });
            assert_eq!(leftovers(project.database()), [""; 0]);
            // Whoever writes a null from now on means it.
            project.database().run("UPDATE people SET email = NULL WHERE id = 1");
            project.is_converged();
            assert_eq!(project.database().value("SELECT email IS NULL FROM people WHERE id = 1"), "t");
            project.matches(&after);
        }
    });
}
