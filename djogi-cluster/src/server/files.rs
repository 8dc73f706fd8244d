//! Small file operations with the path in their errors, and OS locks. A lock belongs to the open file: the kernel frees
//! it when its holder ends, however that happens, so no lock here can outlive a killed command.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use fs4::{FileExt, TryLockError};

use super::error::ServerError;

/// How often conditions of other processes are looked at. A warm start takes about 30 ms, so this must be small.
pub(super) const POLL: Duration = Duration::from_millis(2);

pub(super) fn create_dirs(path: &Path) -> Result<(), ServerError> {
    fs::create_dir_all(path).map_err(ServerError::io("make the folder", path))
}

/// Makes the cache's folder. It holds programs that will be run, so nobody else may be able to write into it.
pub(super) fn create_cache(cache: &Path) -> Result<(), ServerError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(cache)
        .map_err(ServerError::io("make the folder", cache))?;
    if is_trusted(cache) {
        return Ok(());
    }
    let owner = fs::metadata(cache).map_err(ServerError::io("read", cache))?.uid();
    let account = format!("user id {} alone", rustix::process::geteuid().as_raw());
    Err(ServerError::ForeignFolder { path: cache.to_owned(), owner, account })
}

/// Whether only this user and root can have put something into a folder.
pub(super) fn is_trusted(folder: &Path) -> bool {
    let me = rustix::process::geteuid().as_raw();
    fs::metadata(folder).is_ok_and(|found| [0, me].contains(&found.uid()) && found.mode() & 0o002 == 0)
}

pub(super) fn rename(from: &Path, to: &Path) -> Result<(), ServerError> {
    fs::rename(from, to).map_err(ServerError::io("move into place", to))
}

/// Makes a rename in `folder` last through a power cut.
pub(super) fn sync_dir(folder: &Path) -> Result<(), ServerError> {
    File::open(folder).and_then(|open| open.sync_all()).map_err(ServerError::io("sync the folder", folder))
}

pub(super) fn remove_file(path: &Path) -> Result<(), ServerError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(ServerError::io("remove", path)(error)),
        _ => Ok(()),
    }
}

pub(super) fn remove_tree(path: &Path) -> Result<(), ServerError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(ServerError::io("remove", path)(error)),
        _ => Ok(()),
    }
}

/// Opens a lock file, making it when absent. Locks need no write permission, so a file of another user will do.
pub(super) fn open_lock(path: &Path) -> Result<File, ServerError> {
    match OpenOptions::new().create(true).truncate(false).write(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => File::open(path),
        opened => opened,
    }
    .map_err(ServerError::io("open the lock file", path))
}

/// Takes a lock without waiting; `false` when somebody else has it.
pub(super) fn try_exclusive(lock: &File, path: &Path) -> Result<bool, ServerError> {
    taken(FileExt::try_lock(lock), path)
}

/// Takes a shared lock without waiting; `false` when somebody else has it exclusively.
pub(super) fn try_shared(lock: &File, path: &Path) -> Result<bool, ServerError> {
    taken(FileExt::try_lock_shared(lock), path)
}

fn taken(result: Result<(), TryLockError>, path: &Path) -> Result<bool, ServerError> {
    match result {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(ServerError::io("lock", path)(error)),
    }
}

/// Takes the lock at `path` exclusively, waiting up to `limit`; `on_wait` is called once when it takes noticeably long.
pub(super) fn wait_exclusive(
    path: &Path,
    limit: Duration,
    on_wait: impl FnOnce(),
) -> Result<File, ServerError> {
    let lock = open_lock(path)?;
    let begun = Instant::now();
    let mut on_wait = Some(on_wait);
    while !try_exclusive(&lock, path)? {
        if begun.elapsed() > limit {
            return Err(ServerError::Busy { path: path.to_owned(), seconds: limit.as_secs() });
        }
        if begun.elapsed() > Duration::from_millis(500)
            && let Some(on_wait) = on_wait.take()
        {
            on_wait();
        }
        thread::sleep(POLL);
    }
    Ok(lock)
}
