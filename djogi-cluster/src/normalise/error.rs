//! Why declarations could not be normalised.

use djogi_core::Ident;
use djogi_core::address::Address;
use djogi_core::declared::Source;
use djogi_core::observation::ServerVersion;

use super::attempt::ViewColumn;
use crate::connect::{ConnectError, DatabaseError};
use crate::introspect::IntrospectError;
use crate::sql_files::Rejected;

/// A declaration that PostgreSQL does not accept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{source_place}: {address}: {error}")]
pub struct Refusal {
    pub address: Address,
    /// Where it was declared.
    pub source_place: Source,
    /// The raw expression that PostgreSQL points at, or the only one there is.
    pub expression: Option<String>,
    /// With the statement, in which the position counts.
    pub error: DatabaseError,
}

/// Why there is no scratch database.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScratchError {
    /// The provider could not give a server.
    #[error("no scratch server: {0}")]
    NoServer(String),
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(
        "the role {role:?} may not create a scratch database; grant it CREATEDB or choose another scratch server"
    )]
    NoPrivilege { role: String },
    #[error("cannot {doing} a scratch database: {error}")]
    Database { doing: &'static str, error: DatabaseError },
    /// Majors print definitions differently.
    #[error("the scratch server has major version {}, the target has {}", .found.major(), .wanted.major())]
    OtherMajor { found: ServerVersion, wanted: ServerVersion },
}

/// Why declarations could not be normalised.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NormaliseError {
    #[error("PostgreSQL refuses {} of the declarations: {}", .0.len(), .0.first().map(ToString::to_string).unwrap_or_default())]
    Refused(Vec<Refusal>),
    #[error("{} in SQL files: {}", refused(.0.len()), .0.first().map(ToString::to_string).unwrap_or_default())]
    Rejected(Vec<Rejected>),
    /// Views give other columns than their models say.
    #[error("the columns of a view do not fit its model: {}", .0.first().map(ToString::to_string).unwrap_or_default())]
    ViewColumns(Vec<ViewColumn>),
    #[error(
        "extension {name} is not available on the scratch server; install it there, give another scratch \
         server, or use the target itself (`scratch = \"target\"`)"
    )]
    MissingExtension { name: Ident, source_place: Source, error: DatabaseError },
    #[error(transparent)]
    Scratch(#[from] ScratchError),
    #[error(transparent)]
    Introspect(#[from] IntrospectError),
    /// The server has no such feature.
    #[error("{0}")]
    Impossible(#[from] Box<djogi_core::sql::Impossible>),
    /// PostgreSQL took the declaration and the object is not there under its name.
    #[error("{source_place}: {address} was created in the scratch database but is not found there")]
    NotFound { address: Address, source_place: Source },
}

fn refused(count: usize) -> String {
    if count == 1 { "an error".to_owned() } else { format!("{count} errors") }
}

impl NormaliseError {
    /// Refuses what does not fit, if there is any.
    ///
    /// # Errors
    /// All of it, by its place in the source.
    pub(crate) fn unless_fitting(mut mismatches: Vec<ViewColumn>) -> Result<(), Self> {
        mismatches.sort_by(|a, b| a.source_place.cmp(&b.source_place));
        if mismatches.is_empty() { Ok(()) } else { Err(Self::ViewColumns(mismatches)) }
    }

    /// A stable code for diagnostics.
    pub fn code(&self) -> &'static str {
        match self {
            NormaliseError::Refused(_) => "declaration_refused",
            NormaliseError::Rejected(rejected) => rejected.first().map_or("sql_file_refused", |one| one.code),
            NormaliseError::ViewColumns(_) => "view_columns",
            NormaliseError::MissingExtension { .. } => "extension_missing",
            NormaliseError::Scratch(_) => "scratch",
            NormaliseError::Introspect(_) => "introspection",
            NormaliseError::Impossible(_) => "impossible",
            NormaliseError::NotFound { .. } => "declaration_not_found",
        }
    }

    /// What to do next; `None` when the message says it all.
    pub fn help(&self) -> Option<String> {
        match self {
            NormaliseError::Impossible(impossible) => Some(impossible.remedy()),
            NormaliseError::Scratch(ScratchError::NoServer(_)) => Some(
                "SQL files and expressions in models are read by a PostgreSQL of the target's major version; install one, \
                 name its folder in DJOGI_POSTGRES, or name a server with --scratch-url"
                    .to_owned(),
            ),
            NormaliseError::Refused(_)
            | NormaliseError::Rejected(_)
            | NormaliseError::ViewColumns(_)
            | NormaliseError::MissingExtension { .. }
            | NormaliseError::Scratch(_)
            | NormaliseError::Introspect(_)
            | NormaliseError::NotFound { .. } => None,
        }
    }
}
