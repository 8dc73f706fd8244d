//! Objects that have no kind: listed by name, and known to whoever would drop what they need.

use std::collections::BTreeMap;

use crate::support::on_each_server;

#[tokio::test]
async fn each_sort_is_listed() {
    on_each_server(async |database| {
        database
            .run(
                "CREATE TABLE public.t (a int, b int);
                 CREATE TYPE public.span AS RANGE (SUBTYPE = int);
                 CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
                 CREATE TABLE public.parted (a int) PARTITION BY RANGE (a);
                 CREATE TABLE public.part PARTITION OF public.parted DEFAULT;
                 CREATE TRIGGER tr BEFORE INSERT ON public.parted FOR EACH ROW EXECUTE FUNCTION public.f();
                 CREATE POLICY po ON public.parted USING (a > 0);
                 CREATE TABLE public.child () INHERITS (public.t);
                 CREATE FOREIGN DATA WRAPPER fdw; CREATE SERVER srv FOREIGN DATA WRAPPER fdw;
                 CREATE FOREIGN TABLE public.ft (a int) SERVER srv",
            )
            .await;
        let seen = database.observe(&["public"]).await;
        let found: Vec<_> = seen.unmodelled.iter().map(|o| format!("{}: {}", o.kind, o.name)).collect();
        assert_eq!(
            found,
            [
                "foreign table: public.ft",
                "inheriting table: public.child",
                "partition: public.part",
                "partitioned table: public.parted",
                "policy: po on public.parted",
                "trigger: tr on public.part",
                "trigger: tr on public.parted",
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
        let expected = BTreeMap::from(
            [
                ("schema.main.app", vec!["app.parted"]),
                ("sequence.main.public.seq", vec!["app.parted"]),
                ("table.main.public.t", vec!["app.parted"]),
                ("column.main.public.t.a", vec!["app.parted"]),
                ("constraint.main.public.t.pk", vec!["app.parted"]),
            ]
            .map(|(address, objects)| (address.to_owned(), objects)),
        );
        assert_eq!(found, expected);
    })
    .await;
}
