//! The place of an embedded server: its folder, the account it runs under, and its lock files.
//!
//! Normally that is the project's `.djogi/postgres`. When root's stand-in account cannot enter it (a project under `/root`),
//! it is a folder under `/var/lib/djogi/clusters` named after the project's path.

use std::fs::{self, DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::account::Account;
use super::database;
use super::download::hex;
use super::error::ServerError;
use super::event::{Observer, ServerEvent};
use super::files;
use super::lifecycle::ServerFiles;

const ROOTS_FOLDER: &str = "/var/lib/djogi";

/// Where one embedded server lives.
#[derive(Debug, Clone)]
pub(super) struct Site {
    pub(super) folder: PathBuf,
    pub(super) account: Account,
    pub(super) files: ServerFiles,
    /// Held while a server is started or stopped.
    pub(super) gate: PathBuf,
    /// Held shared by every command that uses the server.
    pub(super) users: PathBuf,
    /// Exists while `db up` wants the server to stay.
    pub(super) kept: PathBuf,
}

impl Site {
    /// Finds the place without making anything.
    pub(super) fn locate(wanted: &Path) -> Result<Self, ServerError> {
        let wanted = resolved(wanted)?;
        let site = Self::at(wanted.clone())?;
        match site.account.blocked_at(&wanted) {
            None => Ok(site),
            Some(_) => Self::at(Path::new(ROOTS_FOLDER).join("clusters").join(short_hash(&wanted))),
        }
    }

    /// Finds the place and makes its folder.
    pub(super) fn prepare(wanted: &Path, observer: Observer<'_>) -> Result<Self, ServerError> {
        files::create_dirs(wanted)?;
        let wanted = resolved(wanted)?;
        let site = Self::locate(&wanted)?;
        if site.folder == wanted {
            return Ok(site);
        }
        open_dirs(&site.folder)?;
        site.account.must_reach(&site.folder)?;
        if let (false, Some(blocked_by)) = (site.files.data.exists(), site.account.blocked_at(&wanted)) {
            let account = site.account.name.clone();
            observer(ServerEvent::DataElsewhere { wanted, used: site.folder.clone(), blocked_by, account });
        }
        Ok(site)
    }

    fn at(folder: PathBuf) -> Result<Self, ServerError> {
        let files = ServerFiles::in_folder(&folder);
        let account = Account::for_data(&files.data)?;
        let gate = folder.join("start.lock");
        let users = folder.join("users.lock");
        let kept = folder.join("kept");
        Ok(Self { folder, account, files, gate, users, kept })
    }

    /// A private folder with a short path for the socket; the data's own folder may be too deep for one.
    pub(super) fn socket_dir(&self, port: u16) -> Result<PathBuf, ServerError> {
        let name = format!("djogi-{}-{}", self.account.uid(), short_hash(&self.folder));
        let temp = std::env::temp_dir();
        let suits = |folder: &Path| {
            folder.is_dir()
                && database::fits(&folder.join(&name), port)
                && self.account.blocked_at(folder).is_none()
        };
        let base = if suits(&temp) { temp } else { PathBuf::from("/tmp") };
        let folder = base.join(name);
        self.account.private_dir(&folder)?;
        Ok(folder)
    }
}

fn resolved(path: &Path) -> Result<PathBuf, ServerError> {
    fs::canonicalize(path)
        .or_else(|_| std::path::absolute(path))
        .map_err(ServerError::io("find the absolute path of", path))
}

/// Root's umask may be tight, but the server's account has to walk through these folders of djogi's own.
fn open_dirs(folder: &Path) -> Result<(), ServerError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(folder)
        .map_err(ServerError::io("make the folder", folder))?;
    for part in folder.ancestors().take_while(|part| part.starts_with(ROOTS_FOLDER)) {
        fs::set_permissions(part, Permissions::from_mode(0o755))
            .map_err(ServerError::io("open for the server's account", part))?;
    }
    Ok(())
}

fn short_hash(path: &Path) -> String {
    hex(&Sha256::digest(path.as_os_str().as_encoded_bytes())[..6])
}
