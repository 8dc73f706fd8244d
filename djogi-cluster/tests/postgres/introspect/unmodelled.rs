//! Objects that have no kind: listed by name, and known to whoever would drop what they need.

use std::collections::BTreeMap;

use djogi_core::observation::Unmodelled;

use crate::support::on_each_server;

#[tokio::test]
async fn each_sort_is_listed() {
    on_each_server(async |database| {
        database.run("CREATE TYPE public.shell; CREATE ACCESS METHOD like_heap TYPE TABLE HANDLER heap_tableam_handler").await;
        // No server of ours has a provider of labels.
        database
            .run("CREATE SCHEMA others; CREATE TABLE others.far (); CREATE TABLE public.near (a integer)")
            .await;
        database
            .run(
                "SET allow_system_table_mods = on;
                 INSERT INTO pg_seclabel (objoid, classoid, objsubid, provider, label)
                 VALUES ('public.near'::regclass, 'pg_class'::regclass, 1, 'nobody', 'secret'),
                        ('others.far'::regclass, 'pg_class'::regclass, 0, 'nobody', 'secret')",
            )
            .await;
        let seen = database.observe(&["public"]).await;
        let named = |o: &Unmodelled| format!("{}: {}", o.kind, o.name);
        let found: Vec<_> = seen.unmodelled.iter().map(named).collect();
        assert_eq!(
            found,
            [
                "access method: like_heap",
                "base type: public.shell",
                "security label of table column: public.near.a",
            ]
        );
    })
    .await;
}

#[tokio::test]
async fn what_they_need_knows_them() {
    on_each_server(async |database| {
        database.run("CREATE SCHEMA app; CREATE TYPE app.shell").await;
        let seen = database.observe(&["public", "app"]).await;
        let found: BTreeMap<String, Vec<&str>> = seen
            .unmodelled_dependents
            .iter()
            .map(|(address, objects)| {
                (address.to_string(), objects.iter().map(|o| o.name.as_str()).collect())
            })
            .collect();
        let expected = BTreeMap::from([("schema.main.app".to_owned(), vec!["app.shell"])]);
        assert_eq!(found, expected);
    })
    .await;
}
