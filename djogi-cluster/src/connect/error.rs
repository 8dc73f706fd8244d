//! What goes wrong between djogi and a server, told with everything PostgreSQL says and never with a password.

use std::error::Error as _;
use std::fmt;
use std::ops::{Deref, DerefMut};

use djogi_core::observation::ServerVersion;
use tokio_postgres::error::{ErrorPosition, SqlState};

/// Where a session goes to, without the password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Host names, or directories of sockets; several are separated by commas.
    pub host: String,
    pub port: u16,
    pub user: String,
    pub database: String,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, user, database } = self;
        write!(f, "{host} port {port}, database {database:?}, user {user:?}")
    }
}

/// An error of PostgreSQL, or of the way to it (manual appendix A). Boxed, since results carry it through the whole
/// engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseError(Box<ErrorFields>);

/// What is known of it (manual section 55.8).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorFields {
    /// The five-character code; `None` when the connection failed and no server spoke.
    pub sqlstate: Option<String>,
    pub message: String,
    pub detail: Option<String>,
    pub hint: Option<String>,
    /// Where in the statement, in characters counted from 1.
    pub position: Option<u32>,
    /// PostgreSQL's own context, such as the function that was running.
    pub context: Option<String>,
    pub statement: Option<String>,
}

impl DatabaseError {
    pub fn new(error: &tokio_postgres::Error) -> Self {
        let Some(db) = error.as_db_error() else {
            return Self::of(ErrorFields { message: describe(error), ..ErrorFields::default() });
        };
        Self::of(ErrorFields {
            sqlstate: Some(db.code().code().to_owned()),
            message: db.message().to_owned(),
            detail: db.detail().map(str::to_owned),
            hint: db.hint().map(str::to_owned),
            position: match db.position() {
                Some(ErrorPosition::Original(at)) => Some(*at),
                Some(ErrorPosition::Internal { .. }) | None => None,
            },
            context: db.where_().map(str::to_owned),
            statement: None,
        })
    }

    fn of(fields: ErrorFields) -> Self {
        Self(Box::new(fields))
    }

    pub(crate) fn into_fields(self) -> ErrorFields {
        *self.0
    }

    /// Adds the statement that failed.
    #[must_use]
    pub fn in_statement(mut self, statement: impl Into<String>) -> Self {
        self.statement = Some(statement.into());
        self
    }

    /// Whether a lock of somebody else was in the way: it was not to be had in time, or the two waited for each other.
    pub(crate) fn is_contention(&self) -> bool {
        let codes = [SqlState::LOCK_NOT_AVAILABLE, SqlState::T_R_DEADLOCK_DETECTED];
        self.sqlstate.as_deref().is_some_and(|found| codes.iter().any(|code| code.code() == found))
    }

    /// Whether the connection is gone, and with it the knowledge of what the server did.
    pub fn connection_lost(&self) -> bool {
        match self.sqlstate.as_deref() {
            None => true,
            Some(code) => code.starts_with("08") || code.starts_with("57P"),
        }
    }
}

impl Deref for DatabaseError {
    type Target = ErrorFields;

    fn deref(&self) -> &ErrorFields {
        &self.0
    }
}

impl DerefMut for DatabaseError {
    fn deref_mut(&mut self) -> &mut ErrorFields {
        &mut self.0
    }
}

/// The driver's error with its cause, which alone says what happened on the socket.
fn describe(error: &tokio_postgres::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

impl fmt::Display for DatabaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.sqlstate {
            Some(code) => write!(f, " (SQLSTATE {code})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for DatabaseError {}

/// The way out of a refusal (manual appendix A, classes 28, 3D and 53).
fn refusal_help(endpoint: &Endpoint, sqlstate: &str) -> Option<String> {
    let Endpoint { host, user, database, .. } = endpoint;
    Some(match sqlstate {
        "28P01" => format!("correct the password of role {user:?} in the url of the target"),
        "28000" => {
            format!(
                "create role {user:?}, or let it in with a line for it in pg_hba.conf of the server at {host}"
            )
        }
        "3D000" => format!("`CREATE DATABASE {}`, or correct the url of the target", quoted(database)),
        "42501" => format!(
            "`GRANT CONNECT ON DATABASE {} TO {}`, or use a role that may connect",
            quoted(database),
            quoted(user)
        ),
        "53300" => "wait for other sessions to end, or raise max_connections".to_owned(),
        "57P03" => "the server is starting or stopping; run the command again".to_owned(),
        _ => return None,
    })
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Why there is no session.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    #[error("the connection string is not valid: {0}")]
    Parameters(String),
    #[error("cannot reach PostgreSQL at {endpoint}: {reason}")]
    Unreachable { endpoint: Box<Endpoint>, reason: String },
    #[error("cannot set up TLS with {endpoint}: {reason}")]
    Tls { endpoint: Box<Endpoint>, reason: String },
    #[error("PostgreSQL at {endpoint} wants a password, and the url of the target has none")]
    PasswordMissing { endpoint: Box<Endpoint> },
    /// The server answered, with an error.
    #[error("PostgreSQL at {endpoint} refused the session: {error}")]
    Refused { endpoint: Box<Endpoint>, error: DatabaseError },
    #[error(
        "PostgreSQL at {endpoint} has version {found}; djogi needs {} or newer",
        ServerVersion::OLDEST_MAJOR
    )]
    TooOld { endpoint: Box<Endpoint>, found: ServerVersion },
}

impl ConnectError {
    /// A stable code for diagnostics.
    pub fn code(&self) -> &'static str {
        match self {
            ConnectError::Parameters(_) => "url_invalid",
            ConnectError::Unreachable { .. } => "unreachable",
            ConnectError::Tls { .. } => "tls",
            ConnectError::PasswordMissing { .. } => "password_missing",
            ConnectError::Refused { .. } => "refused",
            ConnectError::TooOld { .. } => "server_too_old",
        }
    }

    /// What to do next; `None` when the message says it all.
    pub fn help(&self) -> Option<String> {
        match self {
            ConnectError::Unreachable { .. } => {
                Some("is the server running, and does the url of the target name it?".to_owned())
            }
            ConnectError::TooOld { .. } => Some("upgrade the server".to_owned()),
            ConnectError::Refused { endpoint, error } => refusal_help(endpoint, error.sqlstate.as_deref()?),
            ConnectError::PasswordMissing { .. } => Some(
                "name a variable or a file that holds the whole url, `url = \"env:NAME\"` or `url = \"file:PATH\"`"
                    .to_owned(),
            ),
            ConnectError::Tls { .. } => {
                Some("`sslmode` in the url says how much TLS there must be (manual table 34.1)".to_owned())
            }
            ConnectError::Parameters(_) => None,
        }
    }

    pub(super) fn from_driver(endpoint: Endpoint, error: &tokio_postgres::Error) -> Self {
        let endpoint = Box::new(endpoint);
        let database_error = DatabaseError::new(error);
        if database_error.sqlstate.is_some() {
            Self::Refused { endpoint, error: database_error }
        } else if database_error.message.ends_with("password missing") {
            Self::PasswordMissing { endpoint }
        } else {
            let reason = database_error.into_fields().message;
            match reason.contains("TLS") {
                true => Self::Tls { endpoint, reason },
                false => Self::Unreachable { endpoint, reason },
            }
        }
    }
}
