//! Indexes with everything that can be said of them.

use serde_json::{Value, json};

use crate::support::{on_each_server, said};

/// Creates `CREATE <index>` on a table everywhere and compares what is said of `index.main.public.i`, but for
/// its name and table.
async fn is_read_as(index: &str, expected: Value) {
    on_each_server(async |database| {
        database
            .run(
                "CREATE EXTENSION pg_trgm SCHEMA public;
                 CREATE TYPE public.mood AS ENUM ('a');
                 CREATE DOMAIN public.label AS varchar(10);
                 CREATE TABLE public.t (a int, b text, c varchar(9), d int[], e jsonb, f int4range,
                                        g public.mood, h public.label, j text COLLATE \"C\")",
            )
            .await;
        database.run(index).await;
        let seen = database.observe(&["public"]).await;
        let mut found = said(&seen, "index.main.public.i")["index"].clone();
        let fields = found.as_object_mut().unwrap();
        for (field, value) in [("schema", "public"), ("name", "i"), ("table", "t")] {
            assert_eq!(fields.remove(field).unwrap(), value);
        }
        assert_eq!(fields.remove("valid"), None, "only the contrary is said");
        assert_eq!(found, expected, "on {}", database.major());
    })
    .await;
}

#[tokio::test]
async fn columns_in_order() {
    is_read_as(
        "CREATE INDEX i ON public.t (a DESC, b NULLS FIRST, c DESC NULLS LAST)",
        json!({"method": "btree", "elements": [
            {"key": {"column": "a"}, "descending": true, "nulls_first": true},
            {"key": {"column": "b"}, "nulls_first": true},
            {"key": {"column": "c"}, "descending": true}]}),
    )
    .await;
}

#[tokio::test]
async fn default_operator_classes_are_not_said() {
    let keys = ["a", "b", "c", "d", "f", "g", "h"].map(|name| json!({"key": {"column": name}}));
    is_read_as(
        "CREATE INDEX i ON public.t (a int4_ops, b text_ops, c text_ops, d array_ops, f range_ops, g enum_ops,
                                     h text_ops)",
        json!({"method": "btree", "elements": keys}),
    )
    .await;
}

#[tokio::test]
async fn other_operator_classes_are_said_with_their_parameters() {
    is_read_as(
        "CREATE INDEX i ON public.t USING gist (b public.gist_trgm_ops (siglen = 32), f)",
        json!({"method": "gist", "elements": [
            {"key": {"column": "b"}, "operator_class":
                {"name": {"schema": "public", "name": "gist_trgm_ops"}, "options": {"siglen": "32"}}},
            {"key": {"column": "f"}}]}),
    )
    .await;
    is_read_as(
        "CREATE INDEX i ON public.t (b text_pattern_ops, c bpchar_pattern_ops)",
        json!({"method": "btree", "elements": [
            {"key": {"column": "b"}, "operator_class":
                {"name": {"schema": "pg_catalog", "name": "text_pattern_ops"}}},
            {"key": {"column": "c"}, "operator_class":
                {"name": {"schema": "pg_catalog", "name": "bpchar_pattern_ops"}}}]}),
    )
    .await;
}

#[tokio::test]
async fn a_collation_other_than_the_columns_is_said() {
    is_read_as(
        "CREATE INDEX i ON public.t (b COLLATE \"C\", j COLLATE \"C\", j COLLATE \"default\")",
        json!({"method": "btree", "elements": [
            {"key": {"column": "b"}, "collation": {"schema": "pg_catalog", "name": "C"}},
            {"key": {"column": "j"}},
            {"key": {"column": "j"}, "collation": {"schema": "pg_catalog", "name": "default"}}]}),
    )
    .await;
}

#[tokio::test]
async fn expressions_stand_among_columns() {
    is_read_as(
        "CREATE INDEX i ON public.t (lower(b), a, (a + 1), lower(c) text_pattern_ops DESC)",
        json!({"method": "btree", "elements": [
            {"key": {"expression": "lower(b)"}},
            {"key": {"column": "a"}},
            {"key": {"expression": "((a + 1))"}},
            {"key": {"expression": "lower((c)::text)"}, "descending": true, "nulls_first": true,
             "operator_class": {"name": {"schema": "pg_catalog", "name": "text_pattern_ops"}}}]}),
    )
    .await;
}

#[tokio::test]
async fn unique_partial_covering_with_options() {
    is_read_as(
        "CREATE UNIQUE INDEX i ON public.t (a) INCLUDE (c, b) NULLS NOT DISTINCT
             WITH (fillfactor = 70, deduplicate_items = off) WHERE b = 'x' AND a > 0",
        json!({"method": "btree", "unique": true, "nulls_not_distinct": true, "include": ["c", "b"],
            "elements": [{"key": {"column": "a"}}],
            "options": {"fillfactor": "70", "deduplicate_items": "off"},
            "predicate": "((b = 'x'::text) AND (a > 0))"}),
    )
    .await;
}

#[tokio::test]
async fn every_method() {
    for (method, column) in
        [("hash", "a"), ("gin", "e"), ("gist", "f"), ("spgist", "b"), ("brin", "a"), ("btree", "a")]
    {
        is_read_as(
            &format!("CREATE INDEX i ON public.t USING {method} ({column})"),
            json!({"method": method, "elements": [{"key": {"column": column}}]}),
        )
        .await;
    }
}

#[tokio::test]
async fn an_interrupted_concurrent_build_is_invalid() {
    on_each_server(async |database| {
        database.run("CREATE TABLE public.t (a int); INSERT INTO public.t VALUES (1), (1)").await;
        let build = "CREATE UNIQUE INDEX CONCURRENTLY i ON public.t (a)";
        database.connection.client().batch_execute(build).await.unwrap_err();
        database.run("COMMENT ON INDEX public.i IS 'broken'").await;
        let seen = database.observe(&["public"]).await;
        let index = &said(&seen, "index.main.public.i")["index"];
        assert_eq!(index.get("valid"), None);
        assert_eq!(index["comment"], "broken");
    })
    .await;
}
