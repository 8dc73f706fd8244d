//! The embedded development server of a project, shared by every djogi command that needs it.
//!
//! Each command holds `users.lock` shared while it uses the server. Who leaves tries to get it exclusively: who can is the
//! last one and stops the server, unless `db up` asked to keep it. Entering and leaving happen under `start.lock`. The
//! kernel frees the locks of a killed command, so a server that it started is simply used, and stopped, by the next.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tokio_postgres::Config;

use super::binaries::{Binaries, BinarySearch};
use super::data;
use super::database::{self, Address};
use super::error::ServerError;
use super::event::{Observer, ServerEvent};
use super::files;
use super::lifecycle::{self, Found, PidFile, StartPlan};
use super::site::Site;
use super::spawn::Lifetime;

/// Names the socket file; the server listens on TCP only when asked to.
const DEFAULT_PORT: u16 = 5432;

/// A first start fetches nothing under the lock, but `initdb` on a slow disk takes its time.
const GATE_LIMIT: Duration = Duration::from_secs(120);

/// How long a server that refuses connections is taken to be one that was killed a moment ago.
const DYING_LIMIT: Duration = Duration::from_secs(5);

/// Which server, and how to start it.
#[derive(Debug, Clone)]
pub struct EmbeddedOptions {
    /// The project's `.djogi/postgres`.
    pub cluster_dir: PathBuf,
    /// The database that must exist.
    pub database: String,
    /// Listen on this port of 127.0.0.1 too. Every local user may then connect without a password.
    pub tcp_port: Option<u16>,
    /// Where PostgreSQL comes from; its `major` is the version that is asked for.
    pub search: BinarySearch,
}

/// Operations on the embedded server of a project.
#[derive(Debug)]
pub struct EmbeddedServer;

/// What [`EmbeddedServer::down`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Down {
    Stopped,
    NotRunning,
    /// Other commands use it; the last of them will stop it.
    LeftToUsers,
}

/// What is there, running or not.
#[derive(Debug, Clone)]
pub struct ServerStatus {
    /// The folder that holds the data; not the project's when the server's account cannot enter that.
    pub cluster_dir: PathBuf,
    /// Major version of the data; `None` = no data yet.
    pub major: Option<u32>,
    /// Process id of the running server.
    pub pid: Option<i32>,
    /// `db up` keeps it.
    pub kept: bool,
    address: Option<Address>,
}

impl ServerStatus {
    /// A connection URI for psql, while the server runs.
    pub fn url(&self, database: &str) -> Option<String> {
        self.address.as_ref().map(|address| address.url(database))
    }

    /// The folder of the unix socket, while the server runs.
    pub fn socket_dir(&self) -> Option<&Path> {
        self.address.as_ref().map(|address| address.socket_dir.as_path())
    }
}

