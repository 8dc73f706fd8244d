//! A whole state that comes from another store, or has gone to one.

use tokio_postgres::types::Type;

use super::PostgresStore;
use super::link::Param;
use super::statements::{self as sql, Write};
use super::swap::{Columns, column};
use crate::state::document::{Serial, State};
use crate::state::error::StoreError;
use crate::state::store::{Snapshot, Store, Version};

impl PostgresStore {
    pub(super) async fn take_over_rows(
        &self,
        head: &State,
        history: &[State],
    ) -> Result<Version, StoreError> {
        let head = Columns::of(head)?;
        let history = history.iter().map(Columns::of).collect::<Result<Vec<_>, _>>()?;
        let serials: Vec<i64> = history.iter().map(|revision| revision.serial).collect();
        let digests: Vec<&str> = history.iter().map(|revision| revision.digest.as_str()).collect();
        let documents: Vec<&[u8]> = history.iter().map(|revision| revision.document.as_slice()).collect();
        let params: [Param<'_>; 7] = [
            self.name_param(),
            (&head.serial, Type::INT8),
            (&head.digest, Type::TEXT),
            (&head.document, Type::BYTEA),
            (&serials, Type::INT8_ARRAY),
            (&digests, Type::TEXT_ARRAY),
            (&documents, Type::BYTEA_ARRAY),
        ];
        if self.write_rows(Write::TakeOver, &params).await?.is_empty() {
            return self.ours_or_conflict(&Version::ABSENT, head.version).await;
        }
        Ok(head.version)
    }

    pub(super) async fn kept_serials(&self) -> Result<Vec<Serial>, StoreError> {
        let rows = self.read_rows(sql::KEPT, &[self.name_param()]).await?;
        Ok(rows.iter().map(|row| Serial::new(row.get::<_, i64>(0).unsigned_abs())).collect())
    }

    pub(super) async fn replace_damaged_row(&self, next: State) -> Result<(Snapshot, String), StoreError> {
        match self.read().await {
            Err(StoreError::Damaged { .. }) => {}
            Err(error) => return Err(error),
            Ok(Snapshot { version, .. }) => {
                let location = self.location();
                return Err(StoreError::Conflict {
                    location,
                    expected: Version::ABSENT,
                    found: version.into(),
                });
            }
        }
        let rows = self.read_rows(sql::HEAD, &[self.name_param()]).await?;
        let found: Vec<u8> = rows.first().map(|row| row.get(2)).unwrap_or_default();
        let rows = self.read_rows(sql::NEWEST_SERIAL, &[self.name_param()]).await?;
        let newest = rows.first().and_then(|row| row.get::<_, Option<i64>>(0)).unwrap_or_default();
        let newest = Serial::new(newest.unsigned_abs()).max(next.serial);
        let next = State { serial: newest.next()?, ..next };
        let Columns { serial, digest, document, version } = Columns::of(&next)?;
        let params: [Param<'_>; 5] = [
            self.name_param(),
            (&serial, Type::INT8),
            (&digest, Type::TEXT),
            (&document, Type::BYTEA),
            (&found, Type::BYTEA),
        ];
        let rows = self.write_rows(Write::Damaged, &params).await?;
        // When the answer to an earlier attempt was lost, there is nothing left to move.
        let place = match rows.first() {
            Some(row) => format!("djogi.state_quarantine, number {}", row.get::<_, i64>(0)),
            None => {
                self.ours_or_conflict(&Version::ABSENT, version.clone()).await?;
                "djogi.state_quarantine".to_owned()
            }
        };
        Ok((Snapshot { state: Some(next), version }, place))
    }

    /// The rows stay where they are, under another name.
    pub(super) async fn rename_rows(&self, expected: &Version) -> Result<String, StoreError> {
        let (Some(serial), Some(digest)) = (expected.serial(), expected.digest()) else {
            return self.ours_or_conflict(expected, Version::ABSENT).await.map(|_| String::new());
        };
        let stem = format!("{}#migrated-{serial}", self.name());
        let taken = self.read_rows(sql::NAMES, &[(&stem, Type::TEXT)]).await?;
        let taken: Vec<&str> = taken.iter().map(|row| row.get(0)).collect();
        let free = |name: &String| !taken.contains(&name.as_str());
        let name = std::iter::once(stem.clone()).chain((2..).map(|copy| format!("{stem}-{copy}"))).find(free);
        let name = name.expect("there are more numbers than rows");
        let (serial, digest) = (column(serial)?, digest.to_string());
        let params: [Param<'_>; 4] =
            [self.name_param(), (&serial, Type::INT8), (&digest, Type::TEXT), (&name, Type::TEXT)];
        if self.write_rows(Write::PutAside, &params).await?.is_empty() {
            // When the answer to an earlier attempt was lost, there is none left.
            self.ours_or_conflict(expected, Version::ABSENT).await?;
        }
        Ok(format!("djogi.state, name {name:?}"))
    }
}
