//! A database of one test, dropped with it.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard};

use postgres::error::DbError;
use postgres::{Client, NoTls, SimpleQueryMessage};

use crate::server::Server;

/// A fresh, empty database and a session of its superuser in it.
pub struct Database {
    server: &'static Server,
    name: String,
    session: Mutex<Client>,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Database {
    /// Makes one with a name that no other has.
    pub fn create(server: &'static Server) -> Self {
        Self::copy_of(server, "template0")
    }

    /// Makes one like `template`, which nobody may be using.
    pub fn copy_of(server: &'static Server, template: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        // On a server that flushes nothing, copying files is faster than writing them through the log.
        admin(server, &format!("CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy"));
        let session = Mutex::new(connect(&server.url(&name)));
        Self { server, name, session }
    }

    pub fn server(&self) -> &'static Server {
        self.server
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// A connection URI without a password, for the superuser.
    pub fn url(&self) -> String {
        self.server.url(&self.name)
    }

    /// Another session, for what must happen at the same time.
    pub fn connect(&self) -> Client {
        connect(&self.url())
    }

    /// Runs statements that give no rows.
    pub fn run(&self, sql: &str) {
        if let Err(error) = self.session().batch_execute(sql) {
            panic!("{sql}\n{:?}", error.as_db_error());
        }
    }

    /// A new session in place of one that has ended with its server.
    pub fn reconnect(&self) {
        *self.session() = self.connect();
    }

    /// The server's answer to statements that it refuses.
    pub fn refusal(&self, sql: &str) -> DbError {
        let error = self.session().batch_execute(sql).expect_err(sql);
        error.as_db_error().expect("an answer of the server").clone()
    }

    /// All rows of a query, as text; NULL is `NULL`.
    pub fn rows(&self, sql: &str) -> Vec<Vec<String>> {
        let messages = self.session().simple_query(sql).unwrap_or_else(|error| panic!("{sql}\n{error:?}"));
        let text = |value: Option<&str>| value.unwrap_or("NULL").to_owned();
        messages
            .iter()
            .filter_map(|message| match message {
                SimpleQueryMessage::Row(row) => Some((0..row.len()).map(|i| text(row.get(i))).collect()),
                _ => None,
            })
            .collect()
    }

    /// The first column of all rows.
    pub fn column(&self, sql: &str) -> Vec<String> {
        self.rows(sql).into_iter().map(|row| row.into_iter().next().expect("a column")).collect()
    }

    /// The one value of a query.
    pub fn value(&self, sql: &str) -> String {
        let mut found = self.column(sql);
        assert_eq!(found.len(), 1, "{sql}");
        found.remove(0)
    }

    fn session(&self) -> MutexGuard<'_, Client> {
        self.session.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // PostgreSQL drops no database with subscriptions.
        if let Ok(mut session) = Client::connect(&self.url(), NoTls) {
            let _ = session.batch_execute(
                "DO $$ DECLARE s text; BEGIN
                   FOR s IN SELECT subname FROM pg_subscription
                             WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database()) LOOP
                     EXECUTE format('ALTER SUBSCRIPTION %I DISABLE', s);
                     EXECUTE format('ALTER SUBSCRIPTION %I SET (slot_name = NONE)', s);
                     EXECUTE format('DROP SUBSCRIPTION %I', s);
                   END LOOP;
                 END $$",
            );
        }
        // A server that the test has stopped takes the database with it.
        if let Ok(mut admin) = Client::connect(&self.server.url("postgres"), NoTls) {
            let _ = admin.batch_execute(&format!("DROP DATABASE {} WITH (FORCE)", self.name));
        }
    }
}

fn connect(url: &str) -> Client {
    Client::connect(url, NoTls).unwrap_or_else(|error| panic!("{url}: {error:?}"))
}

fn admin(server: &Server, sql: &str) {
    connect(&server.url("postgres")).batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
}
