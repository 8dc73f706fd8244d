//! One throw-away server of each version under test, started once in a test process and ended with it.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use djogi_cluster::server::{Binaries, BinarySearch, ScratchOptions, ScratchServer};

const VERSIONS: &str = "DJOGI_TEST_POSTGRES_VERSIONS";
const DEFAULT_VERSIONS: &str = "15 18";

/// A running PostgreSQL with a superuser `postgres` that needs no password, on a unix socket.
#[derive(Debug)]
pub struct Server {
    scratch: ScratchServer,
    installation: PathBuf,
}

impl Server {
    fn start(binaries: &Binaries) -> Self {
        let search = BinarySearch { explicit: Some(binaries.dir.clone()), ..BinarySearch::from_env() };
        let scratch = ScratchServer::start(&ScratchOptions { search }, &|event| tell(&event))
            .unwrap_or_else(|error| panic!("PostgreSQL {}: {error}", binaries.version));
        Self { scratch, installation: binaries.dir.clone() }
    }

    /// A further server, for what concerns a server as a whole. It too ends with the process.
    pub fn alone(binaries: &Binaries) -> &'static Self {
        Box::leak(Box::new(Self::start(binaries)))
    }

    /// The major version.
    pub fn major(&self) -> u32 {
        self.scratch.major()
    }

    /// A connection URI without a password, for the superuser.
    pub fn url(&self, database: &str) -> String {
        self.scratch.url(database)
    }

    /// The folder of the unix socket.
    pub fn socket_dir(&self) -> &Path {
        self.scratch.socket_dir()
    }

    /// The folder of its programs, for `DJOGI_POSTGRES`.
    pub fn installation(&self) -> &Path {
        &self.installation
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
