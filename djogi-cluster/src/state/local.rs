//! The state in a folder, `.djogi/` by default.
//!
//! Readers take no lock and write nothing: a rename shows them the old state or the new one. Writers hold the
//! lock of the operating system from the comparison to the rename. Killed anywhere in a swap, the state is the
//! old one or the new one; what else can be left is a temporary file, which the next writer removes, and a
//! backup or history entry of the state that is still the current one.

mod documents;
mod moving;
mod unused;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use djogi_core::Digest;

use super::approval::{Approval, StoredApproval};
use super::catalog::RecordedCatalog;
use super::document::{Serial, State};
use super::durable::{self, OsLock};
use super::error::{IntactCopy, StoreError, shell_word};
use super::sidecar::{QuarantinedSidecar, Sidecar, StoredSidecar};
use super::store::{HISTORY_LENGTH, Snapshot, Store, UnusedCatalogs, Version};
use super::text;
use crate::identity::{OpId, RunId};

/// Space that must be free before a run begins, beyond the revisions it writes: a small catalog and sidecars.
const RESERVE_BYTES: usize = 256 * 1024;

/// A state store in a folder.
#[derive(Clone, Debug)]
pub struct LocalStore {
    dir: PathBuf,
}

impl LocalStore {
    /// The store in `dir`, which the first write creates.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    fn head_path(&self) -> PathBuf {
        self.dir.join("state.json")
    }

    fn lock_path(&self) -> PathBuf {
        self.dir.join("lock")
    }

    fn backup_path(&self) -> PathBuf {
        self.dir.join("state.json.backup")
    }

    fn history_dir(&self) -> PathBuf {
        self.dir.join("history")
    }

    fn revision_path(&self, serial: Serial) -> PathBuf {
        self.history_dir().join(format!("{serial}.json"))
    }

    fn backups_dir(&self) -> PathBuf {
        self.dir.join("backups")
    }

    fn catalogs_dir(&self) -> PathBuf {
        self.dir.join("catalogs")
    }

    fn catalog_path(&self, digest: &Digest) -> PathBuf {
        self.catalogs_dir().join(format!("{}.json", digest.hex()))
    }

    /// Every writer begins with this, and with the folders that it needs; under the lock, temporary files belong to
    /// nobody.
    fn lock_for_writing(&self, needed: &[PathBuf]) -> Result<OsLock, StoreError> {
        durable::create_dir(&self.dir)?;
        for dir in needed {
            durable::create_dir(dir)?;
        }
        let lock = OsLock::acquire(&self.lock_path())?;
        crate::failpoint!("state.after_os_lock");
        for dir in [
            self.dir.clone(),
            self.history_dir(),
            self.catalogs_dir(),
            self.backups_dir(),
            self.recovery_dir(),
            self.approvals_dir(),
        ] {
            durable::remove_leftovers(&dir)?;
        }
        Ok(lock)
    }

    /// The current state with its bytes.
    fn read_head(&self) -> Result<Option<(State, Digest, Vec<u8>)>, StoreError> {
        let path = self.head_path();
        let Some(bytes) = durable::read(&path)? else { return Ok(None) };
        let (state, digest) = text::parse(&bytes).map_err(|damage| StoreError::Damaged {
            location: path.display().to_string(),
            damage,
            backup: self.newest_intact_copy().map(Box::new),
        })?;
        Ok(Some((state, digest, bytes)))
    }

    /// For an error message only, so what cannot be read is passed over.
    fn newest_intact_copy(&self) -> Option<IntactCopy> {
        let revisions = self.kept_serials().unwrap_or_default();
        let revisions = revisions.into_iter().map(|serial| self.revision_path(serial));
        let intact = |path: PathBuf| {
            let (state, _) = text::parse(&durable::read(&path).ok()??).ok()?;
            let location = path.display().to_string();
            let head = self.head_path().display().to_string();
            let restore = format!("cp {} {}", shell_word(&location), shell_word(&head));
            Some(IntactCopy { serial: state.serial, location, restore })
        };
        // `max_by_key` gives the last of equals, so the backup goes before its twin in the history.
        revisions.chain([self.backup_path()]).filter_map(intact).max_by_key(|copy| copy.serial)
    }

    /// Serials in the history folder, oldest first.
    fn kept_serials(&self) -> Result<Vec<Serial>, StoreError> {
        let serial = |path: PathBuf| path.file_name()?.to_str()?.strip_suffix(".json")?.parse().ok();
        let mut serials: Vec<_> =
            durable::list(&self.history_dir())?.into_iter().filter_map(serial).map(Serial::new).collect();
        serials.sort_unstable();
        Ok(serials)
    }

    fn swap_blocking(
        &self,
        expected: &Version,
        sealed: &[u8],
        unused: UnusedCatalogs,
    ) -> Result<(), StoreError> {
        let _lock = self.lock_for_writing(&[self.history_dir()])?;
        let head = self.check_head(expected)?;
        if let (Some(serial), Some(bytes)) = (expected.serial(), &head) {
            durable::keep(&self.head_path(), &self.revision_path(serial), bytes)?;
            // A file of its own: people copy over it.
            durable::replace(&self.backup_path(), bytes)?;
        }
        durable::replace(&self.head_path(), sealed)?;
        self.forget_old_revisions();
        if unused == UnusedCatalogs::Remove {
            self.remove_unused_catalogs();
        }
        Ok(())
    }

    /// The bytes of the current state, which must be the one that `expected` names.
    fn check_head(&self, expected: &Version) -> Result<Option<Vec<u8>>, StoreError> {
        let bytes = durable::read(&self.head_path())?;
        match (&bytes, expected.digest()) {
            (None, None) => return Ok(bytes),
            (Some(found), Some(digest)) if text::is_sealed(found, &digest) => return Ok(bytes),
            _ => {}
        }
        // It is another one, or damaged.
        let found = self.read_head()?;
        let found = found.map_or(Version::ABSENT, |(state, digest, _)| Version::of(state.serial, digest));
        let location = self.head_path().display().to_string();
        Err(StoreError::Conflict { location, expected: expected.clone(), found: found.into() })
    }

    fn replace_damaged_blocking(&self, next: State) -> Result<(Snapshot, String), StoreError> {
        let backups = self.backups_dir();
        let _lock = self.lock_for_writing(&[self.history_dir(), backups.clone()])?;
        let found = match self.read_head() {
            Err(StoreError::Damaged { .. }) => durable::read(&self.head_path())?.unwrap_or_default(),
            Err(error) => return Err(error),
            Ok(found) => {
                let found =
                    found.map_or(Version::ABSENT, |(state, digest, _)| Version::of(state.serial, digest));
                let location = self.head_path().display().to_string();
                return Err(StoreError::Conflict {
                    location,
                    expected: Version::ABSENT,
                    found: found.into(),
                });
            }
        };
        let kept = backups.join(format!("damaged-{}.json", next.written_by.run));
        durable::replace(&kept, &found)?;
        // The damaged one was the successor of the newest that is kept.
        let damaged = self.kept_serials()?.into_iter().max().map(Serial::next).transpose()?;
        let newest = damaged.map_or(next.serial, |damaged| damaged.max(next.serial));
        let next = State { serial: newest.next()?, ..next };
        let (sealed, digest) = text::seal(&next);
        durable::replace(&self.head_path(), &sealed)?;
        let version = Version::of(next.serial, digest);
        Ok((Snapshot { state: Some(next), version }, kept.display().to_string()))
    }

    /// The new state is durable by now: an old revision too many is no reason to report a failure.
    fn forget_old_revisions(&self) {
        let serials = self.kept_serials().unwrap_or_default();
        for serial in serials.iter().rev().skip(HISTORY_LENGTH) {
            crate::failpoint!(infallible "state.before_forget_revision");
            let _ = std::fs::remove_file(self.revision_path(*serial));
        }
    }

    fn preflight_blocking(&self) -> Result<(), StoreError> {
        let folders = [self.history_dir(), self.catalogs_dir(), self.recovery_dir()];
        let _lock = self.lock_for_writing(&folders)?;
        let head = durable::read(&self.head_path())?.map_or(0, |bytes| bytes.len());
        // The next state, its predecessor as backup and in the history, and a catalog of about the same size.
        durable::reserve(&self.dir, RESERVE_BYTES + 4 * head)?;
        folders.iter().try_for_each(|dir| durable::reserve(dir, 1))
    }

    fn put_catalog_blocking(&self, bytes: &[u8], digest: &Digest) -> Result<(), StoreError> {
        let path = self.catalog_path(digest);
        let is_there = || -> Result<bool, StoreError> {
            Ok(durable::read(&path)?.is_some_and(|bytes| Digest::of_bytes(&bytes) == *digest))
        };
        if is_there()? {
            // Somebody may be about to remove it, from under the lock; who does so has moved the state before.
            let _lock = OsLock::acquire_shared(&self.lock_path())?;
            if is_there()? {
                return Ok(());
            }
        }
        let _lock = self.lock_for_writing(&[self.catalogs_dir()])?;
        durable::replace(&path, bytes)
    }

    fn catalog_blocking(&self, digest: &Digest) -> Result<RecordedCatalog, StoreError> {
        let path = self.catalog_path(digest);
        let location = path.display().to_string();
        let Some(bytes) = durable::read(&path)? else {
            return Err(StoreError::CatalogMissing { location, digest: *digest });
        };
        RecordedCatalog::from_bytes(&bytes, digest).map_err(|reason| StoreError::CatalogDamaged {
            location,
            digest: *digest,
            reason,
        })
    }

    fn history_blocking(&self) -> Result<Vec<Serial>, StoreError> {
        let Some((head, ..)) = self.read_head()? else { return Ok(Vec::new()) };
        let mut serials = self.kept_serials()?;
        // A state put back by hand is followed by new revisions; what came after it is not its history.
        serials.retain(|serial| *serial < head.serial);
        serials.push(head.serial);
        Ok(serials)
    }

    fn revision_blocking(&self, serial: Serial) -> Result<State, StoreError> {
        let available = match self.history_blocking() {
            // What came before a damaged state is what mends it.
            Err(StoreError::Damaged { .. }) => self.kept_serials()?,
            available => available?,
        };
        if available.last() == Some(&serial)
            && let Ok(Some((head, ..))) = self.read_head()
            && head.serial == serial
        {
            return Ok(head);
        }
        let path = self.revision_path(serial);
        let location = path.display().to_string();
        match durable::read(&path)? {
            Some(bytes) if available.contains(&serial) => {
                let parsed = text::parse(&bytes);
                parsed.map(|(state, _)| state).map_err(|damage| StoreError::Damaged {
                    location,
                    damage,
                    backup: None,
                })
            }
            Some(_) | None => {
                let location = self.history_dir().display().to_string();
                Err(StoreError::NoSuchRevision { location, serial, available })
            }
        }
    }

    fn save_backup_blocking(&self, state: &State, run: RunId) -> Result<String, StoreError> {
        let dir = self.backups_dir();
        let _lock = self.lock_for_writing(std::slice::from_ref(&dir))?;
        let path = dir.join(format!("{}-{run}.json", state.serial));
        crate::failpoint!("state.before_save_backup");
        durable::replace(&path, &state.to_bytes())?;
        crate::failpoint!("state.after_save_backup");
        Ok(path.display().to_string())
    }

    fn saved_backups_blocking(&self) -> Result<Vec<String>, StoreError> {
        let named = |path: PathBuf| {
            let name = path.file_name()?.to_str()?.strip_suffix(".json")?.to_owned();
            let (serial, run) = name.split_once('-')?;
            let (serial, run): (u64, RunId) = (serial.parse().ok()?, run.parse().ok()?);
            Some(((serial, run), name))
        };
        let mut names: Vec<_> = durable::list(&self.backups_dir())?.into_iter().filter_map(named).collect();
        names.sort_unstable();
        Ok(names.into_iter().map(|(_, name)| name).collect())
    }

    fn saved_backup_blocking(&self, name: &str) -> Result<State, StoreError> {
        let available = self.saved_backups_blocking()?;
        let no_such_backup = || StoreError::NoSuchBackup {
            location: self.backups_dir().display().to_string(),
            name: name.to_owned(),
            available: available.clone(),
        };
        // A name leads to a file only when the list has it, so it cannot lead out of the folder.
        if !available.iter().any(|known| known == name) {
            return Err(no_such_backup());
        }
        let path = self.backups_dir().join(format!("{name}.json"));
        let bytes = durable::read(&path)?.ok_or_else(no_such_backup)?;
        let location = path.display().to_string();
        State::from_bytes(&bytes).map_err(|damage| StoreError::Damaged { location, damage, backup: None })
    }

    /// File operations block, and a sync may take long: they run beside the async threads.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&LocalStore) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let store = self.clone();
        let died = |e: tokio::task::JoinError| StoreError::Crashed {
            location: self.location(),
            message: e.to_string(),
        };
        tokio::task::spawn_blocking(move || work(&store)).await.map_err(died)?
    }
}

