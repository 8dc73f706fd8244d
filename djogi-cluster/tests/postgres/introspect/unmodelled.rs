//! Objects that have no kind: listed by name, and known to whoever would drop what they need.

use std::collections::BTreeMap;

use crate::support::on_each_server;

#[tokio::test]
async fn each_sort_is_listed() {
    on_each_server(async |database| {
        database
            .run(
                "CREATE TABLE public.t (a int, b int);
                 CREATE VIEW public.v AS SELECT a FROM public.t;
                 CREATE MATERIALIZED VIEW public.m AS SELECT 1 AS one;
                 CREATE FUNCTION public.g(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
                 CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
                 CREATE PROCEDURE public.p() LANGUAGE sql AS '';
                 CREATE AGGREGATE public.agg(int) (SFUNC = int4pl, STYPE = int);
                 CREATE TRIGGER tr BEFORE INSERT ON public.t FOR EACH ROW EXECUTE FUNCTION public.f();
                 CREATE RULE r AS ON DELETE TO public.t DO INSTEAD NOTHING;
                 CREATE POLICY po ON public.t USING (a > 0);
                 CREATE TABLE public.parted (a int) PARTITION BY RANGE (a);
                 CREATE TABLE public.part PARTITION OF public.parted DEFAULT;
                 CREATE DOMAIN public.d AS int;
                 CREATE TYPE public.c AS (x int);
                 CREATE TYPE public.rng AS RANGE (subtype = int);
                 CREATE STATISTICS public.st ON a, b FROM public.t;
                 CREATE COLLATION public.coll FROM \"C\"",
            )
            .await;
        let seen = database.observe(&["public"]).await;
        let found: Vec<_> = seen.unmodelled.iter().map(|o| format!("{}: {}", o.kind, o.name)).collect();
        assert_eq!(
            found,
            [
                "aggregate: public.agg(integer)",
                "collation: public.coll",
                "composite type: public.c",
                "domain: public.d",
                "function: public.f()",
                "function: public.g(integer)",
                "materialized view: public.m",
                "partition: public.part",
                "partitioned table: public.parted",
                "policy: po on public.t",
                "procedure: public.p()",
                "range type: public.rng",
                "rule: r on public.t",
                "statistics object: public.st",
                "trigger: tr on public.t",
                "view: public.v",
            ]
        );
    })
    .await;
}

#[tokio::test]
async fn privileges_of_others_than_the_owner_are_listed() {
    on_each_server(async |database| {
        database
            .run(
                "CREATE TABLE public.t (a int, b int);
                 GRANT SELECT, INSERT ON public.t TO PUBLIC;
                 GRANT UPDATE (b) ON public.t TO pg_monitor",
            )
            .await;
        let seen = database.observe(&["public"]).await;
        let found: Vec<_> = seen.unmodelled.iter().map(|o| format!("{}: {}", o.kind, o.name)).collect();
        assert_eq!(
            found,
            [
                "column privilege: UPDATE (b) on public.t to pg_monitor",
                "table privilege: INSERT, SELECT on public.t to PUBLIC",
            ]
        );
    })
    .await;
}

#[tokio::test]
async fn what_they_need_knows_them() {
    on_each_server(async |database| {
        database
            .run(
                "CREATE SCHEMA app;
                 CREATE TYPE public.mood AS ENUM ('x');
                 CREATE SEQUENCE public.seq;
                 CREATE TABLE public.t (a int CONSTRAINT pk PRIMARY KEY, b int, c public.mood);
                 CREATE VIEW app.by_key AS SELECT a, b FROM public.t GROUP BY a;
                 CREATE FUNCTION app.f(public.mood[], public.t) RETURNS int LANGUAGE sql AS 'SELECT 1';
                 CREATE TABLE app.parted (a int REFERENCES public.t, s int DEFAULT nextval('public.seq'))
                     PARTITION BY RANGE (a)",
            )
            .await;
        let seen = database.observe(&["public", "app"]).await;
        let found: BTreeMap<String, Vec<&str>> = seen
            .unmodelled_dependents
            .iter()
            .map(|(address, objects)| {
                (address.to_string(), objects.iter().map(|o| o.name.as_str()).collect())
            })
            .collect();
        let function = "app.f(public.mood[],public.t)";
        let expected = BTreeMap::from(
            [
                ("schema.main.app", vec![function, "app.parted", "app.by_key"]),
                ("enum.main.public.mood", vec![function]),
                ("sequence.main.public.seq", vec!["app.parted"]),
                ("table.main.public.t", vec![function, "app.parted", "app.by_key"]),
                ("column.main.public.t.a", vec!["app.parted", "app.by_key"]),
                ("column.main.public.t.b", vec!["app.by_key"]),
                ("constraint.main.public.t.pk", vec!["app.parted", "app.by_key"]),
            ]
            .map(|(address, objects)| (address.to_owned(), objects)),
        );
        assert_eq!(found, expected);
    })
    .await;
}
