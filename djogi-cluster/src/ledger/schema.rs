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

const MIGRATIONS: &[&str] =
    &[include_str!("migrations/1.sql"), include_str!("migrations/2.sql"), include_str!("migrations/3.sql")];

/// Not part of a migration: an administrator may have made the schema for a role that may not.
pub(crate) const CREATE_SCHEMA: &str = "CREATE SCHEMA djogi;
COMMENT ON SCHEMA djogi IS 'Ledger of djogi: what was applied to this database, and by whom. Not to be edited.';
";

/// What a database holds of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LedgerVersion {
    Absent,
    /// The schema is there, with nothing of the ledger in it.
    Empty,
    At(u32),
}

impl LedgerVersion {
    /// Whether there is no row to be read.
    pub fn is_blank(self) -> bool {
        matches!(self, LedgerVersion::Absent | LedgerVersion::Empty)
    }
}

/// The tables of a state store may be beside those of the ledger, or be there before them.
const FIND: &str = "
SELECT pg_catalog.has_schema_privilege(n.oid, 'USAGE'),
       (SELECT pg_catalog.has_table_privilege(c.oid, 'SELECT')
          FROM pg_catalog.pg_class c
         WHERE c.relnamespace = n.oid AND c.relname = 'migration' AND c.relkind = 'r'),
       current_user::text,
       EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid AND c.relname !~ '^state(_|$)')
       OR EXISTS (SELECT FROM pg_catalog.pg_proc p WHERE p.pronamespace = n.oid)
       OR EXISTS (SELECT FROM pg_catalog.pg_type t WHERE t.typnamespace = n.oid AND t.typname !~ '^_*state(_|$)')
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
    if !row.get::<_, bool>(3) {
        return Ok(LedgerVersion::Empty);
    }
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

const RIGHTS: &str = "
SELECT pg_catalog.current_setting('transaction_read_only')::boolean,
       CASE WHEN n.oid IS NULL
            THEN pg_catalog.has_database_privilege(d.oid, 'CREATE')
            ELSE pg_catalog.has_schema_privilege(n.oid, 'CREATE') END,
       current_user::text,
       d.datname::text,
       (SELECT pg_catalog.bool_and(pg_catalog.has_table_privilege(c.oid, 'INSERT')
                                   AND (c.relname = 'op' OR pg_catalog.has_table_privilege(c.oid, 'UPDATE')))
          FROM pg_catalog.pg_class c
         WHERE c.relnamespace = n.oid AND c.relname IN ('lease', 'op', 'live', 'cursor') AND c.relkind = 'r')
  FROM pg_catalog.pg_database d LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = 'djogi'
 WHERE d.datname = pg_catalog.current_database()";

/// Whether this session could write the ledger, or create it. Reads only, so that a refusal leaves nothing behind. Gives
/// what there is.
///
/// # Errors
/// As [`ledger_version`], and when the session is read-only or its role has not the rights.
pub async fn preflight_ledger(client: &impl GenericClient) -> Result<LedgerVersion, LedgerError> {
    let (found, row) = futures_util::join!(ledger_version(client), client.query_typed_one(RIGHTS, &[]));
    let (found, row) = (found?, row.map_err(LedgerError::sql("read its rights", RIGHTS))?);
    if row.get(0) {
        return Err(LedgerError::ReadOnly { doing: "write the ledger" });
    }
    let role = row.get(2);
    match found {
        LedgerVersion::At(LEDGER_VERSION) if row.get::<_, Option<bool>>(4) != Some(false) => Ok(found),
        LedgerVersion::At(LEDGER_VERSION) => Err(LedgerError::MayNotWrite { role }),
        LedgerVersion::At(_) | LedgerVersion::Absent | LedgerVersion::Empty if row.get(1) => Ok(found),
        LedgerVersion::At(_) | LedgerVersion::Absent | LedgerVersion::Empty => {
            Err(LedgerError::MayNotCreate { role, database: row.get(3) })
        }
    }
}

/// Creates the ledger, or brings it up to date, in a transaction of its own. Nothing is written when it is.
/// For holders of the run lock.
pub async fn ensure_ledger(client: &Client) -> Result<(), LedgerError> {
    loop {
        let found = ledger_version(client).await?;
        if found == LedgerVersion::At(LEDGER_VERSION) {
            return Ok(());
        }
        let script = migration_script(found);
        match client.batch_execute(&script).await {
            Ok(()) => return Ok(()),
            Err(error) => {
                // Leaves the failed transaction; when the connection is gone, so is the transaction.
                let _ = client.batch_execute("ROLLBACK").await;
                if !was_overtaken(&error) || ledger_version(client).await? == found {
                    return Err(LedgerError::sql("create the ledger", &script)(error));
                }
            }
        }
    }
}

/// Whether a migration failed because another one has just committed.
pub(crate) fn was_overtaken(error: &tokio_postgres::Error) -> bool {
    const OVERTAKEN: [SqlState; 4] = [
        SqlState::UNIQUE_VIOLATION,
        SqlState::DUPLICATE_SCHEMA,
        SqlState::DUPLICATE_TABLE,
        SqlState::DUPLICATE_OBJECT,
    ];
    error.code().is_some_and(|code| OVERTAKEN.contains(code))
}

fn migration_script(found: LedgerVersion) -> String {
    let from = match found {
        LedgerVersion::At(version) => version as usize,
        LedgerVersion::Absent | LedgerVersion::Empty => 0,
    };
    let preamble = if found == LedgerVersion::Absent { CREATE_SCHEMA } else { "" };
    script_from(preamble, "migration", MIGRATIONS, from)
}

/// The `migrations` after the first `from`, in one transaction, each recorded in the `table` of the schema that the
/// first of them creates.
pub(crate) fn script_from(preamble: &str, table: &str, migrations: &[&str], from: usize) -> String {
    let mut script = format!("BEGIN;\n{preamble}");
    for (number, migration) in (1..).zip(migrations).skip(from) {
        script.push_str(migration);
        script.push_str(&format!(
            "INSERT INTO djogi.{table} (version, djogi) VALUES ({number}, '{}');\n",
            env!("CARGO_PKG_VERSION")
        ));
    }
    script.push_str("COMMIT");
    script
}
