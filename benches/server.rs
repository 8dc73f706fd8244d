//! A server with PostgreSQL's own settings, for one benchmark: everything durable, as a database of users is.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use djogi_cluster::server::BinarySearch;
use tempfile::TempDir;

use crate::Outcome;

/// What differs from the defaults: no TCP; no vacuum at a moment of its own choice; a lock table in which a thousand
/// tables can be made in one transaction, which is what `psql -1` does.
const SETTINGS: &str = "-c listen_addresses='' -c autovacuum=off -c max_locks_per_transaction=256 -c unix_socket_permissions=0777";

/// A running server; stopped and removed when dropped.
#[derive(Debug)]
pub(crate) struct Server {
    folder: TempDir,
    programs: PathBuf,
    major: u32,
}

impl Server {
    pub(crate) fn start(major: u32) -> Outcome<Self> {
        let search = BinarySearch { major: Some(major), ..BinarySearch::from_env() };
        // The folder found may hold links to the server's programs alone.
        let postgres = std::fs::canonicalize(search.find(&|_| {})?.dir.join("postgres"))?;
        let programs = postgres.parent().ok_or("PostgreSQL is in no folder")?.to_owned();
        let folder = tempfile::Builder::new().prefix("djogi-bench-").tempdir()?;
        let server = Self { folder, programs, major };
        if rustix::process::geteuid().is_root() {
            succeed(Command::new("chown").arg("postgres").arg(server.path()))?;
        }
        let data = server.path().join("data");
        let mut initdb = server.as_owner("initdb");
        succeed(initdb.args(["--username=postgres", "--encoding=UTF8", "--no-locale", "-D"]).arg(&data))?;
        let options = format!("{SETTINGS} -c unix_socket_directories='{}'", server.path().display());
        let mut start = server.as_owner("pg_ctl");
        start.args(["start", "--silent", "--wait", "-o", &options, "-D"]).arg(&data);
        succeed(start.arg("--log").arg(server.path().join("log")))?;
        Ok(server)
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The folder of PostgreSQL's programs.
    pub(crate) fn programs(&self) -> &Path {
        &self.programs
    }

    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgresql:///{database}?host={}&user=postgres", self.path().display())
    }

    pub(crate) fn version(&self) -> Outcome<String> {
        let output = Command::new(self.programs.join("postgres")).arg("--version").output()?;
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    /// Runs SQL in `database`.
    pub(crate) fn execute(&self, database: &str, sql: &str) -> Outcome<()> {
        succeed(
            Command::new(self.programs.join("psql")).args(["-X", "-q", "-c", sql]).arg(self.url(database)),
        )
    }

    /// The one value that SQL gives in the database `postgres`.
    fn value(&self, sql: &str) -> Outcome<String> {
        let mut psql = Command::new(self.programs.join("psql"));
        let output = psql.args(["-X", "-q", "-A", "-t", "-c", sql]).arg(self.url("postgres")).output()?;
        if !output.status.success() {
            return Err(format!("{psql:?}: {}", String::from_utf8_lossy(&output.stderr)).into());
        }
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    /// How often the server has flushed its log so far, by what its other sessions have told when they ended.
    pub(crate) fn log_flushes(&self) -> Outcome<u64> {
        const OTHERS: &str = "SELECT count(*) FROM pg_stat_activity \
                              WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
        while self.value(OTHERS)? != "0" {
            std::thread::sleep(Duration::from_millis(5));
        }
        let counted = if self.major >= 18 {
            "SELECT sum(fsyncs)::int8 FROM pg_stat_io WHERE object = 'wal'"
        } else {
            "SELECT wal_sync FROM pg_stat_wal"
        };
        Ok(self.value(counted)?.parse()?)
    }

    /// An empty database.
    pub(crate) fn create(&self, database: &str) -> Outcome<()> {
        self.execute("postgres", &format!("CREATE DATABASE {database}"))
    }

    /// A program that PostgreSQL does not run as root.
    fn as_owner(&self, program: &str) -> Command {
        let program = self.programs.join(program);
        let mut command = if rustix::process::geteuid().is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir("/");
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let data = self.path().join("data");
        let mut stop = self.as_owner("pg_ctl");
        stop.args(["stop", "--silent", "--mode=immediate", "-D"]).arg(data);
        // Nothing can be done about a server that does not stop, and its files are in a temporary folder.
        let _ = succeed(&mut stop);
    }
}

fn succeed(command: &mut Command) -> Outcome<()> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{command:?}: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr)).into())
}
