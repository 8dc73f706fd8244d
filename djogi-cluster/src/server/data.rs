//! Data directories: what is there, and `initdb`. A new one is made in a temporary sibling and renamed into place, so a
//! data directory either exists complete or not at all, whatever happens meanwhile.

use std::fs;
use std::io;
use std::path::Path;

use super::account::Account;
use super::binaries::Binaries;
use super::error::ServerError;
use super::files;

/// The superuser of every server of djogi's own, whatever the operating system account is called.
pub(super) const SUPERUSER: &str = "postgres";

/// Prefix of the siblings in which `initdb` works.
const UNFINISHED: &str = "data.new-";

/// The major version that made `data_dir`; `None` when it is absent or an empty folder.
pub(super) fn major_of(data_dir: &Path) -> Result<Option<u32>, ServerError> {
    let not_data = |reason: String| ServerError::NotDataDirectory { path: data_dir.to_owned(), reason };
    let file = data_dir.join("PG_VERSION");
    match fs::read_to_string(&file) {
        Ok(text) => {
            let major = text.trim().parse();
            major.map(Some).map_err(|_| not_data(format!("its PG_VERSION says {:?}", text.trim())))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => match fs::read_dir(data_dir) {
            Ok(mut entries) => match entries.next() {
                None => Ok(None),
                Some(_) => Err(not_data("it is not empty and has no PG_VERSION".to_owned())),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(ServerError::io("read", data_dir)(error)),
        },
        Err(error) => Err(ServerError::io("read", &file)(error)),
    }
}

/// Makes `data_dir`, flushed to disk; `extra` are more options of `initdb`. The caller holds the lock that keeps others from doing the same.
pub(super) fn initialise(
    account: &Account,
    binaries: &Binaries,
    data_dir: &Path,
    extra: &[&str],
) -> Result<(), ServerError> {
    let folder = data_dir.parent().unwrap_or(Path::new("/"));
    remove_unfinished(folder)?;
    let unfinished = folder.join(format!("{UNFINISHED}{}", ulid::Ulid::generate()));
    account.private_dir(&unfinished)?;
    let made = run_initdb(account, binaries, &unfinished, extra).and_then(|()| {
        // An empty folder in the final place would not be replaced everywhere.
        let _ = fs::remove_dir(data_dir);
        files::rename(&unfinished, data_dir)
    });
    if made.is_err() {
        // The first error is the one to report.
        let _ = files::remove_tree(&unfinished);
        return made;
    }
    files::sync_dir(folder)
}

fn run_initdb(
    account: &Account,
    binaries: &Binaries,
    target: &Path,
    extra: &[&str],
) -> Result<(), ServerError> {
    let failed = |output: String| ServerError::Initdb { data_dir: target.to_owned(), output };
    let output = account
        .command(&binaries.program("initdb"))
        .arg("-D")
        .arg(target)
        .args(["-U", SUPERUSER, "-A", "trust", "--no-instructions", "-E", "UTF8", "--locale=C"])
        .args(locale_provider(binaries.major))
        .args(extra)
        .output()
        .map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(failed(if said.is_empty() { output.status.to_string() } else { said }))
}

/// From 17 on PostgreSQL itself has a UTF-8 locale that sorts by code point and does not depend on the system.
fn locale_provider(major: u32) -> &'static [&'static str] {
    if major >= 17 { &["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] } else { &[] }
}

/// Deletes a data directory. It is renamed first, so that a kill meanwhile does not leave half a data directory in place.
pub(super) fn discard(data_dir: &Path) -> Result<(), ServerError> {
    let folder = data_dir.parent().unwrap_or(Path::new("/"));
    remove_unfinished(folder)?;
    if !data_dir.exists() {
        return Ok(());
    }
    let discarded = folder.join(format!("{UNFINISHED}{}", ulid::Ulid::generate()));
    files::rename(data_dir, &discarded)?;
    files::remove_tree(&discarded)
}

fn remove_unfinished(folder: &Path) -> Result<(), ServerError> {
    let entries = fs::read_dir(folder).map_err(ServerError::io("read", folder))?;
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            // The `initdb` of a killed command may still write there; what it leaves is for the next time.
            let _ = files::remove_tree(&entry.path());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_pg_version_is_taken_only_when_empty() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(major_of(folder.path()).unwrap(), None);
        assert_eq!(major_of(&folder.path().join("absent")).unwrap(), None);
        fs::write(folder.path().join("letters.txt"), "dear").unwrap();
        assert!(matches!(major_of(folder.path()), Err(ServerError::NotDataDirectory { .. })));
        fs::write(folder.path().join("PG_VERSION"), "15\n").unwrap();
        assert_eq!(major_of(folder.path()).unwrap(), Some(15));
    }
}
