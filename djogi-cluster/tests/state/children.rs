//! Processes of their own: this very test binary, asked for one of the tests below. They are ignored in an
//! ordinary run and tell their parent what happened on standard output.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use djogi_cluster::state::{LocalStore, Store, StoreError, UnusedCatalogs};
use tempfile::TempDir;

use super::support::{content, large_content, write, written_by};

const DIR: &str = "DJOGI_TEST_STATE_DIR";
const MARK: &str = "child: ";
const NOBODY: u32 = 65_534;

/// A child to be started.
pub(crate) struct Child {
    test: &'static str,
    command: Command,
    _copy: Option<TempDir>,
    prelude: Vec<String>,
}

impl Child {
    pub(crate) fn new(test: &'static str) -> Self {
        Self { test, command: Command::new("sh"), _copy: None, prelude: Vec::new() }
    }

    pub(crate) fn dir(mut self, dir: &Path) -> Self {
        self.command.env(DIR, dir);
        self
    }

    pub(crate) fn umask(mut self, umask: &str) -> Self {
        self.prelude.push(format!("umask {umask}"));
        self
    }

    /// A write beyond this fails with EFBIG instead of killing the process.
    pub(crate) fn file_size_limit_kib(mut self, kib: u32) -> Self {
        // POSIX counts blocks of 512 bytes.
        self.prelude.push(format!("trap '' XFSZ; ulimit -f {}", kib * 2));
        self
    }

    /// Root may write anywhere: such a test has to be somebody else.
    pub(crate) fn without_privileges(mut self) -> Self {
        if rustix::process::getuid().is_root() {
            self.command.uid(NOBODY).gid(NOBODY);
        }
        self
    }

    /// What the child says on a file system of 64 KiB; `None` where this machine lets nobody mount one.
    pub(crate) fn on_a_tiny_file_system(mut self) -> Option<String> {
        let mount = "mount -t tmpfs -o size=64k tmpfs /mnt";
        let may = Command::new("unshare").args(["-rm", "sh", "-c", mount]).stderr(Stdio::null()).status();
        if !may.is_ok_and(|status| status.success()) {
            return None;
        }
        let mut command = Command::new("unshare");
        command.args(["-rm", "sh"]).env(DIR, "/mnt");
        self.command = command;
        self.prelude.push(mount.to_owned());
        Some(self.output())
    }

    fn spawn(mut self) -> (std::process::Child, Option<TempDir>) {
        // The account of a child may not reach the folder this binary was built in.
        let copy = tempfile::tempdir().unwrap();
        std::fs::set_permissions(copy.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let exe = std::env::current_exe().unwrap();
        let program: PathBuf = copy.path().join("state-tests");
        if std::fs::hard_link(&exe, &program).is_err() {
            std::fs::copy(&exe, &program).unwrap();
        }
        self.prelude.push(format!(
            "exec '{}' --exact children::{} --ignored --nocapture --test-threads=1",
            program.display(),
            self.test
        ));
        self.command.arg("-c").arg(self.prelude.join("\n")).current_dir("/");
        (self.command.stdout(Stdio::piped()).spawn().unwrap(), Some(copy))
    }

    /// What the child said, once it has ended well.
    pub(crate) fn output(self) -> String {
        let (child, _copy) = self.spawn();
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{text}");
        said(text.lines())
    }

    /// Kills the child, hard, as soon as it has said `lines` lines; gives all it had said by then.
    pub(crate) fn killed_after(self, lines: usize) -> Vec<String> {
        let (mut child, _copy) = self.spawn();
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut heard: Vec<String> = output
            .by_ref()
            .filter_map(|line| line.strip_prefix(MARK).map(str::to_owned))
            .take(lines)
            .collect();
        child.kill().unwrap();
        heard.extend(output.filter_map(|line| line.strip_prefix(MARK).map(str::to_owned)));
        child.wait().unwrap();
        heard
    }
}

fn said<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    lines.filter_map(|line| line.strip_prefix(MARK)).map(|line| format!("{line}\n")).collect()
}

/// One line for the parent. The harness writes its own text without a line break before it.
fn say(text: impl std::fmt::Display) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n{MARK}{text}").unwrap();
    out.flush().unwrap();
}

fn store() -> LocalStore {
    LocalStore::new(std::env::var_os(DIR).expect("started by another test"))
}

fn say_error(result: Result<(), StoreError>) {
    match result {
        Ok(()) => say("ok"),
        Err(error) => {
            say(error.code());
            say(&error);
            say(error.help().unwrap_or_default());
        }
    }
}

#[tokio::test]
#[ignore = "a process that other tests start"]
async fn preflight() {
    say_error(store().preflight_writable().await);
}

#[tokio::test]
#[ignore = "a process that other tests start"]
async fn read() {
    say(store().read().await.unwrap().version.serial().unwrap());
}

#[tokio::test]
#[ignore = "a process that other tests start"]
async fn publish_once() {
    write(&store(), content("once")).await;
}

#[tokio::test]
#[ignore = "a process that other tests start"]
async fn publish_large() {
    let store = store();
    let base = store.read().await.unwrap();
    let next = base.state.unwrap().successor(large_content("large"), written_by()).unwrap();
    say_error(store.swap(&base.version, &next, UnusedCatalogs::Keep).await.map(|_| ()));
}

/// Publishes for ever, and says each serial once it is acknowledged.
#[tokio::test]
#[ignore = "a process that other tests start"]
async fn publish_until_killed() {
    let store = store();
    for round in 0..u64::MAX {
        say(write(&store, content(&format!("k{round}"))).await.version.serial().unwrap());
    }
}

/// Publishes ten revisions against all others, and says each serial once it is acknowledged.
#[tokio::test]
#[ignore = "a process that other tests start"]
async fn publish_ten() {
    let store = store();
    let mut done = 0;
    while done < 10 {
        let base = store.read().await.unwrap();
        let next = base.state.as_ref().unwrap().successor(content(&format!("p{done}")), written_by());
        match store.swap(&base.version, &next.unwrap(), UnusedCatalogs::Keep).await {
            Ok(version) => {
                say(version.serial().unwrap());
                done += 1;
            }
            Err(StoreError::Conflict { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
}
