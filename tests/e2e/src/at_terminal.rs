//! Programs at a pseudo-terminal, as people run them.

use std::ffi::OsString;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::process::{Child, Command, Stdio};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::pty;

/// A program that says nothing for longer is not going to.
const PATIENCE: Timespec = Timespec { tv_sec: 120, tv_nsec: 0 };

/// A program at a pseudo-terminal of its own, which is its controlling one.
#[derive(Debug)]
pub struct AtTerminal {
    child: Child,
    terminal: File,
    said: String,
}

impl AtTerminal {
    /// Starts what `inner` describes; its streams are the terminal.
    pub fn start(inner: &Command) -> Self {
        let master =
            pty::openpt(pty::OpenptFlags::RDWR | pty::OpenptFlags::NOCTTY).expect("a pseudo-terminal");
        // Else the program would hold its own window open.
        rustix::io::fcntl_setfd(&master, rustix::io::FdFlags::CLOEXEC).expect("a file descriptor");
        pty::grantpt(&master).expect("a pseudo-terminal");
        pty::unlockpt(&master).expect("a pseudo-terminal");
        let name = pty::ptsname(&master, Vec::new()).expect("a pseudo-terminal");
        let slave: OwnedFd = File::options()
            .read(true)
            .write(true)
            .open(OsString::from_vec(name.into_bytes()))
            .expect("a pseudo-terminal")
            .into();
        let end = || Stdio::from(slave.try_clone().expect("a file descriptor"));
        // `setsid --ctty` makes standard input the controlling terminal, so that ^C reaches the program as SIGINT.
        let mut command = wrapped(inner, "setsid", &["--ctty", "--wait"]);
        let child = command.stdin(end()).stdout(end()).stderr(end()).spawn().expect("util-linux has setsid");
        Self { child, terminal: File::from(master), said: String::new() }
    }

    /// Reads until `text` was said.
    pub fn wait_for(&mut self, text: &str) {
        while !self.said.contains(text) {
            assert!(self.read(), "{text:?} is never said:\n{}", self.said);
        }
    }

    fn read(&mut self) -> bool {
        let mut ends = [PollFd::new(&self.terminal, PollFlags::IN)];
        let ready = poll(&mut ends, Some(&PATIENCE)).expect("a terminal can be polled");
        assert!(ready > 0, "nothing was said for {} s after:\n{}", PATIENCE.tv_sec, self.said);
        let mut bytes = [0; 4096];
        // Linux answers with an error when the last program at the other end has gone.
        let count = self.terminal.read(&mut bytes).unwrap_or(0);
        self.said.push_str(&String::from_utf8_lossy(&bytes[..count]));
        count > 0
    }

    /// Types as somebody at the keyboard does.
    pub fn type_in(&mut self, keys: &str) {
        self.terminal.write_all(keys.as_bytes()).expect("a terminal takes keys");
    }

    /// All that was said, once the program has ended with this exit code.
    #[track_caller]
    pub fn ends_with(mut self, code: i32) -> String {
        while self.read() {}
        let ended = self.child.wait().expect("our own child");
        assert_eq!(ended.code(), Some(code), "{}", self.said);
        self.said
    }

    /// Closes the window, and gives the program that was in it.
    pub fn close(self) -> Child {
        self.child
    }
}

/// The same command, run by `program`, which takes it after `arguments`.
pub fn wrapped(inner: &Command, program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).arg(inner.get_program()).args(inner.get_args());
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.current_dir(inner.get_current_dir().expect("a project's command has one"));
    command
}
