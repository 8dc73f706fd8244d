//! Privileges, default privileges, owners.

use e2e::{Database, Project, Server, on_each_server};

use super::{comes_and_goes, is_imported};

const BASE: &str = "
    CREATE TABLE t (id integer GENERATED ALWAYS AS IDENTITY, note text);
    CREATE VIEW v AS SELECT id, note FROM t;
    CREATE MATERIALIZED VIEW m AS SELECT id FROM t;
    CREATE SEQUENCE s;
    CREATE TYPE mood AS ENUM ('sad');
    CREATE DOMAIN amount AS integer;
    CREATE FUNCTION f(integer, mood) RETURNS integer LANGUAGE sql AS 'SELECT 1';
    CREATE PROCEDURE p(integer) LANGUAGE sql AS 'SELECT 1';
    CREATE AGGREGATE total(integer) (SFUNC = int4pl, STYPE = integer);";

/// A project whose SQL files are `sql`: only they can say who owns what, and leave out the roles.
fn of_files(server: &'static Server, sql: &str) -> Project {
    let mut project = Project::in_database(Database::create(server));
    project.configure("[sql]\nfiles = [\"schema.sql\"]\n");
    project.write("schema.sql", sql);
    project
}

fn on_base(states: &[&str]) {
    let states: Vec<String> = states.iter().map(|rest| format!("{BASE}\n{rest}")).collect();
    comes_and_goes(&states.iter().map(String::as_str).collect::<Vec<_>>());
}

const GRANTS: &str = "
    GRANT USAGE ON SCHEMA public TO pg_monitor;
    GRANT SELECT, INSERT ON t TO pg_monitor WITH GRANT OPTION;
    GRANT UPDATE (note), REFERENCES (id, note) ON t TO pg_monitor;
    GRANT SELECT (id) ON v TO PUBLIC;
    GRANT SELECT ON m TO pg_monitor, pg_read_all_data;
    GRANT USAGE ON SEQUENCE s TO pg_monitor;
    GRANT USAGE ON SEQUENCE t_id_seq TO pg_monitor;
    REVOKE USAGE ON TYPE mood FROM PUBLIC;
    GRANT USAGE ON DOMAIN amount TO pg_monitor;
    REVOKE EXECUTE ON FUNCTION f FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION f TO pg_monitor;
    GRANT EXECUTE ON PROCEDURE p TO pg_monitor;
    REVOKE EXECUTE ON FUNCTION total(integer) FROM PUBLIC;
    REVOKE TRUNCATE ON t FROM CURRENT_USER;";

#[test]
fn grants_on_every_kind_of_object() {
    on_base(&[
        GRANTS,
        "GRANT ALL ON SCHEMA public TO pg_monitor WITH GRANT OPTION;
         GRANT SELECT, DELETE ON t TO pg_monitor;
         GRANT INSERT (note), UPDATE (id) ON t TO pg_monitor WITH GRANT OPTION;
         GRANT SELECT ON v TO PUBLIC;
         GRANT SELECT ON SEQUENCE s TO pg_monitor;
         GRANT USAGE ON TYPE mood TO pg_monitor WITH GRANT OPTION;
         GRANT EXECUTE ON FUNCTION f TO pg_monitor WITH GRANT OPTION;",
        "GRANT INSERT, UPDATE ON t TO pg_monitor; GRANT SELECT (note) ON t TO pg_monitor;",
    ]);
}

#[test]
fn they_are_imported() {
    is_imported(&format!(
        "{BASE} {GRANTS}
         ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO pg_monitor;
         ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;"
    ));
}

#[test]
fn objects_end_with_what_is_declared_whatever_default_privileges_are_in_force() {
    let defaults = "
        ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO pg_monitor;
        ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT INSERT ON TABLES TO pg_monitor;
        ALTER DEFAULT PRIVILEGES GRANT USAGE ON SEQUENCES TO pg_monitor;
        ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
        ALTER DEFAULT PRIVILEGES REVOKE USAGE ON TYPES FROM PUBLIC;
        ALTER DEFAULT PRIVILEGES GRANT USAGE ON SCHEMAS TO pg_monitor;
        ALTER DEFAULT PRIVILEGES FOR ROLE pg_monitor GRANT SELECT ON TABLES TO PUBLIC;";
    let before = format!("{defaults} {BASE}");
    let taken_back = format!(
        "{defaults} {BASE} REVOKE ALL ON t FROM pg_monitor; GRANT EXECUTE ON FUNCTION f TO PUBLIC;
         GRANT UPDATE ON v TO pg_monitor;"
    );
    // What was made before they were in force has nothing of them.
    let after = format!("{BASE} {defaults}");
    comes_and_goes(&[&before, &taken_back, &after]);
    on_each_server(|server| {
        let project = Project::new(server);
        project.database().run(
            "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC;
             ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC",
        );
        let ddl = "CREATE TABLE t (a integer);
                   CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1';";
        project.declare(ddl);
        project.apply();
        project.is_converged();
        project.database().run(
            "ALTER DEFAULT PRIVILEGES REVOKE SELECT ON TABLES FROM PUBLIC;
             ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO PUBLIC",
        );
        project.matches(ddl);
    });
}

