//! What happens at a failpoint, told by environment variables:
//!
//! - `DJOGI_FAILPOINTS=group.before_commit=kill@3,state.after_rename=error`: at the third commit and the first rename;
//! - `DJOGI_FAILPOINTS_DIR`: where a paused run makes `NAME.reached` and waits for `NAME.released`;
//! - `DJOGI_FAILPOINTS_TRACE`: a file that gets a line with the name of each point that the run comes by.
//!
//! Wrong settings end the process with a panic: a test that sets a point nobody knows must not pass.

use std::fs::{File, OpenOptions};
use std::future::Future;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::OnceLock;
use std::task::Poll;
use std::time::Duration;

use rustix::process::{Signal, getpid, kill_process};

use super::{FAILPOINTS, Mode};
use crate::error::EngineError;
use crate::state::StoreError;

/// The error of a failpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("failpoint {0}")]
pub struct Injected(&'static str);

impl From<Injected> for io::Error {
    fn from(injected: Injected) -> Self {
        io::Error::other(injected)
    }
}

impl From<Injected> for StoreError {
    fn from(injected: Injected) -> Self {
        StoreError::Io { doing: "pass", path: PathBuf::from(injected.0), source: injected.into() }
    }
}

impl From<Injected> for EngineError {
    fn from(injected: Injected) -> Self {
        EngineError::Store(injected.into())
    }
}

/// Comes by the failpoint `name`.
///
/// # Errors
/// When the point is set to fail now.
pub fn pass(name: &'static str) -> Result<(), Injected> {
    let settings = Settings::get();
    settings.trace(name);
    match decide(name) {
        None => Ok(()),
        Some(Mode::Error) => Err(Injected(name)),
        Some(Mode::Kill) => die(),
        Some(Mode::Pause) => {
            settings.pause(name);
            Ok(())
        }
    }
}

/// Comes by a failpoint where nothing can fail.
pub fn pass_infallible(name: &'static str) {
    pass(name).unwrap_or_else(|injected| panic!("{injected} cannot fail"));
}

/// Runs a future whose statement is on its way to the server when the run comes by `name`.
pub async fn sent<F: Future>(name: &'static str, future: F) -> F::Output {
    let mut future = pin!(future);
    let ready = futures_util::poll!(&mut future);
    if let Poll::Ready(output) = ready {
        pass_infallible(name);
        return output;
    }
    // The task of the connection writes what it was given as soon as it has its turn.
    for _ in 0..8 {
        tokio::task::yield_now().await;
    }
    pass_infallible(name);
    future.await
}

fn decide(name: &'static str) -> Option<Mode> {
    fail::fail_point!(name, |word| {
        let modes = [Mode::Error, Mode::Kill, Mode::Pause];
        modes.into_iter().find(|mode| word.as_deref() == Some(mode.as_str()))
    });
    None
}

fn die() -> ! {
    kill_process(getpid(), Signal::KILL).expect("a process may kill itself");
    loop {
        std::thread::park();
    }
}

#[derive(Debug)]
struct Settings {
    folder: Option<PathBuf>,
    trace: Option<File>,
}

impl Settings {
    fn get() -> &'static Self {
        static SETTINGS: OnceLock<Settings> = OnceLock::new();
        SETTINGS.get_or_init(Self::read)
    }

    fn read() -> Self {
        for entry in std::env::var("DJOGI_FAILPOINTS").unwrap_or_default().split_terminator(',') {
            let (name, action) = parse(entry).unwrap_or_else(|| panic!("DJOGI_FAILPOINTS: {entry:?}"));
            fail::cfg(name, &action).unwrap_or_else(|error| panic!("{name}={action}: {error}"));
        }
        let path = |name| std::env::var_os(name).map(PathBuf::from);
        let open = |path: PathBuf| {
            let file = OpenOptions::new().append(true).create(true).open(&path);
            file.unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        };
        Self { folder: path("DJOGI_FAILPOINTS_DIR"), trace: path("DJOGI_FAILPOINTS_TRACE").map(open) }
    }

    fn trace(&self, name: &str) {
        if let Some(mut file) = self.trace.as_ref() {
            file.write_all(format!("{name}\n").as_bytes()).expect("the trace is written");
        }
    }

    fn pause(&self, name: &str) {
        let folder = self.folder.as_deref().unwrap_or(Path::new("."));
        File::create(folder.join(format!("{name}.reached"))).expect("the folder of paused runs");
        let released = folder.join(format!("{name}.released"));
        while !released.exists() {
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

/// The point of `name=mode@n`, and the action of the `fail` crate that it stands for.
fn parse(entry: &str) -> Option<(&'static str, String)> {
    let (name, rest) = entry.split_once('=')?;
    let (mode, nth) = rest.split_once('@').unwrap_or((rest, "1"));
    let point = FAILPOINTS.iter().find(|point| point.name == name)?;
    let mode = point.modes.iter().find(|known| known.as_str() == mode)?.as_str();
    let before = match nth.parse::<u32>().ok()?.checked_sub(1)? {
        0 => String::new(),
        passes => format!("{passes}*off->"),
    };
    Some((point.name, format!("{before}1*return({mode})")))
}
