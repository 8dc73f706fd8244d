//! Constraints in their less common forms, NOT NULL as a constraint among them.

use e2e::{Project, on_each_server};

use super::{comes_and_goes, is_imported};

#[test]
fn storage_of_the_indexes_of_constraints_changes_in_place() {
    comes_and_goes(&[
        "CREATE TABLE t (a integer PRIMARY KEY, b integer UNIQUE, c integer, EXCLUDE USING hash (c WITH =));",
        "CREATE TABLE t (a integer, b integer, c integer, PRIMARY KEY (a) WITH (fillfactor = 70),
             UNIQUE NULLS NOT DISTINCT (b) INCLUDE (c) WITH (deduplicate_items = off, fillfactor = 60) DEFERRABLE,
             EXCLUDE USING hash (c WITH =) WITH (fillfactor = 50));
         CREATE INDEX i ON t (c) WITH (fillfactor = 40, deduplicate_items = off);",
        "CREATE TABLE t (a integer, b integer, c integer, PRIMARY KEY (a) WITH (fillfactor = 80),
             UNIQUE NULLS NOT DISTINCT (b) INCLUDE (c) WITH (fillfactor = 60, deduplicate_items = on) DEFERRABLE,
             EXCLUDE USING hash (c WITH =));
         CREATE INDEX i ON t (c) WITH (deduplicate_items = off, fillfactor = 45);",
    ]);
}

#[test]
fn an_options_place_among_others_is_no_change() {
    on_each_server(|server| {
        let ddl = |options: &str| {
            format!(
                "CREATE TABLE t (a integer, PRIMARY KEY (a) WITH ({options})); CREATE INDEX i ON t (a) WITH ({options});"
            )
        };
        let project = Project::declaring(server, &ddl("fillfactor = 70, deduplicate_items = off"));
        project.apply();
        project.declare(&ddl("deduplicate_items = off, fillfactor = 70"));
        project.is_converged();
    });
}

/// Goes through `states` on each server from `oldest` on.
fn passes_since(oldest: u32, states: &[&str]) {
    on_each_server(|server| {
        if server.major() < oldest {
            return;
        }
        let mut project = Project::new(server);
        project.set_target("destructive = \"allow\"");
        for state in states {
            let ddl = &format!("CREATE TABLE stays (); {state}");
            project.declare(ddl);
            project.apply();
            project.is_converged();
            project.matches(ddl);
        }
    });
}

#[test]
fn a_name_of_not_null_is_a_property_of_its_own() {
    passes_since(
        18,
        &[
            "CREATE TABLE t (a integer, b integer NOT NULL, c integer);",
            "CREATE TABLE t (a integer CONSTRAINT there NOT NULL, b integer CONSTRAINT always NOT NULL,
                 c integer CONSTRAINT mine NOT NULL NO INHERIT, d integer CONSTRAINT new NOT NULL);
             COMMENT ON CONSTRAINT always ON t IS 'it''s';",
            "CREATE TABLE t (a integer NOT NULL NO INHERIT, b integer CONSTRAINT always NOT NULL,
                 c integer NOT NULL, d integer);
             ALTER TABLE t ADD CONSTRAINT later NOT NULL d NOT VALID; COMMENT ON CONSTRAINT later ON t IS 'l';",
            "CREATE TABLE t (a integer, b integer, c integer, d integer CONSTRAINT later NOT NULL);
             CREATE TABLE copy (LIKE t); CREATE TABLE keyed (a integer CONSTRAINT k NOT NULL PRIMARY KEY);",
            "CREATE TABLE t (a integer, b integer, c integer);
             ALTER TABLE t ADD CONSTRAINT latest NOT NULL c NOT VALID;
             CREATE TABLE keyed (a integer CONSTRAINT k NOT NULL);",
        ],
    );
}

