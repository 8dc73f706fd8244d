//! The state in the very database that a run changes: a group's own transaction can move it.

use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::error::{PostgresStoreError, failed};
use super::link::Link;
use super::schema::{check_rights, store_version};
use super::statements::{HEAD, SERVER};
use super::swap::swap_in;
use crate::connect::Connection;
use crate::state::document::{Serial, State};
use crate::state::error::StoreError;
use crate::state::store::Version;

/// The row of a state, in the database of whoever asked for it.
#[derive(Clone, Debug)]
pub struct StateRow {
    name: String,
    location: String,
}

impl StateRow {
    /// Moves the state in the open transaction of `client`: it has moved when that is committed, and has not when it is
    /// rolled back. Catalogs are stored before.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the current state is another one; the transaction must be rolled back then.
    pub async fn swap(
        &self,
        client: &Client,
        expected: &Version,
        next: &State,
    ) -> Result<Version, StoreError> {
        match swap_in(client, &self.name, expected, next).await? {
            Some(version) => Ok(version),
            None => {
                let (location, expected) = (self.location.clone(), expected.clone());
                Err(StoreError::Conflict { location, expected, found: self.found(client).await?.into() })
            }
        }
    }

    async fn found(&self, client: &Client) -> Result<Version, StoreError> {
        let row = client.query_typed_opt(HEAD, &[(&self.name, Type::TEXT)]).await;
        let row =
            row.map_err(failed("read the state", HEAD)).map_err(|error| error.at(self.location.clone()))?;
        let version = row.and_then(|row| {
            let serial = Serial::new(row.get::<_, i64>(0).unsigned_abs());
            Some(Version::of(serial, row.get::<_, &str>(1).parse().ok()?))
        });
        Ok(version.unwrap_or(Version::ABSENT))
    }
}

impl Link {
    /// Whether `other` leads to the same database of the same server, and may move states there.
    pub(super) async fn shares(&self, other: &Connection) -> Result<bool, PostgresStoreError> {
        if self.connection().identity() != other.identity()
            || server(self.connection()).await? != server(other).await?
        {
            return Ok(false);
        }
        let client = other.client();
        // A role that may not read or write it there leaves the moving to the session of the store.
        let Ok(version) = store_version(client).await else { return Ok(false) };
        Ok(check_rights(client, version).await.is_ok())
    }
}

/// Tells a server from its clones, which have the same identity.
async fn server(connection: &Connection) -> Result<(String, String), PostgresStoreError> {
    let row = connection.client().query_typed_one(SERVER, &[]).await;
    let row = row.map_err(failed("look at the server", SERVER))?;
    Ok((row.get(0), row.get(1)))
}

/// The name and the place of a row.
pub(super) fn row(name: &str, location: String) -> StateRow {
    StateRow { name: name.to_owned(), location }
}
