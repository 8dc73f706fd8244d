//! Publications.

use e2e::{Database, Project, on_each_server};

use super::{comes_and_goes, is_imported, passes};

const TABLES: &str = "
    CREATE TABLE log (id integer PRIMARY KEY, line text);
    CREATE TABLE t (id integer PRIMARY KEY, a text, b integer, \"C d\" text);
    CREATE TABLE u (id integer PRIMARY KEY);";

fn with_tables(states: &[&str]) -> Vec<String> {
    states.iter().map(|rest| format!("{TABLES}\n{rest}")).collect()
}

fn pass(states: &[&str]) {
    let states = with_tables(states);
    comes_and_goes(&states.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn publications_of_tables_and_schemas() {
    pass(&[
        "CREATE PUBLICATION p;",
        "CREATE PUBLICATION p FOR TABLE t;",
        "CREATE PUBLICATION p FOR TABLE t (id, \"C d\", a) WHERE (b > 3 AND a <> 'it''s'), u;
         COMMENT ON PUBLICATION p IS 'to the warehouse';",
        "CREATE PUBLICATION p FOR TABLE t WHERE (b > 4), TABLES IN SCHEMA public WITH (publish = 'insert, delete');",
        "CREATE PUBLICATION p FOR TABLES IN SCHEMA public WITH (publish = '', publish_via_partition_root);",
        "CREATE PUBLICATION p FOR ALL TABLES WITH (publish = 'truncate');
         CREATE PUBLICATION \"Q r\" FOR TABLE u, log (id);",
    ]);
}

#[test]
fn columns_and_tables_change_under_it() {
    passes(&[
        "CREATE TABLE t (id integer PRIMARY KEY, a text, b integer); CREATE TABLE gone (id integer PRIMARY KEY);
         CREATE PUBLICATION p FOR TABLE t (id, b) WHERE (b > 3), gone; CREATE PUBLICATION q FOR TABLE gone;",
        "CREATE TABLE t (id integer PRIMARY KEY, a text, b bigint); CREATE TABLE fresh (id integer PRIMARY KEY);
         CREATE PUBLICATION p FOR TABLE t (id, b) WHERE (b > 3), fresh; CREATE PUBLICATION q;",
        "CREATE TABLE t (id integer PRIMARY KEY, a text, c integer); CREATE TABLE fresh (id integer PRIMARY KEY);
         CREATE PUBLICATION p FOR TABLE fresh, t (id, c) WHERE (c IS NULL); CREATE PUBLICATION q;",
    ]);
}

#[test]
fn existing_ones_are_taken_over() {
    is_imported(&format!(
        "{TABLES} CREATE PUBLICATION p FOR TABLE t (id, a) WHERE (b = 1), u; CREATE PUBLICATION q FOR ALL TABLES;
         CREATE PUBLICATION r FOR TABLES IN SCHEMA public;"
    ));
}

#[test]
fn generated_columns_are_published_where_the_server_can() {
    on_each_server(|server| {
        if server.major() < 18 {
            return;
        }
        let project = Project::new(server);
        for option in ["stored", "none", "stored"] {
            let ddl = &format!(
                "CREATE TABLE t (id integer PRIMARY KEY, a text GENERATED ALWAYS AS ('x') STORED);
                 CREATE PUBLICATION p FOR TABLE t WITH (publish_generated_columns = {option});"
            );
            project.declare(ddl);
            project.apply();
            project.is_converged();
            project.matches(ddl);
        }
    });
}

#[test]
fn a_publication_follows_what_is_renamed() {
    on_each_server(|server| {
        let project = Project::declaring(
            server,
            "CREATE TABLE t (id integer PRIMARY KEY, a integer); CREATE PUBLICATION p FOR TABLE t (id, a) WHERE (a > 1);",
        );
        project.apply();
        let after = "CREATE TABLE s (id integer PRIMARY KEY, z integer);
                     CREATE PUBLICATION changes FOR TABLE s (id, z) WHERE (z > 1);";
        project.declare_renamed(
            after,
            &[
                ("table.main.public.t", "table.main.public.s"),
                ("constraint.main.public.s.t_pkey", "constraint.main.public.s.s_pkey"),
                ("column.main.public.t.a", "column.main.public.s.z"),
                ("publication.main.p", "publication.main.changes"),
            ],
        );
        project.run(&["plan"]).ok().says(&["Plan: 4 to rename"]);
        project.apply();
        project.is_converged();
        project.matches(after);
    });
}

#[test]
fn what_needs_a_superuser_is_said_before_it_is_tried() {
    on_each_server(|server| {
        let mut project = Project::declaring(
            server,
            "CREATE TABLE t (id integer PRIMARY KEY); CREATE PUBLICATION p FOR ALL TABLES;
             CREATE PUBLICATION q FOR TABLE t;",
        );
        let other = Database::create(server);
        let role = format!("publisher_{}", other.name());
        other.run(&format!("CREATE ROLE {role} LOGIN"));
        project.set_variable(
            "DATABASE_URL",
            &server.url(other.name()).replace("user=postgres", &format!("user={role}")),
        );
        let said = ["publication.main.p", "a publication FOR ALL TABLES needs a superuser"];
        let planned = project.run(&["plan"]).ok().says(&said);
        assert_eq!(planned.stdout.matches("needs a superuser").count(), 1, "{}", planned.stdout);
        other.run(&format!("DROP ROLE {role}"));
    });
}

#[test]
fn a_schema_that_nobody_manages_must_be_there() {
    on_each_server(|server| {
        let project = Project::declaring(
            server,
            "CREATE TABLE t (id integer PRIMARY KEY); CREATE SCHEMA elsewhere;
             CREATE PUBLICATION p FOR TABLE t, TABLES IN SCHEMA elsewhere;",
        );
        project.run(&["plan"]).ok().says(&["publication.main.p", "schema.main.elsewhere does not exist"]);
        project.database().run("CREATE SCHEMA elsewhere");
        project.apply();
        project.is_converged();
        assert_eq!(
            project.database().value("SELECT pnnspid::regnamespace FROM pg_publication_namespace"),
            "elsewhere"
        );
    });
}