#[test]
fn what_is_made_anew_has_its_privileges_again() {
    let state = |columns: &str, labels: &str| {
        format!(
            "CREATE TYPE mood AS ENUM ({labels});
             CREATE TABLE t (a {columns}, m mood);
             CREATE VIEW v AS SELECT a FROM t;
             GRANT SELECT, UPDATE (a) ON v TO pg_monitor;
             GRANT SELECT ON v TO pg_read_all_data WITH GRANT OPTION;
             REVOKE USAGE ON TYPE mood FROM PUBLIC;
             GRANT SELECT (a) ON t TO pg_monitor;"
        )
    };
    comes_and_goes(&[&state("integer", "'a', 'b'"), &state("bigint", "'b'")]);
    on_each_server(|server| {
        let project =
            Project::declaring(server, "CREATE TABLE t (a integer); CREATE VIEW v AS SELECT a FROM t;");
        project.apply();
        project.database().run("GRANT SELECT ON v TO pg_monitor; ALTER VIEW v OWNER TO pg_read_all_data");
        let ddl = "CREATE TABLE t (a bigint); CREATE VIEW v AS SELECT a FROM t;";
        project.declare(ddl);
        project.apply();
        // Whoever gave them, and whoever has it, keeps them.
        project.database().run("REVOKE SELECT ON v FROM pg_monitor");
        project.matches(&format!("{ddl} ALTER VIEW v OWNER TO pg_read_all_data;"));
    });
}

#[test]
fn privileges_follow_a_renamed_object() {
    on_each_server(|server| {
        let ddl = |table: &str, function: &str, view: &str| {
            format!(
                "CREATE TABLE {table} (a integer); GRANT SELECT, UPDATE (a) ON {table} TO pg_monitor;
                 CREATE FUNCTION {function}() RETURNS integer LANGUAGE sql AS 'SELECT 1';
                 REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC;
                 CREATE VIEW {view} AS SELECT 1 AS one; GRANT SELECT ON {view} TO pg_monitor;"
            )
        };
        let project = Project::declaring(server, &ddl("old", "f", "v"));
        project.apply();
        let renamed = ddl("new", "g", "w");
        project.declare_renamed(
            &renamed,
            &[
                ("table.main.public.old", "table.main.public.new"),
                ("function.main.public.f()", "function.main.public.g()"),
                ("view.main.public.v", "view.main.public.w"),
            ],
        );
        project.run(&["plan"]).ok().says(&["3 to rename"]);
        project.apply();
        project.is_converged();
        project.matches(&renamed);
        project.database().run("REVOKE SELECT ON w FROM pg_monitor");
        project.run(&["plan"]).ok().says(&["grant.main.public.w.pg_monitor"]);
    });
}

#[test]
fn owners_are_what_is_said_and_else_what_they_are() {
    on_each_server(|server| {
        let ddl = "CREATE TABLE t (a serial); CREATE VIEW v AS SELECT 1 AS one;
                   CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1'; CREATE TYPE e AS ENUM ('x');";
        let owners = "ALTER TABLE t OWNER TO pg_monitor; ALTER VIEW v OWNER TO pg_monitor;
                      ALTER FUNCTION f OWNER TO pg_monitor; ALTER TYPE e OWNER TO pg_monitor;";
        let project = of_files(server, &format!("{ddl} {owners}"));
        project.apply();
        project.is_converged();
        project.matches(&format!("{ddl} {owners}"));
        // Unsaid is as it is.
        project.write("schema.sql", ddl);
        project.is_converged();
        project.matches(&format!("{ddl} {owners}"));
        let others = owners.replace("pg_monitor", "pg_read_all_data");
        project.write("schema.sql", &format!("{ddl} {others}"));
        project.run(&["plan"]).ok().says(&["pg_monitor", "pg_read_all_data", "4 to update"]);
        project.apply();
        project.is_converged();
        project.matches(&format!("{ddl} {others}"));
    });
}

#[test]
fn a_role_that_is_missing_is_named_with_the_command_that_makes_it() {
    on_each_server(|server| {
        let role = "nobody_of_that_name";
        let project = of_files(
            server,
            &format!(
                "CREATE TABLE t (a integer); GRANT SELECT ON t TO {role};
                 CREATE VIEW v AS SELECT 1 AS one; ALTER VIEW v OWNER TO {role};"
            ),
        );
        project.run(&["apply", "--auto-approve"]).expect(3).says(&[
            "a role that it names does not exist on the server",
            "grant.main.public.t.nobody_of_that_name",
            "CREATE ROLE nobody_of_that_name;",
        ]);
        project.database().run(&format!("CREATE ROLE {role}"));
        project.apply();
        project.is_converged();
        project.database().run(&format!("DROP OWNED BY {role} CASCADE; DROP ROLE {role}"));
    });
}

