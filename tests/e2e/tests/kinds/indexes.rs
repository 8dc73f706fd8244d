//! What tables and `ANALYZE` are told of indexes.

use e2e::{Project, on_each_server};

use super::{comes_and_goes, is_imported};

#[test]
fn a_table_is_clustered_on_an_index_or_a_constraint() {
    const T: &str = "CREATE TABLE t (id integer PRIMARY KEY, a integer NOT NULL, b text NOT NULL); CREATE TABLE u (id integer);";
    let states = [
        "CREATE INDEX i ON t (a); ALTER TABLE t CLUSTER ON i;",
        // Made anew, it is still the one.
        "CREATE INDEX i ON t (a, b); ALTER TABLE t CLUSTER ON i; CREATE INDEX j ON u (id); ALTER TABLE u CLUSTER ON j;",
        "CREATE INDEX i ON t (a, b); ALTER TABLE t CLUSTER ON t_pkey;
         CREATE UNIQUE INDEX x ON t (a); ALTER TABLE t REPLICA IDENTITY USING INDEX x;",
        "CREATE INDEX i ON t (a, b); CREATE UNIQUE INDEX x ON t (b); ALTER TABLE t REPLICA IDENTITY USING INDEX x;",
    ];
    let states = states.map(|state| format!("{T} {state}"));
    comes_and_goes(&states.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn a_key_that_is_made_anew_is_still_what_its_table_says_of_it() {
    comes_and_goes(&[
        "CREATE TABLE t (a integer NOT NULL, b integer NOT NULL, CONSTRAINT k UNIQUE (a));
         ALTER TABLE t CLUSTER ON k; ALTER TABLE t REPLICA IDENTITY USING INDEX k;",
        "CREATE TABLE t (a integer NOT NULL, b integer NOT NULL, CONSTRAINT k UNIQUE (a, b));
         ALTER TABLE t CLUSTER ON k; ALTER TABLE t REPLICA IDENTITY USING INDEX k;",
    ]);
}

#[test]
fn indexed_expressions_have_statistics_of_their_own() {
    const T: &str = "CREATE TABLE t (id integer, a text);";
    let states = [
        "CREATE INDEX i ON t (id, lower(a), (id + 1));",
        "CREATE INDEX i ON t (id, lower(a), (id + 1)); ALTER INDEX i ALTER COLUMN 2 SET STATISTICS 300;
         COMMENT ON INDEX i IS 'c';",
        "CREATE INDEX i ON t (lower(a), (id + 1)); ALTER INDEX i ALTER COLUMN 2 SET STATISTICS 0;",
        "CREATE INDEX i ON t (lower(a), (id + 1)); ALTER INDEX i ALTER COLUMN 1 SET STATISTICS 10000;",
    ];
    let states = states.map(|state| format!("{T} {state}"));
    comes_and_goes(&states.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn they_are_taken_over_and_follow_a_rename() {
    let ddl = "CREATE TABLE t (id integer PRIMARY KEY, a text); CREATE INDEX i ON t (lower(a));
               ALTER INDEX i ALTER COLUMN 1 SET STATISTICS 7; ALTER TABLE t CLUSTER ON i;";
    is_imported(ddl);
    on_each_server(|server| {
        let project = Project::declaring(server, ddl);
        project.apply();
        let after = ddl.replace("INDEX i", "INDEX j").replace("ON i", "ON j");
        project.declare_renamed(&after, &[("index.main.public.i", "index.main.public.j")]);
        project.run(&["plan"]).ok().says(&["Plan: 1 to rename"]);
        project.apply();
        project.is_converged();
        project.matches(&after);
    });
}
