//! Objects that have no kind: listed by name, and known to whoever would drop what they need.

use std::collections::BTreeMap;

use crate::support::on_each_server;

#[tokio::test]
async fn each_sort_is_listed() {
    on_each_server(async |database| {
        database.run("CREATE CONVERSION public.conv FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8").await;
        let seen = database.observe(&["public"]).await;
        let found: Vec<_> = seen.unmodelled.iter().map(|o| format!("{}: {}", o.kind, o.name)).collect();
        assert_eq!(found, ["conversion: public.conv"]);
    })
    .await;
}

#[tokio::test]
async fn what_they_need_knows_them() {
    on_each_server(async |database| {
        database
            .run(
                "CREATE SCHEMA app; CREATE CONVERSION app.conv FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8",
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
        let expected = BTreeMap::from([("schema.main.app".to_owned(), vec!["app.conv"])]);
        assert_eq!(found, expected);
    })
    .await;
}
