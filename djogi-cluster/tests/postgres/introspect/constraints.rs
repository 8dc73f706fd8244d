//! Constraints of every kind with everything that can be said of them.

use djogi_core::kind::Resource;
use serde_json::{Value, json};

use crate::support::{addresses, on_each_server, said};

/// Runs `sql` everywhere and compares the definition of `constraint.main.public.t.k`.
async fn is_read_as(sql: &str, definition: Value) {
    on_each_server(async |database| {
        database.run("CREATE TABLE public.u (a int, b int, PRIMARY KEY (a), UNIQUE (b, a))").await;
        database.run(sql).await;
        let seen = database.observe(&["public"]).await;
        let constraint = &said(&seen, "constraint.main.public.t.k")["constraint"];
        assert_eq!(constraint["definition"], definition);
        assert_eq!(constraint.get("validated"), None, "only the contrary is said");
        assert!(!addresses(&seen).contains(&"index.main.public.k".to_owned()), "its index is no resource");
    })
    .await;
}

#[tokio::test]
async fn primary_key() {
    is_read_as(
        "CREATE TABLE public.t (a int, b int, c int, CONSTRAINT k PRIMARY KEY (b, a) INCLUDE (c))",
        json!({"primary_key": {"columns": ["b", "a"], "include": ["c"]}}),
    )
    .await;
}

#[tokio::test]
async fn unique() {
    is_read_as(
        "CREATE TABLE public.t (a int, b int, CONSTRAINT k UNIQUE NULLS NOT DISTINCT (b) INCLUDE (a))",
        json!({"unique": {"columns": ["b"], "include": ["a"], "nulls_not_distinct": true}}),
    )
    .await;
}

#[tokio::test]
async fn check() {
    is_read_as(
        "CREATE TABLE public.t (a int, CONSTRAINT k CHECK (a in (1,2)) NO INHERIT)",
        json!({"check": {"expression": "(a = ANY (ARRAY[1, 2]))", "no_inherit": true}}),
    )
    .await;
}

#[tokio::test]
async fn foreign_key() {
    is_read_as(
        "CREATE TABLE public.t (x int, y int, CONSTRAINT k FOREIGN KEY (x, y) REFERENCES public.u (b, a)
             MATCH FULL ON DELETE RESTRICT ON UPDATE CASCADE)",
        json!({"foreign_key": {"columns": ["x", "y"], "references": {"schema": "public", "name": "u"},
            "referenced_columns": ["b", "a"], "on_delete": "restrict", "on_update": "cascade",
            "match_type": "full"}}),
    )
    .await;
}

#[tokio::test]
async fn foreign_key_that_nulls_some_columns() {
    is_read_as(
        "CREATE TABLE public.t (x int, y int, CONSTRAINT k FOREIGN KEY (x, y) REFERENCES public.u (b, a)
             ON DELETE SET NULL (y))",
        json!({"foreign_key": {"columns": ["x", "y"], "references": {"schema": "public", "name": "u"},
            "referenced_columns": ["b", "a"], "on_delete": "set_null", "on_update": "no_action",
            "on_delete_columns": ["y"], "match_type": "simple"}}),
    )
    .await;
}

#[tokio::test]
async fn foreign_key_into_an_unmanaged_schema() {
    is_read_as(
        "CREATE SCHEMA other; CREATE TABLE other.\"V\" (\"I\" int PRIMARY KEY);
         CREATE TABLE public.t (x int, CONSTRAINT k FOREIGN KEY (x) REFERENCES other.\"V\" ON DELETE SET DEFAULT)",
        json!({"foreign_key": {"columns": ["x"], "references": {"schema": "other", "name": "V"},
            "referenced_columns": ["I"], "on_delete": "set_default", "on_update": "no_action",
            "match_type": "simple"}}),
    )
    .await;
}

#[tokio::test]
async fn foreign_key_to_a_partitioned_table_is_one_constraint() {
    is_read_as(
        "CREATE TABLE public.p (a int PRIMARY KEY) PARTITION BY RANGE (a);
         CREATE TABLE public.p1 PARTITION OF public.p FOR VALUES FROM (0) TO (10);
         CREATE TABLE public.t (x int, CONSTRAINT k FOREIGN KEY (x) REFERENCES public.p)",
        json!({"foreign_key": {"columns": ["x"], "references": {"schema": "public", "name": "p"},
            "referenced_columns": ["a"], "on_delete": "no_action", "on_update": "no_action",
            "match_type": "simple"}}),
    )
    .await;
}

#[tokio::test]
async fn exclusion() {
    is_read_as(
        "CREATE TABLE public.t (r int4range, s text,
             CONSTRAINT k EXCLUDE USING gist (r range_ops WITH &&) WHERE (s <> ''))",
        json!({"exclusion": {"method": "gist",
            "elements": [{"element": {"key": {"column": "r"}}, "operator": "&&"}],
            "predicate": "(s <> ''::text)"}}),
    )
    .await;
}

