//! Functions, procedures and aggregates.

use e2e::{Project, on_each_server};

use super::{comes_and_goes, is_imported};

#[test]
fn a_function_is_replaced_in_place_where_postgresql_can() {
    comes_and_goes(&[
        "CREATE FUNCTION f(a integer) RETURNS integer LANGUAGE sql AS 'SELECT a';",
        "CREATE FUNCTION f(a integer, b text DEFAULT 'x') RETURNS integer LANGUAGE sql AS 'SELECT a + 1';
         CREATE FUNCTION f(a integer) RETURNS integer LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 7
             SET search_path = public AS 'SELECT a + 2';
         COMMENT ON FUNCTION f(integer) IS 'it''s';",
        "CREATE FUNCTION f(a integer, b text DEFAULT 'y') RETURNS integer LANGUAGE sql SECURITY DEFINER AS 'SELECT 2';
         CREATE FUNCTION f(other integer) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN 'AS $x$'; END $$;",
        "CREATE FUNCTION f(other integer, OUT x integer, OUT y text) LANGUAGE sql AS 'SELECT 1, ''a''';
         CREATE FUNCTION g() RETURNS TABLE (a integer, b text) LANGUAGE sql AS 'SELECT 1, ''a''';
         CREATE FUNCTION h(VARIADIC a integer[]) RETURNS SETOF integer LANGUAGE sql ROWS 3 AS 'SELECT 1';
         CREATE PROCEDURE p(INOUT a integer) LANGUAGE sql AS 'SELECT 1'; COMMENT ON PROCEDURE p IS 'p';",
        "CREATE FUNCTION p(a integer) RETURNS integer LANGUAGE sql AS 'SELECT 1';",
    ]);
}

#[test]
fn what_calls_a_replaced_function_makes_way_and_comes_back() {
    let around = "
        CREATE TABLE t (a integer, b integer DEFAULT f(1), c integer CHECK (f(c) > 0));
        CREATE INDEX t_f ON t (f(a));
        CREATE VIEW v AS SELECT f(a) AS x FROM t;
        COMMENT ON VIEW v IS 'kept';
        CREATE VIEW w AS SELECT x FROM v;
        CREATE FUNCTION g(x integer) RETURNS integer LANGUAGE sql BEGIN ATOMIC SELECT f(x); END;";
    let first = "CREATE FUNCTION f(x integer) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT x';";
    let second = "CREATE FUNCTION f(y integer) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT y + 1';";
    comes_and_goes(&[&format!("{first}{around}"), &format!("{second}{around}")]);
}

#[test]
fn bodies_name_what_comes_after_them() {
    comes_and_goes(&[
        "CREATE TABLE t (a integer);
         CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM public.t';
         CREATE TABLE u (n bigint DEFAULT f());
         CREATE FUNCTION twice() RETURNS bigint LANGUAGE sql RETURN (SELECT 2 * f());
         CREATE FUNCTION even(n integer) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RETURN n = 0 OR odd(n - 1); END';
         CREATE FUNCTION odd(n integer) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RETURN n <> 0 AND even(n - 1); END';",
    ]);
}

#[test]
fn aggregates_say_what_they_are_made_of() {
    comes_and_goes(&[
        "CREATE AGGREGATE total(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '0');",
        "CREATE FUNCTION plus(integer, integer) RETURNS integer IMMUTABLE STRICT LANGUAGE sql AS 'SELECT $1 + $2';
         CREATE AGGREGATE total(integer) (SFUNC = plus, STYPE = integer, INITCOND = '1', COMBINEFUNC = plus,
             PARALLEL = SAFE, MSFUNC = plus, MINVFUNC = int4mi, MSTYPE = integer, MINITCOND = '2', SORTOP = <);
         COMMENT ON AGGREGATE total(integer) IS 'sum';
         CREATE AGGREGATE counted(*) (SFUNC = int8inc, STYPE = bigint, INITCOND = '0');
         CREATE AGGREGATE middle(double precision ORDER BY anyelement) (SFUNC = ordered_set_transition,
             STYPE = internal, FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA);",
        "CREATE AGGREGATE total(bigint) (SFUNC = int8pl, STYPE = bigint);
         CREATE TABLE t (a bigint); CREATE VIEW v AS SELECT total(a) AS n FROM t;",
    ]);
}

#[test]
fn existing_routines_are_taken_over() {
    is_imported(
        "CREATE EXTENSION pg_trgm;
         CREATE TYPE span AS RANGE (subtype = date);
         CREATE FUNCTION \"Ö f\"(\"In\" text[] = '{}', VARIADIC more text[] = NULL) RETURNS text LANGUAGE sql
             STABLE LEAKPROOF AS 'SELECT 1::text';
         CREATE FUNCTION window_one() RETURNS bigint WINDOW LANGUAGE internal AS 'window_row_number';
         CREATE PROCEDURE p(a integer, INOUT b text DEFAULT NULL) LANGUAGE plpgsql AS $f$ BEGIN b := '$function$'; END $f$;",
    );
}

#[test]
fn a_renamed_function_is_the_same_one() {
    on_each_server(|server| {
        let ddl = |name: &str| {
            format!(
                "CREATE FUNCTION {name}(a integer) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT a';
                 CREATE TABLE t (a integer DEFAULT {name}(1));"
            )
        };
        let project = Project::declaring(server, &ddl("f"));
        project.apply();
        let oid = project.database().value("SELECT 'f(integer)'::regprocedure::oid");
        let renames = [("function.main.public.f(integer)", "function.main.public.\"New\"(integer)")];
        project.declare_renamed(&ddl("\"New\""), &renames);
        project.apply();
        project.is_converged();
        project.matches(&ddl("\"New\""));
        assert_eq!(project.database().value("SELECT '\"New\"(integer)'::regprocedure::oid"), oid);
    });
}
