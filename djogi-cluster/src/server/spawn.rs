//! Starting the `postgres` process so that it stands on its own: own process group (Ctrl-C in the terminal is for djogi
//! alone), none of the file descriptors that djogi inherited (a kept server must not hold a shell's pipe or lock open),
//! and, for throw-away servers, an end together with djogi.
//!
//! On Linux the kernel ends a throw-away server by `PR_SET_PDEATHSIG`. That signal fires when the *thread* ends that
//! spawned the child, so those children are spawned by one thread that lives as long as the process. Elsewhere, and if
//! the signal is lost, the next start sweeps what a dead djogi left (see `scratch`).

use std::fs;
use std::io;
use std::os::fd::{BorrowedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::sync::{OnceLock, mpsc};
use std::thread;

use rustix::io::{FdFlags, fcntl_setfd};
use rustix::process::Pid;
#[cfg(target_os = "linux")]
use rustix::process::Signal;

/// How long a spawned server may live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lifetime {
    /// It outlives djogi; it is ended by whoever uses it last.
    Own,
    /// It ends with the djogi process, however that ends.
    WithDjogi,
}

/// Spawns a server process.
pub(super) fn spawn(mut command: Command, lifetime: Lifetime) -> io::Result<Child> {
    isolate(&mut command, lifetime);
    match lifetime {
        Lifetime::Own => command.spawn(),
        Lifetime::WithDjogi => spawn_on_lasting_thread(command),
    }
}

type Request = (Command, mpsc::SyncSender<io::Result<Child>>);

fn spawn_on_lasting_thread(command: Command) -> io::Result<Child> {
    static SPAWNER: OnceLock<mpsc::Sender<Request>> = OnceLock::new();
    let spawner = SPAWNER.get_or_init(|| {
        let (sender, requests) = mpsc::channel::<Request>();
        // Should the thread be refused, `requests` is dropped and `send` below fails.
        let _ = thread::Builder::new().name("djogi-spawner".to_owned()).spawn(move || {
            for (mut command, reply) in requests {
                let _ = reply.send(command.spawn());
            }
        });
        sender
    });
    let gone = || io::Error::other("the thread that spawns servers could not be started");
    let (reply, answer) = mpsc::sync_channel(1);
    spawner.send((command, reply)).map_err(|_| gone())?;
    answer.recv().map_err(|_| gone())?
}

fn isolate(command: &mut Command, lifetime: Lifetime) {
    command.process_group(0);
    let inherited = inheritable_descriptors();
    let parent = rustix::process::getpid();
    #[expect(
        unsafe_code,
        reason = "the death signal must be set in the child, after its account was changed"
    )]
    // SAFETY: between fork and exec only async-signal-safe system calls are made (fcntl, prctl, getppid); nothing
    // allocates, since the list of descriptors was made before the fork. A descriptor in the list may have been closed
    // meanwhile: fcntl then reports EBADF, and nothing but its flag is touched.
    unsafe {
        command.pre_exec(move || {
            for descriptor in &inherited {
                let _ = fcntl_setfd(BorrowedFd::borrow_raw(*descriptor), FdFlags::CLOEXEC);
            }
            match lifetime {
                Lifetime::Own => Ok(()),
                Lifetime::WithDjogi => end_with(parent),
            }
        });
    }
}

/// Asks the kernel to end this child (immediate shutdown) when the thread that spawned it ends.
#[cfg(target_os = "linux")]
fn end_with(parent: Pid) -> io::Result<()> {
    rustix::process::set_parent_process_death_signal(Some(Signal::QUIT))?;
    // The parent may have died between fork and here; the signal would then never come.
    if rustix::process::getppid() == Some(parent) { Ok(()) } else { Err(io::ErrorKind::Interrupted.into()) }
}

#[cfg(not(target_os = "linux"))]
fn end_with(_parent: Pid) -> io::Result<()> {
    Ok(())
}

/// Descriptors above stderr that are open now. Those that djogi opened itself are closed on exec anyway.
fn inheritable_descriptors() -> Vec<RawFd> {
    let listed = fs::read_dir("/dev/fd").into_iter().flatten().flatten();
    listed.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(|fd| *fd > 2).collect()
}
