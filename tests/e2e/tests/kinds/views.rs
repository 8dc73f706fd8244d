//! Views and materialized views.

use e2e::{Project, on_each_server};

use super::{comes_and_goes, is_imported};

const TABLE: &str = "CREATE TABLE orders (id integer PRIMARY KEY, total integer, note text);";

fn with(table: &str, rest: &str) -> String {
    format!("{table}\n{rest}")
}

#[test]
fn a_view_changes_in_place_while_its_columns_stay() {
    let states = [
        "CREATE VIEW v AS SELECT id FROM orders;",
        "CREATE VIEW v WITH (security_barrier) AS SELECT id FROM orders WHERE total > 0;
         COMMENT ON VIEW v IS 'it''s'; COMMENT ON COLUMN v.id IS 'key'; ALTER VIEW v ALTER id SET DEFAULT 7;",
        "CREATE VIEW v WITH (security_invoker = true, check_option = local) AS
             SELECT id, total AS \"Total\" FROM orders WHERE total > 0;",
        "CREATE VIEW v AS SELECT total, id FROM orders;
         CREATE VIEW w AS SELECT count(*) AS n FROM v; COMMENT ON VIEW w IS 'w';",
        "CREATE VIEW v AS SELECT note AS total, id FROM orders;
         CREATE VIEW w AS SELECT count(*) AS n FROM v; COMMENT ON VIEW w IS 'w';",
    ]
    .map(|rest| with(TABLE, rest));
    comes_and_goes(&states.each_ref().map(String::as_str));
}

#[test]
fn what_selects_from_a_column_is_made_anew_around_its_new_type() {
    let views = "
        CREATE VIEW v AS SELECT id, total FROM orders;
        COMMENT ON VIEW v IS 'first';
        CREATE VIEW w AS SELECT total FROM v WHERE total > 3;
        COMMENT ON COLUMN w.total IS 'second';
        CREATE MATERIALIZED VIEW m WITH (fillfactor = 70) AS SELECT id, total FROM v;
        CREATE UNIQUE INDEX m_key ON m (id);
        COMMENT ON MATERIALIZED VIEW m IS 'third';
        CREATE VIEW elsewhere AS SELECT note FROM orders;";
    let bigger = "CREATE TABLE orders (id integer PRIMARY KEY, total bigint, note text);";
    comes_and_goes(&[&with(TABLE, views), &with(bigger, views)]);
}

#[test]
fn what_only_computes_with_a_column_is_made_anew_with_its_indexes() {
    let views = "
        CREATE MATERIALIZED VIEW m AS SELECT id, total IS NULL AS empty FROM orders;
        CREATE UNIQUE INDEX m_key ON m (id);
        CREATE VIEW v AS SELECT count(*) AS n FROM m;";
    let bigger = "CREATE TABLE orders (id integer PRIMARY KEY, total bigint, note text);";
    comes_and_goes(&[&with(TABLE, views), &with(bigger, views)]);
}

#[test]
fn a_column_goes_with_its_place_in_views() {
    let before =
        with(TABLE, "CREATE VIEW v AS SELECT id, total FROM orders; CREATE VIEW w AS SELECT id FROM v;");
    let after = "CREATE TABLE orders (id integer PRIMARY KEY, note text);
                 CREATE VIEW v AS SELECT id FROM orders; CREATE VIEW w AS SELECT id FROM v;";
    comes_and_goes(&[&before, after]);
}

#[test]
fn materialized_views_have_indexes_and_keep_their_rows() {
    let states = [
        "CREATE MATERIALIZED VIEW m AS SELECT id, total FROM orders;",
        "CREATE MATERIALIZED VIEW m WITH (fillfactor = 50) AS SELECT id, total FROM orders;
         CREATE UNIQUE INDEX m_key ON m (id); CREATE INDEX m_total ON m (total) WHERE total > 5;
         COMMENT ON COLUMN m.id IS 'key';",
        "CREATE MATERIALIZED VIEW m AS SELECT id, total, note FROM orders; CREATE UNIQUE INDEX m_key ON m (id);",
    ]
    .map(|rest| with(TABLE, rest));
    comes_and_goes(&states.each_ref().map(String::as_str));
}

#[test]
fn a_view_takes_the_name_of_a_table_and_gives_it_back() {
    comes_and_goes(&[
        "CREATE TABLE a (id integer); CREATE TABLE b (id integer);",
        "CREATE TABLE a (id integer); CREATE VIEW b AS SELECT id FROM a;",
        "CREATE TABLE a (id integer); CREATE MATERIALIZED VIEW b AS SELECT id FROM a;",
    ]);
}

#[test]
fn existing_views_are_taken_over() {
    is_imported(
        "CREATE TABLE t (a integer, b varchar(9));
         CREATE VIEW v AS WITH RECURSIVE r(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM r WHERE n < 9)
             SELECT t.a AS \"Ä\", r.n FROM t LEFT JOIN r ON r.n = t.a WHERE t.b IS DISTINCT FROM 'it''s';
         CREATE MATERIALIZED VIEW m AS SELECT * FROM v WITH NO DATA;",
    );
}

