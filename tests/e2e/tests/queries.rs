//! Queries of applications: prepared beside what is declared, before a plan runs that would break them.

use e2e::{Project, on_each_server};

const TABLE: &str = "CREATE TABLE orders (id integer PRIMARY KEY, total integer, note text);";
const QUERY: &str = "-- name: find_orders\nSELECT id,\n       total\n  FROM orders\n WHERE note = $1;\n";

fn project(server: &'static e2e::Server) -> Project {
    let mut project = Project::declaring(server, TABLE);
    project.configure_more("[queries]\nfiles = [\"queries/*.sql\"]");
    project.write("queries/orders.sql", QUERY);
    project
}

#[test]
fn a_plan_that_would_break_a_query_is_refused_before_it_runs() {
    on_each_server(|server| {
        let project = project(server);
        project.run(&["validate"]).ok();
        project.apply();
        project.declare("CREATE TABLE orders (id integer PRIMARY KEY, note text);");
        for command in [&["validate"][..], &["plan"], &["apply", "--auto-approve"]] {
            project.run(command).expect(1).says(&[
                "query_refused",
                "queries/orders.sql:3:8",
                "query `find_orders` would not run: column \"total\" does not exist",
            ]);
        }
        assert_eq!(project.database().value("SELECT count(total) FROM orders"), "0");
        project.write("queries/orders.sql", "SELECT id FROM orders WHERE note = $1");
        project.run(&["plan"]).ok();
        // Whoever does not change anything is not kept from it.
        project.write("queries/orders.sql", QUERY);
        project.run(&["import", "--all"]).ok();
        project.run(&["refresh"]).ok();
    });
}

#[test]
fn queries_see_what_sql_files_declare_and_look_where_they_are_told() {
    on_each_server(|server| {
        let mut project = Project::new(server).managing(&["public", "app"]);
        project.configure(
            "[sql]\nfiles = [\"schema.sql\"]\n[queries]\nfiles = [\"queries.sql\"]\nsearch_path = [\"app\"]\n",
        );
        project.write(
            "schema.sql",
            "CREATE SCHEMA app; CREATE TYPE app.mood AS ENUM ('good'); CREATE TABLE app.people (mood app.mood);
             CREATE FUNCTION app.twice(integer) RETURNS integer LANGUAGE sql AS 'SELECT $1 * 2';",
        );
        let good = "INSERT INTO people VALUES ($1) RETURNING mood; SELECT twice($1) FROM people WHERE mood = 'good';";
        project.write("queries.sql", good);
        project.run(&["validate"]).ok();
        project.write("queries.sql", &good.replace("'good'", "'bad'"));
        project.run(&["validate"]).expect(1).says(&["queries 2", "queries.sql:1:", "mood: \"bad\""]);
        project.write("queries.sql", "SELECT 1;\nDROP TABLE people;");
        project.run(&["validate"]).expect(1).says(&["queries.sql:2:1", "this is no query", "[sql] files"]);
        project.write("queries.sql", "-- name: a\nSELECT 1;\n-- name: a\nSELECT 2;");
        project
            .run(&["validate"])
            .expect(1)
            .says(&["queries.sql:4:1", "query `a` is at queries.sql:2 as well"]);
    });
}

#[test]
fn an_unchanged_project_prepares_nothing_again() {
    on_each_server(|server| {
        let mut project = project(server);
        project.apply();
        project.is_converged();
        // Without any PostgreSQL to prepare them in.
        project.set_variable("DJOGI_POSTGRES", "/nonexistent");
        project.set_variable("PATH", "/nonexistent");
        project.is_converged();
    });
}