#[async_trait]
impl Store for LocalStore {
    fn location(&self) -> String {
        self.head_path().display().to_string()
    }

    async fn read(&self) -> Result<Snapshot, StoreError> {
        let head = self.blocking(Self::read_head).await?;
        Ok(match head {
            Some((state, digest, _)) => {
                Snapshot { version: Version::of(state.serial, digest), state: Some(state) }
            }
            None => Snapshot { version: Version::ABSENT, state: None },
        })
    }

    async fn swap(
        &self,
        expected: &Version,
        next: &State,
        unused: UnusedCatalogs,
    ) -> Result<Version, StoreError> {
        expected.check_successor(next)?;
        let (expected, (sealed, digest)) = (expected.clone(), text::seal(next));
        self.blocking(move |store| store.swap_blocking(&expected, &sealed, unused)).await?;
        crate::failpoint!("state.swapped_no_reply");
        Ok(Version::of(next.serial, digest))
    }

    async fn replace_damaged(&self, next: State) -> Result<(Snapshot, String), StoreError> {
        self.blocking(move |store| store.replace_damaged_blocking(next)).await
    }

    async fn unused_catalogs(&self) -> Result<BTreeSet<Digest>, StoreError> {
        self.blocking(Self::unused_catalogs_blocking).await
    }

