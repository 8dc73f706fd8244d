//! What PostgreSQL made of raw declarations, by the digest of all that the result depends on.
//!
//! One file for each target and major version. It is a cache and nothing else: a file that is damaged, torn or
//! from another version counts as absent and is replaced; one that cannot be written costs time, not the run.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use djogi_core::observation::ServerVersion;
use djogi_core::{Digest, Ident};
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use super::Normalised;

const FORMAT: &str = "djogi-normalised/1";

/// Where results are kept, if anywhere.
#[derive(Clone, Debug)]
pub struct ExpressionCache {
    folder: Option<PathBuf>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CacheFile {
    format: String,
    units: Normalised,
    /// Of `units`.
    digest: Digest,
}

impl ExpressionCache {
    /// A cache in `folder` (`.djogi/cache`), which is created when there is something to keep.
    pub fn in_folder(folder: impl Into<PathBuf>) -> Self {
        Self { folder: Some(folder.into()) }
    }

    /// No cache: everything raw is normalised each time, and nothing is written.
    pub fn disabled() -> Self {
        Self { folder: None }
    }

    pub(super) fn load(&self, target: &Ident, version: ServerVersion) -> Normalised {
        let bytes = self.path(target, version).and_then(|path| fs::read(path).ok());
        let file = bytes.and_then(|bytes| serde_json::from_slice::<CacheFile>(&bytes).ok());
        file.filter(|file| file.format == FORMAT && file.digest == Digest::of(&file.units))
            .map(|file| file.units)
            .unwrap_or_default()
    }

    pub(super) fn store(&self, target: &Ident, version: ServerVersion, units: &Normalised) {
        let Some(path) = self.path(target, version) else { return };
        let file = CacheFile { format: FORMAT.to_owned(), units: units.clone(), digest: Digest::of(units) };
        // See above: a cache that cannot be written is slow, not wrong.
        let _ = write(&path, djogi_core::digest::canonical_json(&file).as_bytes());
    }

    /// The name of the target goes through its digest: it may hold what a file name may not.
    fn path(&self, target: &Ident, version: ServerVersion) -> Option<PathBuf> {
        let name = if target.is_plain() {
            target.as_str().to_owned()
        } else {
            Digest::of_bytes(target.as_str().as_bytes()).hex()
        };
        self.folder.as_ref().map(|folder| folder.join(format!("{name}-{}.json", version.major())))
    }
}

fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.persist(path)?;
    Ok(())
}
