//! Columns that have more to them: keys, numbers of their own, types that PostgreSQL compares in its own way.

use e2e::{Project, Server, on_each_server};

use super::leftovers;

/// Declares `before`, fills it with `rows`, and goes all the way to `after`.
fn goes(server: &'static Server, (before, after): (&str, &str), rows: &str, name: &str) -> Project {
    let project = Project::declaring(server, before);
    project.apply();
    project.database().run(&format!("{rows}; ANALYZE"));
    project.declare(after);
    project.run(&["apply", "--auto-approve", "--online", "always"]).ok();
    project.run(&["live", "finalize", name, "--auto-approve"]).ok();
    project.run(&["live", "finalize", name, "--auto-approve", "--now"]);
    project
}

fn is_done(project: &Project, after: &str) {
    assert_eq!(leftovers(project.database()), [""; 0]);
    project.is_converged();
    project.matches(after);
}

#[test]
fn a_primary_key_with_numbers_of_its_own() {
    on_each_server(|server| {
        let before = "CREATE TABLE t (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, x text)";
        let after = before.replace("integer", "bigint");
        let rows = "INSERT INTO t (x) SELECT n::text FROM generate_series(1, 2000) AS n";
        let project = goes(server, (before, &after), rows, "t_id_type");
        is_done(&project, &after);
        assert_eq!(project.database().value("INSERT INTO t (x) VALUES ('y') RETURNING id"), "2001");
    });
}

#[test]
fn a_serial() {
    on_each_server(|server| {
        let before = "CREATE TABLE t (id serial PRIMARY KEY, x text)";
        let after = "CREATE TABLE t (id bigserial PRIMARY KEY, x text)";
        let rows = "INSERT INTO t (x) SELECT n::text FROM generate_series(1, 2000) AS n";
        let project = goes(server, (before, after), rows, "t_id_type");
        is_done(&project, after);
        assert_eq!(project.database().value("INSERT INTO t (x) VALUES ('y') RETURNING id"), "2001");
    });
}

#[test]
fn a_column_that_is_not_null_and_has_nothing_on_it() {
    on_each_server(|server| {
        let before = "CREATE TABLE t (id integer PRIMARY KEY, a integer NOT NULL)";
        let after = before.replace("a integer", "a bigint");
        let rows = "INSERT INTO t SELECT n, n FROM generate_series(1, 500) AS n";
        let project = goes(server, (before, &after), rows, "t_a_type");
        is_done(&project, &after);
    });
}

#[test]
fn types_that_are_not_compared_as_they_are_printed() {
    on_each_server(|server| {
        let before = "CREATE TABLE t (id integer PRIMARY KEY, a numeric, b json, c text, d integer)";
        let after = "CREATE TABLE t (id integer PRIMARY KEY, a text, b jsonb, c uuid, d boolean)";
        let rows = "INSERT INTO t SELECT n, (n || '.0')::numeric, ('{\"a\": ' || n || '}')::json, gen_random_uuid()::text, n % 2
             FROM generate_series(1, 500) AS n; UPDATE t SET a = NULL, b = NULL, c = NULL, d = NULL WHERE id % 7 = 0";
        let project = Project::declaring(server, before);
        project.apply();
        project.database().run(rows);
        project.database().run("CREATE TABLE kept AS SELECT * FROM t; UPDATE t SET a = 3.00 WHERE id = 3");
        project.declare(after);
        project.run(&["apply", "--auto-approve", "--online", "always"]).ok();
        // The same number, printed otherwise.
        project.database().run("UPDATE t SET a = 3.000 WHERE id = 3");
        for name in ["t_a_type", "t_b_type", "t_c_type", "t_d_type"] {
            project.run(&["live", "finalize", name, "--auto-approve"]).ok();
        }
        let same = "SELECT count(*) FROM t JOIN kept k USING (id) WHERE t.id <> 3 AND (t.a IS DISTINCT FROM k.a::text
             OR t.b IS DISTINCT FROM k.b::jsonb OR t.c::text IS DISTINCT FROM k.c OR t.d IS DISTINCT FROM (k.d <> 0))";
        assert_eq!(project.database().value(same), "0");
        assert_eq!(project.database().value("SELECT a FROM t WHERE id = 3"), "3.000");
    });
}

#[test]
fn a_type_that_holds_less() {
    on_each_server(|server| {
        let before = "CREATE TABLE t (id integer PRIMARY KEY, a bigint)";
        let after = "CREATE TABLE t (id integer PRIMARY KEY, a integer)";
        let rows = "INSERT INTO t SELECT n, n FROM generate_series(1, 500) AS n";
        let project = goes(server, (before, after), rows, "t_a_type");
        is_done(&project, after);
    });
}

#[test]
fn a_value_that_does_not_fit_is_named() {
    on_each_server(|server| {
        let project = Project::declaring(server, "CREATE TABLE t (id integer PRIMARY KEY, a bigint)");
        project.apply();
        project.database().run(
            "INSERT INTO t SELECT n, n FROM generate_series(1, 500) AS n;
            UPDATE t SET a = 5000000000 WHERE id = 123",
        );
        project.declare("CREATE TABLE t (id integer PRIMARY KEY, a integer)");
        project
            .run(&["apply", "--auto-approve", "--online", "always"])
            .expect(1)
            .says(&["integer out of range", "123"]);
        project.database().run("UPDATE t SET a = 5 WHERE id = 123");
        project.run(&["apply", "--auto-approve", "--online", "always"]).ok();
        assert_eq!(project.database().value("SELECT count(*) FROM t WHERE a__djogi_new = a"), "500");
    });
}
