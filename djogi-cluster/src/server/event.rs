//! What a server operation tells its caller while it goes on. This crate never prints: the command line shows these.

use std::fmt;
use std::path::PathBuf;

/// Receives each [`ServerEvent`] as it happens.
pub type Observer<'a> = &'a (dyn Fn(ServerEvent) + Sync);

/// Something a user should know while waiting. `Display` is a lower-case fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerEvent {
    /// PostgreSQL binaries are being fetched.
    Downloading { version: String, from: String },
    /// A source of binaries failed; the next one is tried.
    SourceFailed { reason: String },
    /// A new data directory is being made.
    Initializing { version: String, data_dir: PathBuf },
    /// The project's own folder cannot be reached by the server's account; its data is kept in `used` instead.
    DataElsewhere { wanted: PathBuf, used: PathBuf, blocked_by: PathBuf, account: String },
    /// Another command is starting or stopping the same server.
    Waiting { lock: PathBuf },
}

impl fmt::Display for ServerEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Downloading { version, from } => write!(f, "downloading PostgreSQL {version} from {from}"),
            Self::SourceFailed { reason } => f.write_str(reason),
            Self::Initializing { version, data_dir } => {
                write!(f, "initialising a PostgreSQL {version} data directory in {}", data_dir.display())
            }
            Self::DataElsewhere { wanted, used, blocked_by, account } => write!(
                f,
                "the data is kept in {} instead of {}, because account `{account}` cannot enter {}",
                used.display(),
                wanted.display(),
                blocked_by.display()
            ),
            Self::Waiting { lock } => {
                write!(
                    f,
                    "waiting for another djogi command that starts or stops the server ({})",
                    lock.display()
                )
            }
        }
    }
}
