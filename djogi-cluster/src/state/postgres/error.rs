//! What goes wrong between a store and the database that it is in. [`crate::state::StoreError::Postgres`] adds where.

use tokio_postgres::error::SqlState;

use super::super::error::StoreError;
use super::schema::VERSION;
use crate::connect::{ConnectError, DatabaseError};

/// Why the tables of the store could not be read or written.
#[derive(Clone, Debug, thiserror::Error)]
pub enum PostgresStoreError {
    #[error(transparent)]
    Connect(Box<ConnectError>),
    #[error("its tables have version {found}; this djogi knows versions up to {VERSION}")]
    Newer { found: u32 },
    #[error("the schema djogi has a table state_migration that is not of a state")]
    NotAStore,
    #[error("role {role:?} may not read it")]
    MayNotRead { role: String },
    #[error("role {role:?} may not write it")]
    MayNotWrite { role: String },
    #[error("role {role:?} may not create its tables in database {database:?}")]
    MayNotCreate { role: String, database: String },
    #[error("the session is read-only")]
    ReadOnly,
    #[error("another session has been writing to it for {seconds} seconds")]
    Busy { seconds: u64 },
    #[error("cannot {doing}: {error}")]
    Sql { doing: &'static str, error: DatabaseError },
}

/// How long a write waits for another one, which takes milliseconds.
pub(super) const PATIENCE_SECONDS: u64 = 30;

/// For `map_err`: what was being done, and by which statement.
pub(super) fn failed(
    doing: &'static str,
    statement: &str,
) -> impl FnOnce(tokio_postgres::Error) -> PostgresStoreError {
    let statement = statement.trim().to_owned();
    move |error| match error.code() {
        Some(&SqlState::READ_ONLY_SQL_TRANSACTION) => PostgresStoreError::ReadOnly,
        Some(&SqlState::LOCK_NOT_AVAILABLE) => PostgresStoreError::Busy { seconds: PATIENCE_SECONDS },
        _ => PostgresStoreError::Sql { doing, error: DatabaseError::new(&error).in_statement(statement) },
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl PostgresStoreError {
    /// Whether the connection is gone, and with it the knowledge of what the server did.
    pub(super) fn is_lost(&self) -> bool {
        matches!(self, PostgresStoreError::Sql { error, .. } if error.connection_lost())
    }

    /// The same with the place where it happened.
    pub(super) fn at(self, location: String) -> StoreError {
        StoreError::Postgres { location, error: Box::new(self) }
    }

    /// A stable code for diagnostics.
    pub fn code(&self) -> &'static str {
        match self {
            PostgresStoreError::Connect(error) => error.code(),
            PostgresStoreError::Newer { .. } => "state_newer",
            PostgresStoreError::NotAStore => "state_unknown_format",
            PostgresStoreError::MayNotRead { .. } => "state_not_readable",
            PostgresStoreError::MayNotWrite { .. }
            | PostgresStoreError::MayNotCreate { .. }
            | PostgresStoreError::ReadOnly => "state_not_writable",
            PostgresStoreError::Busy { .. } => "state_busy",
            PostgresStoreError::Sql { .. } => "state_sql",
        }
    }

    /// What to do next; `None` when the message says it all.
    pub fn help(&self) -> Option<String> {
        Some(match self {
            PostgresStoreError::Connect(error) => return error.help(),
            PostgresStoreError::Newer { .. } => "install a newer djogi: another one has written this state".to_owned(),
            PostgresStoreError::NotAStore => {
                "name another database for the state: [state] url = \"env:NAME\"".to_owned()
            }
            PostgresStoreError::MayNotRead { role } => {
                let role = quoted(role);
                format!(
                    "`GRANT USAGE ON SCHEMA djogi TO {role}; GRANT SELECT ON ALL TABLES IN SCHEMA djogi TO {role};` \
                     lets it plan"
                )
            }
            PostgresStoreError::MayNotWrite { role } => {
                let role = quoted(role);
                format!(
                    "use the role that owns the tables, or `GRANT USAGE ON SCHEMA djogi TO {role}; GRANT SELECT, \
                     INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA djogi TO {role};`"
                )
            }
            PostgresStoreError::MayNotCreate { role, database } => {
                let (role, database) = (quoted(role), quoted(database));
                format!(
                    "`CREATE SCHEMA djogi AUTHORIZATION {role};` as an administrator is enough; or `GRANT CREATE ON \
                     DATABASE {database} TO {role};`"
                )
            }
            PostgresStoreError::ReadOnly => {
                "connect to the primary, as a role without `default_transaction_read_only`".to_owned()
            }
            PostgresStoreError::Busy { .. } => {
                "`SELECT * FROM pg_stat_activity WHERE state <> 'idle'` shows who holds it; then run the command again"
                    .to_owned()
            }
            PostgresStoreError::Sql { error, .. } if error.connection_lost() => {
                "the state is the old or the new one, never a part: run the command again".to_owned()
            }
            PostgresStoreError::Sql { .. } => return None,
        })
    }
}
