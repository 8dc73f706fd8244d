//! Domains, composite types, range types, collations and statistics objects.

use e2e::{Project, on_each_server};

use super::{comes_and_goes, is_imported};

#[test]
fn domains_change_in_place() {
    comes_and_goes(&[
        "CREATE DOMAIN d AS integer; CREATE TABLE t (a d);",
        "CREATE DOMAIN d AS integer DEFAULT 7 NOT NULL CONSTRAINT positive CHECK (VALUE > 0);
         COMMENT ON DOMAIN d IS 'it''s'; COMMENT ON CONSTRAINT positive ON DOMAIN d IS 'c';
         CREATE TABLE t (a d);",
        "CREATE FUNCTION small(i integer) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT i < 9';
         CREATE DOMAIN d AS integer CONSTRAINT positive CHECK (VALUE > 1) CONSTRAINT small CHECK (small(VALUE));
         ALTER DOMAIN d ADD CONSTRAINT later CHECK (VALUE <> 5) NOT VALID;
         CREATE DOMAIN e AS d CHECK (VALUE > 2);
         CREATE DOMAIN txt AS text COLLATE \"C\" DEFAULT 'x'::text;
         CREATE TABLE t (a d, c e);",
    ]);
}

#[test]
fn types_are_made_anew_under_what_holds_their_values_within_others() {
    on_each_server(|server| {
        let columns = "CREATE TABLE t (a d[], b c);";
        let project = Project::declaring(
            server,
            &format!("CREATE DOMAIN d AS integer; CREATE TYPE c AS (x integer); {columns}"),
        );
        project.apply();
        project.declare(&format!(
            "CREATE DOMAIN d AS integer CHECK (VALUE > 0); CREATE TYPE c AS (x bigint); {columns}"
        ));
        project.database().run("INSERT INTO t VALUES ('{1,2}', ROW (3))");
        project.apply();
        project.is_converged();
        assert_eq!(project.database().value("SELECT a::text || b::text FROM t"), "{1,2}(3)");
        project.declare(&format!(
            "CREATE DOMAIN d AS integer DEFAULT 1; CREATE TYPE c AS (x bigint, y text); {columns}"
        ));
        project.apply();
        project.is_converged();
    });
}

#[test]
fn a_domain_on_another_type_is_made_anew_under_the_values_of_a_table() {
    on_each_server(|server| {
        let project = Project::declaring(server, "CREATE DOMAIN d AS integer; CREATE TABLE t (a d);");
        project.apply();
        project.database().run("INSERT INTO t VALUES (7)");
        project.declare("CREATE DOMAIN d AS text; CREATE TABLE t (a d);");
        project.apply();
        project.is_converged();
        assert_eq!(project.database().value("SELECT a::text FROM t"), "7");
    });
}

#[test]
fn composite_types_change_in_place() {
    comes_and_goes(&[
        "CREATE TYPE c AS (x integer, y text);",
        "CREATE TYPE c AS (x bigint, z text COLLATE \"C\"); COMMENT ON TYPE c IS 'it''s';
         COMMENT ON COLUMN c.z IS 'z'; CREATE TYPE outer_c AS (inner_c c, more c[]);
         CREATE FUNCTION f(c) RETURNS integer LANGUAGE sql AS 'SELECT 1';",
        "CREATE TYPE c AS (a date, x bigint); CREATE TYPE nothing AS ();",
    ]);
}

#[test]
fn range_types_come_and_go_with_their_multiranges() {
    comes_and_goes(&[
        "CREATE TYPE r AS RANGE (subtype = double precision, subtype_diff = float8mi);
         COMMENT ON TYPE r IS 'c'; CREATE TABLE t (a r, b r[]);",
        "CREATE TYPE r AS RANGE (subtype = double precision, subtype_diff = float8mi);
         CREATE FUNCTION diff(text, text) RETURNS double precision IMMUTABLE STRICT LANGUAGE sql AS 'SELECT 1::float8';
         CREATE TYPE words AS RANGE (subtype = text, collation = \"C\", subtype_opclass = text_pattern_ops,
             subtype_diff = diff, multirange_type_name = many_words);
         CREATE TABLE t (a r, b r[]); CREATE TABLE u (c many_words); CREATE VIEW v AS SELECT words('a', 'b') AS w;",
    ]);
}

#[test]
fn collations_are_compared_by_what_they_are_made_of() {
    comes_and_goes(&[
        "CREATE COLLATION c (locale = 'C');",
        "CREATE COLLATION c (provider = icu, locale = 'de-u-co-phonebk', deterministic = false);
         COMMENT ON COLLATION c IS 'it''s'; CREATE TABLE t (a text COLLATE c);
         CREATE DOMAIN d AS text COLLATE c;",
    ]);
}

#[test]
fn statistics_objects_follow_their_tables() {
    let table = "CREATE TABLE t (a integer, b integer, c text);";
    comes_and_goes(&[
        &format!("{table} CREATE STATISTICS s ON a, b FROM t;"),
        &format!(
            "{table} CREATE STATISTICS s (mcv) ON b, (lower(c)) FROM t; ALTER STATISTICS s SET STATISTICS 50;"
        ),
        &format!(
            "{table} CREATE STATISTICS s (mcv) ON b, (lower(c)) FROM t; COMMENT ON STATISTICS s IS 'c';
                  CREATE STATISTICS single ON (a + b) FROM t;"
        ),
    ]);
}

#[test]
fn existing_types_are_taken_over() {
    is_imported(
        "CREATE SCHEMA app;
         CREATE DOMAIN \"D\" AS varchar(9) CHECK (VALUE IN ('a', 'b') OR length(VALUE) > 3);
         CREATE TYPE \"C\" AS (\"x y\" \"D\"[]);
         CREATE TYPE span AS RANGE (subtype = timestamp);
         CREATE TABLE t (a \"D\", b \"C\", c span, d span_multirange);",
    );
}
