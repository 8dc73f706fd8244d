//! One throw-away server of each version under test, started once in a test process and ended with it.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use djogi_cluster::server::{
    Binaries, BinarySearch, EmbeddedOptions, EmbeddedServer, RunningServer, ScratchOptions, ScratchServer,
};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

const VERSIONS: &str = "DJOGI_TEST_POSTGRES_VERSIONS";
const DEFAULT_VERSIONS: &str = "15 18";

/// A running PostgreSQL with a superuser `postgres` that needs no password, on a unix socket.
#[derive(Debug)]
pub struct Server {
    process: Process,
    installation: PathBuf,
}

#[derive(Debug)]
enum Process {
    /// Fast, and gone with the test.
    Scratch(ScratchServer),
    /// Keeps what it has committed, in a folder of its own; `None` once it has ended.
    Durable { folder: TempDir, socket_dir: PathBuf, running: Mutex<Option<RunningServer>> },
}

impl Server {
    fn start(binaries: &Binaries) -> Self {
        let search = BinarySearch { explicit: Some(binaries.dir.clone()), ..BinarySearch::from_env() };
        let scratch = ScratchServer::start(&ScratchOptions { search }, &|event| tell(&event))
            .unwrap_or_else(|error| panic!("PostgreSQL {}: {error}", binaries.version));
        Self { process: Process::Scratch(scratch), installation: binaries.dir.clone() }
    }

    /// A further server, for what concerns a server as a whole. It too ends with the process.
    pub fn alone(binaries: &Binaries) -> &'static Self {
        Box::leak(Box::new(Self::start(binaries)))
    }

    /// Stops a durable server in immediate mode, as if its machine had lost its processes, and starts it again.
    pub fn crash(&self) {
        let Process::Durable { folder, running, .. } = &self.process else {
            panic!("a scratch server loses everything")
        };
        let mut running = running.lock().unwrap_or_else(PoisonError::into_inner);
        let pid = EmbeddedServer::status(folder.path()).expect("the server is ours").pid;
        let pid = pid.and_then(Pid::from_raw).expect("the server runs");
        kill_process(pid, Signal::QUIT).expect("the server is ours");
        // Waits for its end.
        running.take().expect("a running server").release().expect("the server has ended");
        *running = Some(acquire(folder.path(), &self.installation));
    }

    /// The major version.
    pub fn major(&self) -> u32 {
        match &self.process {
            Process::Scratch(server) => server.major(),
            Process::Durable { running, .. } => with_running(running, RunningServer::major),
        }
    }

    /// A connection URI without a password, for the superuser.
    pub fn url(&self, database: &str) -> String {
        match &self.process {
            Process::Scratch(server) => server.url(database),
            Process::Durable { running, .. } => with_running(running, |server| server.url(database)),
        }
    }

    /// The folder of the unix socket.
    pub fn socket_dir(&self) -> &Path {
        match &self.process {
            Process::Scratch(server) => server.socket_dir(),
            Process::Durable { socket_dir, .. } => socket_dir,
        }
    }

    /// The folder of its programs, for `DJOGI_POSTGRES`.
    pub fn installation(&self) -> &Path {
        &self.installation
    }
}

fn with_running<T>(server: &Mutex<Option<RunningServer>>, ask: impl FnOnce(&RunningServer) -> T) -> T {
    ask(server.lock().unwrap_or_else(PoisonError::into_inner).as_ref().expect("a running server"))
}

fn acquire(folder: &Path, installation: &Path) -> RunningServer {
    let search = BinarySearch { explicit: Some(installation.to_owned()), ..BinarySearch::from_env() };
    let database = "postgres".to_owned();
    let options = EmbeddedOptions { cluster_dir: folder.to_owned(), database, tcp_port: None, search };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let acquired = runtime.block_on(EmbeddedServer::acquire(&options, &|event| tell(&event)));
    acquired.unwrap_or_else(|error| panic!("{}: {error}", installation.display()))
}

/// A server that keeps what it has committed when it is [crashed](Server::crash). It ends with this value.
#[derive(Debug)]
pub struct DurableServer(pub &'static Server);

impl DurableServer {
    pub fn start(binaries: &Binaries) -> Self {
        let folder = tempfile::Builder::new().prefix("djogi-e2e-").tempdir().expect("a temporary folder");
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).expect("our own folder");
        let running = acquire(folder.path(), &binaries.dir);
        let socket_dir = running.socket_dir().to_owned();
        let process = Process::Durable { folder, socket_dir, running: Mutex::new(Some(running)) };
        Self(Box::leak(Box::new(Server { process, installation: binaries.dir.clone() })))
    }
}

impl Drop for DurableServer {
    fn drop(&mut self) {
        if let Process::Durable { folder, running, .. } = &self.0.process {
            drop(running.lock().unwrap_or_else(PoisonError::into_inner).take());
            let _ = std::fs::remove_dir_all(folder.path());
        }
    }
}

/// Unlike with `eprintln!`, these lines are seen while they are new: fetching PostgreSQL takes a while.
fn tell(line: &dyn std::fmt::Display) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// An installation of each major version in `DJOGI_TEST_POSTGRES_VERSIONS` (default: `15 18`). What is neither
/// installed nor cached is fetched.
pub fn installations() -> &'static [Binaries] {
    static FOUND: OnceLock<Vec<Binaries>> = OnceLock::new();
    FOUND.get_or_init(|| {
        let versions = std::env::var(VERSIONS).unwrap_or_else(|_| DEFAULT_VERSIONS.to_owned());
        let find = |word: &str| {
            let major = word.parse().unwrap_or_else(|_| panic!("{VERSIONS}={versions}: {word}"));
            let search = BinarySearch { major: Some(major), ..BinarySearch::from_env() };
            search.find(&|event| tell(&event)).unwrap_or_else(|error| panic!("PostgreSQL {major}: {error}"))
        };
        let found: Vec<Binaries> = versions.split_whitespace().map(find).collect();
        assert!(!found.is_empty(), "{VERSIONS} names no version");
        found
    })
}

/// A running server of each of the [`installations`].
pub fn servers() -> &'static [Server] {
    static SERVERS: OnceLock<Vec<Server>> = OnceLock::new();
    SERVERS.get_or_init(|| installations().iter().map(Server::start).collect())
}

/// Runs `test` on each version; a failure says on which.
pub fn on_each_server(test: impl Fn(&'static Server)) {
    for server in servers() {
        let _named = NameOnPanic(server.major());
        test(server);
    }
}

struct NameOnPanic(u32);

impl Drop for NameOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            tell(&format_args!("this was on PostgreSQL {}", self.0));
        }
    }
}
