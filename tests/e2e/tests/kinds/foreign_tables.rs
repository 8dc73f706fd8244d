//! Foreign tables: their columns and options, their place in families of tables, and what rests on them.

use e2e::{Project, on_each_server};

use super::{comes_and_goes, is_imported, passes};

/// A wrapper without a handler: its tables can be made and altered, only not queried.
const SERVERS: &str = "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;
                       CREATE SERVER other FOREIGN DATA WRAPPER w;";

fn with_servers(states: &[&str]) -> Vec<String> {
    states.iter().map(|state| format!("{SERVERS} {state}")).collect()
}

#[test]
fn columns_and_options_of_all_forms() {
    let states = with_servers(&[
        "",
        "CREATE FOREIGN TABLE t (id int OPTIONS (column_name 'ID') NOT NULL, name text COLLATE \"C\" DEFAULT 'x',
             twice int GENERATED ALWAYS AS (id * 2) STORED, CONSTRAINT positive CHECK (id > 0))
         SERVER s OPTIONS (schema_name 'far', table_name 'T');
         COMMENT ON FOREIGN TABLE t IS 'it''s far'; COMMENT ON COLUMN t.id IS 'c';",
        "CREATE FOREIGN TABLE t (id bigint OPTIONS (column_name 'id', updatable 'false'), name varchar(20) DEFAULT 'y' NOT NULL,
             added date OPTIONS (\"Odd name\" 'it''s') NOT NULL, CONSTRAINT positive CHECK (id > 1) NOT VALID)
         SERVER s OPTIONS (table_name 't');
         ALTER FOREIGN TABLE t ALTER COLUMN name SET STATISTICS 100;",
        "CREATE FOREIGN TABLE t () SERVER s;",
        "CREATE FOREIGN TABLE t (id int) SERVER other OPTIONS (table_name 't');",
        "CREATE TABLE t (id int);",
    ]);
    comes_and_goes(&states.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn what_rests_on_them_goes_along() {
    let states = with_servers(&[
        "CREATE TYPE mood AS ENUM ('sad', 'ok');
         CREATE FOREIGN TABLE t (id int, mood mood DEFAULT 'ok') SERVER s;
         CREATE VIEW v AS SELECT id, mood FROM t;
         CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
         CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
         GRANT SELECT ON t TO PUBLIC;",
        "CREATE TYPE mood AS ENUM ('ok', 'happy');
         CREATE FOREIGN TABLE t (id bigint, mood mood DEFAULT 'ok') SERVER s;
         CREATE VIEW v AS SELECT id, mood FROM t;
         CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
         CREATE TRIGGER g AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f();
         GRANT INSERT ON t TO PUBLIC;",
    ]);
    passes(&states.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn a_server_that_is_made_anew_takes_its_tables_along() {
    passes(&[
        "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;
         CREATE FOREIGN TABLE t (id int, name text) SERVER s OPTIONS (a '1'); CREATE VIEW v AS SELECT id FROM t;",
        "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s TYPE 'ftp' FOREIGN DATA WRAPPER w;
         CREATE FOREIGN TABLE t (id bigint, name text) SERVER s OPTIONS (a '2'); CREATE VIEW v AS SELECT id FROM t;",
    ]);
}

#[test]
fn they_are_partitions_and_inherit() {
    let states = with_servers(&[
        "CREATE TABLE log (at int NOT NULL, what text) PARTITION BY RANGE (at);
         CREATE INDEX log_at ON log (at);
         CREATE TABLE log_1 PARTITION OF log FOR VALUES FROM (0) TO (10);
         CREATE FOREIGN TABLE log_0 (at int NOT NULL, what text OPTIONS (column_name 'w')) SERVER s;
         CREATE TABLE base (id int); CREATE FOREIGN TABLE child (more text) INHERITS (base) SERVER s;",
        "CREATE TABLE log (at int NOT NULL, what text) PARTITION BY RANGE (at);
         CREATE INDEX log_at ON log (at); CREATE INDEX log_what ON log (what);
         CREATE TABLE log_1 PARTITION OF log FOR VALUES FROM (0) TO (10);
         CREATE FOREIGN TABLE log_0 PARTITION OF log FOR VALUES FROM (MINVALUE) TO (0) SERVER s;
         ALTER FOREIGN TABLE log_0 ALTER COLUMN what OPTIONS (ADD column_name 'what');
         CREATE FOREIGN TABLE log_2 PARTITION OF log FOR VALUES FROM (20) TO (30) SERVER s OPTIONS (a 'b');
         CREATE TABLE base (id int); CREATE FOREIGN TABLE child (more text, id int) SERVER s;",
    ]);
    comes_and_goes(&states.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn they_and_their_server_are_renamed() {
    on_each_server(|server| {
        let ddl = |server: &str, schema: &str, table: &str, column: &str| {
            format!(
                "CREATE SCHEMA app; CREATE FOREIGN DATA WRAPPER w; CREATE SERVER {server} FOREIGN DATA WRAPPER w;
                 CREATE FOREIGN TABLE {schema}.{table} ({column} int OPTIONS (a '1')) SERVER {server};"
            )
        };
        let project = Project::new(server).managing(&["public", "app"]);
        project.declare(&ddl("s", "public", "t", "a"));
        project.apply();
        let moves = [
            ("foreign_server.main.s", "foreign_server.main.r"),
            ("table.main.public.t", "table.main.app.u"),
            ("column.main.app.u.a", "column.main.app.u.b"),
        ];
        let after = ddl("r", "app", "u", "b");
        project.declare_renamed(&after, &moves);
        project.apply();
        project.is_converged();
        project.matches(&after);
    });
}

#[test]
fn existing_ones_are_taken_over() {
    is_imported(&format!(
        "{SERVERS} CREATE FOREIGN TABLE \"T t\" (\"I d\" serial OPTIONS (a 'b') NOT NULL, n text) SERVER s OPTIONS (c 'd');
         CREATE TABLE p (id int) PARTITION BY LIST (id);
         CREATE FOREIGN TABLE q PARTITION OF p DEFAULT SERVER other;"
    ));
}

#[test]
fn files_hold_rows_that_nobody_reads_to_plan() {
    on_each_server(|server| {
        let mut project = Project::new(server);
        project.set_target("destructive = \"deny\"");
        let ddl = |columns: &str| {
            format!(
                "CREATE EXTENSION file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
                 CREATE FOREIGN TABLE hosts ({columns}) SERVER files OPTIONS (filename '/etc/hosts', format 'text');"
            )
        };
        project.declare(&ddl("line text"));
        project.apply();
        project.run(&["refresh"]).ok();
        // A column that must have a value is no question of rows here, and none is lost with one that goes.
        project.declare(&ddl("added int NOT NULL, line text"));
        project.apply();
        project.declare(&ddl("line varchar(100) OPTIONS (force_not_null 'true')"));
        let output = project.run(&["plan"]).ok();
        output.never_says(&["caution: fails", "rows"]);
        project.declare("CREATE EXTENSION file_fdw; CREATE TABLE t ();");
        project.apply();
    });
}

#[test]
fn a_secret_option_reaches_the_database_and_nothing_else() {
    on_each_server(|server| {
        let mut project = Project::new(server);
        project.configure("[sql]\nfiles = [\"*.sql\"]\n");
        let scratch = server.url("postgres");
        let ddl = format!(
            "{SERVERS} CREATE FOREIGN TABLE t (id int OPTIONS (api_key 'xyzzy')) SERVER s OPTIONS (token 'plugh', a '1');"
        );
        project.write("schema.sql", &ddl);
        let run = |arguments: &[&str]| {
            let all: Vec<&str> =
                ["--scratch-url", scratch.as_str()].into_iter().chain(arguments.iter().copied()).collect();
            project.run(&all).ok().never_says(&["xyzzy", "plugh"])
        };
        run(&["plan", "--format", "sql"]).says(&["<secret "]);
        run(&["apply", "--auto-approve", "--json"]);
        let held = |sql: &str| project.database().value(sql);
        assert!(held("SELECT ftoptions::text FROM pg_foreign_table").contains("token=plugh"));
        let columns = "SELECT attfdwoptions::text FROM pg_attribute WHERE attfdwoptions IS NOT NULL";
        assert!(held(columns).contains("api_key=xyzzy"));
        run(&["plan"]).says(&["Nothing to do"]);
        project.database().run("ALTER FOREIGN TABLE t OPTIONS (SET token 'other', SET a '2')");
        run(&["plan"]).says(&["another secret value", "option a"]);
    });
}

#[test]
fn what_a_foreign_schema_brings_is_declared() {
    on_each_server(|server| {
        let far = Project::new(server);
        far.database().run("CREATE TABLE one (id int NOT NULL, name varchar(20)); CREATE TABLE two (id int)");
        let mut project = Project::new(server);
        project.configure("[sql]\nfiles = [\"*.sql\"]\n");
        let (host, port) = (
            project.database().value("SELECT current_setting('unix_socket_directories')"),
            project.database().value("SELECT current_setting('port')"),
        );
        let far = far.database().value("SELECT current_database()");
        project.write(
            "schema.sql",
            &format!(
                "CREATE EXTENSION postgres_fdw;
                 CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '{host}', port '{port}', dbname '{far}');
                 CREATE USER MAPPING FOR CURRENT_USER SERVER far;
                 IMPORT FOREIGN SCHEMA public FROM SERVER far INTO public;"
            ),
        );
        let scratch = server.url("postgres");
        let run =
            |command: &[&str]| project.run(&[&["--scratch-url", scratch.as_str()], command].concat()).ok();
        run(&["apply", "--auto-approve"]);
        run(&["plan"]).says(&["Nothing to do"]);
        let tables = "SELECT string_agg(ftrelid::regclass::text, ' ' ORDER BY 1) FROM pg_foreign_table";
        assert_eq!(project.database().value(tables), "one two");
    });
}
