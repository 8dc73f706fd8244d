//! The ledger's own schema and its migrations, numbered from 1 and recorded inside it.
//!
//! An older djogi that meets a newer ledger refuses; a newer one migrates it, in one transaction, under the run
//! lock. Two targets in one database may get here at once, each under its own lock; one of them then finds the
//! work done.

use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, GenericClient};

use super::error::LedgerError;

/// The schema that holds the ledger. Never part of a plan.
pub const LEDGER_SCHEMA: &str = "djogi";

/// The version that this djogi works with.
pub const LEDGER_VERSION: u32 = MIGRATIONS.len() as u32;

const MIGRATIONS: &[&str] = &[include_str!("migrations/1.sql")];

/// What a database holds of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LedgerVersion {
    Absent,
    At(u32),
}

const FIND: &str = "
SELECT pg_catalog.has_schema_privilege(n.oid, 'USAGE'),
       (SELECT pg_catalog.has_table_privilege(c.oid, 'SELECT')
          FROM pg_catalog.pg_class c
         WHERE c.relnamespace = n.oid AND c.relname = 'migration' AND c.relkind = 'r'),
       current_user::text
  FROM pg_catalog.pg_namespace n
 WHERE n.nspname = 'djogi'";

const VERSION: &str = "SELECT pg_catalog.max(version) FROM djogi.migration";

/// The version of the ledger in this database. Reads only.
///
/// # Errors
/// When the ledger is newer than this djogi, when a schema of that name is something else, or when this role may
/// not read it.
pub async fn ledger_version(client: &impl GenericClient) -> Result<LedgerVersion, LedgerError> {
    let found = client.query_typed_opt(FIND, &[]).await.map_err(LedgerError::sql("find the ledger", FIND))?;
    let Some(row) = found else { return Ok(LedgerVersion::Absent) };
    let (usage, select): (bool, Option<bool>) = (row.get(0), row.get(1));
    if !usage || select == Some(false) {
        return Err(LedgerError::NoPrivilege { role: row.get(2) });
    }
    if select.is_none() {
        return Err(LedgerError::NotALedger);
    }
    let row =
        client.query_typed_one(VERSION, &[]).await.map_err(LedgerError::sql("read the ledger", VERSION))?;
    let version: Option<i32> = row.get(0);
    let version =
        version.and_then(|v| u32::try_from(v).ok()).filter(|v| *v > 0).ok_or(LedgerError::NotALedger)?;
    if version > LEDGER_VERSION {
        return Err(LedgerError::Newer { found: version });
    }
    Ok(LedgerVersion::At(version))
}

/// Creates the ledger, or brings it up to date, in a transaction of its own. Nothing is written when it is.
/// For holders of the run lock.
pub async fn ensure_ledger(client: &Client) -> Result<(), LedgerError> {
    loop {
        let from = match ledger_version(client).await? {
            LedgerVersion::At(LEDGER_VERSION) => return Ok(()),
            LedgerVersion::At(version) => version,
            LedgerVersion::Absent => 0,
        };
        let script = migration_script(from);
        match client.batch_execute(&script).await {
            Ok(()) => return Ok(()),
            Err(error) => {
                // Leaves the failed transaction; when the connection is gone, so is the transaction.
                let _ = client.batch_execute("ROLLBACK").await;
                let overtaken = error.code().is_some_and(|code| OVERTAKEN.contains(code));
                let now = if overtaken { ledger_version(client).await? } else { LedgerVersion::At(from) };
                if now == LedgerVersion::Absent || now == LedgerVersion::At(from) {
                    return Err(LedgerError::sql("create the ledger", &script)(error));
                }
            }
        }
    }
}

/// What a migration fails with when another one has just committed.
const OVERTAKEN: &[SqlState] = &[
    SqlState::UNIQUE_VIOLATION,
    SqlState::DUPLICATE_SCHEMA,
    SqlState::DUPLICATE_TABLE,
    SqlState::DUPLICATE_OBJECT,
];

fn migration_script(from: u32) -> String {
    let mut script = String::from("BEGIN;\n");
    for (number, migration) in (1..).zip(MIGRATIONS).skip(from as usize) {
        script.push_str(migration);
        script.push_str(&format!(
            "INSERT INTO djogi.migration (version, djogi) VALUES ({number}, '{}');\n",
            env!("CARGO_PKG_VERSION")
        ));
    }
    script.push_str("COMMIT");
    script
}
