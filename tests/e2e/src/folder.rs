//! Folders for one test.

use std::path::Path;

use tempfile::TempDir;

/// Enough for all tests at once.
const ROOM: u64 = 1 << 30;

/// A new folder, in memory when there is room: djogi waits for the disk many times in each apply, and no test ends with a
/// power failure.
pub(crate) fn temporary() -> TempDir {
    let memory = Path::new("/dev/shm");
    let roomy = rustix::fs::statvfs(memory).is_ok_and(|found| found.f_bavail * found.f_frsize >= ROOM);
    let mut builder = tempfile::Builder::new();
    let builder = builder.prefix("djogi-e2e-");
    let made = if roomy { builder.tempdir_in(memory) } else { builder.tempdir() };
    made.or_else(|_| builder.tempdir()).expect("a temporary folder")
}
