//! The properties of tables and columns.

use super::{comes_and_goes, is_imported};

#[test]
fn a_table_changes_its_properties_in_place() {
    comes_and_goes(&[
        "CREATE TABLE t (a integer PRIMARY KEY, b text); CREATE POLICY p ON t USING (a > 0);",
        "CREATE UNLOGGED TABLE t (a integer PRIMARY KEY, b text)
             WITH (fillfactor = 70, autovacuum_enabled = false, toast.autovacuum_enabled = false);
         CREATE POLICY p ON t USING (a > 0);
         ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t FORCE ROW LEVEL SECURITY;
         ALTER TABLE t REPLICA IDENTITY FULL;",
        "CREATE TABLE t (a integer PRIMARY KEY, b text NOT NULL) WITH (fillfactor = 80);
         CREATE UNIQUE INDEX t_b ON t (b);
         ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t REPLICA IDENTITY USING INDEX t_b;
         CREATE TABLE u (a integer CONSTRAINT u_key PRIMARY KEY);
         ALTER TABLE u REPLICA IDENTITY USING INDEX u_key;
         CREATE TABLE w (a integer); ALTER TABLE w REPLICA IDENTITY NOTHING; ALTER TABLE w ENABLE ROW LEVEL SECURITY;",
    ]);
}

#[test]
fn a_column_changes_its_properties_in_place() {
    comes_and_goes(&[
        "CREATE TABLE t (a text, b numeric, c integer);",
        "CREATE TABLE t (a text, b numeric, c integer, d text);
         ALTER TABLE t ALTER a SET STORAGE EXTERNAL, ALTER a SET COMPRESSION pglz, ALTER b SET STORAGE PLAIN,
             ALTER c SET STATISTICS 500, ALTER c SET (n_distinct = -0.5), ALTER d SET STORAGE MAIN;",
        "CREATE TABLE t (a varchar, b text, c bigint, d text);
         ALTER TABLE t ALTER a SET STORAGE EXTERNAL, ALTER c SET STATISTICS 7, ALTER c SET (n_distinct = 9);",
        "CREATE TABLE t (a text, b numeric, c integer);",
    ]);
}

#[test]
fn existing_properties_are_taken_over() {
    is_imported(
        "CREATE UNLOGGED TABLE t (a text, b integer) WITH (fillfactor = 50);
         ALTER TABLE t ENABLE ROW LEVEL SECURITY;
         ALTER TABLE t ALTER a SET STORAGE EXTERNAL, ALTER b SET STATISTICS 3;",
    );
}
