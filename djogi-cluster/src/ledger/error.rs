//! Errors of the ledger and the run lock's SQL.

use djogi_core::Ident;
use tokio_postgres::error::SqlState;

use super::schema::LEDGER_VERSION;
use crate::identity::{ApprovalId, Epoch, Lineage};

/// Why the ledger could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    #[error(
        "the ledger in schema djogi has version {found}; this djogi knows versions up to {LEDGER_VERSION}"
    )]
    Newer { found: u32 },
    #[error("the database has a schema named djogi that is not a ledger")]
    NotALedger,
    #[error("role {role:?} may not read the ledger in schema djogi")]
    NoPrivilege { role: String },
    #[error("role {role:?} may not write the ledger in schema djogi")]
    MayNotWrite { role: String },
    #[error("role {role:?} may not create the ledger in database {database:?}")]
    MayNotCreate { role: String, database: String },
    #[error("the session is read-only: djogi cannot {doing}")]
    ReadOnly { doing: &'static str },
    #[error("target `{target}` belongs to the state with lineage {ledger}, not to {ours}")]
    OtherLineage { target: Ident, ours: Lineage, ledger: Lineage },
    #[error("another run has taken over target `{target}`: its epoch is {}, this run had {ours}", shown(.found))]
    Fenced { target: Ident, ours: Epoch, found: Option<Epoch> },
    #[error(
        "the connection changed from server process {locked} to {now}: a proxy pools transactions, and the run \
         lock protects nothing"
    )]
    OtherBackend { locked: i32, now: i32 },
    #[error("approval {approval} was spent already")]
    ApprovalSpent { approval: ApprovalId },
    #[error("the ledger row {op} holds {value:?}, which this djogi cannot read")]
    BadRow { op: String, value: String },
    #[error("cannot {doing}: {}", sql_message(.source))]
    Sql {
        doing: &'static str,
        statement: String,
        #[source]
        source: Box<tokio_postgres::Error>,
    },
}

/// The way out for who connects through a transaction pooler.
pub(crate) const DIRECT_CONNECTION: &str =
    "connect to the server itself, or through a proxy in session mode (pgbouncer: `pool_mode = session`)";

fn shown(epoch: &Option<Epoch>) -> String {
    epoch.map_or_else(|| "gone".to_owned(), |epoch| epoch.to_string())
}

/// The server's message with its SQLSTATE, or what the driver says.
fn sql_message(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(db) => format!("{} (SQLSTATE {})", db.message(), db.code().code()),
        None => error.to_string(),
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl LedgerError {
    /// For `map_err`: what was being done, and by which statement.
    pub(crate) fn sql(doing: &'static str, statement: &str) -> impl FnOnce(tokio_postgres::Error) -> Self {
        let statement = statement.trim().to_owned();
        move |source| match source.code() {
            Some(&SqlState::READ_ONLY_SQL_TRANSACTION) => Self::ReadOnly { doing },
            _ => Self::Sql { doing, statement, source: Box::new(source) },
        }
    }

    /// A stable code for diagnostics.
    pub fn code(&self) -> &'static str {
        match self {
            LedgerError::Newer { .. } => "ledger_newer",
            LedgerError::NotALedger => "ledger_foreign_schema",
            LedgerError::NoPrivilege { .. } => "ledger_no_privilege",
            LedgerError::MayNotWrite { .. } | LedgerError::MayNotCreate { .. } => "ledger_no_privilege",
            LedgerError::ReadOnly { .. } => "read_only_session",
            LedgerError::OtherLineage { .. } => "lineage_mismatch",
            LedgerError::Fenced { .. } => "fenced",
            LedgerError::OtherBackend { .. } => "pooled_connection",
            LedgerError::ApprovalSpent { .. } => "approval_spent",
            LedgerError::BadRow { .. } => "ledger_bad_row",
            LedgerError::Sql { .. } => "ledger_sql",
        }
    }

    /// What to do next; `None` when the message says it all.
    pub fn help(&self) -> Option<String> {
        Some(match self {
            LedgerError::Newer { .. } => "install a newer djogi: another one has applied to this database".to_owned(),
            LedgerError::NotALedger => {
                "djogi keeps its ledger in a schema of that name; rename yours: `ALTER SCHEMA djogi RENAME TO ...`"
                    .to_owned()
            }
            LedgerError::NoPrivilege { role } => {
                let role = quoted(role);
                format!(
                    "`GRANT USAGE ON SCHEMA djogi TO {role}; GRANT SELECT ON ALL TABLES IN SCHEMA djogi TO \
                     {role};` lets it plan; who applies needs the role that owns the schema"
                )
            }
            LedgerError::MayNotWrite { role } => {
                let role = quoted(role);
                format!(
                    "apply as the role that owns the schema, or let this one: `GRANT USAGE ON SCHEMA djogi TO {role}; \
                     GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA djogi TO {role};`"
                )
            }
            LedgerError::MayNotCreate { role, database } => {
                let (role, database) = (quoted(role), quoted(database));
                format!(
                    "`CREATE SCHEMA djogi AUTHORIZATION {role};` as an administrator is enough for the ledger; or \
                     `GRANT CREATE ON DATABASE {database} TO {role};`"
                )
            }
            LedgerError::ReadOnly { .. } => {
                "connect to the primary, as a role without `default_transaction_read_only`".to_owned()
            }
            LedgerError::OtherLineage { .. } => {
                "use the project and `--env` that this database was made with".to_owned()
            }
            LedgerError::Fenced { .. } => "see what the other run did (`djogi status`), then apply again".to_owned(),
            LedgerError::OtherBackend { .. } => DIRECT_CONNECTION.to_owned(),
            LedgerError::ApprovalSpent { .. } => "plan again; the change needs an approval of its own".to_owned(),
            LedgerError::BadRow { .. } => "a newer djogi has written it, or somebody has edited it".to_owned(),
            LedgerError::Sql { .. } => return None,
        })
    }
}
