//! The PostgreSQL backend: the contract, on the oldest and the newest server, and what only a database can suffer.

use std::collections::BTreeSet;
use std::sync::Arc;

use djogi_cluster::connect::ConnectParameters;
use djogi_cluster::identity::Lineage;
use djogi_cluster::ledger::{LedgerVersion, ensure_ledger, ledger_version};
use djogi_cluster::state::{
    Damage, PostgresStore, Serial, State, Store, StoreError, UnusedCatalogs, Version, swap_in,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio_postgres::Client;
use tokio_postgres::config::Host;

use super::contract::{Backend, contract_tests};
use super::support::{
    TestDatabase, approval, catalog, content, head, on_every_server, sidecar, until, write, written_by,
};
/// A database on one of the servers.
struct Database<const SERVER: usize>(TestDatabase);

const OLDEST: usize = 0;
const NEWEST: usize = usize::MAX;

impl<const SERVER: usize> Backend for Database<SERVER> {
    async fn create() -> Self {
        let servers = e2e::servers();
        let server = &servers[SERVER.min(servers.len() - 1)];
        Self(TestDatabase::create(server.url("postgres").parse().unwrap()).await)
    }

    async fn open(&self) -> Box<dyn Store> {
        Box::new(store(&self.0))
    }
}

mod oldest {
    super::contract_tests!(super::Database<{ super::OLDEST }>);
}

mod newest {
    super::contract_tests!(super::Database<{ super::NEWEST }>);
}

fn store(database: &TestDatabase) -> PostgresStore {
    PostgresStore::new(ConnectParameters::from(database.config()), "shop")
}

async fn schemas(client: &Client) -> i64 {
    client.query_one("SELECT count(*) FROM pg_namespace WHERE nspname = 'djogi'", &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn reading_writes_nothing_even_where_nothing_is_there() {
    on_every_server(async |database| {
        let client = database.connect().await;
        let store = store(database);
        assert_eq!(store.read().await.unwrap().version, Version::ABSENT);
        assert_eq!(store.history().await.unwrap(), []);
        assert_eq!(store.sidecars().await.unwrap(), []);
        assert_eq!(store.approvals().await.unwrap(), []);
        assert_eq!(store.saved_backups().await.unwrap(), Vec::<String>::new());
        store.retire_sidecar(sidecar().op_id).await.unwrap();
        store.quarantine_sidecar("none").await.unwrap_err();
        assert_eq!(schemas(&client).await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_store_that_others_create_meanwhile_is_found() {
    on_every_server(async |database| {
        let early = store(database);
        assert_eq!(early.read().await.unwrap().version, Version::ABSENT);
        let written = write(&store(database), content("a")).await;
        assert_eq!(early.read().await.unwrap(), written);
    })
    .await;
}

#[tokio::test]
async fn states_of_other_names_in_the_same_database_do_not_meet() {
    on_every_server(async |database| {
        let shop = store(database);
        let bank = PostgresStore::new(ConnectParameters::from(database.config()), "bank/production");
        let (ours, theirs) = (write(&shop, content("a")).await, write(&bank, content("b")).await);
        bank.put_sidecar(&sidecar()).await.unwrap();
        let digest = bank.put_catalog(&catalog("one")).await.unwrap();
        bank.put_approval(&approval()).await.unwrap();
        assert_eq!((shop.read().await.unwrap(), bank.read().await.unwrap()), (ours, theirs));
        assert_eq!(shop.sidecars().await.unwrap(), []);
        assert_eq!(shop.approvals().await.unwrap(), []);
        assert!(matches!(shop.catalog(&digest).await, Err(StoreError::CatalogMissing { .. })));
    })
    .await;
}

#[tokio::test]
async fn ledger_and_state_share_the_schema_whichever_was_first() {
    on_every_server(async |database| {
        let client = database.connect().await;
        write(&store(database), content("a")).await;
        assert_eq!(ledger_version(&client).await.unwrap(), LedgerVersion::Empty);
        ensure_ledger(&client).await.unwrap();
        write(&store(database), content("b")).await;
        client.batch_execute("DROP SCHEMA djogi CASCADE").await.unwrap();
        ensure_ledger(&client).await.unwrap();
        write(&store(database), content("c")).await;
        assert!(matches!(ledger_version(&client).await.unwrap(), LedgerVersion::At(_)));
    })
    .await;
}

#[tokio::test]
async fn the_state_moves_with_a_transaction_or_not_at_all() {
    on_every_server(async |database| {
        let store = store(database);
        let base = write(&store, content("a")).await;
        let next = base.state.as_ref().unwrap().successor(content("b"), written_by()).unwrap();
        let mut client = database.connect().await;
        client.batch_execute("CREATE TABLE effect ()").await.unwrap();
        for commits in [false, true] {
            let transaction = client.transaction().await.unwrap();
            transaction.batch_execute("DROP TABLE effect").await.unwrap();
            let moved = swap_in(&transaction, "shop", &base.version, &next).await.unwrap();
            assert!(moved.is_some());
            assert_eq!(store.read().await.unwrap(), base, "not before the commit");
            if commits {
                transaction.commit().await.unwrap();
            } else {
                transaction.rollback().await.unwrap();
                assert_eq!(store.read().await.unwrap(), base);
            }
        }
        assert_eq!(head(&store).await, next);
        assert_eq!(swap_in(&client, "shop", &base.version, &next).await.unwrap(), None, "it has moved");
    })
    .await;
}

#[tokio::test]
async fn a_terminated_session_is_opened_again() {
    on_every_server(async |database| {
        let store = store(database);
        let admin = database.connect().await;
        for name in ["a", "b", "c"] {
            let written = write(&store, content(name)).await;
            terminate(&admin).await;
            assert_eq!(store.read().await.unwrap(), written);
            terminate(&admin).await;
            store.put_sidecar(&sidecar()).await.unwrap();
            terminate(&admin).await;
        }
        assert_eq!(head(&store).await.serial, Serial::new(3));
        assert_eq!(store.sidecars().await.unwrap().len(), 3);
    })
    .await;
}

/// Ends the sessions of stores, and waits until they are gone.
async fn terminate(admin: &Client) {
    let stores =
        "FROM pg_stat_activity WHERE application_name = 'djogi/state' AND datname = current_database()";
    admin.query(&format!("SELECT pg_terminate_backend(pid) {stores}"), &[]).await.unwrap();
    until(admin, &format!("SELECT count(*) = 0 {stores}")).await;
}

/// A proxy to the server of `database` that swallows answers: each of the first `times` that a client sends `cut`, it
/// lets the server finish, and closes the connection without a word.
struct Proxy {
    folder: tempfile::TempDir,
    accepting: tokio::task::JoinHandle<()>,
    left: Arc<Semaphore>,
}

impl Proxy {
    fn start(database: &TestDatabase, cut: &'static [u8], times: usize) -> Self {
        let config = database.config();
        let [Host::Unix(socket)] = config.get_hosts() else { panic!("servers of tests listen on a socket") };
        let to = socket.join(format!(".s.PGSQL.{}", config.get_ports().first().unwrap_or(&5432)));
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join(".s.PGSQL.5432")).unwrap();
        let left = Arc::new(Semaphore::new(times.min(Semaphore::MAX_PERMITS)));
        let counter = left.clone();
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = UnixStream::connect(&to).await.unwrap();
                tokio::spawn(swallow(client, server, cut, counter.clone()));
            }
        });
        Self { folder, accepting, left }
    }

    fn has_swallowed_all(&self) -> bool {
        self.left.available_permits() == 0
    }

    fn store(&self, database: &TestDatabase) -> PostgresStore {
        let config = database.config();
        let mut through = tokio_postgres::Config::new();
        through.host_path(self.folder.path()).port(5432).user(config.get_user().unwrap());
        through.dbname(config.get_dbname().unwrap());
        PostgresStore::new(ConnectParameters::from(through), "shop")
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn swallow(client: UnixStream, server: UnixStream, cut: &'static [u8], left: Arc<Semaphore>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let (mut asked, mut answered) = (vec![0; 1 << 20], vec![0; 1 << 20]);
    loop {
        tokio::select! {
            read = from_client.read(&mut asked) => {
                let Ok(length @ 1..) = read else { return };
                let found = asked[..length].windows(cut.len()).any(|window| window == cut);
                to_server.write_all(&asked[..length]).await.unwrap();
                if let Some(swallow) = found.then(|| left.try_acquire().ok()).flatten() {
                    swallow.forget();
                    // The server has answered, so it is done.
                    let _ = from_server.read(&mut answered).await;
                    return;
                }
            }
            read = from_server.read(&mut answered) => {
                let Ok(length @ 1..) = read else { return };
                if to_client.write_all(&answered[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}

#[tokio::test]
async fn a_swap_whose_answer_is_lost_is_known_by_its_digest() {
    on_every_server(async |database| {
        let direct = store(database);
        let base = write(&direct, content("a")).await;
        let next = base.state.as_ref().unwrap().successor(content("b"), written_by()).unwrap();
        let proxy = Proxy::start(database, b"UPDATE djogi.state s", 1);
        let version = proxy.store(database).swap(&base.version, &next, UnusedCatalogs::Keep).await.unwrap();
        assert!(proxy.has_swallowed_all());
        assert_eq!(direct.read().await.unwrap().version, version);
        assert_eq!(head(&direct).await, next);
        assert_eq!(direct.history().await.unwrap(), [1, 2].map(Serial::new), "it was moved once");
    })
    .await;
}

#[tokio::test]
async fn a_first_state_whose_answer_is_lost_is_known_by_its_digest() {
    on_every_server(async |database| {
        let proxy = Proxy::start(database, b"INSERT INTO djogi.state (", 1);
        let first = State::first(Lineage::generate(), content("a"), written_by());
        proxy.store(database).swap(&Version::ABSENT, &first, UnusedCatalogs::Keep).await.unwrap();
        assert!(proxy.has_swallowed_all());
        assert_eq!(head(&store(database)).await, first);
    })
    .await;
}

#[tokio::test]
async fn a_lost_answer_to_a_swap_that_another_has_won_is_a_conflict() {
    on_every_server(async |database| {
        let direct = store(database);
        let base = write(&direct, content("a")).await;
        let late = base.state.as_ref().unwrap().successor(content("late"), written_by()).unwrap();
        let won = write(&direct, content("b")).await;
        let proxy = Proxy::start(database, b"UPDATE djogi.state s", 1);
        let lost = proxy.store(database).swap(&base.version, &late, UnusedCatalogs::Keep).await.unwrap_err();
        assert!(proxy.has_swallowed_all());
        assert!(matches!(&lost, StoreError::Conflict { found, .. } if **found == won.version), "{lost}");
    })
    .await;
}

#[tokio::test]
async fn a_connection_that_is_always_lost_is_an_error_and_no_loop() {
    on_every_server(async |database| {
        let direct = store(database);
        let base = write(&direct, content("a")).await;
        let next = base.state.as_ref().unwrap().successor(content("b"), written_by()).unwrap();
        let proxy = Proxy::start(database, b"djogi.state s", usize::MAX);
        let lost = proxy.store(database).swap(&base.version, &next, UnusedCatalogs::Keep).await.unwrap_err();
        assert_eq!(lost.code(), "state_sql", "{lost}");
        assert!(lost.help().unwrap().contains("never a part"), "{lost}");
    })
    .await;
}

#[tokio::test]
async fn a_damaged_state_is_refused_and_the_command_in_the_help_brings_the_previous_one_back() {
    on_every_server(async |database| {
        let store = store(database);
        let mut revisions = Vec::new();
        for name in ["a", "b", "c"] {
            revisions.push(write(&store, content(name)).await);
        }
        let admin = database.connect().await;
        let intact = revisions[2].state.as_ref().unwrap().to_bytes();
        let altered = String::from_utf8(intact.clone()).unwrap().replace("\"applied\"", "\"pending\"");
        for (document, code) in [
            (&b""[..], "state_empty"),
            (&intact[..intact.len() / 2], "state_torn"),
            (altered.as_bytes(), "state_altered"),
            (&revisions[0].state.as_ref().unwrap().to_bytes(), "state_altered"),
        ] {
            admin.execute("UPDATE djogi.state SET document = $1", &[&document]).await.unwrap();
            let refused = store.read().await.unwrap_err();
            assert_eq!(refused.code(), code, "{refused}");
            let next = revisions[2].state.as_ref().unwrap().successor(content("d"), written_by()).unwrap();
            let first = State::first(Lineage::generate(), content("new"), written_by());
            let overwritten = store.swap(&Version::ABSENT, &first, UnusedCatalogs::Keep).await.unwrap_err();
            assert_eq!(overwritten.code(), code, "{overwritten}");
            assert_ne!(head_serial(&admin).await, next.serial.get().cast_signed());
        }
        let refused = store.read().await.unwrap_err();
        let StoreError::Damaged { backup: Some(backup), .. } = &refused else { panic!("{refused}") };
        assert!(refused.help().unwrap().contains(&backup.restore));
        admin.batch_execute(&backup.restore).await.unwrap();
        assert_eq!(store.read().await.unwrap(), revisions[1]);
    })
    .await;
}

async fn head_serial(admin: &Client) -> i64 {
    admin.query_one("SELECT serial FROM djogi.state", &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn damaged_sidecars_and_catalogs_are_named() {
    on_every_server(async |database| {
        let store = store(database);
        let admin = database.connect().await;
        let (one, two) = (sidecar(), sidecar());
        store.put_sidecar(&one).await.unwrap();
        store.put_sidecar(&two).await.unwrap();
        admin
            .execute(
                "UPDATE djogi.state_sidecar SET document = '' WHERE op_id = $1",
                &[&one.op_id.to_string()],
            )
            .await
            .unwrap();
        let found = store.sidecars().await.unwrap();
        let damaged: Vec<_> = found.iter().filter(|found| found.sidecar.is_err()).collect();
        assert_eq!(damaged[0].sidecar, Err(Damage::Empty));
        store.quarantine_sidecar(&damaged[0].name).await.unwrap();
        assert_eq!(store.sidecars().await.unwrap()[0].sidecar, Ok(two));
        let digest = store.put_catalog(&catalog("one")).await.unwrap();
        admin.batch_execute("UPDATE djogi.state_catalog SET document = 'x'").await.unwrap();
        assert!(matches!(store.catalog(&digest).await, Err(StoreError::CatalogDamaged { .. })));
        store.put_catalog(&catalog("one")).await.unwrap();
        assert_eq!(store.catalog(&digest).await.unwrap(), catalog("one"));
    })
    .await;
}

#[tokio::test]
async fn tables_of_a_newer_djogi_are_left_to_it() {
    on_every_server(async |database| {
        write(&store(database), content("a")).await;
        let admin = database.connect().await;
        admin.batch_execute("INSERT INTO djogi.state_migration VALUES (99, '9.9')").await.unwrap();
        let store = store(database);
        for refused in [store.read().await.map(|_| ()), store.preflight_writable().await] {
            let refused = refused.unwrap_err();
            assert_eq!(refused.code(), "state_newer", "{refused}");
            assert!(refused.help().unwrap().contains("newer djogi"));
        }
    })
    .await;
}

/// A store of a role that may only connect.
async fn of_role(database: &TestDatabase, admin: &Client, role: &str) -> PostgresStore {
    admin.batch_execute(&format!("CREATE ROLE {role} LOGIN")).await.unwrap();
    let mut config = database.config();
    config.user(role);
    PostgresStore::new(ConnectParameters::from(config), "shop")
}

#[tokio::test]
async fn missing_rights_are_told_with_the_grant_that_helps() {
    on_every_server(async |database| {
        let admin = database.connect().await;
        let name = admin.query_one("SELECT current_database()::text", &[]).await.unwrap().get::<_, String>(0);
        let role = format!("r_{name}");
        let store = of_role(database, &admin, &role).await;
        let may_not_create = store.preflight_writable().await.unwrap_err();
        assert_eq!(may_not_create.code(), "state_not_writable", "{may_not_create}");
        assert_eq!(store.read().await.unwrap().version, Version::ABSENT, "nothing is there to be hidden");
        write(&self::store(database), content("a")).await;
        let may_not_read =
            self::PostgresStore::new(as_role(database, &role), "shop").read().await.unwrap_err();
        assert_eq!(may_not_read.code(), "state_not_readable", "{may_not_read}");
        admin.batch_execute(granted(&may_not_read).as_str()).await.unwrap();
        let store = PostgresStore::new(as_role(database, &role), "shop");
        assert_eq!(head(&store).await.serial, Serial::FIRST);
        let may_not_write = store.preflight_writable().await.unwrap_err();
        assert_eq!(may_not_write.code(), "state_not_writable", "{may_not_write}");
        admin.batch_execute(granted(&may_not_write).as_str()).await.unwrap();
        store.preflight_writable().await.unwrap();
        write(&store, content("b")).await;
        admin.batch_execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).await.unwrap();
    })
    .await;
}

fn as_role(database: &TestDatabase, role: &str) -> ConnectParameters {
    let mut config = database.config();
    config.user(role);
    ConnectParameters::from(config)
}

/// The statements that the help gives.
fn granted(error: &StoreError) -> String {
    let help = error.help().unwrap();
    let start = help.find("`GRANT").unwrap() + 1;
    help[start..].split('`').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_read_only_server_is_refused_before_anything_is_done() {
    on_every_server(async |database| {
        let mut config = database.config();
        config.options("-c default_transaction_read_only=on");
        let store = PostgresStore::new(ConnectParameters::from(config), "shop");
        assert_eq!(store.read().await.unwrap().version, Version::ABSENT);
        let refused = store.preflight_writable().await.unwrap_err();
        assert_eq!(refused.code(), "state_not_writable", "{refused}");
        assert!(refused.help().unwrap().contains("primary"));
    })
    .await;
}

#[tokio::test]
async fn sixteen_first_writers_create_the_tables_once() {
    on_every_server(async |database| {
        let mut writers = tokio::task::JoinSet::new();
        for _ in 0..16 {
            let store = store(database);
            writers.spawn(async move {
                let sidecar = sidecar();
                store.put_sidecar(&sidecar).await.unwrap();
                sidecar.op_id
            });
        }
        let put: BTreeSet<_> = writers.join_all().await.into_iter().collect();
        let found = store(database).sidecars().await.unwrap();
        assert_eq!(found.into_iter().map(|found| found.sidecar.unwrap().op_id).collect::<BTreeSet<_>>(), put);
    })
    .await;
}
