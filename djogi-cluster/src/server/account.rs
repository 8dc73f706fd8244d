//! The operating system account that PostgreSQL runs under. PostgreSQL refuses uid 0, so root hands over to `postgres`,
//! else to `nobody`; everybody else runs it as themselves. The account must be able to walk to the binaries, the data
//! and the socket: this is checked beforehand, because the server's own message would not name the folder.

use std::fs::{self, DirBuilder, Metadata};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::error::ServerError;

/// Who runs the server.
#[derive(Debug, Clone)]
pub(super) struct Account {
    pub(super) name: String,
    uid: u32,
    gid: u32,
    /// True when djogi is root and hands over.
    hands_over: bool,
}

impl Account {
    /// The account for a server whose data may already exist in `data_dir`: root keeps to the owner of existing data, so
    /// that `sudo djogi` on a user's project works and does not change who may use it afterwards.
    pub(super) fn for_data(data_dir: &Path) -> Result<Self, ServerError> {
        let owner = fs::metadata(data_dir).ok().map(|found| found.uid());
        if is_root() {
            return Self::for_root(owner.filter(|uid| *uid != 0));
        }
        let account = Self::ordinary()?;
        match owner {
            Some(owner) if owner != account.uid => {
                Err(ServerError::ForeignFolder { path: data_dir.to_owned(), owner, account: account.name })
            }
            _ => Ok(account),
        }
    }

    /// The account for a server whose data is yet to be made.
    pub(super) fn for_new_data() -> Result<Self, ServerError> {
        if is_root() { Self::for_root(None) } else { Self::ordinary() }
    }

    /// Root's stand-in: the owner of the data, or the first of the usual accounts that exists.
    fn for_root(owner: Option<u32>) -> Result<Self, ServerError> {
        let passwd = passwd();
        let find = |wanted: &dyn Fn(&Entry<'_>) -> bool| passwd.lines().filter_map(Entry::parse).find(wanted);
        let entry = match owner {
            Some(uid) => find(&|entry| entry.uid == uid).ok_or(ServerError::NoPasswdEntry { uid })?,
            None => find(&|entry| entry.name == "postgres")
                .or_else(|| find(&|entry| entry.name == "nobody"))
                .ok_or(ServerError::NoAccount)?,
        };
        Ok(Self { name: entry.name.to_owned(), uid: entry.uid, gid: entry.gid, hands_over: true })
    }

    fn ordinary() -> Result<Self, ServerError> {
        let passwd = passwd();
        let (uid, gid) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
        let known = passwd.lines().filter_map(Entry::parse).find(|entry| entry.uid == uid);
        let name = match known {
            Some(entry) => Some(entry.name.to_owned()),
            // Directory services (LDAP, macOS) know users that the file does not list.
            None => output_of(Command::new("id").arg("-un")),
        };
        let name = name.ok_or(ServerError::NoPasswdEntry { uid })?;
        Ok(Self { name, uid, gid, hands_over: false })
    }

    pub(super) fn uid(&self) -> u32 {
        self.uid
    }

    /// A command that runs as this account, with a neutral environment: locale and libpq variables of the user
    /// must not change what the server is.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("LC_ALL", "C").current_dir("/").stdin(Stdio::null());
        if self.hands_over {
            command.uid(self.uid).gid(self.gid);
        }
        command
    }

    /// The first folder on the way to `path` that this account cannot enter. Parts that do not exist yet count as free.
    pub(super) fn blocked_at(&self, path: &Path) -> Option<PathBuf> {
        if !self.hands_over {
            return None;
        }
        let mut existing = path;
        let real = loop {
            match fs::canonicalize(existing) {
                Ok(real) => break real,
                Err(_) => existing = existing.parent()?,
            }
        };
        let mut folders: Vec<&Path> = real.ancestors().collect();
        folders.reverse();
        folders
            .into_iter()
            .find(|folder| {
                fs::metadata(folder).is_ok_and(|found| found.is_dir() && !self.may_execute(&found))
            })
            .map(Path::to_owned)
    }

