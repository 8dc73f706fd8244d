//! Operators, operator families and classes, casts.

use e2e::{Project, on_each_server};

use super::{comes_and_goes, is_imported};

const SAME: &str =
    "CREATE FUNCTION same(integer, text) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT $1::text = $2';
     CREATE FUNCTION same(text, integer) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT $1 = $2::text';
     CREATE FUNCTION other(integer, text) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT $1::text <> $2';
     CREATE FUNCTION turned(integer) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT -$1';";

#[test]
fn operators_come_with_their_companions() {
    comes_and_goes(&[
        &format!("{SAME} CREATE OPERATOR === (FUNCTION = same, LEFTARG = integer, RIGHTARG = text);"),
        // Each of them names another one that comes later.
        &format!(
            "{SAME}
             CREATE OPERATOR === (FUNCTION = same, LEFTARG = integer, RIGHTARG = text, COMMUTATOR = ===,
                 NEGATOR = <>, RESTRICT = eqsel, JOIN = eqjoinsel);
             CREATE OPERATOR === (FUNCTION = same, LEFTARG = text, RIGHTARG = integer, COMMUTATOR = ===);
             CREATE OPERATOR <> (FUNCTION = other, LEFTARG = integer, RIGHTARG = text, NEGATOR = ===);
             CREATE OPERATOR ~~~ (FUNCTION = turned, RIGHTARG = integer);
             COMMENT ON OPERATOR ~~~ (NONE, integer) IS 'it''s';
             CREATE TABLE t (a integer CHECK (a OPERATOR(public.===) '1'), b integer GENERATED ALWAYS AS (~~~ 1) STORED);
             CREATE VIEW v AS SELECT a === '2' AS found FROM t;"
        ),
        &format!(
            "{SAME}
             CREATE OPERATOR === (FUNCTION = other, LEFTARG = integer, RIGHTARG = text, RESTRICT = neqsel);
             CREATE TABLE t (a integer CHECK (a === '1'), b integer);
             CREATE VIEW v AS SELECT a === '2' AS found FROM t;"
        ),
    ]);
}

#[test]
fn estimators_change_in_place() {
    on_each_server(|server| {
        let operator = |estimators: &str| {
            format!(
                "{SAME} CREATE OPERATOR === (FUNCTION = same, LEFTARG = integer, RIGHTARG = text{estimators});
                 CREATE VIEW v AS SELECT 1 === '2' AS found;"
            )
        };
        let project = Project::declaring(server, &operator(", RESTRICT = eqsel, JOIN = eqjoinsel"));
        project.apply();
        project.declare(&operator(", RESTRICT = neqsel"));
        project.run(&["plan", "--json"]).ok().says(&[
            "ALTER OPERATOR public.=== (integer, text) SET (RESTRICT = neqsel)",
            "ALTER OPERATOR public.=== (integer, text) SET (JOIN = NONE)",
        ]);
        project.apply();
        project.is_converged();
        project.matches(&operator(", RESTRICT = neqsel"));
    });
}

#[test]
fn an_operator_gets_no_other_name() {
    on_each_server(|server| {
        let ddl = |name: &str| {
            format!("{SAME} CREATE OPERATOR {name} (FUNCTION = same, LEFTARG = integer, RIGHTARG = text);")
        };
        let project = Project::declaring(server, &ddl("==="));
        project.apply();
        let renames =
            [("operator.main.public.\"===\"(integer, text)", "operator.main.public.\"====\"(integer, text)")];
        project.declare_renamed(&ddl("===="), &renames);
        project.run(&["plan"]).says(&["an object of this kind cannot be renamed"]);
        project.declare(&ddl("===="));
        project.run(&["plan"]).says(&["operator.main.public.\"====\"(integer, text)"]);
    });
}

const ABSOLUTE: &str = "CREATE FUNCTION below(integer, integer) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT abs($1) < abs($2)';
     CREATE FUNCTION upto(integer, integer) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT abs($1) <= abs($2)';
     CREATE FUNCTION alike(integer, integer) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT abs($1) = abs($2)';
     CREATE FUNCTION since(integer, integer) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT abs($1) >= abs($2)';
     CREATE FUNCTION above(integer, integer) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT abs($1) > abs($2)';
     CREATE FUNCTION compared(integer, integer) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT btint4cmp(abs($1), abs($2))';
     CREATE OPERATOR |<| (FUNCTION = below, LEFTARG = integer, RIGHTARG = integer);
     CREATE OPERATOR |<=| (FUNCTION = upto, LEFTARG = integer, RIGHTARG = integer);
     CREATE OPERATOR |=| (FUNCTION = alike, LEFTARG = integer, RIGHTARG = integer, COMMUTATOR = |=|);
     CREATE OPERATOR |>=| (FUNCTION = since, LEFTARG = integer, RIGHTARG = integer);
     CREATE OPERATOR |>| (FUNCTION = above, LEFTARG = integer, RIGHTARG = integer);";

const CLASS: &str = "FOR TYPE integer USING btree AS
         OPERATOR 1 |<|, OPERATOR 2 |<=|, OPERATOR 3 |=|, OPERATOR 4 |>=|, OPERATOR 5 |>|,
         FUNCTION 1 compared(integer, integer);";

