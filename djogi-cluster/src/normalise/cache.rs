//! What PostgreSQL made of raw declarations, by the digest of all that the result depends on.
//!
//! One file for each target and major version. It is a cache and nothing else: a file that is damaged, torn or
//! from another version counts as absent and is replaced; one that cannot be written costs time, not the run.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use djogi_core::observation::ServerVersion;
use djogi_core::{Digest, Ident};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use super::Normalised;

const FORMAT: &str = "djogi-normalised/2";

/// Where results are kept, if anywhere.
#[derive(Clone, Debug)]
pub struct ExpressionCache {
    folder: Option<PathBuf>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CacheFile<T> {
    format: String,
    content: T,
    /// Of `content`.
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
        self.read(&Self::file_name(target, version), FORMAT).unwrap_or_default()
    }

    pub(super) fn store(&self, target: &Ident, version: ServerVersion, units: &Normalised) {
        self.write(&Self::file_name(target, version), FORMAT, units);
    }

    /// What is kept in a file of this name, if it is whole and has this format.
    pub(crate) fn read<T: Serialize + DeserializeOwned>(&self, name: &str, format: &str) -> Option<T> {
        let bytes = self.folder.as_ref().and_then(|folder| fs::read(folder.join(name)).ok())?;
        let file: CacheFile<T> = serde_json::from_slice(&bytes).ok()?;
        (file.format == format && file.digest == Digest::of(&file.content)).then_some(file.content)
    }

    /// Keeps `content` in a file of this name.
    pub(crate) fn write<T: Serialize>(&self, name: &str, format: &str, content: &T) {
        let Some(folder) = &self.folder else { return };
        let file = CacheFile { format: format.to_owned(), digest: Digest::of(content), content };
        // See above: a cache that cannot be written is slow, not wrong.
        let _ = write(&folder.join(name), djogi_core::digest::canonical_json(&file).as_bytes());
    }

    /// The name of the target goes through its digest: it may hold what a file name may not.
    pub(crate) fn file_name(target: &Ident, version: ServerVersion) -> String {
        let name = if target.is_plain() {
            target.as_str().to_owned()
        } else {
            Digest::of_bytes(target.as_str().as_bytes()).hex()
        };
        format!("{name}-{}.json", version.major())
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
