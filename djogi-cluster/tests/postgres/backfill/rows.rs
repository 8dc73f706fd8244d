//! Rows of all sorts, and writers beside the engine.

use std::time::Duration;

use djogi_cluster::backfill::{Limits, Outcome, State};
use djogi_cluster::connect::Connection;

use super::{begin, every_row_was_written_once, hurried, lengths, number, run, with_rows};
use crate::support::on_each_server;

#[tokio::test]
async fn every_row_is_written_once_and_a_second_run_writes_none() {
    on_each_server(async |database| {
        with_rows(database, 10_000).await;
        let client = database.connection.client();
        let begun = begin(client, &lengths(), 1500).await;
        assert_eq!(begun.state, State::Running);
        assert!(number(client, "SELECT count(*) FROM djogi.cursor").await >= 6);
        assert_eq!(run(database, hurried()).await.unwrap(), Outcome::Done { rows: 10_000 });
        every_row_was_written_once(client).await;
        // To begin it again is to find it done.
        let again = begin(client, &lengths(), 1500).await;
        assert_eq!((again.op, again.state), (begun.op, State::Done));
        assert_eq!(run(database, hurried()).await.unwrap(), Outcome::Done { rows: 10_000 });
        every_row_was_written_once(client).await;
    })
    .await;
}

#[tokio::test]
async fn several_workers_share_the_ranges() {
    on_each_server(async |database| {
        with_rows(database, 20_000).await;
        begin(database.connection.client(), &lengths(), 1000).await;
        let limits = Limits { workers: Some(3), ..hurried() };
        assert_eq!(run(database, limits).await.unwrap(), Outcome::Done { rows: 20_000 });
        every_row_was_written_once(database.connection.client()).await;
    })
    .await;
}

#[tokio::test]
async fn a_table_without_rows_is_done_at_once() {
    on_each_server(async |database| {
        with_rows(database, 0).await;
        let client = database.connection.client();
        assert_eq!(begin(client, &lengths(), 1000).await.state, State::Done);
        assert_eq!(run(database, hurried()).await.unwrap(), Outcome::Done { rows: 0 });
    })
    .await;
}

#[tokio::test]
async fn a_range_may_end_where_a_chunk_ends() {
    on_each_server(async |database| {
        // The first chunk has a thousand keys.
        with_rows(database, 1000).await;
        begin(database.connection.client(), &lengths(), 1_000_000).await;
        assert_eq!(run(database, hurried()).await.unwrap(), Outcome::Done { rows: 1000 });
        every_row_was_written_once(database.connection.client()).await;
    })
    .await;
}

#[tokio::test]
async fn rows_whose_value_is_null_do_not_keep_it_from_ending() {
    on_each_server(async |database| {
        with_rows(database, 3000).await;
        database
            .run("UPDATE public.t SET v = NULL WHERE id % 2 = 0; UPDATE public.t SET w = 7 WHERE id = 6")
            .await;
        let client = database.connection.client();
        begin(client, &lengths(), 1000).await;
        assert_eq!(run(database, hurried()).await.unwrap(), Outcome::Done { rows: 1501 });
        assert_eq!(number(client, "SELECT count(*) FROM public.t WHERE w IS NULL").await, 1500);
    })
    .await;
}

/// As a migration has it: who writes the old column writes the new one too.
const DUAL_WRITE: &str = "
CREATE FUNCTION public.dual() RETURNS trigger LANGUAGE plpgsql
    AS 'BEGIN NEW.w := pg_catalog.length(NEW.v); RETURN NEW; END';
CREATE TRIGGER dual_insert BEFORE INSERT ON public.t FOR EACH ROW EXECUTE FUNCTION public.dual();
CREATE TRIGGER dual_update BEFORE UPDATE OF v ON public.t FOR EACH ROW EXECUTE FUNCTION public.dual();";

#[tokio::test]
async fn what_others_write_meanwhile_is_never_written_over() {
    on_each_server(async |database| {
        with_rows(database, 20_000).await;
        database.run(DUAL_WRITE).await;
        let client = database.connection.client();
        begin(client, &lengths(), 2000).await;
        let writer = Connection::open(&database.parameters, "writer").await.unwrap();
        let writing = async {
            for n in 0..i32::MAX {
                let sql = format!(
                    "UPDATE public.t SET v = v || 'yz' WHERE id = {0} OR id = {1};
                     INSERT INTO public.t (id, v) VALUES (100000 + {n}, 'new'), (-{n} - 1, 'new')",
                    3 * (n * 7919 % 20_000),
                    3 * n
                );
                writer.client().batch_execute(&sql).await.unwrap();
            }
        };
        let limits = Limits { workers: Some(2), ..hurried() };
        let outcome = tokio::select! {
            outcome = run(database, limits) => outcome,
            () = writing => unreachable!("it writes for ever"),
        };
        assert!(matches!(outcome.unwrap(), Outcome::Done { .. }));
        let wrong = "SELECT count(*) FROM public.t WHERE w IS DISTINCT FROM length(v)";
        assert_eq!(number(client, wrong).await, 0);
        assert!(number(client, "SELECT count(*) FROM public.t WHERE v = 'new'").await > 10);
    })
    .await;
}

#[tokio::test]
async fn a_partitioned_table_is_gone_through_as_a_whole() {
    on_each_server(async |database| {
        with_rows(database, 0).await;
        database
            .run(
                "DROP TABLE public.t;
                 CREATE TABLE public.t (id integer PRIMARY KEY, v text, w integer) PARTITION BY RANGE (id);
                 CREATE TABLE public.low PARTITION OF public.t FOR VALUES FROM (0) TO (5000);
                 CREATE TABLE public.high PARTITION OF public.t FOR VALUES FROM (5000) TO (100000);
                 INSERT INTO public.t SELECT n, repeat('x', n % 50) FROM generate_series(1, 10000) AS n",
            )
            .await;
        let client = database.connection.client();
        begin(client, &lengths(), 1500).await;
        assert_eq!(run(database, hurried()).await.unwrap(), Outcome::Done { rows: 10_000 });
        let wrong = "SELECT count(*) FROM public.t WHERE w IS DISTINCT FROM length(v)";
        assert_eq!(number(client, wrong).await, 0);
    })
    .await;
}

#[tokio::test]
async fn chunks_are_no_longer_than_asked_for() {
    on_each_server(async |database| {
        with_rows(database, 60_000).await;
        let client = database.connection.client();
        begin(client, &lengths(), 1_000_000).await;
        let limits = Limits { chunk_ms: Some(10), workers: Some(1), ..Limits::default() };
        run(database, limits).await.unwrap();
        every_row_was_written_once(client).await;
        // On average, on a machine that others use as well.
        let sql = "SELECT sum(busy_ms)::bigint / sum(chunks)::bigint FROM djogi.cursor";
        let average = Duration::from_millis(number(client, sql).await.unsigned_abs());
        assert!(average < Duration::from_millis(60), "{average:?}");
        assert!(number(client, "SELECT sum(chunks)::bigint FROM djogi.cursor").await > 3);
    })
    .await;
}