    async fn preflight_writable(&self) -> Result<(), StoreError> {
        self.blocking(Self::preflight_blocking).await
    }

    async fn put_catalog(&self, catalog: &RecordedCatalog) -> Result<Digest, StoreError> {
        let (bytes, digest) = catalog.to_bytes();
        self.blocking(move |store| store.put_catalog_blocking(&bytes, &digest).map(|()| digest)).await
    }

    async fn catalog(&self, digest: &Digest) -> Result<RecordedCatalog, StoreError> {
        let digest = *digest;
        self.blocking(move |store| store.catalog_blocking(&digest)).await
    }

    async fn history(&self) -> Result<Vec<Serial>, StoreError> {
        self.blocking(Self::history_blocking).await
    }

    async fn revision(&self, serial: Serial) -> Result<State, StoreError> {
        self.blocking(move |store| store.revision_blocking(serial)).await
    }

    async fn put_sidecar(&self, sidecar: &Sidecar) -> Result<(), StoreError> {
        let sidecar = sidecar.clone();
        self.blocking(move |store| store.put_sidecar_blocking(&sidecar)).await
    }

    async fn sidecars(&self) -> Result<Vec<StoredSidecar>, StoreError> {
        self.blocking(Self::sidecars_blocking).await
    }

    async fn retire_sidecar(&self, op: OpId) -> Result<(), StoreError> {
        self.blocking(move |store| store.retire_sidecar_blocking(op)).await
    }

