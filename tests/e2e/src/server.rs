//! One throw-away server of each version under test, started once in a test process and ended with it.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use djogi_cluster::server::{BinarySearch, ScratchOptions, ScratchServer, ServerEvent};

const VERSIONS: &str = "DJOGI_TEST_POSTGRES_VERSIONS";
const DEFAULT_VERSIONS: &str = "15 18";

/// A running PostgreSQL with a superuser `postgres` that needs no password, on a unix socket.
#[derive(Debug)]
pub struct Server {
    scratch: ScratchServer,
    installation: PathBuf,
}

impl Server {
    fn start(major: u32) -> Self {
        let search = BinarySearch { major: Some(major), ..BinarySearch::from_env() };
        let observer = |event: ServerEvent| tell(&event.to_string());
        let binaries = search.find(&observer).unwrap_or_else(|error| panic!("PostgreSQL {major}: {error}"));
        let search = BinarySearch { explicit: Some(binaries.dir.clone()), ..search };
        let scratch = ScratchServer::start(&ScratchOptions { search }, &observer)
            .unwrap_or_else(|error| panic!("PostgreSQL {major}: {error}"));
        Self { scratch, installation: binaries.dir }
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

/// Fetching PostgreSQL takes long enough to be told of; cargo shows it for failed tests only.
fn tell(line: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// A server of each major version in `DJOGI_TEST_POSTGRES_VERSIONS` (default: `15 18`). Programs that are neither
/// installed nor cached are fetched.
pub fn servers() -> &'static [Server] {
    static SERVERS: OnceLock<Vec<Server>> = OnceLock::new();
    SERVERS.get_or_init(|| {
        let versions = std::env::var(VERSIONS).unwrap_or_else(|_| DEFAULT_VERSIONS.to_owned());
        let major = |word: &str| word.parse().unwrap_or_else(|_| panic!("{VERSIONS}={versions}: {word}"));
        let servers: Vec<Server> = versions.split_whitespace().map(|word| Server::start(major(word))).collect();
        assert!(!servers.is_empty(), "{VERSIONS} names no version");
        servers
    })
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
            tell(&format!("this was on PostgreSQL {}", self.0));
        }
    }
}