impl EmbeddedServer {
    /// Starts the server or joins the running one, and makes the database. Needs a tokio runtime; the calling task
    /// blocks while programs are fetched and the server starts.
    ///
    /// # Errors
    /// Every [`ServerError`]. Nothing keeps running that was not running before.
    pub async fn acquire(
        options: &EmbeddedOptions,
        observer: Observer<'_>,
    ) -> Result<RunningServer, ServerError> {
        let begun = Instant::now();
        loop {
            let server = join_or_start(options, observer)?;
            match database::ensure(&server.address, &options.database).await {
                Ok(()) => return Ok(server),
                // A joined server may be dying just now; leaving waits for its end, and the next round starts another.
                Err(error) if database::is_going_away(&error) && begun.elapsed() < DYING_LIMIT => {
                    drop(server);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Like [`Self::acquire`], and the server stays when the last command is done.
    ///
    /// # Errors
    /// As [`Self::acquire`].
    pub async fn up(options: &EmbeddedOptions, observer: Observer<'_>) -> Result<RunningServer, ServerError> {
        let server = Self::acquire(options, observer).await?;
        fs::write(&server.site.kept, "").map_err(ServerError::io("write", &server.site.kept))?;
        Ok(server)
    }

    /// Takes back [`Self::up`] and stops the server unless other commands use it. Blocks.
    ///
    /// # Errors
    /// [`ServerError::Stop`] when it cannot be stopped.
    pub fn down(cluster_dir: &Path, observer: Observer<'_>) -> Result<Down, ServerError> {
        let site = Site::locate(cluster_dir)?;
        if !site.folder.is_dir() {
            return Ok(Down::NotRunning);
        }
        let _gate = enter(&site, observer)?;
        files::remove_file(&site.kept)?;
        let users = files::open_lock(&site.users)?;
        if !files::try_exclusive(&users, &site.users)? {
            return Ok(Down::LeftToUsers);
        }
        if !lifecycle::lives(&site.files)? {
            return Ok(Down::NotRunning);
        }
        lifecycle::stop(&site.files, Signal::INT)?;
        Ok(Down::Stopped)
    }

    /// Looks without changing anything.
    ///
    /// # Errors
    /// [`ServerError::NotDataDirectory`], [`ServerError::Io`].
    pub fn status(cluster_dir: &Path) -> Result<ServerStatus, ServerError> {
        let site = Site::locate(cluster_dir)?;
        let running = match lifecycle::lives(&site.files)? {
            true => PidFile::read(&site.files.data),
            false => None,
        };
        Ok(ServerStatus {
            major: data::major_of(&site.files.data)?,
            pid: running.as_ref().map(|running| running.pid.as_raw_nonzero().get()),
            kept: running.is_some() && site.kept.exists(),
            address: running.map(|running| address_of(&running)),
            cluster_dir: site.folder,
        })
    }

    /// Stops the server and deletes its data for good. Blocks.
    ///
    /// # Errors
    /// [`ServerError::InUse`] while another command uses it; nothing is deleted then.
    pub fn reset(cluster_dir: &Path, observer: Observer<'_>) -> Result<(), ServerError> {
        let site = Site::locate(cluster_dir)?;
        if !site.folder.is_dir() {
            return Ok(());
        }
        let _gate = enter(&site, observer)?;
        let users = files::open_lock(&site.users)?;
        if !files::try_exclusive(&users, &site.users)? {
            return Err(ServerError::InUse { cluster_dir: site.folder });
        }
        let _stopped = lifecycle::stop(&site.files, Signal::INT)?;
        files::remove_file(&site.kept)?;
        files::remove_file(&site.files.log)?;
        data::discard(&site.files.data)
    }
}

/// A server in use by this command. Leaving it ([`Self::release`], or being dropped) stops it when nobody else needs it.
#[derive(Debug)]
pub struct RunningServer {
    site: Site,
    address: Address,
    major: u32,
    /// Held shared; `None` after leaving.
    users: Option<File>,
    /// The postmaster, when it was started here.
    child: Option<Child>,
}

impl RunningServer {
    /// The private folder of the unix socket.
    pub fn socket_dir(&self) -> &Path {
        &self.address.socket_dir
    }

    /// Configuration for connecting as superuser `postgres`.
    pub fn connect_config(&self, database: &str) -> Config {
        self.address.config(database)
    }

    /// A connection URI that psql takes.
    pub fn url(&self, database: &str) -> String {
        self.address.url(database)
    }

    /// The server's major version.
    pub fn major(&self) -> u32 {
        self.major
    }

    /// The folder that holds the data; not the project's when the server's account cannot enter that.
    pub fn cluster_dir(&self) -> &Path {
        &self.site.folder
    }

    /// Leaves the server; the last one stops it. Blocks for some 10 ms then. Connections should be closed before.
    ///
    /// # Errors
    /// [`ServerError::Stop`] when it does not stop, [`ServerError::Busy`] when another command hangs.
    pub fn release(mut self) -> Result<(), ServerError> {
        self.leave()
    }

    fn leave(&mut self) -> Result<(), ServerError> {
        let Some(users) = self.users.take() else { return Ok(()) };
        let gate = files::wait_exclusive(&self.site.gate, GATE_LIMIT, || {})?;
        let left = self.stop_when_last(&users);
        // Before the gate opens: who comes next must not find `users.lock` taken. Closing alone would not do while a child
        // that another thread just forked still has a copy of the descriptor.
        let _ = users.unlock();
        drop(gate);
        left
    }

    fn stop_when_last(&mut self, users: &File) -> Result<(), ServerError> {
        if !files::try_exclusive(users, &self.site.users)? || self.site.kept.exists() {
            return Ok(());
        }
        let _stopped = lifecycle::stop(&self.site.files, Signal::INT)?;
        if let Some(mut child) = self.child.take() {
            // Its lock is free, so it has ended; this only collects its exit status.
            let _ = child.wait();
        }
        Ok(())
    }
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        // A drop cannot report; a server that stays is found by the next command.
        let _ = self.leave();
    }
}

fn enter(site: &Site, observer: Observer<'_>) -> Result<File, ServerError> {
    files::wait_exclusive(&site.gate, GATE_LIMIT, || {
        observer(ServerEvent::Waiting { lock: site.gate.clone() });
    })
}

fn address_of(running: &PidFile) -> Address {
    Address { socket_dir: running.socket_dir.clone(), port: running.port }
}

fn join_or_start(options: &EmbeddedOptions, observer: Observer<'_>) -> Result<RunningServer, ServerError> {
    let site = Site::prepare(&options.cluster_dir, observer)?;
    // Programs are looked for, and perhaps fetched, before others are made to wait.
    let early = match lifecycle::lives(&site.files)? {
        true => None,
        false => Some(programs(&site, options, observer)?),
    };
    let gate = enter(&site, observer)?;
    let found = lifecycle::find_running(&site.files)?;
    let (running, child) = match found {
        Found::Ready(running) => {
            refuse_other_major(&site, options)?;
            (running, None)
        }
        Found::Stopped(lock) => {
            let binaries = match early {
                Some(binaries) => binaries,
                None => programs(&site, options, observer)?,
            };
            let (child, running) = start(&site, options, &binaries, lock, observer)?;
            (running, Some(child))
        }
    };
    let users = files::open_lock(&site.users)?;
    // Only `start.lock`'s holder takes it exclusively, and that is this command.
    if !files::try_shared(&users, &site.users)? {
        return Err(ServerError::Busy { path: site.users, seconds: 0 });
    }
    let major = data::major_of(&site.files.data)?.unwrap_or_default();
    let server = RunningServer { address: address_of(&running), site, major, users: Some(users), child };
    match options.tcp_port {
        Some(port) if !running.tcp || running.port != port => {
            drop(gate);
            drop(server);
            Err(ServerError::RunsWithoutTcp { port })
        }
        _ => Ok(server),
    }
}

fn refuse_other_major(site: &Site, options: &EmbeddedOptions) -> Result<Option<u32>, ServerError> {
    let data_major = data::major_of(&site.files.data)?;
    match (data_major, options.search.major) {
        (Some(data_major), asked @ Some(major)) if major != data_major => Err(ServerError::OtherMajor {
            data_dir: site.files.data.clone(),
            data_major,
            asked,
            tried: Vec::new(),
        }),
        _ => Ok(data_major),
    }
}

/// The programs for the data that is there, or those that are asked for when there is none.
fn programs(site: &Site, options: &EmbeddedOptions, observer: Observer<'_>) -> Result<Binaries, ServerError> {
    let Some(data_major) = refuse_other_major(site, options)? else {
        return options.search.find_for(&site.account, observer);
    };
    let search = BinarySearch { major: Some(data_major), ..options.search.clone() };
    search.find_for(&site.account, observer).map_err(|error| match error {
        ServerError::NoBinaries { tried, .. } => {
            ServerError::OtherMajor { data_dir: site.files.data.clone(), data_major, asked: None, tried }
        }
        other => other,
    })
}

fn start(
    site: &Site,
    options: &EmbeddedOptions,
    binaries: &Binaries,
    lock: File,
    observer: Observer<'_>,
) -> Result<(Child, PidFile), ServerError> {
    if data::major_of(&site.files.data)?.is_none() {
        let data_dir = site.files.data.clone();
        observer(ServerEvent::Initializing { version: binaries.version.clone(), data_dir });
        data::initialise(&site.account, binaries, &site.files.data, &[])?;
    }
    // A server that died, or a machine that restarted, ends what `db up` promised.
    files::remove_file(&site.kept)?;
    let port = options.tcp_port.unwrap_or(DEFAULT_PORT);
    let listen = if options.tcp_port.is_some() { "127.0.0.1" } else { "" };
    let plan = StartPlan {
        account: &site.account,
        binaries,
        files: &site.files,
        socket_dir: &site.socket_dir(port)?,
        port,
        settings: &[
            ("listen_addresses", listen),
            ("unix_socket_permissions", "0700"),
            ("cluster_name", "djogi"),
            ("logging_collector", "off"),
        ],
        lifetime: Lifetime::Own,
    };
    lifecycle::start(&plan, lock)
}
