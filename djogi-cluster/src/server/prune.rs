//! What nobody needs any more in the user's cache: `initdb` templates of installations that have gone or were updated,
//! downloads that a newer minor release has replaced, what a killed download left, and the normalised expressions of
//! projects that are no more. All of it can be made or fetched again, so a mistake costs time and nothing else.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::download;
use super::error::ServerError;
use super::files;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const BETWEEN_PRUNES: Duration = DAY;
const UNFINISHED: Duration = DAY;
const UNUSED_TEMPLATE: Duration = Duration::from_secs(7 * 24 * 60 * 60);
const UNUSED_DOWNLOAD: Duration = Duration::from_secs(30 * 24 * 60 * 60);
const UNUSED_EXPRESSIONS: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Locked shared by who copies a template, exclusively by who makes or removes one; written when it is used.
const TEMPLATE_LOCK: &str = "make.lock";
const DOWNLOAD_MARK: &str = ".djogi-used";

/// Notes that a downloaded installation is used. Whoever may not write there has no say in it either.
pub(super) fn mark_download(root: &Path) {
    touch(&root.join(DOWNLOAD_MARK));
}

/// Takes the lock that keeps a template, whose folder exists, while it is copied; `None` while it is made or removed.
///
/// # Errors
/// When the lock file cannot be opened.
pub(super) fn keep_template(folder: &Path) -> Result<Option<File>, ServerError> {
    let path = folder.join(TEMPLATE_LOCK);
    let lock = files::open_lock(&path)?;
    touch(&path);
    Ok(files::try_shared(&lock, &path)?.then_some(lock))
}

/// The file whose exclusive lock its maker holds.
pub(super) fn template_lock(folder: &Path) -> PathBuf {
    folder.join(TEMPLATE_LOCK)
}

fn touch(path: &Path) {
    let opened = OpenOptions::new().create(true).truncate(false).write(true).open(path);
    let _ = opened.and_then(|file| file.set_modified(SystemTime::now()));
}

/// Prunes `cache` as it is at `now`, at most once a day. What cannot be removed is tried again another day.
pub fn prune_cache(cache: &Path, now: SystemTime) {
    let stamp = cache.join("pruned");
    if !files::is_trusted(cache) || age(&stamp, now).is_some_and(|age| age < BETWEEN_PRUNES) {
        return;
    }
    let Ok(lock) = files::open_lock(&stamp) else { return };
    if !files::try_exclusive(&lock, &stamp).unwrap_or(false) || lock.set_modified(now).is_err() {
        return;
    }
    let (templates, expressions) = (cache.join("initdb"), cache.join("expressions"));
    let downloads = download::binaries_dir(cache);
    for parent in [&templates, &downloads, &expressions] {
        sweep_unfinished(parent, now);
    }
    prune_templates(&templates, now);
    prune_downloads(&downloads, now);
    for folder in folders(&expressions) {
        if age(&folder, now).is_some_and(|age| age > UNUSED_EXPRESSIONS) {
            remove(&folder);
        }
    }
}

/// What was to be moved into its place or to go, when its command was killed.
fn sweep_unfinished(parent: &Path, now: SystemTime) {
    let unfinished = folders(parent).into_iter().filter(|folder| is_unfinished(folder));
    for folder in unfinished.filter(|folder| age(folder, now).is_some_and(|age| age > UNFINISHED)) {
        let _ = files::remove_tree(&folder);
    }
}

fn is_unfinished(folder: &Path) -> bool {
    name(folder).starts_with(download::STAGING_PREFIX)
}

/// Keeps, of the templates of one major version and account, the one that was used last.
fn prune_templates(parent: &Path, now: SystemTime) {
    let used = |folder: &Path| modified(&template_lock(folder)).or_else(|| modified(folder));
    let mut groups: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for folder in folders(parent).into_iter().filter(|folder| !is_unfinished(folder)) {
        // <major>-<uid>-<digest>
        if let Some((group, _)) = name(&folder).rsplit_once('-') {
            groups.entry(group.to_owned()).or_default().push(folder.clone());
        }
    }
    for mut group in groups.into_values() {
        group.sort_by_key(|folder| used(folder));
        group.pop();
        for folder in group {
            let is_old = used(&folder).is_some_and(|used| since(used, now) > UNUSED_TEMPLATE);
            let path = template_lock(&folder);
            let lock = is_old.then(|| files::open_lock(&path).ok()).flatten();
            if lock.is_some_and(|lock| files::try_exclusive(&lock, &path).unwrap_or(false)) {
                remove(&folder);
            }
        }
    }
}

/// Keeps, of the downloads of one major version, the newest release, and whatever a server runs from.
fn prune_downloads(parent: &Path, now: SystemTime) {
    let mut majors: BTreeMap<u32, Vec<PathBuf>> = BTreeMap::new();
    for folder in folders(parent).into_iter().filter(|folder| !is_unfinished(folder)) {
        if let Some(major) = download::numbers(name(&folder)).first() {
            majors.entry(*major).or_default().push(folder);
        }
    }
    for mut group in majors.into_values() {
        group.sort_by_key(|folder| download::numbers(name(folder)));
        group.pop();
        for folder in group {
            let used = modified(&folder.join(DOWNLOAD_MARK)).or_else(|| modified(&folder));
            let is_old = used.is_some_and(|used| since(used, now) > UNUSED_DOWNLOAD);
            if is_old && !runs(&folder) {
                remove(&folder);
            }
        }
    }
}

/// Whether a program in `folder` is running, as far as the system tells: where it does not, age alone decides.
fn runs(folder: &Path) -> bool {
    let Ok(real) = fs::canonicalize(folder) else { return false };
    folders(Path::new("/proc"))
        .iter()
        .filter_map(|process| fs::read_link(process.join("exe")).ok())
        .any(|program| program.starts_with(&real))
}

fn folders(parent: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .collect()
}

fn name(folder: &Path) -> &str {
    folder.file_name().and_then(OsStr::to_str).unwrap_or_default()
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|found| found.modified()).ok()
}

fn age(path: &Path, now: SystemTime) -> Option<Duration> {
    modified(path).map(|modified| since(modified, now))
}

/// A time in the future, by another clock, is no age.
fn since(then: SystemTime, now: SystemTime) -> Duration {
    now.duration_since(then).unwrap_or_default()
}

/// Renamed first, so that nobody finds half of it.
fn remove(folder: &Path) {
    let gone = folder.with_file_name(format!("{}{}", download::STAGING_PREFIX, name(folder)));
    if fs::rename(folder, &gone).is_ok() {
        let _ = files::remove_tree(&gone);
    }
}