#[test]
fn who_may_not_give_an_object_away_is_told_so_by_the_plan() {
    on_each_server(|server| {
        let mut project = of_files(server, "CREATE TABLE t (a integer); ALTER TABLE t OWNER TO pg_monitor;");
        let name = format!("role_{}", project.database().name());
        project.database().run(&format!(
            "CREATE ROLE {name} LOGIN; GRANT CREATE ON DATABASE {} TO {name}; GRANT CREATE ON SCHEMA public TO {name};
             CREATE TABLE u (a integer)",
            project.database().name()
        ));
        let url = server.url(project.database().name()).replace("user=postgres", &format!("user={name}"));
        project.set_variable("DATABASE_URL", &url);
        project
            .run(&["plan"])
            .expect(0)
            .says(&["the role that djogi connects as may not", "cannot give it to pg_monitor"]);
        // Only somebody who has the rights of the owner can grant, and PostgreSQL would only warn.
        project.write("schema.sql", "CREATE TABLE u (a integer); GRANT SELECT ON u TO pg_monitor;");
        project.run(&["plan"]).expect(0).says(&[
            "the role that djogi connects as may not do it",
            "grant.main.public.u.pg_monitor",
            "postgres",
        ]);
        project.database().run(&format!("DROP OWNED BY {name} CASCADE; DROP ROLE {name}"));
    });
}

#[test]
fn a_privilege_that_somebody_took_is_drift() {
    on_each_server(|server| {
        let ddl = "CREATE TABLE t (a integer); GRANT SELECT, INSERT ON t TO pg_monitor;";
        let project = Project::declaring(server, ddl);
        project.apply();
        project.database().run("REVOKE INSERT ON t FROM pg_monitor");
        project.run(&["plan"]).ok().says(&["grant.main.public.t.pg_monitor", "drift"]);
        project.apply();
        project.is_converged();
        project.matches(ddl);
    });
}

#[test]
fn a_policy_for_the_current_user_is_for_the_role_that_makes_it() {
    on_each_server(|server| {
        let table = "CREATE TABLE t (id integer); ALTER TABLE t ENABLE ROW LEVEL SECURITY;";
        let mut project = of_files(
            server,
            &format!(
                "{table} CREATE POLICY mine ON t TO CURRENT_USER USING (id > 0);
                 CREATE POLICY theirs ON t TO pg_monitor, CURRENT_ROLE USING (id > 1);
                 CREATE POLICY named ON t TO postgres USING (id > 2);"
            ),
        );
        let role = format!("maker_{}", project.database().name());
        project.database().run(&format!(
            "CREATE ROLE {role} LOGIN; GRANT ALL ON SCHEMA public TO {role}; GRANT CREATE ON DATABASE {} TO {role}",
            project.database().name()
        ));
        let url = project.database().url().replace("user=postgres", &format!("user={role}"));
        project.set_variable("DATABASE_URL", &url);
        let scratch = server.url("postgres");
        project.run(&["--scratch-url", &scratch, "apply", "--auto-approve"]).ok();
        project.run(&["--scratch-url", &scratch, "plan"]).ok().says(&["Nothing to do."]);
        let roles = "SELECT polname, (SELECT string_agg(o::regrole::text, ' ' ORDER BY o::regrole::text) FROM unnest(polroles) o)
                       FROM pg_policy ORDER BY polname";
        let expected = [
            ("mine", role.clone()),
            ("named", "postgres".to_owned()),
            ("theirs", format!("{role} pg_monitor")),
        ];
        let expected: Vec<Vec<String>> = expected.map(|(name, roles)| vec![name.to_owned(), roles]).into();
        assert_eq!(project.database().rows(roles), expected);
        project.database().run(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
    });
}

#[test]
fn what_others_have_passed_on_is_named_and_theirs_to_take_back() {
    on_each_server(|server| {
        let project = Project::declaring(server, "CREATE TABLE t (id integer);");
        let role = format!("passer_{}", project.database().name());
        project.apply();
        project.database().run(&format!(
            "CREATE ROLE {role}; GRANT SELECT ON t TO {role} WITH GRANT OPTION;
             SET ROLE {role}; GRANT SELECT ON t TO pg_monitor; RESET ROLE"
        ));
        let planned = project.run(&["plan", "--unmanaged"]).ok();
        let named = format!("table public.t to pg_monitor by {role}");
        planned.says(&["grant by another role", &named]).never_says(&["grant.main.public.t.pg_monitor"]);
        project.database().run(&format!("REVOKE ALL ON t FROM {role} CASCADE; DROP ROLE {role}"));
    });
}
