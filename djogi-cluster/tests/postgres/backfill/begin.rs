//! What comes before the first chunk.

use djogi_cluster::backfill::{self, BackfillError, Outcome, State};
use djogi_cluster::connect::Connection;
use djogi_cluster::error::EngineError;
use djogi_cluster::identity::OpId;
use djogi_core::Digest;
use djogi_core::plan::Backfill;

use super::{begin, every_row_was_written_once, hurried, lengths, number, progress, run, until, with_rows};
use crate::support::{ident, on_each_server};

#[tokio::test]
async fn it_begins_when_those_have_ended_who_were_writing() {
    on_each_server(async |database| {
        with_rows(database, 100).await;
        database.run("CREATE TABLE public.other (x integer)").await;
        let reader = Connection::open(&database.parameters, "reader").await.unwrap();
        let read = "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM public.t";
        reader.client().batch_execute(read).await.unwrap();
        let writer = Connection::open(&database.parameters, "writer").await.unwrap();
        writer.client().batch_execute("BEGIN; INSERT INTO public.other VALUES (1)").await.unwrap();
        let late = async {
            let who = format!("waits for the transaction of server process {}", writer.backend_pid());
            let waiting = until(&database.parameters, |found| {
                found.throttle.as_ref().is_some_and(|reason| reason.starts_with(&who))
            });
            assert_eq!(waiting.await.state, State::Waiting);
            // What it writes before it ends belongs to the ranges.
            let write = "INSERT INTO public.t (id, v) VALUES (9999, 'late'); COMMIT";
            writer.client().batch_execute(write).await.unwrap();
        };
        let (client, backfill) = (database.connection.client(), lengths());
        let (begun, ()) = tokio::join!(begin(client, &backfill, 1000), late);
        assert_eq!(begun.state, State::Running);
        assert_eq!(number(client, "SELECT max(hi ->> 0)::bigint FROM djogi.cursor").await, 9999);
        assert_eq!(run(database, hurried()).await.unwrap(), Outcome::Done { rows: 101 });
        every_row_was_written_once(client).await;
    })
    .await;
}

#[tokio::test]
async fn a_worker_waits_for_the_ranges() {
    on_each_server(async |database| {
        with_rows(database, 1000).await;
        let writer = Connection::open(&database.parameters, "writer").await.unwrap();
        writer.client().batch_execute("BEGIN; SELECT pg_current_xact_id()").await.unwrap();
        let client = database.connection.client();
        let backfill = lengths();
        let work = async {
            until_there(database).await;
            let going = run(database, hurried());
            let end = async {
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                writer.client().batch_execute("COMMIT").await.unwrap();
            };
            tokio::join!(going, end).0
        };
        let (_, outcome) = tokio::join!(begin(client, &backfill, 1000), work);
        assert_eq!(outcome.unwrap(), Outcome::Done { rows: 1000 });
    })
    .await;
}

async fn until_there(database: &crate::support::Database) {
    let connection = Connection::open(&database.parameters, "observer").await.unwrap();
    while number(connection.client(), "SELECT count(*) FROM djogi.live").await == 0 {}
}

#[tokio::test]
async fn another_definition_of_the_same_name_is_refused() {
    on_each_server(async |database| {
        with_rows(database, 1000).await;
        let client = database.connection.client();
        begin(client, &lengths(), 1000).await;
        let other = Backfill { assignment: Some("w = 1".to_owned()), ..lengths() };
        let (target, digest) = (ident("main"), Digest::of(&other));
        let refused = backfill::begin(client, &target, OpId::generate(), digest, &other).await.unwrap_err();
        assert!(matches!(refused, EngineError::Backfill(BackfillError::Superseded { .. })), "{refused}");
        assert_eq!(refused.code(), "backfill_superseded");
        assert!(refused.help().unwrap().contains("djogi live abandon t_w"));
        // It is of one target only.
        let elsewhere = ident("elsewhere");
        backfill::begin(client, &elsewhere, OpId::generate(), digest, &other).await.unwrap();
        assert_eq!(run(database, hurried()).await.unwrap(), Outcome::Done { rows: 1000 });
        every_row_was_written_once(client).await;
    })
    .await;
}

#[tokio::test]
async fn who_begins_at_once_begins_the_same() {
    on_each_server(async |database| {
        with_rows(database, 5000).await;
        let second = Connection::open(&database.parameters, "second").await.unwrap();
        let backfill = lengths();
        let (one, two) = tokio::join!(
            begin(database.connection.client(), &backfill, 1000),
            begin(second.client(), &backfill, 1000)
        );
        assert_eq!(one.op, two.op);
        assert_eq!(run(database, hurried()).await.unwrap(), Outcome::Done { rows: 5000 });
        every_row_was_written_once(second.client()).await;
    })
    .await;
}

#[tokio::test]
async fn what_nobody_has_begun_is_unknown_and_an_empty_database_has_none() {
    on_each_server(async |database| {
        let client = database.connection.client();
        assert!(backfill::observe(client, &ident("main")).await.unwrap().is_empty());
        let unknown = run(database, hurried()).await.unwrap_err();
        assert!(matches!(unknown, EngineError::Backfill(BackfillError::Unknown { .. })), "{unknown}");
        with_rows(database, 10).await;
        let unknown = backfill::set_paused(client, &ident("main"), "t_w", None).await.unwrap_err();
        assert_eq!(unknown.code(), "live_unknown");
        let gone =
            Backfill { table: djogi_core::QualifiedName::new(ident("public"), ident("no")), ..lengths() };
        let (target, digest) = (ident("main"), Digest::of(&gone));
        let missing = backfill::begin(client, &target, OpId::generate(), digest, &gone).await.unwrap_err();
        assert!(missing.to_string().contains("table public.no does not exist"), "{missing}");
    })
    .await;
}

#[tokio::test]
async fn the_ranges_of_a_large_table_are_about_equal() {
    on_each_server(async |database| {
        with_rows(database, 100_000).await;
        let client = database.connection.client();
        begin(client, &lengths(), 10_000).await;
        let found = progress(client).await;
        assert!((8..=14).contains(&found.ranges), "{found:#?}");
        assert!((80_000..120_000).contains(&found.rows), "{found:#?}");
        let largest = "SELECT max((hi ->> 0)::integer - COALESCE((lo ->> 0)::integer, 0))::bigint / 3 FROM djogi.cursor";
        assert!(number(client, largest).await < 30_000);
    })
    .await;
}
