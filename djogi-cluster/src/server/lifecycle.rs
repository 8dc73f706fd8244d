//! One `postgres` process: start it, see that it is ready, stop it.
//!
//! A server's life is visible in an OS lock: `server.lock` is locked by djogi and handed to the postmaster as its standard
//! input, which all its processes inherit. The lock is free exactly when none of them lives, also after `kill -9`, and
//! process ids that were given out again cannot deceive. Ready is what `postmaster.pid` says in its eighth line
//! (PostgreSQL: src/include/utils/pidfile.h).

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

use super::account::Account;
use super::binaries::Binaries;
use super::error::ServerError;
use super::files::{self, POLL};
use super::spawn::{self, Lifetime};

/// A crashed server replays its WAL first, so this is long; a server that cannot start ends at once.
const START_LIMIT: Duration = Duration::from_secs(60);
const FAST_LIMIT: Duration = Duration::from_secs(3);
const IMMEDIATE_LIMIT: Duration = Duration::from_secs(10);

/// Longest path of a unix socket in bytes (`sun_path` without its end mark).
pub(super) const SOCKET_PATH_MAX: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

/// The files of one server.
#[derive(Debug, Clone)]
pub(super) struct ServerFiles {
    pub(super) data: PathBuf,
    pub(super) lock: PathBuf,
    pub(super) log: PathBuf,
}

impl ServerFiles {
    pub(super) fn in_folder(folder: &Path) -> Self {
        Self { data: folder.join("data"), lock: folder.join("server.lock"), log: folder.join("server.log") }
    }
}

/// How a server is to be started.
#[derive(Debug)]
pub(super) struct StartPlan<'a> {
    pub(super) account: &'a Account,
    pub(super) binaries: &'a Binaries,
    pub(super) files: &'a ServerFiles,
    pub(super) socket_dir: &'a Path,
    pub(super) port: u16,
    /// Settings for `-c`, later ones win.
    pub(super) settings: &'a [(&'a str, &'a str)],
    pub(super) lifetime: Lifetime,
}

/// Starts the server and waits until it takes connections. `lock` is `server.lock`, held exclusively by the caller.
pub(super) fn start(plan: &StartPlan<'_>, lock: File) -> Result<(Child, PidFile), ServerError> {
    let pid_file = plan.files.data.join("postmaster.pid");
    clear_leftovers(plan, &pid_file)?;
    // Statements with their values may stand in the log.
    let log = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&plan.files.log);
    let log = log.map_err(ServerError::io("write the server log", &plan.files.log))?;
    let log_copy = log.try_clone().map_err(ServerError::io("write the server log", &plan.files.log))?;
    let mut command = plan.account.command(&plan.binaries.program("postgres"));
    command
        .arg("-D")
        .arg(&plan.files.data)
        .arg("-k")
        .arg(plan.socket_dir)
        .args(["-p", &plan.port.to_string()]);
    for (name, value) in plan.settings {
        command.arg("-c").arg(format!("{name}={value}"));
    }
    command.stdin(Stdio::from(lock)).stdout(log).stderr(log_copy);
    let mut child = spawn::spawn(command, plan.lifetime)
        .map_err(|error| failed(&plan.files.log, format!("cannot run it: {error}")))?;
    let begun = Instant::now();
    loop {
        if let Some(found) = PidFile::read(&plan.files.data)
            && found.pid == child_pid(&child)
            && found.ready
        {
            return Ok((child, found));
        }
        if let Ok(Some(status)) = child.try_wait() {
            return Err(failed(&plan.files.log, status.to_string()));
        }
        if begun.elapsed() > START_LIMIT {
            // An ended attempt leaves nothing that a later one would trip over.
            let _ = rustix::process::kill_process(child_pid(&child), Signal::QUIT);
            let _ = child.wait();
            return Err(failed(&plan.files.log, format!("not ready after {} s", START_LIMIT.as_secs())));
        }
        thread::sleep(POLL);
    }
}

/// Removes what a killed server left. PostgreSQL does that itself unless the process id in the files lives again as
/// another process of the same account, which is common in containers. `server.lock` is held here, so no server of ours
/// lives; one that somebody started by hand on this data is left alone, and PostgreSQL then refuses with its own words.
fn clear_leftovers(plan: &StartPlan<'_>, pid_file: &Path) -> Result<(), ServerError> {
    if PidFile::read(&plan.files.data).is_some_and(|found| is_postmaster(found.pid, &plan.files.data)) {
        return Ok(());
    }
    files::remove_file(pid_file)?;
    let socket = plan.socket_dir.join(socket_name(plan.port));
    files::remove_file(&socket)?;
    files::remove_file(&with_suffix(&socket, ".lock"))
}

/// Stops the server of `data`: fast shutdown, then immediate. Returns when `server.lock` is free; the exclusive lock is
/// handed back so that nobody starts it again before the caller is done.
pub(super) fn stop(files: &ServerFiles, first: Signal) -> Result<File, ServerError> {
    let lock = files::open_lock(&files.lock)?;
    let socket_dir = PidFile::read(&files.data).map(|found| found.socket_dir);
    for (signal, limit) in [(first, FAST_LIMIT), (Signal::QUIT, IMMEDIATE_LIMIT)] {
        if let Some(found) = PidFile::read(&files.data)
            && is_postmaster(found.pid, &files.data)
            && let Err(error) = rustix::process::kill_process(found.pid, signal)
            && error != rustix::io::Errno::SRCH
        {
            return Err(not_stopped(files, error.to_string()));
        }
        if wait_free(&lock, &files.lock, limit)? {
            // It is empty after a shutdown; after a crash the next start clears it.
            let _ = socket_dir.map(fs::remove_dir);
            return Ok(lock);
        }
    }
    Err(not_stopped(files, format!("still alive {} s after SIGQUIT", IMMEDIATE_LIMIT.as_secs())))
}

