//! A whole state that comes from another store, or has gone to one.

use std::path::PathBuf;

use super::LocalStore;
use crate::state::document::State;
use crate::state::durable;
use crate::state::error::StoreError;
use crate::state::store::Version;
use crate::state::text;

impl LocalStore {
    pub(super) fn take_over_blocking(&self, head: &State, history: &[State]) -> Result<Version, StoreError> {
        let _lock = self.lock_for_writing(&[self.history_dir()])?;
        self.check_head(&Version::ABSENT)?;
        for revision in history {
            durable::replace(&self.revision_path(revision.serial), &revision.to_bytes())?;
        }
        if let Some(last) = history.last() {
            durable::replace(&self.backup_path(), &last.to_bytes())?;
        }
        let (sealed, digest) = text::seal(head);
        durable::replace(&self.head_path(), &sealed)?;
        Ok(Version::of(head.serial, digest))
    }

    /// Into a folder beside the state.
    pub(super) fn put_aside_blocking(&self, expected: &Version) -> Result<String, StoreError> {
        let _lock = self.lock_for_writing(&[])?;
        self.check_head(expected)?;
        // The state first: what is left of an interrupted move must not pass for a state.
        let entries = [
            self.head_path(),
            self.backup_path(),
            self.history_dir(),
            self.catalogs_dir(),
            self.backups_dir(),
            self.recovery_dir(),
            self.approvals_dir(),
        ];
        let serial = expected.serial().map_or_else(String::new, |serial| serial.to_string());
        let names = std::iter::once(format!("migrated-{serial}"));
        let names = names.chain((2..).map(|copy| format!("migrated-{serial}-{copy}")));
        let place = names.map(|name| self.dir.join(name)).find(|path| !path.exists());
        let place = place.expect("there are more numbers than folders");
        crate::failpoint!("state.before_put_aside");
        durable::create_dir(&place)?;
        for entry in entries.iter().filter(|entry| entry.exists()) {
            let to: PathBuf = place.join(entry.file_name().expect("each entry has a name"));
            durable::put_aside(entry, &to)?;
        }
        crate::failpoint!("state.after_put_aside");
        Ok(place.display().to_string())
    }
}
