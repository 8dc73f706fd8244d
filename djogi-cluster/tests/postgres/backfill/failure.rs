//! Rows that cannot be written, and rows that need it again.

use djogi_cluster::backfill::{Notice, Outcome};
use djogi_core::plan::Backfill;

use super::{AGAIN, Run, begin, every_row_was_written_once, hurried, lengths, number, run, with_rows};
use crate::support::on_each_server;

#[tokio::test]
async fn a_row_that_cannot_be_written_is_named_and_the_rest_before_it_is_kept() {
    on_each_server(async |database| {
        with_rows(database, 5000).await;
        database.run("UPDATE public.t SET v = id::text; UPDATE public.t SET v = 'x' WHERE id = 9000").await;
        let client = database.connection.client();
        let backfill = Backfill {
            assignment: Some("w = v::integer".to_owned()),
            condition: "w IS NULL".to_owned(),
            ..lengths()
        };
        begin(client, &backfill, 1_000_000).await;
        let error = run(database, hurried()).await.unwrap_err();
        assert_eq!(error.code(), "backfill_row");
        let message = error.to_string();
        for word in ["public.t", "t_w", "(id) = (9000)", "22P02"] {
            assert!(message.contains(word), "{word} is not in {message}");
        }
        assert_eq!(number(client, "SELECT count(*) FROM public.t WHERE w IS NOT NULL").await, 2999);
        database.run("UPDATE public.t SET v = '1' WHERE id = 9000").await;
        assert_eq!(run(database, hurried()).await.unwrap(), Outcome::Done { rows: 5000 });
        assert_eq!(number(client, "SELECT count(*) FROM public.t WHERE writes <> 1").await, 0);
    })
    .await;
}

#[tokio::test]
async fn rows_that_need_it_again_are_written_again_with_a_warning() {
    on_each_server(async |database| {
        with_rows(database, 5000).await;
        let client = database.connection.client();
        begin(client, &lengths(), 1000).await;
        run(database, hurried()).await.unwrap();
        every_row_was_written_once(client).await;
        database
            .run("UPDATE public.t SET w = NULL WHERE id IN (30, 33); INSERT INTO public.t (id, v) VALUES (99999, 'new')")
            .await;
        let again = Run::new(&database.parameters, hurried());
        database.run(AGAIN).await;
        assert_eq!(again.go().await.unwrap(), Outcome::Done { rows: 5003 });
        assert!(again.has_told(|notice| matches!(notice, Notice::Refilled { range: 1, rows: 2, .. })));
        assert!(again.has_told(|notice| matches!(notice, Notice::Refilled { rows: 1, .. })));
        let wrong = "SELECT count(*) FROM public.t WHERE w IS DISTINCT FROM length(v)";
        assert_eq!(number(client, wrong).await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_table_that_was_empty_may_be_looked_at_again() {
    on_each_server(async |database| {
        with_rows(database, 0).await;
        let client = database.connection.client();
        begin(client, &lengths(), 1000).await;
        database.run("INSERT INTO public.t (id, v) SELECT n, 'new' FROM generate_series(1, 10) AS n").await;
        database.run(AGAIN).await;
        assert_eq!(run(database, hurried()).await.unwrap(), Outcome::Done { rows: 10 });
        assert_eq!(number(client, "SELECT count(*) FROM public.t WHERE w = 3").await, 10);
    })
    .await;
}

#[tokio::test]
async fn a_condition_that_is_never_met_does_not_go_on_for_ever() {
    on_each_server(async |database| {
        with_rows(database, 10).await;
        let client = database.connection.client();
        begin(client, &Backfill { condition: "true".to_owned(), ..lengths() }, 1000).await;
        let error = run(database, hurried()).await.unwrap_err();
        assert_eq!(error.code(), "backfill_refilled");
        assert!(error.to_string().contains("10 rows of public.t"), "{error}");
        assert!(error.to_string().contains("(3)"), "{error}");
    })
    .await;
}

#[tokio::test]
async fn a_table_that_is_gone_is_named() {
    on_each_server(async |database| {
        with_rows(database, 10).await;
        begin(database.connection.client(), &lengths(), 1000).await;
        database.run("ALTER TABLE public.t RENAME id TO other").await;
        let error = run(database, hurried()).await.unwrap_err();
        assert!(error.to_string().contains("has no column id"), "{error}");
        assert!(error.help().unwrap().contains("djogi live abandon t_w"));
    })
    .await;
}