    async fn quarantine_sidecar(&self, name: &str) -> Result<String, StoreError> {
        let name = name.to_owned();
        self.blocking(move |store| store.quarantine_sidecar_blocking(&name)).await
    }

    async fn quarantined_sidecars(&self) -> Result<Vec<QuarantinedSidecar>, StoreError> {
        self.blocking(Self::quarantined_sidecars_blocking).await
    }

    async fn put_approval(&self, approval: &Approval) -> Result<(), StoreError> {
        let approval = approval.clone();
        self.blocking(move |store| store.put_approval_blocking(&approval)).await
    }

    async fn approvals(&self) -> Result<Vec<StoredApproval>, StoreError> {
        self.blocking(Self::approvals_blocking).await
    }

    async fn save_backup(&self, state: &State, run: RunId) -> Result<String, StoreError> {
        let state = state.clone();
        self.blocking(move |store| store.save_backup_blocking(&state, run)).await
    }

    async fn saved_backups(&self) -> Result<Vec<String>, StoreError> {
        self.blocking(Self::saved_backups_blocking).await
    }

    async fn saved_backup(&self, name: &str) -> Result<State, StoreError> {
        let name = name.to_owned();
        self.blocking(move |store| store.saved_backup_blocking(&name)).await
    }

    async fn take_over(&self, head: &State, history: &[State]) -> Result<Version, StoreError> {
        let (head, history) = (head.clone(), history.to_vec());
        self.blocking(move |store| store.take_over_blocking(&head, &history)).await
    }

    async fn put_aside(&self, expected: &Version) -> Result<String, StoreError> {
        let expected = expected.clone();
        self.blocking(move |store| store.put_aside_blocking(&expected)).await
    }
}
