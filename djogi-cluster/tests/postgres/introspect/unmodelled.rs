//! Objects that have no kind: listed by name, and known to whoever would drop what they need.

use std::collections::BTreeMap;

use crate::support::on_each_server;

#[tokio::test]
async fn each_sort_is_listed() {
    on_each_server(async |database| {
        database
            .run(
                "CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
                 CREATE FOREIGN DATA WRAPPER fdw; CREATE SERVER srv FOREIGN DATA WRAPPER fdw;
                 CREATE FOREIGN TABLE public.ft (a int) SERVER srv;
                 CREATE TRIGGER tr BEFORE INSERT ON public.ft FOR EACH ROW EXECUTE FUNCTION public.f();
                 CREATE CONVERSION public.conv FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8",
            )
            .await;
        let seen = database.observe(&["public"]).await;
        let found: Vec<_> = seen.unmodelled.iter().map(|o| format!("{}: {}", o.kind, o.name)).collect();
        assert_eq!(
            found,
            ["conversion: public.conv", "foreign table: public.ft", "trigger: tr on public.ft",]
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
                 CREATE FOREIGN DATA WRAPPER fdw; CREATE SERVER srv FOREIGN DATA WRAPPER fdw;
                 CREATE FOREIGN TABLE app.ft (c public.mood, s int DEFAULT nextval('public.seq')) SERVER srv",
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
                ("schema.main.app", vec!["app.ft"]),
                ("sequence.main.public.seq", vec!["app.ft"]),
                ("enum.main.public.mood", vec!["app.ft"]),
                ("foreign_server.main.srv", vec!["app.ft"]),
            ]
            .map(|(address, objects)| (address.to_owned(), objects)),
        );
        assert_eq!(found, expected);
    })
    .await;
}
