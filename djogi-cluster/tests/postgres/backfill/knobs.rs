//! What others may ask of workers while they are at it.

use std::time::Duration;

use djogi_cluster::backfill::{self, Limits, Notice, Outcome, State};
use djogi_cluster::connect::Connection;

use super::{
    Run, begin, every_row_was_written_once, hurried, lengths, number, progress, run, until, with_rows,
};
use crate::support::{ident, on_each_server};

#[tokio::test]
async fn a_pause_ends_the_run_after_its_chunk_until_it_is_resumed() {
    on_each_server(async |database| {
        with_rows(database, 40_000).await;
        let client = database.connection.client();
        begin(client, &lengths(), 10_000).await;
        let target = ident("main");
        let pause = async {
            until(&database.parameters, |found| found.chunks > 2).await;
            backfill::set_paused(client, &target, "t_w", Some("the shop is busy")).await.unwrap();
        };
        let limits = Limits { workers: Some(2), ..hurried() };
        let (outcome, ()) = tokio::join!(run(database, limits.clone()), pause);
        let paused = Outcome::Paused { reason: "the shop is busy".to_owned() };
        assert_eq!(outcome.unwrap(), paused);
        let found = progress(client).await;
        assert!(found.rows_done > 0 && found.rows_done < 40_000, "{found:#?}");
        assert_eq!(found.paused.as_deref(), Some("the shop is busy"));
        assert!(found.working.is_empty(), "{found:#?}");
        // Nobody begins while it is paused.
        assert_eq!(run(database, limits.clone()).await.unwrap(), paused);
        assert_eq!(progress(client).await.rows_written, found.rows_written);
        backfill::set_paused(client, &target, "t_w", None).await.unwrap();
        assert_eq!(run(database, limits).await.unwrap(), Outcome::Done { rows: 40_000 });
        every_row_was_written_once(client).await;
    })
    .await;
}

#[tokio::test]
async fn who_is_asked_to_end_gives_its_ranges_back() {
    on_each_server(async |database| {
        with_rows(database, 40_000).await;
        begin(database.connection.client(), &lengths(), 10_000).await;
        let going = Run::new(&database.parameters, Limits { workers: Some(2), ..hurried() });
        let stop = async {
            let found =
                until(&database.parameters, |found| found.chunks > 2 && found.working.len() == 2).await;
            assert!(found.rows_per_second > 0.0 && found.seconds_left.is_some(), "{found:#?}");
            going.stop.send_replace(Some(130));
        };
        let (outcome, ()) = tokio::join!(going.go(), stop);
        assert_eq!(outcome.unwrap(), Outcome::Stopped);
        let found = progress(database.connection.client()).await;
        assert!(found.working.is_empty() && found.rows_done < 40_000, "{found:#?}");
        run(database, hurried()).await.unwrap();
        every_row_was_written_once(database.connection.client()).await;
    })
    .await;
}

#[tokio::test]
async fn a_migration_that_is_given_up_ends_the_run_and_leaves_nothing_behind() {
    on_each_server(async |database| {
        with_rows(database, 40_000).await;
        let client = database.connection.client();
        begin(client, &lengths(), 10_000).await;
        let forget = async {
            until(&database.parameters, |found| found.chunks > 2).await;
            let forget = djogi_core::migration::forget(&ident("main"), "t_w");
            client.batch_execute(&format!("BEGIN; {forget}; COMMIT")).await.unwrap();
        };
        let limits = Limits { workers: Some(2), ..hurried() };
        let (outcome, ()) = tokio::join!(run(database, limits), forget);
        assert_eq!(outcome.unwrap(), Outcome::Gone);
        assert_eq!(number(client, "SELECT count(*) FROM djogi.cursor").await, 0);
        assert!(backfill::observe(client, &ident("main")).await.unwrap().is_empty());
        let written = number(client, "SELECT count(*) FROM public.t WHERE w IS NOT NULL").await;
        assert!(written > 0 && written < 40_000, "{written}");
    })
    .await;
}

#[tokio::test]
async fn the_number_of_workers_may_change_while_they_work() {
    on_each_server(async |database| {
        with_rows(database, 60_000).await;
        let client = database.connection.client();
        begin(client, &lengths(), 5_000).await;
        database.run("UPDATE djogi.live SET chunk_ms = 1").await;
        let more = async {
            until(&database.parameters, |found| found.chunks > 2).await;
            database.run("UPDATE djogi.live SET workers = 3").await;
            until(&database.parameters, |found| found.working.len() == 3 || found.state == State::Done).await
        };
        let (outcome, found) = tokio::join!(run(database, Limits::default()), more);
        assert_eq!(outcome.unwrap(), Outcome::Done { rows: 60_000 });
        assert_eq!((found.chunk_ms, found.workers), (1, 3));
        every_row_was_written_once(client).await;
    })
    .await;
}

#[tokio::test]
async fn a_budget_for_wal_holds_it_up_and_everybody_sees_why() {
    on_each_server(async |database| {
        with_rows(database, 150_000).await;
        let client = database.connection.client();
        begin(client, &lengths(), 1_000_000).await;
        let going = Run::new(&database.parameters, Limits { wal_rate: Some(1), ..hurried() });
        let see = async {
            let found = until(&database.parameters, |found| found.throttle.is_some()).await;
            let reason = found.throttle.unwrap();
            assert!(reason.contains("MB of WAL a second"), "{reason}");
            going.stop.send_replace(Some(143));
        };
        let (outcome, ()) = tokio::join!(going.go(), see);
        assert_eq!(outcome.unwrap(), Outcome::Stopped);
        assert_eq!(run(database, Limits::default()).await.unwrap(), Outcome::Done { rows: 150_000 });
        every_row_was_written_once(client).await;
    })
    .await;
}

#[tokio::test]
async fn a_row_that_somebody_has_locked_is_waited_for_in_short_turns() {
    on_each_server(async |database| {
        with_rows(database, 3000).await;
        begin(database.connection.client(), &lengths(), 1_000_000).await;
        let holder = Connection::open(&database.parameters, "holder").await.unwrap();
        let lock = "BEGIN; SELECT FROM public.t WHERE id = 6000 FOR UPDATE";
        holder.client().batch_execute(lock).await.unwrap();
        let limits = Limits { lock_timeout: Duration::from_millis(20), ..hurried() };
        let going = Run::new(&database.parameters, limits);
        let release = async {
            while !going
                .has_told(|notice| matches!(notice, Notice::Hindered { reason } if reason.contains("55P03")))
            {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            // Between the turns its rows are free.
            let other = Connection::open(&database.parameters, "other").await.unwrap();
            other.client().batch_execute("UPDATE public.t SET v = v WHERE id = 5997").await.unwrap();
            holder.client().batch_execute("COMMIT").await.unwrap();
        };
        let (outcome, ()) = tokio::join!(going.go(), release);
        assert_eq!(outcome.unwrap(), Outcome::Done { rows: 3000 });
        every_row_was_written_once(database.connection.client()).await;
    })
    .await;
}