#[test]
fn a_renamed_view_keeps_its_comment_and_those_who_select_from_it() {
    on_each_server(|server| {
        let before = with(
            TABLE,
            "CREATE VIEW v AS SELECT id FROM orders; COMMENT ON VIEW v IS 'c';
                                  CREATE VIEW w AS SELECT id FROM v;",
        );
        let after = with(
            TABLE,
            "CREATE VIEW renamed AS SELECT id FROM orders; COMMENT ON VIEW renamed IS 'c';
                                 CREATE VIEW w AS SELECT id FROM renamed;",
        );
        let project = Project::declaring(server, &before);
        project.apply();
        let oid = project.database().value("SELECT 'v'::regclass::oid");
        project.declare_renamed(&after, &[("view.main.public.v", "view.main.public.renamed")]);
        project.apply();
        project.is_converged();
        project.matches(&after);
        assert_eq!(project.database().value("SELECT 'renamed'::regclass::oid"), oid);
    });
}

#[test]
fn a_view_of_somebody_else_stands_in_the_way_by_name() {
    on_each_server(|server| {
        let project = Project::declaring(server, TABLE);
        project.apply();
        project.database().run("CREATE VIEW theirs AS SELECT total FROM orders");
        project.declare("CREATE TABLE orders (id integer PRIMARY KEY, total bigint, note text);");
        project
            .run(&["apply", "--auto-approve"])
            .expect(3)
            .says(&["view.main.public.theirs", "depends on it"]);
        project.database().run("DROP VIEW theirs");
        project.apply();
        project.is_converged();
    });
}

#[test]
fn a_view_that_somebody_changed_is_drift() {
    on_each_server(|server| {
        let ddl = with(TABLE, "CREATE VIEW v AS SELECT id FROM orders;");
        let project = Project::declaring(server, &ddl);
        project.apply();
        project.database().run("CREATE OR REPLACE VIEW v AS SELECT id FROM orders WHERE id > 1");
        project.run(&["plan", "--detailed-exitcode"]).expect(2).says(&["view.main.public.v"]);
        project.apply();
        project.is_converged();
        project.matches(&ddl);
    });
}

#[test]
fn a_name_passes_to_another_kind_with_all_that_uses_it() {
    comes_and_goes(&[
        "CREATE TABLE base (a integer, b text);
         CREATE VIEW shown AS SELECT a, b FROM base; CREATE VIEW upon AS SELECT a FROM shown;
         CREATE TYPE mood AS ENUM ('a', 'b'); CREATE TABLE t (m mood DEFAULT 'a' NOT NULL, n mood[]);
         CREATE VIEW moods AS SELECT m FROM t;
         GRANT SELECT ON shown TO PUBLIC; GRANT SELECT ON upon TO PUBLIC;",
        "CREATE TABLE base (a integer, b text);
         CREATE MATERIALIZED VIEW shown AS SELECT a, b FROM base; CREATE VIEW upon AS SELECT a FROM shown;
         CREATE TYPE mood AS ENUM ('a', 'b'); CREATE TABLE t (m mood DEFAULT 'a' NOT NULL, n mood[]);
         CREATE VIEW moods AS SELECT m FROM t;
         GRANT SELECT ON shown TO PUBLIC; GRANT SELECT ON upon TO PUBLIC;",
        "CREATE TABLE base (a integer, b text);
         CREATE TABLE shown (a integer); CREATE VIEW upon AS SELECT a FROM shown;
         CREATE DOMAIN mood AS text CHECK (VALUE IN ('a', 'b')); CREATE TABLE t (m mood DEFAULT 'a' NOT NULL, n mood[]);
         CREATE VIEW moods AS SELECT m FROM t;
         GRANT SELECT (a) ON shown TO PUBLIC;",
    ]);
}

#[test]
fn a_name_that_may_not_be_given_up_is_not_taken() {
    on_each_server(|server| {
        let project =
            Project::declaring(server, "CREATE TABLE kept (a integer); CREATE TABLE other (b integer);");
        project.apply();
        project.declare("CREATE VIEW kept AS SELECT 1 AS a; CREATE TABLE other (b integer, c integer);");
        let planned = project.run(&["plan", "--json"]).ok().json();
        let changes = planned["resource_changes"].as_array().unwrap();
        let of = |address: &str| changes.iter().find(|change| change["address"] == address).unwrap();
        assert_eq!(of("table.main.public.kept")["reason"], "approval_required");
        assert_eq!(of("view.main.public.kept")["reason"], "dependency_not_applied");
        project.run(&["apply", "--auto-approve"]).expect(3).says(&["waits for table.main.public.kept"]);
        project.matches("CREATE TABLE kept (a integer); CREATE TABLE other (b integer, c integer);");
        project.run(&["approve", "table.main.public.kept", "--reason", "a view now"]).ok();
        project.apply();
        project.is_converged();
    });
}