fn not_stopped(files: &ServerFiles, reason: String) -> ServerError {
    ServerError::Stop { data_dir: files.data.clone(), reason }
}

/// Waits until `lock` is ours.
fn wait_free(lock: &File, path: &Path, limit: Duration) -> Result<bool, ServerError> {
    let begun = Instant::now();
    loop {
        if files::try_exclusive(lock, path)? {
            return Ok(true);
        }
        if begun.elapsed() > limit {
            return Ok(false);
        }
        thread::sleep(POLL);
    }
}

/// What another process' server is doing.
#[derive(Debug)]
pub(super) enum Found {
    /// None of its processes lives; the lock is ours now.
    Stopped(File),
    Ready(PidFile),
}

/// Looks for a living server and waits while it starts, recovers or ends.
pub(super) fn find_running(files: &ServerFiles) -> Result<Found, ServerError> {
    let lock = files::open_lock(&files.lock)?;
    let begun = Instant::now();
    loop {
        if files::try_exclusive(&lock, &files.lock)? {
            return Ok(Found::Stopped(lock));
        }
        if let Some(found) = PidFile::read(&files.data)
            && found.ready
            && is_postmaster(found.pid, &files.data)
        {
            return Ok(Found::Ready(found));
        }
        if begun.elapsed() > START_LIMIT {
            return Err(failed(
                &files.log,
                format!("another start is not ready after {} s", START_LIMIT.as_secs()),
            ));
        }
        thread::sleep(POLL);
    }
}

/// Whether any process of the server lives. Changes nothing, and makes no file.
pub(super) fn lives(files: &ServerFiles) -> Result<bool, ServerError> {
    match File::open(&files.lock) {
        Ok(lock) => Ok(!files::try_shared(&lock, &files.lock)?),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(ServerError::io("open the lock file", &files.lock)(error)),
    }
}

/// The lines of `postmaster.pid` that matter here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PidFile {
    pub(super) pid: Pid,
    pub(super) port: u16,
    pub(super) socket_dir: PathBuf,
    /// The server listens on TCP too.
    pub(super) tcp: bool,
    pub(super) ready: bool,
}

impl PidFile {
    /// `None` while the file is absent or not complete yet.
    pub(super) fn read(data: &Path) -> Option<Self> {
        Self::parse(&fs::read_to_string(data.join("postmaster.pid")).ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let pid = Pid::from_raw(lines.next()?.trim().parse().ok()?)?;
        let port = lines.nth(2)?.trim().parse().ok()?;
        let socket_dir = PathBuf::from(lines.next()?);
        let tcp = !lines.next()?.trim().is_empty();
        let ready = lines.nth(1).is_some_and(|status| status.trim() == "ready");
        Some(Self { pid, port, socket_dir, tcp, ready })
    }
}

/// Whether `pid` is the postmaster of this data directory, which is an argument of its command line and its working
/// directory. Root in a container may not see the latter for processes of other accounts.
fn is_postmaster(pid: Pid, data: &Path) -> bool {
    let id = pid.as_raw_nonzero().to_string();
    if cfg!(target_os = "linux") {
        let proc = Path::new("/proc").join(&id);
        let named = fs::read(proc.join("cmdline")).is_ok_and(|arguments| {
            arguments.split(|byte| *byte == 0).any(|argument| argument == data.as_os_str().as_encoded_bytes())
        });
        return named || fs::read_link(proc.join("cwd")).is_ok_and(|works_in| works_in == data);
    }
    let listed = Command::new("ps").args(["-ww", "-o", "args=", "-p", &id]).output();
    listed.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(&*data.to_string_lossy()))
}

pub(super) fn socket_name(port: u16) -> String {
    format!(".s.PGSQL.{port}")
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

fn child_pid(child: &Child) -> Pid {
    Pid::from_child(child)
}

fn failed(log: &Path, reason: String) -> ServerError {
    ServerError::Start { reason, log: log.to_owned(), tail: tail_of(log) }
}

/// The last lines of a log file; the reason why a server ended stands there.
fn tail_of(log: &Path) -> String {
    const BYTES: u64 = 4096;
    const LINES: usize = 20;
    let read = || -> std::io::Result<String> {
        let mut file = File::open(log)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(BYTES)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    let text = read().unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const READY: &str = "4242\n/p/data\n1763628000\n5432\n/tmp/djogi-0-ab\n\n  1234  5\nready   \n";

    #[test]
    fn a_ready_server_is_read_from_its_pid_file() {
        let found = PidFile::parse(READY).unwrap();
        assert!(found.ready && !found.tcp);
        assert_eq!((found.port, found.socket_dir), (5432, PathBuf::from("/tmp/djogi-0-ab")));
    }

    #[test]
    fn a_starting_or_half_written_pid_file_is_not_ready() {
        assert!(!PidFile::parse(&READY.replace("ready   ", "starting")).unwrap().ready);
        for lines in 0..5 {
            let part: Vec<&str> = READY.lines().take(lines).collect();
            assert_eq!(PidFile::parse(&part.join("\n")), None, "{lines} lines");
        }
    }

    #[test]
    fn the_tail_of_a_log_is_its_last_lines() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("server.log");
        fs::write(&log, (0..1000).map(|line| format!("line {line}\n")).collect::<String>()).unwrap();
        let tail = tail_of(&log);
        assert_eq!(tail.lines().count(), 20);
        assert!(tail.ends_with("line 999"));
    }
}
