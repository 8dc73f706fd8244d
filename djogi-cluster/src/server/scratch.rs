//! A second server that is fast, unsafe and thrown away: nothing is flushed to disk, nothing survives it.
//!
//! Its data is a copy of an `initdb` template that is cached for each installation. It ends with the djogi process; what a
//! killed process leaves behind (files; on systems without a parent-death signal the server too) is swept by the next
//! start. Whether the owner of a folder still lives is told by an OS lock that it holds, never by a process id.

use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant, SystemTime};

use rustix::process::Signal;
use sha2::{Digest, Sha256};
use tokio_postgres::Config;

use super::account::Account;
use super::binaries::{Binaries, BinarySearch};
use super::data;
use super::database::{self, Address};
use super::download::hex;
use super::error::ServerError;
use super::event::Observer;
use super::files;
use super::lifecycle::{self, ServerFiles, StartPlan};
use super::prune;
use super::spawn::Lifetime;

const PORT: u16 = 5432;
const SWEEP_LIMIT: Duration = Duration::from_secs(60);

/// Containers often give /dev/shm 64 MB, too little for a server.
const SHM_NEEDED: u64 = 512 * 1024 * 1024;

/// Speed over safety; the data is worthless after the process.
const SETTINGS: [(&str, &str); 16] = [
    ("listen_addresses", ""),
    ("unix_socket_permissions", "0700"),
    ("cluster_name", "djogi-scratch"),
    ("logging_collector", "off"),
    ("fsync", "off"),
    ("synchronous_commit", "off"),
    ("full_page_writes", "off"),
    ("wal_level", "minimal"),
    ("max_wal_senders", "0"),
    ("autovacuum", "off"),
    ("checkpoint_timeout", "1h"),
    ("max_wal_size", "1GB"),
    ("shared_buffers", "64MB"),
    ("max_connections", "50"),
    ("jit", "off"),
    ("max_logical_replication_workers", "0"),
];

/// Which scratch server to start.
#[derive(Debug, Clone)]
pub struct ScratchOptions {
    /// Where PostgreSQL comes from; its `major` should be the target's, because majors print definitions differently.
    pub search: BinarySearch,
}

/// A running scratch server. Dropping it stops the server and removes its files.
#[derive(Debug)]
pub struct ScratchServer {
    folder: PathBuf,
    address: Address,
    major: u32,
    files: ServerFiles,
    child: Child,
    /// Tells sweepers that this process lives.
    _owner: File,
}

impl ScratchServer {
    /// Starts a server; about 150 ms when the template is cached, else a second more. Blocks.
    ///
    /// # Errors
    /// Every [`ServerError`] that finding binaries, `initdb` or starting can give.
    pub fn start(options: &ScratchOptions, observer: Observer<'_>) -> Result<Self, ServerError> {
        let account = Account::for_new_data()?;
        let binaries = options.search.find_for(&account, observer)?;
        let (template, _kept) = template(&account, &binaries, &options.search.cache_dir)?;
        prune::prune_cache(&options.search.cache_dir, SystemTime::now());
        let (folder, owner) = claim_folder(&account)?;
        match Self::start_in(&folder, &account, &binaries, &template) {
            Ok((files, child)) => {
                let address = Address { socket_dir: folder.clone(), port: PORT };
                Ok(Self { folder, address, major: binaries.major, files, child, _owner: owner })
            }
            Err(error) => {
                // The error has the log's tail already, and is the one to report.
                let _ = files::remove_tree(&folder);
                Err(error)
            }
        }
    }

    fn start_in(
        folder: &Path,
        account: &Account,
        binaries: &Binaries,
        template: &Path,
    ) -> Result<(ServerFiles, Child), ServerError> {
        let files = ServerFiles::in_folder(folder);
        copy_tree(template, &files.data, account)?;
        let lock = files::open_lock(&files.lock)?;
        files::try_exclusive(&lock, &files.lock)?;
        let plan = StartPlan {
            account,
            binaries,
            files: &files,
            socket_dir: folder,
            port: PORT,
            settings: &SETTINGS,
            lifetime: Lifetime::WithDjogi,
        };
        let (child, _) = lifecycle::start(&plan, lock)?;
        Ok((files, child))
    }

    /// The private folder of the unix socket.
    pub fn socket_dir(&self) -> &Path {
        &self.address.socket_dir
    }

    /// Configuration for connecting as superuser `postgres`; database `postgres` exists.
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
}

impl Drop for ScratchServer {
    fn drop(&mut self) {
        // What cannot be stopped or removed here is swept by the next start.
        if lifecycle::stop(&self.files, Signal::QUIT).is_ok() {
            let _ = self.child.wait();
        }
        let _ = files::remove_tree(&self.folder);
        let _ = files::remove_file(&self.folder.with_extension("owner"));
    }
}

