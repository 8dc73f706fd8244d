//! Another djogi process, to be killed: this test binary again, running only [`hold`].

use std::io::{BufRead, BufReader, Lines, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use djogi_cluster::server::{EmbeddedServer, ScratchOptions, ScratchServer};

use super::project::{only, options, quiet};

const ROLE: &str = "DJOGI_TEST_CHILD";
const CLUSTER: &str = "DJOGI_TEST_CHILD_CLUSTER";
const INSTALLATION: &str = "DJOGI_TEST_CHILD_INSTALLATION";
const READY: &str = "child is ready: ";

/// A process that uses a server until it is killed.
pub(crate) struct Holder {
    child: Child,
    /// The folder of the server's socket.
    pub(crate) socket_dir: String,
    output: Output,
}

type Output = Lines<BufReader<ChildStdout>>;

impl Holder {
    pub(crate) fn of_embedded(cluster_dir: &Path, installation: &Path) -> Self {
        Self::start("embedded", cluster_dir, installation)
    }

    pub(crate) fn of_scratch(installation: &Path) -> Self {
        Self::start("scratch", Path::new("/"), installation)
    }

    /// Its standard output is also open as descriptor 9, as a shell's redirections are.
    pub(crate) fn with_its_output_inherited(cluster_dir: &Path, installation: &Path) -> Self {
        let mut shell = Command::new("sh");
        shell.args(["-c", "exec 9>&1; exec \"$0\" \"$@\""]).arg(std::env::current_exe().unwrap());
        Self::run(shell, "embedded", cluster_dir, installation)
    }

    fn start(role: &str, cluster_dir: &Path, installation: &Path) -> Self {
        Self::run(Command::new(std::env::current_exe().unwrap()), role, cluster_dir, installation)
    }

    fn run(mut command: Command, role: &str, cluster_dir: &Path, installation: &Path) -> Self {
        let mut child = command
            .args(["--exact", "child::hold", "--ignored", "--nocapture"])
            .env(ROLE, role)
            .env(CLUSTER, cluster_dir)
            .env(INSTALLATION, installation)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = output.by_ref().map_while(Result::ok).find(|line| line.contains(READY)).unwrap();
        let socket_dir = ready.split_once(READY).unwrap().1.to_owned();
        Self { child, socket_dir, output }
    }

    /// `kill -9`, and waits until the process is gone. Gives back what it still has to say.
    pub(crate) fn kill(mut self) -> Output {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.output
    }
}

#[tokio::test]
#[ignore = "runs only as the child process of other tests"]
async fn hold() {
    let installation = std::env::var_os(INSTALLATION).unwrap();
    let installation = Path::new(&installation);
    let wait = || std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
    if std::env::var(ROLE).unwrap() == "scratch" {
        let server = ScratchServer::start(&ScratchOptions { search: only(installation) }, &quiet).unwrap();
        println!("{READY}{}", server.socket_dir().display());
        wait();
    } else {
        let cluster_dir = std::env::var_os(CLUSTER).unwrap();
        let options = options(Path::new(&cluster_dir), installation);
        let server = EmbeddedServer::acquire(&options, &quiet).await.unwrap();
        println!("{READY}{}", server.socket_dir().display());
        wait();
    }
}
