//! What goes from the user's cache, and what never does.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use djogi_cluster::server::prune_cache;
use fs4::FileExt;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

struct Cache(tempfile::TempDir);

impl Cache {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A folder with a file in it, last used (by `mark` or by itself) so many days ago.
    fn folder(&self, name: &str, mark: Option<&str>, days: u32) -> PathBuf {
        let folder = self.0.path().join(name);
        fs::create_dir_all(folder.join("data")).unwrap();
        let used = mark.map_or(folder.clone(), |mark| folder.join(mark));
        if mark.is_some() {
            fs::write(&used, "").unwrap();
        }
        File::open(&used).unwrap().set_modified(SystemTime::now() - DAY * days).unwrap();
        folder
    }

    fn prune(&self) {
        prune_cache(self.0.path(), SystemTime::now());
    }

    fn has(&self, parent: &str) -> Vec<String> {
        let entries = fs::read_dir(self.0.path().join(parent)).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

#[test]
fn old_templates_go_but_the_last_used_of_a_version_and_what_is_being_copied() {
    let cache = Cache::new();
    let template = |name: &str, days| cache.folder(&format!("initdb/{name}"), Some("make.lock"), days);
    template("15-0-aaaa", 90);
    template("15-0-bbbb", 40);
    template("15-1000-cccc", 90);
    template("18-0-dddd", 3);
    template("18-0-eeee", 1);
    let copied = template("18-0-ffff", 60);
    cache.folder("initdb/.fetch-16-0-aaaa", None, 2);
    let lock = File::open(copied.join("make.lock")).unwrap();
    FileExt::lock_shared(&lock).unwrap();
    cache.prune();
    assert_eq!(cache.has("initdb"), ["15-0-bbbb", "15-1000-cccc", "18-0-dddd", "18-0-eeee", "18-0-ffff"]);
    drop(lock);
    // Once a day is enough.
    cache.prune();
    assert_eq!(cache.has("initdb").len(), 5);
    prune_cache(cache.0.path(), SystemTime::now() + DAY * 2);
    assert_eq!(cache.has("initdb"), ["15-0-bbbb", "15-1000-cccc", "18-0-dddd", "18-0-eeee"]);
}

#[test]
fn old_downloads_go_but_the_newest_of_a_version_and_what_runs() {
    let cache = Cache::new();
    for (version, days) in [("18.10.0", 90), ("18.9.0-beta.17", 90), ("18.8.0", 5), ("17.1.0", 365)] {
        cache.folder(&format!("postgres/{version}"), Some(".djogi-used"), days);
    }
    cache.folder("postgres/.fetch-abc", None, 2);
    cache.folder("postgres/.fetch-def", None, 0);
    // A download of which nobody has noted a use: a program of it runs.
    let running = cache.folder("postgres/18.1.0", None, 0);
    fs::create_dir(running.join("bin")).unwrap();
    fs::copy("/bin/sleep", running.join("bin/postgres")).unwrap();
    File::open(&running).unwrap().set_modified(SystemTime::now() - DAY * 90).unwrap();
    let mut child = std::process::Command::new(running.join("bin/postgres")).arg("600").spawn().unwrap();
    cache.prune();
    let kept = [".fetch-def", "17.1.0", "18.1.0", "18.10.0", "18.8.0"];
    if Path::new("/proc/self/exe").exists() {
        assert_eq!(cache.has("postgres"), kept);
    }
    child.kill().unwrap();
    child.wait().unwrap();
    prune_cache(cache.0.path(), SystemTime::now() + DAY);
    assert_eq!(cache.has("postgres"), ["17.1.0", "18.10.0", "18.8.0"]);
}

#[test]
fn expressions_of_projects_that_are_no_more_go() {
    let cache = Cache::new();
    cache.folder("expressions/old", None, 40);
    cache.folder("expressions/new", None, 4);
    cache.prune();
    assert_eq!(cache.has("expressions"), ["new"]);
}
