//! Who holds the locks that a group could not have: words for the message of a failure.

use std::collections::BTreeSet;
use std::fmt;

use djogi_core::QualifiedName;
use djogi_core::plan::Group;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use crate::event::Failure;
use crate::session::Session;

/// A session with a lock on a table.
struct TableLock {
    backend_pid: i32,
    table: String,
    mode: String,
    role: Option<String>,
    application: Option<String>,
    since: Option<String>,
}

impl fmt::Display for TableLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { backend_pid, table, mode, role, application, since } = self;
        write!(f, "server process {backend_pid} has {mode} on {table}")?;
        if let Some(role) = role {
            write!(f, ", as role {role:?}")?;
        }
        if let Some(application) = application.as_ref().filter(|name| !name.is_empty()) {
            write!(f, ", application {application:?}")?;
        }
        match since {
            Some(since) => write!(f, ", in a transaction since {since}"),
            None => Ok(()),
        }
    }
}

/// The text of statements stays out: it may hold what is secret.
const HOLDERS: &str = "
SELECT l.pid, l.relation::pg_catalog.regclass::text, l.mode, a.usename::text, a.application_name,
       pg_catalog.to_char(a.xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')
  FROM pg_catalog.pg_locks l
  LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
 WHERE l.locktype = 'relation' AND l.granted AND l.pid <> pg_catalog.pg_backend_pid()
   AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
   AND l.relation IN (SELECT pg_catalog.to_regclass(name)::oid FROM pg_catalog.unnest($1) AS name)
 ORDER BY a.xact_start, l.pid, l.relation, l.mode
 LIMIT 5";

/// The sessions that hold a lock on one of `tables`, longest transaction first. Reads only.
async fn table_lock_holders(
    client: &Client,
    tables: &BTreeSet<QualifiedName>,
) -> Result<Vec<TableLock>, tokio_postgres::Error> {
    let names: Vec<String> = tables.iter().map(ToString::to_string).collect();
    let rows = client.query_typed(HOLDERS, &[(&names, Type::TEXT_ARRAY)]).await?;
    let lock = |row: &tokio_postgres::Row| TableLock {
        backend_pid: row.get(0),
        table: row.get(1),
        mode: row.get(2),
        role: row.get(3),
        application: row.get(4),
        since: row.get(5),
    };
    Ok(rows.iter().map(lock).collect())
}

/// Says what waited for which lock, and who has it as far as it can still be seen.
pub(super) async fn tell_who_waited(
    session: &Session<'_>,
    group: &Group,
    relations: &BTreeSet<QualifiedName>,
    failure: &mut Failure,
) {
    let budget = group.lock_timeout_ms;
    failure.message = format!("the lock was not to be had within {budget} ms ({})", failure.message);
    // Only words of the message depend on it.
    let holders = table_lock_holders(session.connection.client(), relations).await.unwrap_or_default();
    let detail = holders.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    failure.detail = Some(detail).filter(|detail| !detail.is_empty()).or(failure.detail.take());
    failure.hint = Some(match holders.first() {
        Some(holder) => format!(
            "apply again when it is done, end it with `SELECT pg_terminate_backend({});`, or raise lock_timeout of \
             the target",
            holder.backend_pid
        ),
        None => "apply again, or raise lock_timeout of the target".to_owned(),
    });
}
