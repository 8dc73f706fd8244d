//! The state in a PostgreSQL database: rows in the schema `djogi`, for pipelines that keep no folder.
//!
//! It may be the target's own database or another one. Each operation is one statement, so a crash leaves all of it
//! or nothing; a reader sees the state before or after it. Reading works where the tables are missing, which is no
//! state, and writes nothing. When the answer to a statement is lost, it is sent again: each of them comes to the same
//! however often it runs, and a swap that has happened is known by the digest that only this run can have written.

mod documents;
mod error;
mod link;
mod moving;
mod schema;
mod shared;
mod statements;
mod swap;

use std::collections::BTreeSet;

use async_trait::async_trait;
use djogi_core::Digest;
use tokio::sync::Mutex;
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use self::link::{Link, Param};
use self::statements::{self as sql, Write};
use self::swap::column;
use super::approval::{Approval, StoredApproval};
use super::catalog::RecordedCatalog;
use super::damage::Damage;
use super::document::{Serial, State};
use super::error::{IntactCopy, StoreError};
use super::sidecar::{QuarantinedSidecar, Sidecar, StoredSidecar};
use super::store::{Snapshot, Store, UnusedCatalogs, Version};
use super::text;
use crate::connect::{ConnectParameters, Connection};
use crate::identity::{OpId, RunId};

pub use error::PostgresStoreError;
pub use shared::StateRow;
pub use swap::swap_in;

/// How often a statement is sent again when its answer was lost.
const REPEATS: usize = 2;

/// A state store in a database.
#[derive(Debug)]
pub struct PostgresStore {
    parameters: ConnectParameters,
    /// Which state of those in the database it is.
    name: String,
    link: Mutex<Option<Link>>,
}

impl PostgresStore {
    /// The store of the state `name` in the database that `parameters` lead to. Nothing is opened before it is used.
    pub fn new(parameters: ConnectParameters, name: impl Into<String>) -> Self {
        Self { parameters, name: name.into(), link: Mutex::new(None) }
    }

