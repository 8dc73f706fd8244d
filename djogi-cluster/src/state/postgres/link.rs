//! The session of a store: opened when it is first needed, and again when it was lost.

use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};

use super::super::document::State;
use super::super::error::StoreError;
use super::super::store::{UnusedCatalogs, Version};
use super::error::{PATIENCE_SECONDS, PostgresStoreError, failed};
use super::schema::{StoreVersion, VERSION, check_rights, ensure_store, store_version};
use super::swap::swap_with;
use crate::connect::{ConnectParameters, Connection};

/// A value with the type that the statement takes it as.
pub(super) type Param<'p> = (&'p (dyn ToSql + Sync), Type);

/// An open session, and what is known of the tables there.
#[derive(Debug)]
pub(super) struct Link {
    connection: Connection,
    version: StoreVersion,
}

const PATIENCE: &str = "SELECT pg_catalog.set_config('lock_timeout', $1, false)";

impl Link {
    pub(super) async fn open(parameters: &ConnectParameters) -> Result<Self, PostgresStoreError> {
        let connection = Connection::open(parameters, "state").await;
        let connection = connection.map_err(|error| PostgresStoreError::Connect(Box::new(error)))?;
        let patience = format!("{PATIENCE_SECONDS}s");
        let client = connection.client();
        let set = client.query_typed_one(PATIENCE, &[(&patience, Type::TEXT)]).await;
        set.map_err(failed("set up the session", PATIENCE))?;
        let version = store_version(client).await?;
        Ok(Self { connection, version })
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The rows of a statement that reads; `None` where there are no tables yet.
    pub(super) async fn read(
        &mut self,
        doing: &'static str,
        statement: &str,
        params: &[Param<'_>],
    ) -> Result<Option<Vec<Row>>, PostgresStoreError> {
        let client = self.connection.client();
        if matches!(self.version, StoreVersion::Absent { .. }) {
            // Somebody else may have created them since.
            self.version = store_version(client).await?;
        }
        match self.version {
            StoreVersion::Absent { .. } => Ok(None),
            StoreVersion::At(_) => {
                client.query_typed(statement, params).await.map(Some).map_err(failed(doing, statement))
            }
        }
    }

    /// The rows of a statement that writes. Creates the tables before.
    pub(super) async fn write(
        &mut self,
        doing: &'static str,
        statement: &str,
        params: &[Param<'_>],
    ) -> Result<Vec<Row>, PostgresStoreError> {
        self.create().await?;
        let answer = self.connection.client().query_typed(statement, params);
        let answer = crate::failpoint!(sent "store_postgres.sent_no_reply", answer).await;
        answer.map_err(failed(doing, statement))
    }

    /// Makes sure that this session can write.
    pub(super) async fn check_writable(&mut self) -> Result<(), PostgresStoreError> {
        self.create().await?;
        check_rights(self.connection.client(), self.version).await
    }

    async fn create(&mut self) -> Result<(), PostgresStoreError> {
        if self.version != StoreVersion::At(VERSION) {
            ensure_store(self.connection.client()).await?;
            self.version = StoreVersion::At(VERSION);
        }
        Ok(())
    }

    /// See [`swap_with`]. Creates the tables before.
    pub(super) async fn swap(
        &mut self,
        name: &str,
        (expected, next): (&Version, &State),
        unused: UnusedCatalogs,
    ) -> Result<Option<Version>, StoreError> {
        self.create().await.map_err(|error| error.at(name.to_owned()))?;
        swap_with(self.connection.client(), name, expected, next, unused).await
    }
}
