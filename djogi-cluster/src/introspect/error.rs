//! Why a database could not be read.

use djogi_core::ident::IdentError;

use crate::connect::DatabaseError;

/// Why a database could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IntrospectError {
    #[error("cannot read the {what}: {error}")]
    Database { what: &'static str, error: DatabaseError },
    #[error("cannot read the {what}: {error}")]
    Name { what: &'static str, error: IdentError },
    /// A row names an object that no other row describes.
    #[error("the catalog changed while it was read: {what} {oid} is not there any more")]
    Vanished { what: &'static str, oid: u32 },
    /// A code that this version of djogi does not know.
    #[error("the catalog of this server has an unknown {what}: {value:?}")]
    Unknown { what: &'static str, value: String },
}

impl IntrospectError {
    pub(super) fn transaction(error: &tokio_postgres::Error) -> Self {
        Self::Database { what: "snapshot", error: DatabaseError::new(error) }
    }
}
