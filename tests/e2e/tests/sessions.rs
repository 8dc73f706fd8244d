//! What a role, a database or an encoding brings into a session changes nothing.

use std::fs;

use e2e::{Database, Project, on_each_server};

const MODELS: &str = r"CREATE TABLE t (id bigint PRIMARY KEY, x text DEFAULT 'a\b'::text CHECK (lower(x) <> 'A\B'),
    d date DEFAULT '2020-01-31', i interval DEFAULT '1 day 02:00', f double precision DEFAULT 0.1,
    b bytea DEFAULT '\xdeadbeef', z timestamptz DEFAULT '2020-01-01 00:00+00');
    CREATE INDEX t_lower ON t (lower(x)) WHERE x <> E'tab\t';
    COMMENT ON TABLE t IS 'back\slash';";

#[test]
fn settings_of_the_database_do_not_reach_declarations() {
    on_each_server(|server| {
        let project = Project::declaring(server, MODELS);
        project.database().run(
            "CREATE SCHEMA evil; CREATE FUNCTION evil.lower(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT $1'",
        );
        for setting in [
            "search_path = 'evil', 'pg_catalog'",
            "standard_conforming_strings = off",
            "DateStyle = 'German'",
            "IntervalStyle = 'sql_standard'",
            "TimeZone = 'Asia/Tokyo'",
            "extra_float_digits = -15",
            "bytea_output = 'escape'",
            "quote_all_identifiers = on",
            "default_transaction_isolation = 'serializable'",
            "lock_timeout = 1",
            "statement_timeout = 1000",
            "client_encoding = 'LATIN1'",
            "row_security = off",
        ] {
            project.database().run(&format!("ALTER DATABASE {} SET {setting}", project.database().name()));
        }
        project.apply();
        project.is_converged();
        project.matches(MODELS);
    });
}

/// A database of another encoding, for the project to use instead of its own.
struct Encoded<'a>(&'a Database, String);

impl<'a> Encoded<'a> {
    fn create(beside: &'a Database, encoding: &str) -> Self {
        let name = format!("{}_{encoding}", beside.name());
        beside.run(&format!("CREATE DATABASE {name} TEMPLATE template0 LOCALE 'C' ENCODING '{encoding}'"));
        Self(beside, name)
    }
}

impl Drop for Encoded<'_> {
    fn drop(&mut self) {
        self.0.run(&format!("DROP DATABASE {} WITH (FORCE)", self.1));
    }
}

#[test]
fn other_encodings_converge_and_what_they_cannot_hold_is_an_error() {
    on_each_server(|server| {
        let beside = Database::create(server);
        let mut project = Project::declaring(server, "CREATE TABLE \"tü\" (id int CHECK (id::text <> 'ü'));");
        for encoding in ["sql_ascii", "latin1"] {
            let encoded = Encoded::create(&beside, encoding);
            project.set_variable("DATABASE_URL", &server.url(&encoded.1));
            project.apply();
            project.is_converged();
            fs::remove_dir_all(project.root().join(".djogi")).expect("a state");
        }
        let encoded = Encoded::create(&beside, "latin1");
        project.set_variable("DATABASE_URL", &server.url(&encoded.1));
        project.declare("CREATE TABLE t (id int); COMMENT ON TABLE t IS '注文';");
        project.run(&["apply", "--auto-approve"]).expect(1).says(&["22P05", "LATIN1", "was rolled back"]);
    });
}