#[tokio::test]
async fn exclusion_by_an_operator_of_its_own() {
    is_read_as(
        "CREATE SCHEMA app;
         CREATE FUNCTION app.same(int4range, int4range) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT true';
         CREATE OPERATOR app.=== (LEFTARG = int4range, RIGHTARG = int4range, FUNCTION = app.same,
                                  COMMUTATOR = OPERATOR(app.===));
         CREATE OPERATOR CLASS app.ops FOR TYPE int4range USING gist AS OPERATOR 3 app.===,
             FUNCTION 1 range_gist_consistent(internal, anyrange, smallint, oid, internal),
             FUNCTION 2 range_gist_union(internal, internal),
             FUNCTION 5 range_gist_penalty(internal, internal, internal),
             FUNCTION 6 range_gist_picksplit(internal, internal),
             FUNCTION 7 range_gist_same(anyrange, anyrange, internal);
         CREATE TABLE public.t (r int4range,
             CONSTRAINT k EXCLUDE USING gist (r app.ops WITH OPERATOR(app.===)))",
        json!({"exclusion": {"method": "gist", "elements": [{"operator": "OPERATOR(app.===)",
            "element": {"key": {"column": "r"},
                        "operator_class": {"name": {"schema": "app", "name": "ops"}}}}]}}),
    )
    .await;
}

#[tokio::test]
async fn deferrability_validity_and_comment() {
    on_each_server(async |database| {
        database
            .run(
                "CREATE TABLE public.t (a int, b int CONSTRAINT u UNIQUE DEFERRABLE, CONSTRAINT p PRIMARY KEY (a)
                     DEFERRABLE INITIALLY DEFERRED);
                 ALTER TABLE public.t ADD CONSTRAINT c CHECK (a > 0) NOT VALID;
                 COMMENT ON CONSTRAINT c ON public.t IS 'later'",
            )
            .await;
        let seen = database.observe(&["public"]).await;
        let constraint =
            |name: &str| said(&seen, &format!("constraint.main.public.t.{name}"))["constraint"].clone();
        assert_eq!(constraint("p")["deferrable"], "initially_deferred");
        assert_eq!(constraint("u")["deferrable"], "initially_immediate");
        assert_eq!(constraint("c")["deferrable"], "not_deferrable");
        assert_eq!(constraint("c").get("validated"), None);
        assert_eq!(constraint("c")["comment"], "later");
    })
    .await;
}

#[tokio::test]
async fn not_null_belongs_to_the_column() {
    on_each_server(async |database| {
        database.run("CREATE TABLE public.t (a int NOT NULL, b int CONSTRAINT nn NOT NULL)").await;
        let seen = database.observe(&["public"]).await;
        assert_eq!(addresses(&seen), ["schema.main.public", "table.main.public.t"]);
    })
    .await;
}

#[tokio::test]
async fn constraints_of_postgresql_18_say_what_they_are() {
    on_each_server(async |database| {
        if database.major() < 18 {
            return;
        }
        database
            .run(
                "CREATE TABLE public.t (a int4range, b int4range, CONSTRAINT p PRIMARY KEY (b, a WITHOUT OVERLAPS),
                     CONSTRAINT c CHECK (NOT isempty(a)) NOT ENFORCED);
                 CREATE TABLE public.v (a int4range, b int4range,
                     CONSTRAINT f FOREIGN KEY (b, PERIOD a) REFERENCES public.t (b, PERIOD a))",
            )
            .await;
        let seen = database.observe(&["public"]).await;
        let constraints = seen.catalog.iter().filter_map(|(_, resource)| match resource {
            Resource::Constraint(r) => Some((r.name.as_str(), r.period, r.enforced, r.validated)),
            _ => None,
        });
        assert_eq!(
            constraints.collect::<Vec<_>>(),
            [("c", false, false, true), ("p", true, true, true), ("f", true, true, true)]
        );
        assert_eq!(seen.unmodelled, []);
    })
    .await;
}

#[tokio::test]
async fn a_not_null_has_a_name_where_it_is_not_the_default_one() {
    on_each_server(async |database| {
        database
            .run(
                "CREATE TABLE public.\"order\" (item_id int NOT NULL, b int CONSTRAINT nn NOT NULL);
                 CREATE TABLE public.order_item (id int NOT NULL)",
            )
            .await;
        let seen = database.observe(&["public"]).await;
        let columns = seen.catalog.iter().filter_map(|(_, resource)| match resource {
            Resource::Table(table) => Some(&table.columns),
            _ => None,
        });
        let names = columns.flatten().map(|column| column.not_null_constraint.name.clone());
        let named = names.flatten().map(|name| name.to_string()).collect::<Vec<_>>();
        let expected: &[&str] = if database.major() < 18 { &[] } else { &["nn"] };
        assert_eq!(named, expected);
    })
    .await;
}
