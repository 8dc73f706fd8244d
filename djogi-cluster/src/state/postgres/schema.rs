//! The tables of the store, in the schema `djogi`: beside the ledger, or alone in a database of their own.
//!
//! Their migrations are numbered and recorded as those of the ledger are, but apart from them: neither needs the
//! other.

use tokio_postgres::{Client, GenericClient};

use super::error::{PostgresStoreError, failed};
use crate::ledger::{CREATE_SCHEMA, script_from, was_overtaken};

const MIGRATIONS: &[&str] = &[include_str!("migrations/1.sql")];

/// The version that this djogi works with.
pub(super) const VERSION: u32 = MIGRATIONS.len() as u32;

/// What a database holds of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StoreVersion {
    Absent { has_schema: bool },
    At(u32),
}

const FIND: &str = "
SELECT pg_catalog.has_schema_privilege(n.oid, 'USAGE'),
       (SELECT pg_catalog.has_table_privilege(c.oid, 'SELECT')
          FROM pg_catalog.pg_class c
         WHERE c.relnamespace = n.oid AND c.relname = 'state_migration' AND c.relkind = 'r'),
       current_user::text
  FROM pg_catalog.pg_namespace n
 WHERE n.nspname = 'djogi'";

const NEWEST: &str = "SELECT pg_catalog.max(version) FROM djogi.state_migration";

/// The version of the tables in this database. Reads only.
pub(super) async fn store_version(client: &impl GenericClient) -> Result<StoreVersion, PostgresStoreError> {
    let found = client.query_typed_opt(FIND, &[]).await.map_err(failed("find the state", FIND))?;
    let Some(row) = found else { return Ok(StoreVersion::Absent { has_schema: false }) };
    let (usage, select): (bool, Option<bool>) = (row.get(0), row.get(1));
    let Some(select) = select else { return Ok(StoreVersion::Absent { has_schema: true }) };
    if !usage || !select {
        return Err(PostgresStoreError::MayNotRead { role: row.get(2) });
    }
    let row = client.query_typed_one(NEWEST, &[]).await.map_err(failed("find the state", NEWEST))?;
    let version: Option<i32> = row.get(0);
    match version.and_then(|version| u32::try_from(version).ok()) {
        Some(version @ 1..=VERSION) => Ok(StoreVersion::At(version)),
        Some(version) if version > VERSION => Err(PostgresStoreError::Newer { found: version }),
        Some(_) | None => Err(PostgresStoreError::NotAStore),
    }
}

/// Creates the tables, or brings them up to date, in a transaction of its own. Nothing is written when they are.
pub(super) async fn ensure_store(client: &Client) -> Result<(), PostgresStoreError> {
    loop {
        let found = store_version(client).await?;
        let (preamble, from) = match found {
            StoreVersion::At(VERSION) => return Ok(()),
            StoreVersion::At(version) => ("", version as usize),
            StoreVersion::Absent { has_schema: true } => ("", 0),
            StoreVersion::Absent { has_schema: false } => (CREATE_SCHEMA, 0),
        };
        check_rights(client, found).await?;
        let script = script_from(preamble, "state_migration", MIGRATIONS, from);
        crate::failpoint!(infallible "store_postgres.before_create");
        match client.batch_execute(&script).await {
            Ok(()) => return Ok(()),
            Err(error) => {
                // Leaves the failed transaction; when the connection is gone, so is the transaction.
                let _ = client.batch_execute("ROLLBACK").await;
                if !was_overtaken(&error) || store_version(client).await? == found {
                    return Err(failed("create the tables of the state", &script)(error));
                }
            }
        }
    }
}

const RIGHTS: &str = "
SELECT pg_catalog.current_setting('transaction_read_only')::boolean,
       CASE WHEN n.oid IS NULL
            THEN pg_catalog.has_database_privilege(d.oid, 'CREATE')
            ELSE pg_catalog.has_schema_privilege(n.oid, 'CREATE') END,
       current_user::text,
       d.datname::text,
       (SELECT pg_catalog.bool_and(pg_catalog.has_table_privilege(c.oid, 'INSERT')
                                   AND pg_catalog.has_table_privilege(c.oid, 'UPDATE')
                                   AND pg_catalog.has_table_privilege(c.oid, 'DELETE'))
          FROM pg_catalog.pg_class c
         WHERE c.relnamespace = n.oid AND c.relkind = 'r' AND c.relname ~ '^state(_|$)'
           AND c.relname <> 'state_migration')
  FROM pg_catalog.pg_database d LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = 'djogi'
 WHERE d.datname = pg_catalog.current_database()";

/// Whether this session could write to the store, or create it. Reads only.
pub(super) async fn check_rights(
    client: &impl GenericClient,
    found: StoreVersion,
) -> Result<(), PostgresStoreError> {
    let row = client.query_typed_one(RIGHTS, &[]).await.map_err(failed("read its rights", RIGHTS))?;
    let (read_only, may_create): (bool, bool) = (row.get(0), row.get(1));
    let role = row.get(2);
    if read_only {
        return Err(PostgresStoreError::ReadOnly);
    }
    match found {
        StoreVersion::At(VERSION) if row.get::<_, Option<bool>>(4) == Some(true) => Ok(()),
        StoreVersion::At(VERSION) => Err(PostgresStoreError::MayNotWrite { role }),
        StoreVersion::At(_) | StoreVersion::Absent { .. } if may_create => Ok(()),
        StoreVersion::At(_) | StoreVersion::Absent { .. } => {
            Err(PostgresStoreError::MayNotCreate { role, database: row.get(3) })
        }
    }
}
