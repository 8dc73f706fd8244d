//! The question that apply asks, at a terminal.

use std::ffi::OsString;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::process::{Child, Command, Stdio};

use e2e::{Project, servers};
use rustix::pty;

const EMBEDDED: &str = "[cluster]\nname = \"shop\"\n\n[models]\ncatalog = \"catalog.json\"\n";

/// A program at a pseudo-terminal of its own, which is its controlling one.
struct AtTerminal {
    child: Child,
    terminal: File,
    said: String,
}

impl AtTerminal {
    fn start(inner: &Command) -> Self {
        let master =
            pty::openpt(pty::OpenptFlags::RDWR | pty::OpenptFlags::NOCTTY).expect("a pseudo-terminal");
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
        let mut command = Command::new("setsid");
        command.args(["--ctty", "--wait"]).arg(inner.get_program()).args(inner.get_args());
        for (name, value) in inner.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.current_dir(inner.get_current_dir().expect("a project's command has one"));
        let child = command.stdin(end()).stdout(end()).stderr(end()).spawn().expect("util-linux has setsid");
        Self { child, terminal: File::from(master), said: String::new() }
    }

    /// Reads until `text` was said.
    fn wait_for(&mut self, text: &str) {
        while !self.said.contains(text) {
            assert!(self.read(), "{text:?} is never said:\n{}", self.said);
        }
    }

    fn read(&mut self) -> bool {
        let mut bytes = [0; 4096];
        // Linux answers with an error when the last program at the other end has gone.
        let count = self.terminal.read(&mut bytes).unwrap_or(0);
        self.said.push_str(&String::from_utf8_lossy(&bytes[..count]));
        count > 0
    }

    fn type_in(&mut self, keys: &str) {
        self.terminal.write_all(keys.as_bytes()).expect("a terminal takes keys");
    }

    /// All that was said, once the program has ended with this exit code.
    #[track_caller]
    fn ends_with(mut self, code: i32) -> String {
        while self.read() {}
        let ended = self.child.wait().expect("our own child");
        assert_eq!(ended.code(), Some(code), "{}", self.said);
        self.said
    }
}

/// A project with an applied table on the embedded server, and a second one declared.
fn asked() -> (Project, AtTerminal) {
    let project = Project::declaring(&servers()[0], "CREATE TABLE t (id bigint PRIMARY KEY);");
    project.write("djogi.toml", EMBEDDED);
    project.apply();
    project.declare("CREATE TABLE t (id bigint PRIMARY KEY); CREATE TABLE u (id bigint);");
    let mut apply = AtTerminal::start(&project.command(&["apply"]));
    apply.wait_for("Only `yes` is taken: ");
    (project, apply)
}

fn is_running(project: &Project) -> bool {
    project.run(&["db", "status", "--json"]).ok().json()["running"] == true
}

#[test]
fn interrupted_it_leaves_everything_as_it_was() {
    let (project, mut apply) = asked();
    let state = project.read(".djogi/state.json");
    assert!(is_running(&project));
    apply.type_in("\x03");
    let said = apply.ends_with(130);
    assert!(said.contains("interrupted before anything was changed"), "{said}");
    assert_eq!(project.read(".djogi/state.json"), state);
    assert!(!is_running(&project));
    project.run(&["plan"]).ok().says(&["Plan: 1 to create."]);
    project.run(&["db", "reset", "--auto-approve"]).ok();
}

#[test]
fn only_yes_is_taken() {
    let (project, mut apply) = asked();
    let state = project.read(".djogi/state.json");
    apply.type_in("y\n");
    apply.ends_with(1);
    assert_eq!(project.read(".djogi/state.json"), state);
    let mut apply = AtTerminal::start(&project.command(&["apply"]));
    apply.wait_for("Only `yes` is taken: ");
    apply.type_in("yes\n");
    apply.ends_with(0);
    project.is_converged();
    assert!(!is_running(&project));
    project.run(&["db", "reset", "--auto-approve"]).ok();
}