#[test]
fn a_name_of_not_null_follows_a_rename_in_a_step_of_its_own() {
    on_each_server(|server| {
        let project = Project::declaring(server, "CREATE TABLE old (a integer NOT NULL);");
        project.apply();
        let renames = [("table.main.public.old", "table.main.public.new")];
        project.declare_renamed("CREATE TABLE new (a integer NOT NULL);", &renames);
        let plan = project.run(&["plan", "--json"]).ok();
        let renames = plan.stdout.contains("RENAME CONSTRAINT old_a_not_null TO new_a_not_null");
        assert_eq!(renames, server.major() >= 18, "{plan}");
        project.apply();
        project.is_converged();
        project.matches("CREATE TABLE new (a integer NOT NULL);");
    });
}

#[test]
fn constraints_that_are_not_enforced() {
    let tables = |key: &str, check: &str| {
        format!(
            "CREATE TABLE p (a integer PRIMARY KEY);
             CREATE TABLE t (a integer REFERENCES p {key}, b integer CHECK (b > 0) {check});"
        )
    };
    let states = [
        tables("", ""),
        tables("NOT ENFORCED", "NOT ENFORCED"),
        tables("DEFERRABLE", "NOT ENFORCED"),
        tables("DEFERRABLE NOT ENFORCED", "NO INHERIT"),
    ];
    passes_since(18, &states.each_ref().map(String::as_str));
}

#[test]
fn keys_without_overlaps() {
    passes_since(
        18,
        &[
            "CREATE TABLE p (a int4range, b daterange); CREATE TABLE t (a int4range, b daterange);",
            "CREATE TABLE p (a int4range, b daterange, PRIMARY KEY (a, b WITHOUT OVERLAPS));
             CREATE TABLE t (a int4range, b daterange, UNIQUE (a, b WITHOUT OVERLAPS) DEFERRABLE,
                 FOREIGN KEY (a, PERIOD b) REFERENCES p (a, PERIOD b));",
            "CREATE TABLE p (a int4range, b daterange, PRIMARY KEY (a, b));",
        ],
    );
}

#[test]
fn a_domain_can_name_its_not_null() {
    passes_since(
        17,
        &[
            "CREATE DOMAIN d AS integer;",
            "CREATE DOMAIN d AS integer CONSTRAINT there NOT NULL; COMMENT ON CONSTRAINT there ON DOMAIN d IS 'it''s';",
            "CREATE DOMAIN d AS integer NOT NULL CHECK (VALUE > 0);",
            "CREATE DOMAIN d AS integer CHECK (VALUE > 1);",
        ],
    );
}

#[test]
fn foreign_keys_say_all_they_do() {
    comes_and_goes(&[
        "CREATE TABLE p (a integer, b integer, PRIMARY KEY (a, b));
         CREATE TABLE t (a integer, b integer, FOREIGN KEY (a, b) REFERENCES p);",
        "CREATE TABLE p (a integer, b integer, PRIMARY KEY (a, b));
         CREATE TABLE t (a integer, b integer,
             FOREIGN KEY (a, b) REFERENCES p MATCH FULL ON DELETE SET NULL (b) ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED);",
    ]);
}

#[test]
fn identity_is_added_changed_and_dropped_in_place() {
    comes_and_goes(&[
        "CREATE TABLE t (a integer, b bigint, c smallint GENERATED BY DEFAULT AS IDENTITY);",
        "CREATE TABLE t (a integer GENERATED ALWAYS AS IDENTITY, b bigint GENERATED BY DEFAULT AS IDENTITY (START 5 INCREMENT 5 CACHE 2 CYCLE),
             c smallint GENERATED ALWAYS AS IDENTITY (MAXVALUE 9));",
        "CREATE TABLE t (a bigint GENERATED BY DEFAULT AS IDENTITY (START 7), b bigint NOT NULL, c smallint);",
    ]);
}

#[test]
fn existing_constraints_are_taken_over() {
    is_imported(
        "CREATE TABLE p (a integer, b text, PRIMARY KEY (a) INCLUDE (b) WITH (fillfactor = 60));
         CREATE TABLE t (a integer REFERENCES p DEFERRABLE, b integer NOT NULL, CHECK (a > 0) NO INHERIT,
             UNIQUE NULLS NOT DISTINCT (b) WITH (fillfactor = 70));
         CREATE TABLE \"order\" (item_id integer NOT NULL);
         CREATE TABLE order_item (id integer NOT NULL);",
    );
}
