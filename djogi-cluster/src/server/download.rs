//! Release archives of theseus-rs/postgresql-binaries or a mirror of them: `<mirror>/<version>/postgresql-<version>-<triple>.tar.gz`
//! beside its `.sha256`. An archive is unpacked only when its digest is the announced one, in a sibling of its final
//! place; the rename makes a download exist complete or not at all.

use std::fs::{self, File, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use flate2::read::GzDecoder;
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use ureq::tls::{RootCerts, TlsConfig};

use super::account;
use super::error::ServerError;
use super::event::{Observer, ServerEvent};
use super::files;

/// A minor release of each major version that is known to exist, newest major first. A mirror cannot be listed, so newer
/// minor releases are found by asking upward from here, and older ones by asking downward.
const KNOWN_MINOR: [(u32, u32); 4] = [(18, 1), (17, 7), (16, 11), (15, 15)];

/// Of temporary folders in the cache; one that a killed command left is swept some day.
pub(super) const STAGING_PREFIX: &str = ".fetch-";

/// Minor releases that a mirror may leave out before it is taken to have no newer ones.
const GAP: u32 = 2;

/// Where downloaded installations are, one folder for each version.
pub(super) fn binaries_dir(cache: &Path) -> PathBuf {
    cache.join("postgres")
}

/// Fetches the newest release of `major` (else of the newest major version there is) and returns the folder with `bin`.
pub(super) fn fetch(
    mirror: &str,
    major: Option<u32>,
    cache: &Path,
    observer: Observer<'_>,
) -> Result<PathBuf, ServerError> {
    let mirror = Mirror::new(mirror)?;
    let majors = match major {
        Some(major) => vec![major],
        None => KNOWN_MINOR.iter().map(|(major, _)| *major).collect(),
    };
    for major in &majors {
        if let Some((version, expected)) = mirror.newest(*major)? {
            return mirror.install(&version, &expected, cache, observer);
        }
    }
    let majors: Vec<String> = majors.iter().map(u32::to_string).collect();
    Err(ServerError::fetch(
        mirror.base,
        format!("no archive of PostgreSQL {} for {}", majors.join(", "), mirror.triple),
    ))
}

struct Mirror {
    base: String,
    triple: String,
    agent: ureq::Agent,
}

impl Mirror {
    fn new(base: &str) -> Result<Self, ServerError> {
        let base = base.trim_end_matches('/').to_owned();
        let triple =
            triple().ok_or_else(|| ServerError::fetch(&base, "there are no archives for this system"))?;
        let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(Duration::from_secs(15)))
            .timeout_recv_response(Some(Duration::from_secs(30)))
            .timeout_recv_body(Some(Duration::from_secs(600)))
            .tls_config(tls)
            .build()
            .into();
        Ok(Self { base, triple, agent })
    }

    fn url(&self, version: &str) -> String {
        format!("{}/{version}/postgresql-{version}-{}.tar.gz", self.base, self.triple)
    }

    /// The newest release of a major version with its announced digest.
    fn newest(&self, major: u32) -> Result<Option<(String, String)>, ServerError> {
        let known = KNOWN_MINOR.iter().find(|(known, _)| *known == major).map_or(0, |(_, minor)| *minor);
        let ask = |minor: u32| -> Result<Option<(String, String)>, ServerError> {
            let version = format!("{major}.{minor}.0");
            Ok(self.announced_digest(&version)?.map(|digest| (version, digest)))
        };
        let mut newest = ask(known)?;
        let mut missing = 0;
        let mut minor = known;
        while missing <= GAP {
            minor += 1;
            match ask(minor)? {
                Some(found) => (newest, missing) = (Some(found), 0),
                None => missing += 1,
            }
        }
        let mut older = (0..known).rev();
        while newest.is_none()
            && let Some(minor) = older.next()
        {
            newest = ask(minor)?;
        }
        Ok(newest)
    }

    /// The digest beside an archive, as `sha256sum` writes it; `None` when there is no such release.
    fn announced_digest(&self, version: &str) -> Result<Option<String>, ServerError> {
        let url = format!("{}.sha256", self.url(version));
        let mut response =
            self.agent.get(&url).call().map_err(|error| ServerError::fetch(&url, error.to_string()))?;
        match response.status().as_u16() {
            200 => {}
            404 => return Ok(None),
            status => return Err(ServerError::fetch(&url, format!("HTTP status {status}"))),
        }
        let text = response
            .body_mut()
            .read_to_string()
            .map_err(|error| ServerError::fetch(&url, error.to_string()))?;
        let is_digest = |word: &&str| word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        match text.split_whitespace().find(is_digest) {
            Some(digest) => Ok(Some(digest.to_ascii_lowercase())),
            None => Err(ServerError::fetch(&url, "it holds no SHA-256 digest")),
        }
    }

    fn install(
        &self,
        version: &str,
        expected: &str,
        cache: &Path,
        observer: Observer<'_>,
    ) -> Result<PathBuf, ServerError> {
        let url = self.url(version);
        observer(ServerEvent::Downloading { version: version.to_owned(), from: self.base.clone() });
        let staging = staging(cache)?;
        let archive = staging.path().join("archive.tar.gz");
        let actual = self.save(&url, &archive)?;
        if actual != expected {
            return Err(ServerError::Checksum { url, expected: expected.to_owned(), actual });
        }
        let unpacked = staging.path().join("unpacked");
        unpack(&archive, &unpacked).map_err(|error| ServerError::fetch(&url, error.to_string()))?;
        let root = installation_root(&unpacked)
            .ok_or_else(|| ServerError::fetch(&url, "the archive has no bin/postgres"))?;
        place(&root, cache, version)
    }

    /// Saves a URL in a file and returns the digest of its bytes.
    fn save(&self, url: &str, path: &Path) -> Result<String, ServerError> {
        let mut response =
            self.agent.get(url).call().map_err(|error| ServerError::fetch(url, error.to_string()))?;
        if response.status().as_u16() != 200 {
            return Err(ServerError::fetch(url, format!("HTTP status {}", response.status().as_u16())));
        }
        let mut body = response.body_mut().as_reader();
        let mut file = File::create(path).map_err(ServerError::io("write", path))?;
        let mut digest = Sha256::new();
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let length =
                body.read(&mut buffer).map_err(|error| ServerError::fetch(url, error.to_string()))?;
            if length == 0 {
                return Ok(hex(&digest.finalize()));
            }
            digest.update(&buffer[..length]);
            file.write_all(&buffer[..length]).map_err(ServerError::io("write", path))?;
        }
    }
}

