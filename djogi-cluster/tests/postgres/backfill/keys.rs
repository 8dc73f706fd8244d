//! Keys of any columns and types.

use djogi_cluster::backfill::Outcome;
use djogi_core::plan::Backfill;

use super::{begin, hurried, lengths, number, run, with_rows};
use crate::support::{Database, ident, on_each_server};

/// Goes through a table of these columns and rows, with this key, in ranges and chunks that are smaller than it.
async fn goes_through(database: &Database, columns: &str, rows: &str, key: &[&str]) {
    let client = database.connection.client();
    let table = format!(
        "DROP TABLE IF EXISTS public.t; DELETE FROM djogi.cursor; DELETE FROM djogi.live;
         CREATE TABLE public.t ({columns}, v text DEFAULT 'abc', w integer, PRIMARY KEY ({}));
         INSERT INTO public.t {rows}; ANALYZE public.t",
        key.iter().map(|name| ident(name).to_string()).collect::<Vec<_>>().join(", ")
    );
    database.run(&table).await;
    let backfill = Backfill { key: key.iter().map(|name| ident(name)).collect(), ..lengths() };
    begin(client, &backfill, 400).await;
    let all = number(client, "SELECT count(*) FROM public.t").await;
    assert!(all >= 1000, "{columns}: {all} rows");
    let done = run(database, hurried()).await.unwrap();
    assert_eq!(done, Outcome::Done { rows: all.unsigned_abs() }, "{columns}");
    assert_eq!(
        number(client, "SELECT count(*) FROM public.t WHERE w IS DISTINCT FROM 3").await,
        0,
        "{columns}"
    );
    // Each row was found by the chunk that it belongs to, and none by the check.
    assert_eq!(number(client, "SELECT sum(passes) FROM djogi.cursor").await, 0, "{columns}");
}

#[tokio::test]
async fn keys_of_all_sorts_of_types() {
    on_each_server(async |database| {
        with_rows(database, 0).await;
        let series = "FROM generate_series(1, 1200) AS n";
        database
            .run("CREATE TYPE public.mood AS ENUM ('low', 'high'); CREATE DOMAIN public.code AS text")
            .await;
        for (kind, value) in [
            ("bigint", "n - 600"),
            ("text", "chr(97 + n % 7) || E'\\'\\\\ \u{e9}' || n"),
            ("text COLLATE \"C\"", "chr(97 + n % 7) || n"),
            ("character(8)", "n"),
            ("character varying(8)", "n || ' '"),
            ("public.code", "'\"' || n"),
            ("uuid", "md5(n::text)::uuid"),
            ("timestamptz", "'2020-01-01'::timestamptz + n * interval '1.000001 s'"),
            ("timestamp(3)", "'0044-03-15 BC'::timestamp + n * interval '1 day'"),
            ("numeric(20,10)", "n / 3.0"),
            ("double precision", "n / 3.0"),
            ("bytea", "int4send(n)"),
            ("inet", "'10.0.0.0'::inet + n"),
            ("integer[]", "ARRAY[n % 3, n]"),
            ("int4range", "int4range(n, n + 2)"),
        ] {
            goes_through(
                database,
                &format!("id {kind}"),
                &format!("SELECT ({value})::{kind} {series}").replace(" COLLATE \"C\"", ""),
                &["id"],
            )
            .await;
        }
    })
    .await;
}

#[tokio::test]
async fn keys_of_several_columns() {
    on_each_server(async |database| {
        with_rows(database, 0).await;
        database.run("CREATE TYPE public.mood AS ENUM ('low', 'middle', 'high')").await;
        let rows = "SELECT (ARRAY['high', 'low', 'middle']::public.mood[])[1 + n % 3], n % 40, 'x ' || n
                      FROM generate_series(1, 1500) AS n";
        goes_through(
            database,
            "mood public.mood, \"Odd name\" integer, t text",
            rows,
            &["mood", "Odd name", "t"],
        )
        .await;
    })
    .await;
}

/// As an extension has it: operators in a schema of its own, which order otherwise than those that PostgreSQL has for any
/// row type.
const BACKWARDS: &str = "
CREATE SCHEMA ext;
CREATE TYPE ext.back AS (n integer);
CREATE FUNCTION ext.lt(ext.back, ext.back) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT ($1).n > ($2).n';
CREATE FUNCTION ext.le(ext.back, ext.back) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT ($1).n >= ($2).n';
CREATE FUNCTION ext.eq(ext.back, ext.back) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT ($1).n = ($2).n';
CREATE FUNCTION ext.ge(ext.back, ext.back) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT ($1).n <= ($2).n';
CREATE FUNCTION ext.gt(ext.back, ext.back) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT ($1).n < ($2).n';
CREATE FUNCTION ext.cmp(ext.back, ext.back) RETURNS integer LANGUAGE sql IMMUTABLE
    AS 'SELECT pg_catalog.sign(($2).n - ($1).n)::integer';
CREATE OPERATOR ext.< (FUNCTION = ext.lt, LEFTARG = ext.back, RIGHTARG = ext.back);
CREATE OPERATOR ext.<= (FUNCTION = ext.le, LEFTARG = ext.back, RIGHTARG = ext.back);
CREATE OPERATOR ext.= (FUNCTION = ext.eq, LEFTARG = ext.back, RIGHTARG = ext.back);
CREATE OPERATOR ext.>= (FUNCTION = ext.ge, LEFTARG = ext.back, RIGHTARG = ext.back);
CREATE OPERATOR ext.> (FUNCTION = ext.gt, LEFTARG = ext.back, RIGHTARG = ext.back);
CREATE OPERATOR CLASS ext.back_ops DEFAULT FOR TYPE ext.back USING btree AS
    OPERATOR 1 ext.<, OPERATOR 2 ext.<=, OPERATOR 3 ext.=, OPERATOR 4 ext.>=, OPERATOR 5 ext.>,
    FUNCTION 1 ext.cmp(ext.back, ext.back);";

#[tokio::test]
async fn a_type_of_an_extension_is_compared_by_its_own_operators() {
    on_each_server(async |database| {
        with_rows(database, 0).await;
        database.run(BACKWARDS).await;
        let rows = "SELECT ROW(n)::ext.back FROM generate_series(1, 1200) AS n";
        goes_through(database, "id ext.back", rows, &["id"]).await;
    })
    .await;
}
