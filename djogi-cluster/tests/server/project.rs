//! A project in a temporary folder, and the installations to test with.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use djogi_cluster::server::{
    BinarySearch, EmbeddedOptions, EmbeddedServer, RunningServer, ServerError, ServerEvent,
};
use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};

/// What a quiet caller passes.
pub(crate) fn quiet(_event: ServerEvent) {}

/// Folders of programs, one of each version under test.
pub(crate) fn installations() -> Vec<PathBuf> {
    e2e::installations().iter().map(|binaries| binaries.dir.clone()).collect()
}

/// The environment's search without downloads.
pub(crate) fn offline() -> BinarySearch {
    BinarySearch { explicit: None, npm: None, mirror: None, cache_dir: cache(), ..BinarySearch::from_env() }
}

/// Only this installation.
pub(crate) fn only(installation: &Path) -> BinarySearch {
    BinarySearch { explicit: Some(installation.to_owned()), path: None, well_known: Vec::new(), ..offline() }
}

fn cache() -> PathBuf {
    std::env::temp_dir().join(format!("djogi-test-cache-{}", rustix::process::geteuid().as_raw()))
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A temporary folder that every account may walk through.
pub(crate) fn open_tempdir() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    folder
}

/// A temporary folder that only its owner may enter.
pub(crate) fn closed_tempdir() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o700)).unwrap();
    folder
}

/// A project's folder with the options for its server.
pub(crate) struct Project {
    pub(crate) options: EmbeddedOptions,
    _folder: TempDir,
}

impl Project {
    pub(crate) fn new(installation: &Path) -> Self {
        let folder = open_tempdir();
        let cluster_dir = folder.path().join("shop/.djogi/postgres");
        Self { options: options(&cluster_dir, installation), _folder: folder }
    }

    pub(crate) fn cluster_dir(&self) -> &Path {
        &self.options.cluster_dir
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.cluster_dir().join("data")
    }

    pub(crate) async fn acquire(&self) -> RunningServer {
        EmbeddedServer::acquire(&self.options, &quiet).await.unwrap()
    }

    pub(crate) async fn refusal(&self) -> ServerError {
        EmbeddedServer::acquire(&self.options, &quiet).await.unwrap_err()
    }

    /// Process id of the running server.
    pub(crate) fn pid(&self) -> Option<i32> {
        EmbeddedServer::status(self.cluster_dir()).unwrap().pid
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        // A failed test must not leave a server behind.
        let _ = EmbeddedServer::down(self.cluster_dir(), &quiet);
    }
}

pub(crate) fn options(cluster_dir: &Path, installation: &Path) -> EmbeddedOptions {
    EmbeddedOptions {
        cluster_dir: cluster_dir.to_owned(),
        database: "shop".to_owned(),
        tcp_port: None,
        search: only(installation),
    }
}

pub(crate) async fn connect(config: &tokio_postgres::Config) -> Client {
    let (client, connection) = config.connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Looks every few milliseconds until it is true; a minute means never.
pub(crate) fn eventually(what: &str, condition: impl Fn() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < Duration::from_secs(60), "never: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Whether a process lives; one that nobody collected yet does not.
pub(crate) fn lives(pid: i32) -> bool {
    let state =
        std::process::Command::new("ps").args(["-o", "stat=", "-p", &pid.to_string()]).output().unwrap();
    let state = String::from_utf8_lossy(&state.stdout).trim().to_owned();
    !state.is_empty() && !state.starts_with('Z')
}

pub(crate) fn kill(pid: i32) {
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
}