    /// Fails with the folder's name when this account cannot get to `path`.
    pub(super) fn must_reach(&self, path: &Path) -> Result<(), ServerError> {
        match self.blocked_at(path) {
            None => Ok(()),
            Some(folder) => {
                Err(ServerError::Unreachable { account: self.name.clone(), folder, wanted: path.to_owned() })
            }
        }
    }

    /// Whether the permission bits let this account run (a file) or enter (a folder). It has no supplementary groups:
    /// they are dropped with the hand-over.
    pub(super) fn may_execute(&self, found: &Metadata) -> bool {
        let class = match () {
            () if !self.hands_over => return true,
            () if found.uid() == self.uid => 6,
            () if found.gid() == self.gid => 3,
            () => 0,
        };
        found.mode() >> class & 1 == 1
    }

    /// Makes a folder that only this account can enter, or takes an existing one that is exactly that. Somebody else's
    /// folder under a predictable name in a shared place is refused.
    pub(super) fn private_dir(&self, path: &Path) -> Result<(), ServerError> {
        match DirBuilder::new().mode(0o700).create(path) {
            Ok(()) => self.give(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let found = fs::symlink_metadata(path).map_err(ServerError::io("read", path))?;
                if found.is_dir() && found.uid() == self.uid && found.mode() & 0o077 == 0 {
                    return Ok(());
                }
                Err(ServerError::ForeignFolder {
                    path: path.to_owned(),
                    owner: found.uid(),
                    account: self.name.clone(),
                })
            }
            Err(error) => Err(ServerError::io("make the folder", path)(error)),
        }
    }

    /// Hands a file or folder that djogi made over to this account.
    pub(super) fn give(&self, path: &Path) -> Result<(), ServerError> {
        if !self.hands_over {
            return Ok(());
        }
        chown(path, Some(self.uid), Some(self.gid)).map_err(ServerError::io("change the owner of", path))
    }
}

/// Whether djogi itself runs as root.
pub(super) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn passwd() -> String {
    fs::read_to_string("/etc/passwd").unwrap_or_default()
}

fn output_of(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).output().ok().filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (!text.is_empty()).then_some(text)
}

/// One line of passwd(5).
struct Entry<'a> {
    name: &'a str,
    uid: u32,
    gid: u32,
}

impl<'a> Entry<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        Some(Self { name, uid, gid })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn handed_over_to(uid: u32) -> Account {
        Account { name: "somebody".to_owned(), uid, gid: uid, hands_over: true }
    }

    #[test]
    fn a_passwd_line_gives_name_and_ids() {
        let entry = Entry::parse("postgres:x:101:104:PostgreSQL,,,:/var/lib/postgresql:/bin/bash").unwrap();
        assert_eq!((entry.name, entry.uid, entry.gid), ("postgres", 101, 104));
        assert!(Entry::parse("# comment").is_none());
    }

    #[test]
    fn the_folder_that_blocks_the_account_is_named() {
        let outer = tempfile::tempdir().unwrap();
        fs::set_permissions(outer.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let closed = outer.path().join("closed");
        fs::create_dir_all(closed.join("open")).unwrap();
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
        let stranger = handed_over_to(rustix::process::geteuid().as_raw() + 4711);
        let blocked = stranger.blocked_at(&closed.join("open/not/yet/there"));
        assert_eq!(blocked, Some(fs::canonicalize(&closed).unwrap()));
        assert_eq!(stranger.blocked_at(&outer.path().join("free")), None);
    }

    #[test]
    fn a_foreign_or_open_folder_is_not_taken_for_a_private_one() {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("socket");
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
        let me = Account { hands_over: false, ..handed_over_to(rustix::process::geteuid().as_raw()) };
        assert!(matches!(me.private_dir(&folder), Err(ServerError::ForeignFolder { .. })));
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
        me.private_dir(&folder).unwrap();
    }
}
