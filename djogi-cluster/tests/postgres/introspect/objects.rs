//! Schemas, extensions, enums, sequences, names, oids, sizes, and what is left out.

use djogi_cluster::connect::Connection;
use djogi_cluster::introspect::{Scope, observe_relations, unanalysed_sizes};
use djogi_core::QualifiedName;
use djogi_core::observation::Oid;
use serde_json::json;

use crate::support::{address, addresses, ident, on_each_server, said};

#[tokio::test]
async fn an_empty_database_has_only_its_schema() {
    on_each_server(async |database| {
        let seen = database.observe(&["public", "app"]).await;
        assert_eq!(addresses(&seen), ["schema.main.public"]);
        assert_eq!(said(&seen, "schema.main.public"), json!({"schema": {"name": "public"}}));
        assert!(seen.unmodelled.is_empty());
    })
    .await;
}

#[tokio::test]
async fn comments_are_read_with_their_objects() {
    on_each_server(async |database| {
        database
            .run(
                "CREATE SCHEMA app;
                 CREATE TYPE app.e AS ENUM ();
                 CREATE SEQUENCE app.s;
                 CREATE TABLE app.t (a int, b int);
                 COMMENT ON SCHEMA app IS 'schema'; COMMENT ON TYPE app.e IS 'enum';
                 COMMENT ON SEQUENCE app.s IS 'sequence'; COMMENT ON TABLE app.t IS 'tab''le';
                 COMMENT ON COLUMN app.t.b IS 'column';
                 COMMENT ON SCHEMA public IS 'ours'",
            )
            .await;
        let seen = database.observe(&["public", "app"]).await;
        assert_eq!(said(&seen, "schema.main.app")["schema"]["comment"], "schema");
        assert_eq!(said(&seen, "schema.main.public")["schema"]["comment"], "ours");
        assert_eq!(said(&seen, "enum.main.app.e")["enum"]["comment"], "enum");
        assert_eq!(said(&seen, "sequence.main.app.s")["sequence"]["comment"], "sequence");
        let table = said(&seen, "table.main.app.t")["table"].clone();
        assert_eq!(table["comment"], "tab'le");
        assert_eq!(table["columns"][0].get("comment"), None);
        assert_eq!(table["columns"][1]["comment"], "column");
    })
    .await;
}

#[tokio::test]
async fn enum_labels_are_in_their_order() {
    on_each_server(async |database| {
        database
            .run(
                "CREATE TYPE public.mood AS ENUM ('b', 'it''s', 'Ä');
                 ALTER TYPE public.mood ADD VALUE 'a' BEFORE 'b'",
            )
            .await;
        let seen = database.observe(&["public"]).await;
        assert_eq!(
            said(&seen, "enum.main.public.mood"),
            json!({"enum": {"schema": "public", "name": "mood", "labels": ["a", "b", "it's", "Ä"]}})
        );
    })
    .await;
}

#[tokio::test]
async fn sequences_are_free_or_owned() {
    on_each_server(async |database| {
        database
            .run(
                "CREATE SEQUENCE public.free AS smallint START 7 INCREMENT 2 MINVALUE 1 MAXVALUE 99 CACHE 4 CYCLE;
                 CREATE TABLE public.t (id serial)",
            )
            .await;
        let seen = database.observe(&["public"]).await;
        assert_eq!(
            said(&seen, "sequence.main.public.free"),
            json!({"sequence": {"schema": "public", "name": "free", "type": "smallint",
                "options": {"start": 7, "increment": 2, "min": 1, "max": 99, "cache": 4, "cycle": true}}})
        );
        let owned = said(&seen, "sequence.main.public.t_id_seq");
        assert_eq!(
            owned["sequence"]["owned_by"],
            json!({"table": {"schema": "public", "name": "t"}, "column": "id"})
        );
        assert_eq!(owned["sequence"]["type"], "integer");
    })
    .await;
}

#[tokio::test]
async fn members_of_extensions_are_left_out() {
    on_each_server(async |database| {
        database.run("CREATE SCHEMA ext; CREATE EXTENSION earthdistance SCHEMA ext CASCADE").await;
        let seen = database.observe(&["public", "ext"]).await;
        assert_eq!(
            addresses(&seen),
            ["schema.main.ext", "schema.main.public", "extension.main.cube", "extension.main.earthdistance"]
        );
        assert_eq!(said(&seen, "extension.main.cube")["extension"]["schema"], "ext");
        assert!(seen.unmodelled.is_empty(), "{:?}", seen.unmodelled);
    })
    .await;
}

