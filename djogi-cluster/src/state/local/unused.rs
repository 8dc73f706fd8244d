//! Stored catalogs that nothing refers to any more: those of revisions that are no longer kept, and of runs that died
//! before they could publish.

use std::collections::BTreeSet;

use djogi_core::Digest;

use super::LocalStore;
use crate::state::durable;
use crate::state::error::StoreError;
use crate::state::reference::digests_in;

impl LocalStore {
    pub(super) fn unused_catalogs_blocking(&self) -> Result<BTreeSet<Digest>, StoreError> {
        let digest = |path: std::path::PathBuf| -> Option<Digest> {
            format!("sha256:{}", path.file_name()?.to_str()?.strip_suffix(".json")?).parse().ok()
        };
        let mut unused: BTreeSet<Digest> =
            durable::list(&self.catalogs_dir())?.into_iter().filter_map(digest).collect();
        let mut documents = vec![self.head_path(), self.backup_path()];
        documents.extend(durable::list(&self.history_dir())?);
        documents.extend(durable::list(&self.backups_dir())?);
        for path in documents {
            if unused.is_empty() {
                break;
            }
            // Gone since it was listed: whoever removed it knew that it is no longer kept.
            let Some(bytes) = durable::read(&path)? else { continue };
            for digits in digests_in(&String::from_utf8_lossy(&bytes)) {
                if let Ok(digest) = format!("sha256:{digits}").parse() {
                    unused.remove(&digest);
                }
            }
        }
        Ok(unused)
    }

    /// Only within a swap, once the new state is in its place. That state is durable by now: a catalog too many is no
    /// reason to report a failure.
    pub(super) fn remove_unused_catalogs(&self) {
        crate::failpoint!(infallible "catalog.before_remove");
        for digest in self.unused_catalogs_blocking().unwrap_or_default() {
            let _ = std::fs::remove_file(self.catalog_path(&digest));
        }
    }
}