    /// Which state of those in the database it is.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn at(&self, error: PostgresStoreError) -> StoreError {
        error.at(self.location())
    }

    fn name_param(&self) -> Param<'_> {
        (&self.name, Type::TEXT)
    }

    async fn opened<'l>(&self, link: &'l mut Option<Link>) -> Result<&'l mut Link, StoreError> {
        let open = match link.take() {
            Some(open) => open,
            None => Link::open(&self.parameters).await.map_err(|error| self.at(error))?,
        };
        Ok(link.insert(open))
    }

    /// The rows of a statement that reads; none where there are no tables yet.
    async fn read_rows(&self, statement: &str, params: &[Param<'_>]) -> Result<Vec<Row>, StoreError> {
        let mut link = self.link.lock().await;
        let mut repeats = 0..REPEATS;
        loop {
            match self.opened(&mut link).await?.read("read the state", statement, params).await {
                Err(error) if error.is_lost() && repeats.next().is_some() => *link = None,
                read => return read.map(Option::unwrap_or_default).map_err(|error| self.at(error)),
            }
        }
    }

    /// The rows of a statement that writes the same however often it runs.
    async fn write_rows(&self, write: Write, params: &[Param<'_>]) -> Result<Vec<Row>, StoreError> {
        let mut link = self.link.lock().await;
        let mut repeats = 0..REPEATS;
        crate::failpoint!("store_postgres.before_write");
        let written = loop {
            match self.opened(&mut link).await?.write("write the state", write.text_of_write(), params).await
            {
                Err(error) if error.is_lost() && repeats.next().is_some() => *link = None,
                written => break written.map_err(|error| self.at(error))?,
            }
        };
        crate::failpoint!("store_postgres.after_write");
        Ok(written)
    }

    async fn move_row(
        &self,
        expected: &Version,
        next: &State,
        unused: UnusedCatalogs,
    ) -> Result<Version, StoreError> {
        let mut repeats = 0..REPEATS;
        let moved = loop {
            let mut link = self.link.lock().await;
            let open = self.opened(&mut link).await?;
            match open.swap(&self.name, (expected, next), unused).await {
                Err(StoreError::Postgres { error, .. }) if error.is_lost() && repeats.next().is_some() => {
                    *link = None;
                }
                Err(StoreError::Postgres { error, .. }) => return Err(self.at(*error)),
                moved => break moved?,
            }
        };
        if let Some(version) = moved {
            return Ok(version);
        }
        self.ours_or_conflict(expected, Version::of(next.serial, text::seal(next).1)).await
    }

    /// After a swap to `ours` that found another state than `expected`: it is ours when the answer to an earlier attempt
    /// was lost.
    async fn ours_or_conflict(&self, expected: &Version, ours: Version) -> Result<Version, StoreError> {
        let found = self.read().await?.version;
        if found == ours {
            return Ok(found);
        }
        Err(StoreError::Conflict {
            location: self.location(),
            expected: expected.clone(),
            found: found.into(),
        })
    }

    /// The current state, verified against its columns.
    async fn head(&self) -> Result<Option<(State, Version)>, StoreError> {
        let rows = self.read_rows(sql::HEAD, &[self.name_param()]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let (serial, recorded, document): (i64, &str, &[u8]) = (row.get(0), row.get(1), row.get(2));
        let parsed = text::parse(document).and_then(|(state, digest)| {
            let is_that_of_the_columns =
                column(state.serial).ok() == Some(serial) && digest.to_string() == recorded;
            if is_that_of_the_columns { Ok((state, digest)) } else { Err(Damage::Altered) }
        });
        match parsed {
            Ok((state, digest)) => {
                let version = Version::of(state.serial, digest);
                Ok(Some((state, version)))
            }
            Err(damage) => {
                let backup = self.newest_intact_copy().await.map(Box::new);
                Err(StoreError::Damaged { location: self.location(), damage, backup })
            }
        }
    }

    /// For an error message only, so what cannot be read is passed over.
    async fn newest_intact_copy(&self) -> Option<IntactCopy> {
        let rows = self.read_rows(sql::NEWEST_REVISIONS, &[self.name_param()]).await.ok()?;
        let serial = rows.iter().find_map(|row| Some(text::parse(row.get(1)).ok()?.0.serial))?;
        let name = self.name.replace('\'', "''");
        let restore = format!(
            "UPDATE djogi.state SET (serial, digest, document) = (SELECT serial, digest, document FROM \
             djogi.state_history WHERE name = '{name}' AND serial = {serial}) WHERE name = '{name}'"
        );
        Some(IntactCopy { serial, location: "djogi.state_history".to_owned(), restore })
    }
}

#[async_trait]
impl Store for PostgresStore {
    fn location(&self) -> String {
        let endpoint = self.parameters.endpoint();
        format!(
            "djogi.state, name {:?}, in database {:?} of {} port {}",
            self.name, endpoint.database, endpoint.host, endpoint.port
        )
    }

    async fn read(&self) -> Result<Snapshot, StoreError> {
        Ok(match self.head().await? {
            Some((state, version)) => Snapshot { state: Some(state), version },
            None => Snapshot { state: None, version: Version::ABSENT },
        })
    }

    async fn swap(
        &self,
        expected: &Version,
        next: &State,
        unused: UnusedCatalogs,
    ) -> Result<Version, StoreError> {
        self.move_row(expected, next, unused).await
    }

    async fn replace_damaged(&self, next: State) -> Result<(Snapshot, String), StoreError> {
        self.replace_damaged_row(next).await
    }

    async fn row_in(&self, connection: &Connection) -> Result<Option<StateRow>, StoreError> {
        let mut link = self.link.lock().await;
        let shared = self.opened(&mut link).await?.shares(connection).await;
        let shared = shared.map_err(|error| self.at(error))?;
        Ok(shared.then(|| shared::row(&self.name, self.location())))
    }

    async fn unused_catalogs(&self) -> Result<BTreeSet<Digest>, StoreError> {
        let rows = self.read_rows(sql::UNUSED_CATALOGS, &[self.name_param()]).await?;
        Ok(rows.iter().filter_map(|row| row.get::<_, &str>(0).parse().ok()).collect())
    }

    async fn preflight_writable(&self) -> Result<(), StoreError> {
        let mut link = self.link.lock().await;
        self.opened(&mut link).await?.check_writable().await.map_err(|error| self.at(error))
    }

    async fn put_catalog(&self, catalog: &RecordedCatalog) -> Result<Digest, StoreError> {
        let (bytes, digest) = catalog.to_bytes();
        let text = digest.to_string();
        let key = [self.name_param(), (&text, Type::TEXT)];
        let found = self.read_rows(sql::HAS_CATALOG, &key).await?;
        if !found.first().is_some_and(|row| row.get(0)) {
            let [name, key] = key;
            self.write_rows(Write::Catalog, &[name, key, (&bytes, Type::BYTEA)]).await?;
        }
        Ok(digest)
    }

    async fn catalog(&self, digest: &Digest) -> Result<RecordedCatalog, StoreError> {
        let text = digest.to_string();
        let rows = self.read_rows(sql::CATALOG, &[self.name_param(), (&text, Type::TEXT)]).await?;
        let location = self.location();
        let Some(row) = rows.first() else {
            return Err(StoreError::CatalogMissing { location, digest: *digest });
        };
        RecordedCatalog::from_bytes(row.get(0), digest).map_err(|reason| StoreError::CatalogDamaged {
            location,
            digest: *digest,
            reason,
        })
    }

    async fn history(&self) -> Result<Vec<Serial>, StoreError> {
        let Some((head, _)) = self.head().await? else { return Ok(Vec::new()) };
        let before = column(head.serial)?;
        let rows = self.read_rows(sql::HISTORY, &[self.name_param(), (&before, Type::INT8)]).await?;
        let kept = rows.iter().map(|row| Serial::new(row.get::<_, i64>(0).unsigned_abs()));
        Ok(kept.chain([head.serial]).collect())
    }

    async fn revision(&self, serial: Serial) -> Result<State, StoreError> {
        let available = match self.history().await {
            // What came before a damaged state is what mends it.
            Err(StoreError::Damaged { .. }) => self.kept_serials().await?,
            available => available?,
        };
        if available.last() == Some(&serial)
            && let Ok(Some((head, _))) = self.head().await
            && head.serial == serial
        {
            return Ok(head);
        }
        let location = self.location();
        let rows = match column(serial) {
            Ok(number) => self.read_rows(sql::REVISION, &[self.name_param(), (&number, Type::INT8)]).await?,
            Err(_) => Vec::new(),
        };
        match rows.first() {
            Some(row) if available.contains(&serial) => text::parse(row.get(0))
                .map(|(state, _)| state)
                .map_err(|damage| StoreError::Damaged { location, damage, backup: None }),
            Some(_) | None => Err(StoreError::NoSuchRevision { location, serial, available }),
        }
    }

    async fn put_sidecar(&self, sidecar: &Sidecar) -> Result<(), StoreError> {
        self.put_document(Write::Sidecar, sidecar.op_id.to_string(), sidecar).await
    }

    async fn sidecars(&self) -> Result<Vec<StoredSidecar>, StoreError> {
        let place = "djogi.state_sidecar, op_id";
        let found =
            self.documents(sql::SIDECARS, place, |sidecar: &Sidecar| sidecar.op_id.to_string()).await?;
        Ok(found
            .into_iter()
            .map(|(name, location, sidecar)| StoredSidecar { name, location, sidecar })
            .collect())
    }

    async fn retire_sidecar(&self, op: OpId) -> Result<(), StoreError> {
        let op = op.to_string();
        let key = [self.name_param(), (&op, Type::TEXT)];
        // A store without tables has nothing to retire, and gets none for it.
        if !self.has_sidecar(&key).await? {
            return Ok(());
        }
        self.write_rows(Write::RetireSidecar, &key).await.map(|_| ())
    }

    async fn quarantine_sidecar(&self, name: &str) -> Result<String, StoreError> {
        let key = [self.name_param(), (&name as _, Type::TEXT)];
        let gone = || StoreError::NoSuchSidecar { location: self.location(), name: name.to_owned() };
        if !self.has_sidecar(&key).await? {
            return Err(gone());
        }
        let rows = self.write_rows(Write::QuarantineSidecar, &key).await?;
        let number: i64 = rows.first().ok_or_else(gone)?.get(0);
        Ok(self.place_of_quarantined(number))
    }

    async fn quarantined_sidecars(&self) -> Result<Vec<QuarantinedSidecar>, StoreError> {
        let rows = self.read_rows(sql::QUARANTINED_SIDECARS, &[self.name_param()]).await?;
        let quarantined = |row: &Row| QuarantinedSidecar {
            name: row.get(1),
            location: self.place_of_quarantined(row.get(0)),
        };
        Ok(rows.iter().map(quarantined).collect())
    }

    async fn put_approval(&self, approval: &Approval) -> Result<(), StoreError> {
        self.put_document(Write::Approval, approval.id.to_string(), approval).await
    }

    async fn approvals(&self) -> Result<Vec<StoredApproval>, StoreError> {
        let place = "djogi.state_approval, approval_id";
        let found =
            self.documents(sql::APPROVALS, place, |approval: &Approval| approval.id.to_string()).await?;
        Ok(found
            .into_iter()
            .map(|(name, location, approval)| StoredApproval { name, location, approval })
            .collect())
    }

    async fn save_backup(&self, state: &State, run: RunId) -> Result<String, StoreError> {
        self.save_backup_row(state, run).await
    }

    async fn saved_backups(&self) -> Result<Vec<String>, StoreError> {
        self.backup_names().await
    }

    async fn saved_backup(&self, name: &str) -> Result<State, StoreError> {
        self.backup_of_name(name).await
    }

    async fn take_over(&self, head: &State, history: &[State]) -> Result<Version, StoreError> {
        self.take_over_rows(head, history).await
    }

    async fn put_aside(&self, expected: &Version) -> Result<String, StoreError> {
        self.rename_rows(expected).await
    }
}