/// The `initdb` template of an installation, made when absent. Its name tells the program file, so that an update of the
/// installation makes a new one. It stays as long as the file is open.
fn template(account: &Account, binaries: &Binaries, cache: &Path) -> Result<(PathBuf, File), ServerError> {
    let program = binaries.program("postgres");
    let found = fs::metadata(&program).map_err(ServerError::io("read", &program))?;
    let identity = format!(
        "{} {} {} {} {} {}",
        env!("CARGO_PKG_VERSION"),
        binaries.version,
        program.display(),
        found.len(),
        found.mtime(),
        found.mtime_nsec()
    );
    let digest = hex(&Sha256::digest(identity.as_bytes())[..8]);
    let folder = cache.join("initdb").join(format!("{}-{}-{digest}", binaries.major, account.uid()));
    let data = folder.join("data");
    let begun = Instant::now();
    loop {
        if folder.is_dir()
            && let Some(kept) = prune::keep_template(&folder)?
            && data::major_of(&data)?.is_some()
        {
            return Ok((data, kept));
        }
        if begun.elapsed() > SWEEP_LIMIT {
            return Err(ServerError::Busy { path: folder, seconds: SWEEP_LIMIT.as_secs() });
        }
        files::create_cache(cache)?;
        files::create_dirs(&folder)?;
        account.must_reach(&folder)?;
        let _gate = files::wait_exclusive(&prune::template_lock(&folder), SWEEP_LIMIT, || {})?;
        if data::major_of(&data)?.is_none() {
            data::initialise(account, binaries, &data, &["--wal-segsize=1"])?;
        }
    }
}

/// Makes a folder for one server and locks it. Folders of dead owners are removed under the same lock, so a folder is
/// never seen between being made and being locked.
fn claim_folder(account: &Account) -> Result<(PathBuf, File), ServerError> {
    let parent = parent_folder(account)?;
    let _gate = files::wait_exclusive(&parent.join("sweep.lock"), SWEEP_LIMIT, || {})?;
    sweep(&parent)?;
    // The clock part of a ULID is the same for starts in one millisecond; its random part is not.
    let name: String = ulid::Ulid::generate().to_string().to_ascii_lowercase()[10..20].to_owned();
    let folder = parent.join(&name);
    account.private_dir(&folder)?;
    let owner_file = parent.join(format!("{name}.owner"));
    let owner = files::open_lock(&owner_file)?;
    files::try_exclusive(&owner, &owner_file)?;
    Ok((folder, owner))
}

/// Stops and removes what dead owners left in `parent`, whose lock is held.
fn sweep(parent: &Path) -> Result<(), ServerError> {
    let entries = fs::read_dir(parent).map_err(ServerError::io("read", parent))?;
    for path in entries.flatten().map(|entry| entry.path()) {
        // What cannot be removed is no reason to refuse a new server; it is tried again next time.
        let _ = if path.extension().is_some_and(|extension| extension == "owner") {
            sweep_owned(&path)
        } else if path.is_dir() && !path.with_extension("owner").exists() {
            files::remove_tree(&path)
        } else {
            Ok(())
        };
    }
    Ok(())
}

fn sweep_owned(owner_file: &Path) -> Result<(), ServerError> {
    let owner = files::open_lock(owner_file)?;
    if !files::try_exclusive(&owner, owner_file)? {
        return Ok(());
    }
    let folder = owner_file.with_extension("");
    if folder.is_dir() {
        let _stopped = lifecycle::stop(&ServerFiles::in_folder(&folder), Signal::QUIT)?;
        files::remove_tree(&folder)?;
    }
    files::remove_file(owner_file)
}

/// The folder for all scratch servers of this user: in memory when there is room.
fn parent_folder(account: &Account) -> Result<PathBuf, ServerError> {
    let uid = rustix::process::geteuid().as_raw();
    let name = format!("djogi-scratch-{uid}");
    let shm = Path::new("/dev/shm");
    let roomy = rustix::fs::statvfs(shm).is_ok_and(|found| found.f_bavail * found.f_frsize >= SHM_NEEDED);
    let temp = std::env::temp_dir();
    let mut last = None;
    let bases = [roomy.then_some(shm), Some(temp.as_path()), Some(Path::new("/tmp"))];
    for base in bases.into_iter().flatten() {
        let folder = base.join(&name);
        if account.blocked_at(base).is_some() || !database::fits(&folder.join("0123456789"), PORT) {
            continue;
        }
        match own_folder(&folder, uid) {
            Ok(()) => return Ok(folder),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or(ServerError::Unreachable {
        account: account.name.clone(),
        folder: temp.clone(),
        wanted: temp,
    }))
}

/// A folder that others can walk through but not change.
fn own_folder(folder: &Path, uid: u32) -> Result<(), ServerError> {
    match DirBuilder::new().mode(0o711).create(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            return Err(ServerError::io("make the folder", folder)(error));
        }
        _ => {}
    }
    let found = fs::symlink_metadata(folder).map_err(ServerError::io("read", folder))?;
    if found.is_dir() && found.uid() == uid && found.mode() & 0o022 == 0 {
        return Ok(());
    }
    Err(ServerError::ForeignFolder {
        path: folder.to_owned(),
        owner: found.uid(),
        account: format!("user id {uid}"),
    })
}

/// Copies a stopped server's data directory and hands the copy to the account.
fn copy_tree(from: &Path, to: &Path, account: &Account) -> Result<(), ServerError> {
    account.private_dir(to)?;
    for entry in fs::read_dir(from).map_err(ServerError::io("read", from))? {
        let entry = entry.map_err(ServerError::io("read", from))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().map_err(ServerError::io("read", &source))?;
        if kind.is_dir() {
            copy_tree(&source, &target, account)?;
        } else {
            fs::copy(&source, &target).map_err(ServerError::io("copy a template to", &target))?;
            account.give(&target)?;
        }
    }
    Ok(())
}
