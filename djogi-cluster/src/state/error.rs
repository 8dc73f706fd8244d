//! Errors of state stores. Each names the place, what was expected, and (in [`StoreError::help`]) the next
//! command.

use std::io;
use std::path::PathBuf;

use djogi_core::Digest;

use super::damage::Damage;
use super::document::{Serial, SerialOverflow};
use super::postgres::PostgresStoreError;
use super::store::Version;

/// An older revision that can take the place of a damaged one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntactCopy {
    pub serial: Serial,
    /// Where it is, for humans.
    pub location: String,
    /// The command that puts it in the place of the damaged one.
    pub restore: String,
}

/// Why a store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the state in `{location}` cannot be used: {damage}")]
    Damaged {
        location: String,
        damage: Damage,
        /// The newest intact older revision.
        backup: Option<Box<IntactCopy>>,
    },
    #[error("the state in `{location}` has moved: this run started from {expected}, but there is {found}")]
    Conflict { location: String, expected: Version, found: Box<Version> },
    #[error("a state with serial {next} cannot follow {expected}")]
    NotASuccessor { expected: Version, next: Serial },
    #[error(transparent)]
    SerialOverflow(#[from] SerialOverflow),
    #[error("another djogi has been writing to `{}` for {seconds} seconds", .path.display())]
    Busy { path: PathBuf, seconds: u64 },
    #[error("`{}` cannot be written: {source}", .path.display())]
    NotWritable { path: PathBuf, source: io::Error },
    #[error("there is no space left for `{}`: {source}", .path.display())]
    NoSpace { path: PathBuf, source: io::Error },
    #[error("cannot {doing} `{}`: {source}", .path.display())]
    Io { doing: &'static str, path: PathBuf, source: io::Error },
    #[error("the recorded catalog {digest} is missing from `{location}`")]
    CatalogMissing { location: String, digest: Digest },
    #[error("the recorded catalog in `{location}` is damaged: {reason}")]
    CatalogDamaged { location: String, digest: Digest, reason: String },
    #[error("revision {serial} is not in `{location}`; {}", kept(.available))]
    NoSuchRevision { location: String, serial: Serial, available: Vec<Serial> },
    #[error("there is no sidecar {name:?} in `{location}`")]
    NoSuchSidecar { location: String, name: String },
    #[error("there is no backup {name:?} in `{location}`; {}", named(.available))]
    NoSuchBackup { location: String, name: String, available: Vec<String> },
    #[error("the state in `{location}`: {error}")]
    Postgres { location: String, error: Box<PostgresStoreError> },
    #[error("the thread that worked on `{location}` has died: {message}")]
    Crashed { location: String, message: String },
}

fn kept(available: &[Serial]) -> String {
    match (available.first(), available.last()) {
        (Some(first), Some(last)) => format!("the revisions from {first} to {last} are kept"),
        _ => "there is no revision yet".to_owned(),
    }
}

fn named(available: &[String]) -> String {
    const SHOWN: usize = 5;
    match available {
        [] => "none was made yet".to_owned(),
        _ => {
            let newest: Vec<&str> = available.iter().rev().take(SHOWN).map(String::as_str).collect();
            format!("the newest are {}", newest.join(", "))
        }
    }
}

/// What a shell reads as one word.
pub(crate) fn shell_word(path: &str) -> String {
    format!("'{}'", path.replace('\'', "'\\''"))
}

impl StoreError {
    /// Sorts an I/O error by what the user can do about it.
    pub(super) fn io(doing: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Self {
        let path = path.into();
        match source.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem if doing != "read" => {
                Self::NotWritable { path, source }
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                Self::NoSpace { path, source }
            }
            _ => Self::Io { doing, path, source },
        }
    }

    /// A stable code for diagnostics.
    pub fn code(&self) -> &'static str {
        match self {
            StoreError::Damaged { damage, .. } => damage.code(),
            StoreError::Conflict { .. } => "state_conflict",
            StoreError::NotASuccessor { .. } => "state_not_a_successor",
            StoreError::SerialOverflow(_) => "state_serial_overflow",
            StoreError::Busy { .. } => "state_busy",
            StoreError::NotWritable { .. } => "state_not_writable",
            StoreError::NoSpace { .. } => "state_no_space",
            StoreError::Io { .. } => "state_io",
            StoreError::CatalogMissing { .. } => "catalog_missing",
            StoreError::CatalogDamaged { .. } => "catalog_damaged",
            StoreError::NoSuchRevision { .. } => "no_such_revision",
            StoreError::NoSuchSidecar { .. } => "no_such_sidecar",
            StoreError::NoSuchBackup { .. } => "no_such_backup",
            StoreError::Postgres { error, .. } => error.code(),
            StoreError::Crashed { .. } => "state_io",
        }
    }

    /// What to do next; `None` when the message says it all.
    pub fn help(&self) -> Option<String> {
        Some(match self {
            StoreError::Damaged { location, damage: Damage::Newer { .. }, .. } => {
                format!(
                    "install the djogi that wrote `{location}`, or a newer one, and run the command again"
                )
            }
            StoreError::Damaged { backup: Some(backup), .. } => {
                let IntactCopy { serial, location, restore } = backup.as_ref();
                format!("serial {serial} is intact in `{location}`: `{restore}`, then `djogi refresh`")
            }
            StoreError::Damaged { backup: None, .. } => {
                "no intact older revision is kept beside it; put back a copy of your own, then `djogi refresh`"
                    .to_owned()
            }
            StoreError::Conflict { .. } => {
                "another run has written it; nothing of theirs is lost. Run the command again".to_owned()
            }
            StoreError::Busy { .. } => "wait for the other djogi, then run the command again".to_owned(),
            StoreError::NotWritable { path, .. } => {
                format!("make `{}` writable for this account, then run the command again", path.display())
            }
            StoreError::NoSpace { path, .. } => format!(
                "free some space on the file system of `{}`, then run the command again",
                path.display()
            ),
            StoreError::CatalogMissing { .. } | StoreError::CatalogDamaged { .. } => {
                "`djogi refresh` reads the database and writes it anew".to_owned()
            }
            StoreError::NoSuchRevision { .. } => "`djogi history` lists the revisions".to_owned(),
            StoreError::NoSuchSidecar { .. } => "`djogi status` lists what is pending".to_owned(),
            StoreError::NoSuchBackup { .. } => {
                "name a serial of `djogi history`, a backup, or a file that `djogi state pull` made"
                    .to_owned()
            }
            StoreError::Postgres { error, .. } => return error.help(),
            StoreError::NotASuccessor { .. }
            | StoreError::SerialOverflow(_)
            | StoreError::Io { .. }
            | StoreError::Crashed { .. } => return None,
        })
    }
}
