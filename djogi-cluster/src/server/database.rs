//! Reaching a server of djogi's own: configuration, URL, and making the project's database.

use std::path::{Path, PathBuf};

use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, NoTls};

use super::data::SUPERUSER;
use super::error::ServerError;

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) socket_dir: PathBuf,
    pub(super) port: u16,
}

impl Address {
    pub(super) fn config(&self, database: &str) -> Config {
        let mut config = Config::new();
        config.host_path(&self.socket_dir).port(self.port).user(SUPERUSER).dbname(database);
        config
    }

    /// A connection URI as in PostgreSQL's manual, section 34.1.1.2, for psql and every other libpq program.
    pub(super) fn url(&self, database: &str) -> String {
        let socket_dir = encode(&self.socket_dir.to_string_lossy());
        format!("postgresql:///{}?host={socket_dir}&port={}&user={SUPERUSER}", encode(database), self.port)
    }
}

/// Everything but RFC 3986's unreserved characters and `/`.
fn encode(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

/// Makes the database when it is absent. Another command doing the same at the same time is fine.
pub(super) async fn ensure(address: &Address, database: &str) -> Result<(), ServerError> {
    let refused = |source| ServerError::Connect { action: "connect", source };
    match connect(address, database).await {
        Ok(_) => return Ok(()),
        Err(error) if error.code() == Some(&SqlState::INVALID_CATALOG_NAME) => {}
        Err(error) => return Err(refused(error)),
    }
    let client = connect(address, "postgres").await.map_err(refused)?;
    let sql = format!("CREATE DATABASE \"{}\"", database.replace('"', "\"\""));
    match client.batch_execute(&sql).await {
        Err(error) if is_duplicate(&error) => Ok(()),
        Err(source) => Err(ServerError::Connect { action: "create the database", source }),
        Ok(()) => Ok(()),
    }
}

/// Whether the server hung up, or said that it is ending.
pub(super) fn is_going_away(error: &ServerError) -> bool {
    let ServerError::Connect { source, .. } = error else { return false };
    match source.code() {
        Some(code) => {
            [SqlState::ADMIN_SHUTDOWN, SqlState::CRASH_SHUTDOWN, SqlState::CANNOT_CONNECT_NOW].contains(code)
        }
        None => true,
    }
}

/// Two sessions that create one database at the same time meet in the unique index of `pg_database`.
fn is_duplicate(error: &tokio_postgres::Error) -> bool {
    matches!(error.code(), Some(code) if *code == SqlState::DUPLICATE_DATABASE || *code == SqlState::UNIQUE_VIOLATION)
}

async fn connect(address: &Address, database: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = address.config(database).connect(NoTls).await?;
    // The connection's task ends when the client is dropped; its errors show in the client's calls.
    tokio::spawn(connection);
    Ok(client)
}

/// The socket's path is short enough for the operating system.
pub(super) fn fits(socket_dir: &Path, port: u16) -> bool {
    let socket = socket_dir.join(super::lifecycle::socket_name(port));
    socket.as_os_str().len() <= super::lifecycle::SOCKET_PATH_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_carries_any_name_and_parses_back() {
        let address = Address { socket_dir: PathBuf::from("/tmp/djogi 0&x"), port: 5433 };
        let config: Config = address.url("my shop/ä?").parse().unwrap();
        assert_eq!(config.get_dbname(), Some("my shop/ä?"));
        assert_eq!(config.get_ports(), [5433]);
        assert_eq!(config.get_user(), Some("postgres"));
        assert_eq!(config.get_hosts(), address.config("x").get_hosts());
    }

    #[test]
    fn a_socket_path_at_the_limit_fits_and_one_beyond_does_not() {
        let rest = "/.s.PGSQL.5432".len();
        let longest = "/".to_owned() + &"a".repeat(super::super::lifecycle::SOCKET_PATH_MAX - rest - 1);
        assert!(fits(Path::new(&longest), 5432));
        assert!(!fits(Path::new(&(longest + "a")), 5432));
    }
}
