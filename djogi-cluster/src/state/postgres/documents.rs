//! Sidecars, approvals and backups: one row each.

use tokio_postgres::types::Type;

use super::PostgresStore;
use super::link::Param;
use super::statements::{self as sql, Write};
use super::swap::column;
use crate::identity::RunId;
use crate::state::damage::Damage;
use crate::state::document::State;
use crate::state::error::StoreError;
use crate::state::sealed::{self, Sealed};
use crate::state::store::Store;

/// A document as it is found: its name, where it is, and what it says.
type Found<D> = (String, String, Result<D, Damage>);

impl PostgresStore {
    pub(super) async fn put_document<D: Sealed>(
        &self,
        write: Write,
        id: String,
        document: &D,
    ) -> Result<(), StoreError> {
        let document = sealed::render(document);
        let params = [self.name_param(), (&id, Type::TEXT), (&document, Type::BYTEA)];
        self.write_rows(write, &params).await.map(|_| ())
    }

    /// The documents that `statement` finds. `name_of` gives the name that a document has to have: under another one it
    /// would be neither replaced nor removed by who knows its id.
    pub(super) async fn documents<D: Sealed>(
        &self,
        statement: &str,
        place: &str,
        name_of: impl Fn(&D) -> String,
    ) -> Result<Vec<Found<D>>, StoreError> {
        let rows = self.read_rows(statement, &[self.name_param()]).await?;
        let found = rows.iter().map(|row| {
            let name: String = row.get(0);
            let document = sealed::parse(row.get(1)).and_then(|document: D| {
                let expected = name_of(&document);
                if expected == name { Ok(document) } else { Err(Damage::OtherName { expected }) }
            });
            let location = format!("{place} {name}, of {}", self.location());
            (name, location, document)
        });
        Ok(found.collect())
    }

    pub(super) async fn has_sidecar(&self, key: &[Param<'_>; 2]) -> Result<bool, StoreError> {
        Ok(!self.read_rows(sql::SIDECAR, key).await?.is_empty())
    }

    pub(super) fn place_of_quarantined(&self, number: i64) -> String {
        format!("djogi.state_quarantine, number {number}, of {}", self.location())
    }

    pub(super) async fn save_backup_row(&self, state: &State, run: RunId) -> Result<String, StoreError> {
        let (serial, run, document) = (column(state.serial)?, run.to_string(), state.to_bytes());
        let params: [Param<'_>; 4] =
            [self.name_param(), (&serial, Type::INT8), (&run, Type::TEXT), (&document, Type::BYTEA)];
        self.write_rows(Write::Backup, &params).await?;
        Ok(format!("djogi.state_backup, {serial}-{run}, of {}", self.location()))
    }

    pub(super) async fn backup_names(&self) -> Result<Vec<String>, StoreError> {
        let rows = self.read_rows(sql::BACKUPS, &[self.name_param()]).await?;
        let name = |row: &tokio_postgres::Row| format!("{}-{}", row.get::<_, i64>(0), row.get::<_, &str>(1));
        Ok(rows.iter().map(name).collect())
    }

    pub(super) async fn backup_of_name(&self, name: &str) -> Result<State, StoreError> {
        let rows =
            match name.split_once('-').and_then(|(serial, run)| Some((serial.parse::<i64>().ok()?, run))) {
                Some((serial, run)) => {
                    let key = [self.name_param(), (&serial, Type::INT8), (&run as _, Type::TEXT)];
                    self.read_rows(sql::BACKUP, &key).await?
                }
                None => Vec::new(),
            };
        let location = format!("djogi.state_backup, {name}, of {}", self.location());
        let Some(row) = rows.first() else {
            let available = self.backup_names().await?;
            return Err(StoreError::NoSuchBackup { location, name: name.to_owned(), available });
        };
        State::from_bytes(row.get(0)).map_err(|damage| StoreError::Damaged { location, damage, backup: None })
    }
}
