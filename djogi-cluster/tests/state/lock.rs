//! The run lock: one run at a time, the others know whom they wait for, and nothing is left behind.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use djogi_cluster::event::{Event, Reporter};
use djogi_cluster::identity::{Actor, Lineage, RunId};
use djogi_cluster::ledger::{LedgerVersion, LockSession};
use djogi_cluster::lock::{LockError, RunLock, lock_session};
use tokio_postgres::Client;

use super::support::{TestDatabase, ident, on_every_server, until};

const AT_ONCE: Duration = Duration::ZERO;
const PATIENT: Duration = Duration::from_secs(120);

fn silent(_: &Event) {}

async fn acquire(client: &Client, patience: Duration) -> Result<RunLock, LockError> {
    RunLock::acquire(client, &ident("main"), patience, &silent).await
}

fn session(error: LockError) -> LockSession {
    match error {
        LockError::Held { session, .. } => *session.unwrap(),
        other => panic!("{other}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_first_runs_get_in_one_after_the_other() {
    static INSIDE: AtomicUsize = AtomicUsize::new(0);
    on_every_server(async |database| {
        let lineage = Lineage::generate();
        let mut runs = tokio::task::JoinSet::new();
        for _ in 0..16 {
            let client = database.connect().await;
            runs.spawn(async move {
                let lock = acquire(&client, PATIENT).await.unwrap();
                assert_eq!(INSIDE.fetch_add(1, Ordering::SeqCst), 0, "two runs at once");
                let actor = Actor::new("ana@test").unwrap();
                let fence = lock
                    .take_epoch(&client, lineage, &actor, RunId::generate(), "apply", LedgerVersion::Absent)
                    .await
                    .unwrap();
                assert_eq!(INSIDE.fetch_sub(1, Ordering::SeqCst), 1, "two runs at once");
                lock.release(&client).await.unwrap();
                fence.epoch.get()
            });
        }
        let epochs: BTreeSet<u64> = runs.join_all().await.into_iter().collect();
        assert_eq!(epochs, (1..=16).collect());
    })
    .await;
}

#[tokio::test]
async fn who_is_refused_learns_who_holds_the_lock() {
    on_every_server(async |database| {
        let (holder, other) = (database.connect().await, database.connect().await);
        assert_eq!(lock_session(&other, &ident("main")).await.unwrap(), None);
        let lock = acquire(&holder, AT_ONCE).await.unwrap();
        holder.batch_execute("SET application_name = 'djogi/early'").await.unwrap();

        let early = acquire(&other, AT_ONCE).await.unwrap_err();
        let message = early.to_string();
        let role: String = holder.query_one("SELECT current_user::text", &[]).await.unwrap().get(0);
        assert!(
            message.contains(&format!("{role} (backend {}, djogi/early", lock.backend_pid())),
            "{message}"
        );
        assert_eq!(session(early).backend_pid, lock.backend_pid());

        let run = RunId::generate();
        let actor = Actor::new("ana@laptop").unwrap();
        lock.take_epoch(&holder, Lineage::generate(), &actor, run, "apply", LedgerVersion::Absent)
            .await
            .unwrap();
        let refused = acquire(&other, AT_ONCE).await.unwrap_err();
        let message = refused.to_string();
        for part in ["target `main` is locked by ana@laptop", "`djogi apply`", &run.to_string()] {
            assert!(message.contains(part), "{message}");
        }
        lock.release(&holder).await.unwrap();

        // The lease still names the last holder, but nobody is inside.
        assert_eq!(lock_session(&other, &ident("main")).await.unwrap(), None);
        let next = acquire(&other, AT_ONCE).await.unwrap();
        let inside = session(acquire(&holder, AT_ONCE).await.unwrap_err());
        assert_eq!(
            (inside.backend_pid, inside.holder),
            (next.backend_pid(), None),
            "the last holder is long gone"
        );
    })
    .await;
}

#[tokio::test]
async fn a_patient_run_says_whom_it_waits_for_and_gets_in() {
    on_every_server(async |database| {
        let (holder, other) = (database.connect().await, database.connect().await);
        let lock = acquire(&holder, AT_ONCE).await.unwrap();
        let (waits, waiting) = tokio::sync::oneshot::channel();
        let waits = Mutex::new(Some(waits));
        let events = Mutex::new(Vec::new());
        let reporter = |event: &Event| {
            events.lock().unwrap().push(event.clone());
            if let Event::LockWaiting { session, .. } = event {
                waits.lock().unwrap().take().unwrap().send(session.backend_pid).unwrap();
            }
        };
        let target = ident("main");
        let reporter: &dyn Reporter = &reporter;
        let release = async {
            assert_eq!(waiting.await.unwrap(), lock.backend_pid());
            let backend = lock.backend_pid();
            lock.release(&holder).await.unwrap();
            backend
        };
        let (second, first) =
            futures_util::join!(RunLock::acquire(&other, &target, PATIENT, reporter), release);
        assert_ne!(second.unwrap().backend_pid(), first);
        let events = events.lock().unwrap();
        assert!(matches!(&events[..], [Event::LockWaiting { .. }, Event::LockAcquired { .. }]), "{events:?}");
    })
    .await;
}

/// A client dies while its backend works on: what a killed `CREATE INDEX CONCURRENTLY` looks like.
#[tokio::test]
async fn a_dead_client_whose_backend_works_on_keeps_the_lock() {
    on_every_server(async |database: &TestDatabase| {
        let (blocker, watcher) = (database.connect().await, database.connect().await);
        blocker.batch_execute("CREATE TABLE t ()").await.unwrap();
        blocker.batch_execute("BEGIN; LOCK TABLE t").await.unwrap();

        let (victim, connection) = database.connect_mortal().await;
        let pid = acquire(&victim, AT_ONCE).await.unwrap().backend_pid();
        let work = tokio::spawn(async move { victim.batch_execute("ALTER TABLE t ADD COLUMN a int").await });
        until(&watcher, &format!("SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = {pid}"))
            .await;
        connection.abort();
        assert!(work.await.unwrap().unwrap_err().is_closed());

        assert_eq!(session(acquire(&watcher, AT_ONCE).await.unwrap_err()).backend_pid, pid);
        blocker.batch_execute("COMMIT").await.unwrap();
        acquire(&watcher, PATIENT).await.unwrap();
        let done =
            "SELECT EXISTS (SELECT FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'a')";
        assert!(watcher.query_one(done, &[]).await.unwrap().get::<_, bool>(0));
    })
    .await;
}

#[tokio::test]
async fn a_terminated_holder_leaves_nothing_behind() {
    on_every_server(async |database| {
        let (holder, other) = (database.connect().await, database.connect().await);
        let lock = acquire(&holder, AT_ONCE).await.unwrap();
        let terminate = format!("SELECT pg_terminate_backend({}, 30000)", lock.backend_pid());
        assert!(other.query_one(&terminate, &[]).await.unwrap().get::<_, bool>(0));
        acquire(&other, AT_ONCE).await.unwrap();
        assert!(matches!(lock.verify(&holder).await, Err(LockError::Ledger(_))));
    })
    .await;
}

#[tokio::test]
async fn a_lock_that_is_gone_is_noticed() {
    on_every_server(async |database| {
        let (holder, other) = (database.connect().await, database.connect().await);
        let lock = acquire(&holder, AT_ONCE).await.unwrap();
        lock.verify(&holder).await.unwrap();
        let pooled = lock.verify(&other).await.unwrap_err();
        assert!(matches!(pooled, LockError::Pooled { .. }), "{pooled}");
        assert!(pooled.help().unwrap().contains("session mode"));
        holder.batch_execute("SELECT pg_advisory_unlock_all()").await.unwrap();
        assert!(matches!(lock.verify(&holder).await, Err(LockError::Lost { .. })));
        assert!(matches!(lock.release(&holder).await, Err(LockError::Lost { .. })));
    })
    .await;
}

#[tokio::test]
async fn other_targets_and_other_databases_are_not_locked() {
    on_every_server(async |database| {
        on_every_server(async |elsewhere| {
            let (a, b, c) = (database.connect().await, database.connect().await, elsewhere.connect().await);
            acquire(&a, AT_ONCE).await.unwrap();
            RunLock::acquire(&b, &ident("reporting"), AT_ONCE, &silent).await.unwrap();
            acquire(&c, AT_ONCE).await.unwrap();
            assert!(acquire(&b, AT_ONCE).await.is_err());
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn taking_and_giving_back_the_lock_writes_nothing() {
    on_every_server(async |database| {
        let client = database.connect().await;
        client.batch_execute("SET default_transaction_read_only = on").await.unwrap();
        let lock = acquire(&client, AT_ONCE).await.unwrap();
        lock.release(&client).await.unwrap();
        let ledgers = "SELECT count(*) FROM pg_namespace WHERE nspname = 'djogi'";
        assert_eq!(client.query_one(ledgers, &[]).await.unwrap().get::<_, i64>(0), 0);
    })
    .await;
}
