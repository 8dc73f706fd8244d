//! Files that are there whole or not at all, for everybody to read as the umask allows.

use std::fs::Permissions;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Puts `text` in the place of what `file` holds. A device or a pipe, such as /dev/stdout, is written to and never
/// replaced.
///
/// # Errors
/// When it cannot be written; what was there is untouched then.
pub(crate) fn write(file: &Path, text: &str) -> io::Result<()> {
    if std::fs::metadata(file).is_ok_and(|found| !found.is_file() && !found.is_dir()) {
        return std::fs::write(file, text);
    }
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut temporary = tempfile::Builder::new()
        .prefix(".djogi-")
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(folder)?;
    temporary.write_all(text.as_bytes())?;
    temporary.as_file().sync_all()?;
    temporary.persist(file).map(drop).map_err(|error| error.error)
}
