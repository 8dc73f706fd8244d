//! Workers that die at any moment, and servers that do.

use std::time::Duration;

use djogi_cluster::backfill::{Limits, Notice, Outcome, State};
use djogi_cluster::connect::{ConnectParameters, Connection};
use djogi_cluster::ledger::ensure_ledger;
use e2e::DurableServer;

use super::{
    Run, TABLE, begin, every_row_was_written_once, hurried, lengths, number, progress, until, with_rows,
};
use crate::support::on_each_server;

const TERMINATE: &str = "
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
 WHERE datname = current_database() AND application_name ~ '^djogi/.* [0-9]+$'";

#[tokio::test]
async fn sessions_that_end_at_any_moment_cost_a_chunk_and_no_row_twice() {
    on_each_server(async |database| {
        with_rows(database, 30_000).await;
        begin(database.connection.client(), &lengths(), 5000).await;
        let going = Run::new(&database.parameters, Limits { workers: Some(2), ..hurried() });
        let killer = Connection::open(&database.parameters, "killer").await.unwrap();
        let kill = async {
            let mut killed = 0;
            // At moments that have nothing to do with where the workers are.
            for pause in (3..40).step_by(3) {
                tokio::time::sleep(Duration::from_millis(pause)).await;
                killed += number(killer.client(), TERMINATE).await;
            }
            killed
        };
        let (outcome, killed) = tokio::join!(going.go(), kill);
        assert_eq!(outcome.unwrap(), Outcome::Done { rows: 30_000 });
        assert!(killed >= 3, "{killed} sessions were ended");
        assert!(going.has_told(|notice| matches!(notice, Notice::Disconnected { .. })));
        every_row_was_written_once(killer.client()).await;
    })
    .await;
}

#[tokio::test]
async fn runs_that_are_dropped_at_any_moment_are_finished_by_the_next() {
    on_each_server(async |database| {
        with_rows(database, 30_000).await;
        let client = database.connection.client();
        begin(client, &lengths(), 5000).await;
        let mut runs = 0;
        // A range is free as soon as the server process is gone that had it, however long it was to be kept.
        let limits = Limits { lease: Duration::from_secs(3600), ..hurried() };
        while progress(client).await.state != State::Done {
            runs += 1;
            let going = Run::new(&database.parameters, limits.clone());
            let _ = tokio::time::timeout(Duration::from_millis(20 + 7 * runs), going.go()).await;
            assert!(runs < 1000, "{:#?}", progress(client).await);
        }
        assert!(runs > 2, "{runs} runs");
        every_row_was_written_once(client).await;
    })
    .await;
}

#[tokio::test]
async fn of_three_workers_two_die_and_the_server_too_and_the_third_does_the_rest() {
    for installation in e2e::installations() {
        let server = apart(move || DurableServer::start(installation)).await;
        let running = server.0;
        let parameters: ConnectParameters = running.url("postgres").parse().unwrap();
        let connection = Connection::open(&parameters, "test").await.unwrap();
        let client = connection.client();
        ensure_ledger(client).await.unwrap();
        let fill =
            "INSERT INTO public.t (id, v) SELECT n, repeat('x', n % 50) FROM generate_series(1, 60000) AS n";
        client.batch_execute(&format!("{TABLE} {fill}")).await.unwrap();
        begin(client, &lengths(), 6000).await;
        let limits = Limits { lease: Duration::from_secs(3600), ..hurried() };
        let [first, second, third] = [(); 3].map(|()| Run::new(&parameters, limits.clone()));
        let at_work = |workers: usize| {
            let parameters = &parameters;
            async move {
                let is_so = move |found: &super::LiveProgress| {
                    found.working.len() >= workers && found.chunks as usize > 3 * workers
                };
                until(parameters, is_so).await
            }
        };
        let die = async {
            let all = at_work(3);
            tokio::select! {
                ended = async { tokio::join!(first.go(), second.go()) } => panic!("too soon: {ended:?}"),
                _ = all => {}
            }
            let before = progress(client).await;
            assert_eq!(before.state, State::Running, "{before:#?}");
            apart(|| running.crash()).await;
        };
        let (outcome, ()) = tokio::join!(third.go(), die);
        assert_eq!(outcome.unwrap(), Outcome::Done { rows: 60_000 });
        assert!(third.has_told(|notice| matches!(notice, Notice::Disconnected { .. })));
        let connection = Connection::open(&parameters, "test").await.unwrap();
        every_row_was_written_once(connection.client()).await;
        apart(move || drop(server)).await;
    }
}

/// Servers are started and stopped by whoever waits for it.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}