#[tokio::test]
async fn unmanaged_schemas_are_not_read() {
    on_each_server(async |database| {
        database
            .run("CREATE SCHEMA other; CREATE TABLE other.t (a int PRIMARY KEY); CREATE VIEW other.v AS SELECT 1")
            .await;
        let seen = database.observe(&["public"]).await;
        assert_eq!(addresses(&seen), ["schema.main.public"]);
        assert!(seen.unmodelled.is_empty());
    })
    .await;
}

#[tokio::test]
async fn names_are_kept_as_they_are() {
    on_each_server(async |database| {
        let long = "ü".repeat(31);
        database
            .run(&format!(
                "CREATE SCHEMA \"My.Schema\";
                 CREATE TYPE \"My.Schema\".\"a \"\"b\"\"\" AS ENUM ('x');
                 CREATE TABLE \"My.Schema\".\"select\" (\"{long}\" \"My.Schema\".\"a \"\"b\"\"\", \"1\" int,
                     CONSTRAINT \"c'k\" CHECK (\"1\" > 0));
                 CREATE INDEX \"Ünïque\" ON \"My.Schema\".\"select\" ((\"1\" + 1), \"{long}\")"
            ))
            .await;
        let seen = database.observe(&["My.Schema"]).await;
        assert_eq!(
            addresses(&seen),
            [
                "schema.main.\"My.Schema\"",
                "enum.main.\"My.Schema\".\"a \"\"b\"\"\"",
                "table.main.\"My.Schema\".select",
                "constraint.main.\"My.Schema\".select.\"c'k\"",
                "index.main.\"My.Schema\".\"Ünïque\"",
            ]
        );
        let table = &said(&seen, "table.main.\"My.Schema\".select")["table"];
        assert_eq!(table["columns"][0], json!({"name": long, "type": "\"My.Schema\".\"a \"\"b\"\"\""}));
    })
    .await;
}

