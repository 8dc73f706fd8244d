//! Writes generated sources: all checked before the first is written, each whole, and never over what somebody else
//! wrote.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use djogi_core::write::is_untouched;

use crate::diagnostic::{CliError, Diagnostic};
use crate::whole_file;

/// What is to be written below a folder.
#[derive(Debug)]
pub(crate) struct Sources<'a> {
    pub(crate) folder: &'a Path,
    /// By relative paths.
    pub(crate) files: &'a BTreeMap<String, String>,
    /// Whether other generated files in the folder are of objects that are gone.
    pub(crate) is_everything: bool,
    /// Write over what somebody else wrote.
    pub(crate) force: bool,
}

/// What became of the files.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) written: usize,
    pub(crate) unchanged: usize,
    pub(crate) removed: usize,
}

impl Sources<'_> {
    /// Writes what is not there yet as it should be, all of `sources` or none.
    ///
    /// # Errors
    /// A file that somebody else wrote, before anything is written; or one that cannot be written, and those before it
    /// are.
    pub(crate) fn write_all(sources: &[Self]) -> Result<Written, CliError> {
        let mut done = Written::default();
        let (mut due, mut taken, mut stale) = (Vec::new(), Vec::new(), Vec::new());
        for one in sources {
            for (name, text) in one.files {
                let path = one.folder.join(name);
                match std::fs::read_to_string(&path) {
                    Ok(found) if found == *text => done.unchanged += 1,
                    Ok(found) if one.force || is_untouched(&found) => due.push((path, text)),
                    Err(error) if error.kind() == ErrorKind::NotFound => due.push((path, text)),
                    Ok(_) | Err(_) => taken.push(path),
                }
            }
            if one.is_everything {
                stale.extend(one.stale()?);
            }
        }
        if !taken.is_empty() {
            let refusal = |path: PathBuf| {
                Diagnostic::error("file_not_ours", "this file was not written by djogi, or edited since")
                    .file(path.display().to_string())
                    .note("nothing was written")
                    .help("move it away, choose another place, or --force to write over it")
            };
            return Err(taken.into_iter().map(refusal).collect::<Vec<_>>().into());
        }
        for (path, text) in due {
            let folder = path.parent().unwrap_or(Path::new("."));
            std::fs::create_dir_all(folder)
                .and_then(|()| whole_file::write(&path, text))
                .map_err(|error| failed("write", &path, &error))?;
            done.written += 1;
        }
        for path in stale {
            std::fs::remove_file(&path).map_err(|error| failed("remove", &path, &error))?;
            done.removed += 1;
        }
        Ok(done)
    }

    /// The generated files in the folder that are not to be there any more.
    fn stale(&self) -> Result<Vec<PathBuf>, CliError> {
        let (mut folders, mut stale) = (vec![self.folder.to_owned()], Vec::new());
        while let Some(folder) = folders.pop() {
            let entries = match std::fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(failed("read", &folder, &error)),
            };
            for entry in entries {
                let entry = entry.map_err(|error| failed("read", &folder, &error))?;
                let (path, kind) = (entry.path(), entry.file_type());
                let kind = kind.map_err(|error| failed("read", &path, &error))?;
                if kind.is_dir() {
                    folders.push(path);
                } else if kind.is_file() && path.extension().is_some_and(|extension| extension == "sql") {
                    let name = path.strip_prefix(self.folder).unwrap_or(&path).display().to_string();
                    let is_ours = || std::fs::read_to_string(&path).is_ok_and(|text| is_untouched(&text));
                    if !self.files.contains_key(&name) && is_ours() {
                        stale.push(path);
                    }
                }
            }
        }
        stale.sort();
        Ok(stale)
    }
}

fn failed(what: &str, path: &Path, error: &std::io::Error) -> CliError {
    Diagnostic::error("sources_not_written", format!("cannot {what} this: {error}"))
        .file(path.display().to_string())
        .help("what is there already is whole; run the same command again")
        .into()
}

#[cfg(test)]
mod tests {
    use djogi_core::write::mark;

    use super::*;

    fn files(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, text)| ((*name).to_owned(), mark(text))).collect()
    }

    fn write(folder: &Path, files: &BTreeMap<String, String>, force: bool) -> Result<Written, CliError> {
        Sources::write_all(&[Sources { folder, files, is_everything: true, force }])
    }

    #[test]
    fn a_second_run_changes_nothing_and_what_is_gone_goes() {
        let folder = tempfile::tempdir().unwrap();
        let both = files(&[("app/tables/a.sql", "CREATE TABLE a ();\n"), ("app/tables/b.sql", "")]);
        let written = Written { written: 2, ..Written::default() };
        assert_eq!(write(folder.path(), &both, false).unwrap(), written);
        let unchanged = Written { unchanged: 2, ..Written::default() };
        assert_eq!(write(folder.path(), &both, false).unwrap(), unchanged);
        std::fs::write(folder.path().join("mine.sql"), "CREATE TABLE mine ();").unwrap();
        let one = files(&[("app/tables/a.sql", "CREATE TABLE a (id integer);\n")]);
        let changed = Written { written: 1, unchanged: 0, removed: 1 };
        assert_eq!(write(folder.path(), &one, false).unwrap(), changed);
        assert!(folder.path().join("mine.sql").is_file());
        assert!(!folder.path().join("app/tables/b.sql").exists());
    }

    #[test]
    fn nothing_is_written_over_what_somebody_else_wrote() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("b.sql"), "CREATE TABLE mine ();").unwrap();
        let both = files(&[("a.sql", ""), ("b.sql", "")]);
        let error = write(folder.path(), &both, false).unwrap_err();
        assert_eq!(error.diagnostics.len(), 1);
        assert!(!folder.path().join("a.sql").exists());
        assert_eq!(write(folder.path(), &both, true).unwrap().written, 2);
        std::fs::write(folder.path().join("a.sql"), both["a.sql"].clone() + "-- a note\n").unwrap();
        assert!(write(folder.path(), &both, false).is_err(), "it was edited");
    }
}
