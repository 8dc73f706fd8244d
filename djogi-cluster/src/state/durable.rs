//! Durable file operations: each returns only when its effect survives a power cut, and a crash in the middle
//! leaves the old file or the new one.
//!
//! These are the only functions of the local store that write. Files and folders get the modes that the umask
//! asks for, as git and Terraform do it: a state holds no secrets, and a teammate or a pipeline step under
//! another account must be able to read it; who wants it private says so with the umask.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fs4::{FileExt, TryLockError};
use rustix::fs::FallocateFlags;
use rustix::io::Errno;
use tempfile::NamedTempFile;

use super::error::StoreError;

/// Temporary files begin with this; whatever does is a leftover to whoever holds the lock.
const TEMPORARY: &str = ".tmp-";

/// Creates `dir` and what is missing above it; new entries are synced into the folder that holds them.
pub(super) fn create_dir(dir: &Path) -> Result<(), StoreError> {
    if dir.is_dir() {
        return Ok(());
    }
    let parent = parent(dir);
    create_dir(&parent)?;
    crate::failpoint!("state.before_create_dir");
    match fs::create_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && dir.is_dir() => Ok(()),
        Err(error) => Err(StoreError::io("create", dir, error)),
        Ok(()) => sync_dir(&parent),
    }
}

/// Replaces `path` by `bytes`: temporary file beside it, sync, rename, sync of the folder.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let dir = parent(path);
    crate::failpoint!("state.before_tmp_write");
    let mut file = temporary(&dir)?;
    file.write_all(bytes).map_err(|e| StoreError::io("write", path, e))?;
    crate::failpoint!("state.after_tmp_write");
    file.as_file().sync_all().map_err(|e| StoreError::io("sync", path, e))?;
    crate::failpoint!("state.after_file_sync");
    file.persist(path).map_err(|e| StoreError::io("replace", path, e.error))?;
    crate::failpoint!("state.after_rename");
    sync_dir(&dir)?;
    crate::failpoint!("state.after_dir_sync");
    Ok(())
}

/// Gives the file `from`, which holds `bytes` durably and is never changed in place, the name `to` as well. That writes
/// none of them again. Only for the holder of the lock.
pub(super) fn keep(from: &Path, to: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let dir = parent(to);
    let name = temporary(&dir)?.into_temp_path();
    fs::remove_file(&name).map_err(|e| StoreError::io("write to", &dir, e))?;
    if fs::hard_link(from, &name).is_err() {
        // Not every file system has links.
        return replace(to, bytes);
    }
    crate::failpoint!("state.after_link");
    fs::rename(&name, to).map_err(|e| StoreError::io("replace", to, e))?;
    sync_dir(&dir)?;
    crate::failpoint!("state.after_keep");
    // Two names of one file are not renamed into each other; a temporary one that is left goes here.
    drop(name);
    Ok(())
}

/// Removes `path`, if it is there.
pub(super) fn remove(path: &Path) -> Result<(), StoreError> {
    crate::failpoint!("sidecar.before_retire");
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(StoreError::io("remove", path, error)),
        Ok(()) => sync_dir(&parent(path))?,
    }
    crate::failpoint!("sidecar.after_retire");
    Ok(())
}

/// Gives `from` the name `to`, which nothing has. Only for the holder of the lock.
pub(super) fn put_aside(from: &Path, to: &Path) -> Result<(), StoreError> {
    crate::failpoint!("sidecar.before_quarantine");
    fs::rename(from, to).map_err(|e| StoreError::io("move", from, e))?;
    sync_dir(&parent(to))?;
    sync_dir(&parent(from))?;
    crate::failpoint!("sidecar.after_quarantine");
    Ok(())
}

/// Proves that `dir` takes `bytes` more bytes, and gives them back.
pub(super) fn reserve(dir: &Path, bytes: usize) -> Result<(), StoreError> {
    let mut file = temporary(dir)?;
    let length = u64::try_from(bytes).unwrap_or(u64::MAX);
    match rustix::fs::fallocate(&file, FallocateFlags::empty(), 0, length) {
        Ok(()) => {}
        // Some file systems cannot promise room without using it.
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => {
            file.write_all(&vec![0; bytes]).map_err(|e| StoreError::io("write", dir, e))?;
            file.as_file().sync_all().map_err(|e| StoreError::io("sync", dir, e))?;
        }
        Err(error) => return Err(StoreError::io("write", dir, error.into())),
    }
    crate::failpoint!("state.after_reserve");
    file.close().map_err(|e| StoreError::io("clean", dir, e))
}

/// Removes the temporary files that a crash left in `dir`. Only for the holder of the lock.
pub(super) fn remove_leftovers(dir: &Path) -> Result<(), StoreError> {
    for path in list(dir)? {
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(TEMPORARY)) {
            crate::failpoint!("state.before_remove_leftover");
            fs::remove_file(&path).map_err(|e| StoreError::io("remove", &path, e))?;
        }
    }
    Ok(())
}

/// The entries of `dir`; none when it does not exist.
pub(super) fn list(dir: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|e| StoreError::io("read", dir, e))?,
    };
    entries.map(|entry| entry.map(|e| e.path()).map_err(|e| StoreError::io("read", dir, e))).collect()
}

/// The bytes of `path`; `None` when it does not exist.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::io("read", path, error)),
    }
}

/// A lock of the operating system, held while this value lives and no longer than the process.
///
/// The file is never replaced or removed: a lock on a file that has lost its name excludes nobody.
#[derive(Debug)]
pub(super) struct OsLock {
    _file: File,
}

impl OsLock {
    /// How long a writer waits for others, whose writes take milliseconds.
    const PATIENCE: Duration = Duration::from_secs(30);

    pub(super) fn acquire(path: &Path) -> Result<Self, StoreError> {
        crate::failpoint!("state.before_os_lock");
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let file = file.map_err(|e| StoreError::io("lock", path, e))?;
        Self::wait_for(file, path, FileExt::try_lock)
    }

    /// Keeps writers away while something is read. Writes nothing: without a file there was no writer yet, and `None`
    /// is given.
    pub(super) fn acquire_shared(path: &Path) -> Result<Option<Self>, StoreError> {
        match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::io("lock", path, error)),
            Ok(file) => Self::wait_for(file, path, FileExt::try_lock_shared).map(Some),
        }
    }

    fn wait_for(
        file: File,
        path: &Path,
        try_lock: impl Fn(&File) -> Result<(), TryLockError>,
    ) -> Result<Self, StoreError> {
        let began = Instant::now();
        loop {
            match try_lock(&file) {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::Error(error)) => return Err(StoreError::io("lock", path, error)),
                Err(TryLockError::WouldBlock) if began.elapsed() >= Self::PATIENCE => {
                    return Err(StoreError::Busy {
                        path: path.to_owned(),
                        seconds: Self::PATIENCE.as_secs(),
                    });
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(5)),
            }
        }
    }
}

fn temporary(dir: &Path) -> Result<NamedTempFile, StoreError> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMPORARY).permissions(fs::Permissions::from_mode(0o666));
    builder.tempfile_in(dir).map_err(|e| StoreError::io("write to", dir, e))
}

/// A rename or a new entry is durable when its folder is.
fn sync_dir(dir: &Path) -> Result<(), StoreError> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(|e| StoreError::io("sync", dir, e))
}

fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        Some(_) | None => PathBuf::from("."),
    }
}