#[tokio::test]
async fn every_address_has_its_oid() {
    on_each_server(async |database| {
        database
            .run(
                "CREATE TYPE public.e AS ENUM ('x'); CREATE SEQUENCE public.s;
                 CREATE TABLE public.t (a int CONSTRAINT k PRIMARY KEY, b int);
                 CREATE INDEX i ON public.t (b)",
            )
            .await;
        let seen = database.observe(&["public"]).await;
        assert_eq!(addresses(&seen), seen.oids.keys().map(ToString::to_string).collect::<Vec<_>>());
        for (at, sql) in [
            ("schema.main.public", "'public'::regnamespace::oid"),
            ("enum.main.public.e", "'public.e'::regtype::oid"),
            ("sequence.main.public.s", "'public.s'::regclass::oid"),
            ("table.main.public.t", "'public.t'::regclass::oid"),
            ("index.main.public.i", "'public.i'::regclass::oid"),
            ("constraint.main.public.t.k", "(SELECT oid FROM pg_constraint WHERE conname = 'k')"),
        ] {
            let row = database.connection.client().query_one(&format!("SELECT {sql}"), &[]).await.unwrap();
            assert_eq!(seen.oids[&address(at)], Oid(row.get(0)), "{at}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_size_is_known_once_the_table_is_analysed() {
    on_each_server(async |database| {
        database
            .run("CREATE TABLE public.t (a int); INSERT INTO public.t SELECT generate_series(1, 1000)")
            .await;
        let name = QualifiedName::new(ident("public"), ident("t"));
        assert_eq!(database.observe(&["public"]).await.sizes[&name].rows, None);
        database.run("ANALYZE public.t").await;
        let size = database.observe(&["public"]).await.sizes[&name];
        assert_eq!(size.rows, Some(1000));
        assert_eq!(size.bytes, 5 * 8192);
    })
    .await;
}

#[tokio::test]
async fn a_partitioned_table_is_as_large_as_its_partitions() {
    on_each_server(async |database| {
        database
            .run(
                "CREATE TABLE public.parted (id integer) PARTITION BY RANGE (id);
                 CREATE TABLE public.deep PARTITION OF public.parted FOR VALUES FROM (0) TO (100) PARTITION BY RANGE (id);
                 CREATE TABLE public.parted_1 PARTITION OF public.deep FOR VALUES FROM (0) TO (50);
                 CREATE SCHEMA other;
                 CREATE TABLE other.parted_2 PARTITION OF public.parted FOR VALUES FROM (100) TO (200);
                 CREATE TABLE public.fresh PARTITION OF public.parted FOR VALUES FROM (200) TO (300);
                 CREATE TABLE public.none (id integer) PARTITION BY RANGE (id);
                 INSERT INTO public.parted SELECT generate_series(0, 49);
                 INSERT INTO public.parted SELECT generate_series(100, 159);
                 INSERT INTO public.parted SELECT generate_series(200, 250);",
            )
            .await;
        let name = |name: &str| QualifiedName::new(ident("public"), ident(name));
        let sizes = database.observe(&["public"]).await.sizes;
        assert_eq!((sizes[&name("parted")].rows, sizes[&name("none")].rows), (None, Some(0)));
        database.run("ANALYZE public.parted_1; ANALYZE other.parted_2").await;
        let sizes = database.observe(&["public"]).await.sizes;
        assert_eq!((sizes[&name("parted")].rows, sizes[&name("parted")].bytes), (Some(110), 2 * 8192));
        assert_eq!(sizes[&name("deep")].rows, Some(50));
        // With those that were never analysed.
        let measured = unanalysed_sizes(database.connection.client(), &[ident("public")]).await.unwrap();
        assert_eq!(measured.len(), 2, "{measured:?}");
        assert!(measured.contains(&(name("parted"), 3 * 8192)));
        assert!(measured.contains(&(name("fresh"), 8192)));
    })
    .await;
}

#[tokio::test]
async fn named_relations_are_seen_within_a_transaction() {
    on_each_server(async |database| {
        database
            .run(
                "CREATE TABLE public.referenced (a int PRIMARY KEY);
                 CREATE TABLE public.bystander (a int PRIMARY KEY)",
            )
            .await;
        database
            .run(
                "BEGIN;
                 CREATE TABLE public.t (a int PRIMARY KEY REFERENCES public.referenced,
                                        b int GENERATED ALWAYS AS IDENTITY, c serial);
                 CREATE INDEX i ON public.t (b);
                 COMMENT ON INDEX public.i IS 'with its table'",
            )
            .await;
        let connection = &database.connection;
        let seen = observe_relations(
            connection.client(),
            connection.server_version(),
            &Scope { target: ident("main"), schemas: vec![ident("public")], roles: Default::default() },
            &[ident("t")],
        )
        .await
        .unwrap();
        database.run("ROLLBACK").await;
        let found: Vec<_> = seen.catalog.iter().map(|(address, _)| address.to_string()).collect();
        assert_eq!(
            found,
            [
                "schema.main.public",
                "sequence.main.public.t_c_seq",
                "table.main.public.t",
                "constraint.main.public.t.t_a_fkey",
                "constraint.main.public.t.t_pkey",
                "index.main.public.i",
            ]
        );
        assert_eq!(addresses(&database.observe(&["public"]).await).len(), 5);
    })
    .await;
}

#[tokio::test]
async fn both_ways_of_reading_agree() {
    on_each_server(async |database| {
        database
            .run(
                "CREATE TYPE public.e AS ENUM ('x');
                 CREATE TABLE public.t (a int PRIMARY KEY, b public.e DEFAULT 'x', c text UNIQUE CHECK (c <> ''));
                 CREATE INDEX i ON public.t (lower(c)) WHERE a > 0",
            )
            .await;
        let all = database.observe(&["public"]).await;
        let connection = &database.connection;
        let named = observe_relations(
            connection.client(),
            connection.server_version(),
            &Scope { target: ident("main"), schemas: vec![ident("public")], roles: Default::default() },
            &[ident("t"), ident("e")],
        )
        .await
        .unwrap();
        assert_eq!((all.catalog, all.oids, all.sizes), (named.catalog, named.oids, named.sizes));
    })
    .await;
}

#[tokio::test]
async fn reading_leaves_no_transaction_open() {
    on_each_server(async |database| {
        database.observe(&["public"]).await;
        let observer = Connection::open(&database.parameters, "observer").await.unwrap();
        let sql = "SELECT state = 'idle' AND backend_xmin IS NULL FROM pg_stat_activity WHERE pid = $1";
        let row = observer.client().query_one(sql, &[&database.connection.backend_pid()]).await.unwrap();
        assert!(row.get::<_, bool>(0));
    })
    .await;
}