#[test]
fn operator_classes_come_before_their_indexes() {
    comes_and_goes(&[
        &format!("{ABSOLUTE} CREATE OPERATOR CLASS by_size {CLASS} CREATE TABLE t (a integer);"),
        &format!(
            "{ABSOLUTE} CREATE OPERATOR CLASS by_size {CLASS}
             COMMENT ON OPERATOR CLASS by_size USING btree IS 'it''s';
             CREATE TABLE t (a integer); CREATE INDEX i ON t (a by_size);"
        ),
        // Another family: the class is made anew, and its index with it.
        &format!(
            "{ABSOLUTE} CREATE OPERATOR FAMILY sizes USING btree;
             COMMENT ON OPERATOR FAMILY sizes USING btree IS 'f';
             CREATE OPERATOR CLASS by_size {};
             CREATE TABLE t (a integer); CREATE INDEX i ON t (a by_size DESC);",
            CLASS.replace("USING btree AS", "USING btree FAMILY sizes AS").trim_end_matches(';')
        ),
    ]);
}

/// Without a class of its own a row is compared by PostgreSQL's.
#[test]
fn keys_follow_the_default_class_of_their_type() {
    const PAIR: &str = "CREATE TYPE pair AS (a integer, b integer);
         CREATE FUNCTION below(pair, pair) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT ($1).a < ($2).a';
         CREATE FUNCTION alike(pair, pair) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT ($1).a = ($2).a';
         CREATE FUNCTION compared(pair, pair) RETURNS integer IMMUTABLE LANGUAGE sql AS
             'SELECT btint4cmp(($1).a, ($2).a)';
         CREATE OPERATOR <<< (FUNCTION = below, LEFTARG = pair, RIGHTARG = pair);
         CREATE OPERATOR === (FUNCTION = alike, LEFTARG = pair, RIGHTARG = pair, COMMUTATOR = ===);
         CREATE TABLE t (a pair UNIQUE, b pair);
         CREATE INDEX t_b ON t (b);
         CREATE TABLE divided (a pair) PARTITION BY RANGE (a);";
    const CLASS: &str =
        "CREATE OPERATOR CLASS by_a DEFAULT FOR TYPE pair USING btree AS OPERATOR 1 <<<, OPERATOR 3 ===,
         FUNCTION 1 compared(pair, pair);";
    comes_and_goes(&[PAIR, &format!("{PAIR} {CLASS}"), PAIR]);
}

#[test]
fn families_get_and_lose_members_in_place() {
    let family = "CREATE FUNCTION mixed(integer, bigint) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT btint48cmp($1, $2)';
         CREATE OPERATOR FAMILY sizes USING btree;";
    comes_and_goes(&[
        family,
        &format!(
            "{family} ALTER OPERATOR FAMILY sizes USING btree ADD
                 OPERATOR 1 < (integer, bigint), OPERATOR 3 = (integer, bigint), FUNCTION 1 (integer, bigint) mixed(integer, bigint);"
        ),
        &format!(
            "{family} ALTER OPERATOR FAMILY sizes USING btree ADD
                 OPERATOR 1 > (integer, bigint), FUNCTION 1 (integer, bigint) btint48cmp(integer, bigint);"
        ),
    ]);
}

#[test]
fn casts_belong_to_their_types() {
    let types = "CREATE TYPE pair AS (a integer, b integer); CREATE TYPE mood AS ENUM ('low', 'high');
         CREATE FUNCTION number(pair) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT ($1).a';";
    comes_and_goes(&[
        types,
        &format!(
            "{types} CREATE CAST (pair AS integer) WITH FUNCTION number(pair) AS ASSIGNMENT;
             CREATE CAST (text AS mood) WITH INOUT AS IMPLICIT;
             COMMENT ON CAST (text AS mood) IS 'it''s';
             CREATE VIEW v AS SELECT row(1, 2)::pair::integer AS n;"
        ),
        &format!(
            "{types} CREATE CAST (pair AS integer) WITH FUNCTION number(pair);
             CREATE CAST (text AS mood) WITH INOUT AS ASSIGNMENT;"
        ),
    ]);
}

#[test]
fn existing_operators_and_casts_are_taken_over() {
    is_imported(&format!(
        "{SAME} {ABSOLUTE}
         CREATE OPERATOR === (FUNCTION = same, LEFTARG = integer, RIGHTARG = text, COMMUTATOR = ===);
         CREATE OPERATOR === (FUNCTION = same, LEFTARG = text, RIGHTARG = integer, COMMUTATOR = ===);
         CREATE OPERATOR CLASS by_size {CLASS}
         CREATE TYPE \"Mood\" AS ENUM ('low');
         CREATE CAST (\"Mood\" AS integer) WITH INOUT;
         CREATE TABLE t (a integer, EXCLUDE USING btree (a by_size WITH |=|));
         CREATE AGGREGATE least_size(integer) (SFUNC = int4smaller, STYPE = integer, SORTOP = |<|);"
    ));
}

#[test]
fn an_operator_goes_when_nobody_uses_it() {
    on_each_server(|server| {
        let mut project = Project::new(server);
        project.set_target("destructive = \"allow\"");
        let operator = "CREATE OPERATOR === (FUNCTION = same, LEFTARG = integer, RIGHTARG = text);";
        project.declare(&format!("{SAME} {operator} CREATE TABLE t (a integer CHECK (a === '1'));"));
        project.apply();
        // The check and the operator go at once, the check first.
        project.declare(&format!("{SAME} CREATE TABLE t (a integer);"));
        project.apply();
        project.is_converged();
    });
}