/// A temporary folder on the cache's file system, removed when dropped.
pub(super) fn staging(cache: &Path) -> Result<TempDir, ServerError> {
    let parent = binaries_dir(cache);
    files::create_cache(cache)?;
    files::create_dirs(&parent)?;
    tempfile::Builder::new()
        .prefix(STAGING_PREFIX)
        .tempdir_in(&parent)
        .map_err(ServerError::io("make a temporary folder in", &parent))
}

/// Unpacks a `.tar.gz`; entries that would land outside of `target` are refused by the tar reader.
pub(super) fn unpack(archive: &Path, target: &Path) -> io::Result<()> {
    tar::Archive::new(GzDecoder::new(File::open(archive)?)).unpack(target)
}

/// The folder with `bin/postgres`, at most three levels down.
pub(super) fn installation_root(folder: &Path) -> Option<PathBuf> {
    let mut level = vec![folder.to_owned()];
    for _ in 0..3 {
        if let Some(root) = level.iter().find(|root| root.join("bin/postgres").is_file()) {
            return Some(root.clone());
        }
        let entries = level.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
        level = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    }
    None
}

/// Moves a complete installation to its place in the cache. When another command was faster, its copy is used.
pub(super) fn place(root: &Path, cache: &Path, version: &str) -> Result<PathBuf, ServerError> {
    if account::is_root() {
        let opened = [cache, &binaries_dir(cache)]
            .into_iter()
            .try_for_each(open_folder)
            .and_then(|()| open_tree(root));
        opened.map_err(ServerError::io("make readable for the server's account", root))?;
    }
    let target = binaries_dir(cache).join(version);
    match fs::rename(root, &target) {
        Err(_) if target.join("bin/postgres").is_file() => Ok(target),
        Err(error) => Err(ServerError::io("move the download to", &target)(error)),
        Ok(()) => Ok(target),
    }
}

/// Root may have a tight umask, but another account runs these programs.
fn open_tree(path: &Path) -> io::Result<()> {
    let found = fs::symlink_metadata(path)?;
    if found.is_symlink() {
        return Ok(());
    }
    let mode = found.permissions().mode();
    let for_all = if mode & 0o100 == 0 { 0o044 } else { 0o055 };
    fs::set_permissions(path, Permissions::from_mode(mode | for_all))?;
    if found.is_dir() {
        for entry in fs::read_dir(path)? {
            open_tree(&entry?.path())?;
        }
    }
    Ok(())
}

fn open_folder(path: &Path) -> io::Result<()> {
    let mode = fs::metadata(path)?.permissions().mode();
    fs::set_permissions(path, Permissions::from_mode(mode | 0o055))
}

/// The target triple in the archive names.
fn triple() -> Option<String> {
    let cpu = std::env::consts::ARCH;
    match std::env::consts::OS {
        "linux" => {
            // What matters is the C library of the system, not the one that djogi was built for.
            let glibc = [
                "/lib64/ld-linux-x86-64.so.2",
                "/lib/ld-linux-aarch64.so.1",
                "/lib64/ld64.so.2",
                "/lib/ld-linux-riscv64-lp64d.so.1",
            ];
            let library = if glibc.iter().any(|path| Path::new(path).exists()) { "gnu" } else { "musl" };
            Some(format!("{cpu}-unknown-linux-{library}"))
        }
        "macos" => Some(format!("{cpu}-apple-darwin")),
        _ => None,
    }
}

/// The numbers in a version in their order: `18.4.0-beta.17` is `[18, 4, 0, 17]`.
pub(super) fn numbers(version: &str) -> Vec<u32> {
    version.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
}

pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_sort_by_their_numbers() {
        assert!(numbers("18.10.0-beta.2") > numbers("18.9.0-beta.17"));
        assert!(numbers("18.4") > numbers("15.18"));
    }

    #[test]
    fn digests_are_written_in_hexadecimal() {
        assert_eq!(hex(&[0, 0x0f, 0xff]), "000fff");
    }
}
