//! Connection strings, as URLs or `key=value` pairs (manual section 34.1.1).
//!
//! The driver parses everything but `sslmode` and `sslrootcert`, whose values it does not know. The `PG*`
//! environment variables are not read. Nothing here repeats a part of the string that may be a password.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use tokio_postgres::Config;
use tokio_postgres::config::Host;

use super::error::{ConnectError, Endpoint};

/// How much TLS a session needs (manual table 34.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SslMode {
    Disable,
    #[default]
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

/// Where the certificates of trusted authorities are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RootCertificate {
    /// The operating system's.
    #[default]
    System,
    /// A PEM file.
    File(PathBuf),
}

/// Where and how to open sessions. Its `Debug` hides the password.
#[derive(Clone, Debug)]
pub struct ConnectParameters {
    config: Config,
    ssl_mode: SslMode,
    root_certificate: RootCertificate,
}

impl ConnectParameters {
    pub fn config(&self) -> &Config {
        &self.config
    }

    pub fn ssl_mode(&self) -> SslMode {
        self.ssl_mode
    }

    pub fn root_certificate(&self) -> &RootCertificate {
        &self.root_certificate
    }

    /// The same server and role, another database.
    #[must_use]
    pub fn with_database(&self, database: &str) -> Self {
        let mut other = self.clone();
        other.config.dbname(database);
        other
    }

    pub fn endpoint(&self) -> Endpoint {
        let user = self.config.get_user().unwrap_or_default();
        let hosts: Vec<_> = self.config.get_hosts().iter().map(host_text).collect();
        Endpoint {
            host: hosts.join(","),
            port: self.config.get_ports().first().copied().unwrap_or(5432),
            user: user.to_owned(),
            database: self.config.get_dbname().unwrap_or(user).to_owned(),
        }
    }

    /// TLS has no meaning on a socket of the same machine, and libpq ignores `sslmode` there.
    pub(super) fn uses_sockets_only(&self) -> bool {
        let hosts = self.config.get_hosts();
        !hosts.is_empty() && hosts.iter().all(is_socket)
    }
}

#[cfg(unix)]
fn is_socket(host: &Host) -> bool {
    matches!(host, Host::Unix(_))
}

#[cfg(not(unix))]
fn is_socket(_host: &Host) -> bool {
    false
}

fn host_text(host: &Host) -> String {
    match host {
        Host::Tcp(name) => name.clone(),
        #[cfg(unix)]
        Host::Unix(directory) => directory.display().to_string(),
    }
}

/// A configuration that was built by hand, such as an embedded server's.
impl From<Config> for ConnectParameters {
    fn from(config: Config) -> Self {
        use tokio_postgres::config::SslMode as Driver;
        let ssl_mode = match config.get_ssl_mode() {
            Driver::Disable => SslMode::Disable,
            Driver::Require => SslMode::Require,
            _ => SslMode::Prefer,
        };
        Self { config, ssl_mode, root_certificate: RootCertificate::System }
    }
}

impl FromStr for ConnectParameters {
    type Err = ConnectError;

    fn from_str(text: &str) -> Result<Self, ConnectError> {
        let invalid = |reason: String| ConnectError::Parameters(reason);
        let is_url = text.starts_with("postgres://") || text.starts_with("postgresql://");
        let (rest, ssl) =
            if is_url { take_from_url(text) } else { take_from_pairs(text) }.map_err(invalid)?;
        let mut config: Config = rest.parse().map_err(|_| invalid(malformed(is_url)))?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(invalid("it names no host".to_owned()));
        }
        if config.get_user().is_none() {
            return Err(invalid("it names no user".to_owned()));
        }
        let ssl_mode = ssl.mode.as_deref().map(parse_mode).transpose().map_err(invalid)?.unwrap_or_default();
        let root_certificate = match ssl.root_certificate.as_deref() {
            None | Some("system" | "") => RootCertificate::System,
            Some(path) => RootCertificate::File(Path::new(path).to_owned()),
        };
        config.ssl_mode(match ssl_mode {
            SslMode::Disable => tokio_postgres::config::SslMode::Disable,
            SslMode::Prefer => tokio_postgres::config::SslMode::Prefer,
            SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => {
                tokio_postgres::config::SslMode::Require
            }
        });
        Ok(Self { config, ssl_mode, root_certificate })
    }
}

/// The driver's own words may repeat a piece of the string, and so of the password.
fn malformed(is_url: bool) -> String {
    let form = if is_url {
        "postgres://user:password@host:port/database?option=value"
    } else {
        "host=... port=... user=... dbname=..."
    };
    format!("{form} is expected, with options that PostgreSQL documents")
}

fn parse_mode(text: &str) -> Result<SslMode, String> {
    match text {
        "disable" => Ok(SslMode::Disable),
        "prefer" | "allow" => Ok(SslMode::Prefer),
        "require" => Ok(SslMode::Require),
        "verify-ca" => Ok(SslMode::VerifyCa),
        "verify-full" => Ok(SslMode::VerifyFull),
        _ => Err("sslmode must be disable, prefer, require, verify-ca or verify-full".to_owned()),
    }
}

#[derive(Default)]
struct SslOptions {
    mode: Option<String>,
    root_certificate: Option<String>,
}

impl SslOptions {
    /// Keeps the options that are ours; says whether this was one.
    fn take(&mut self, key: &str, value: &str) -> bool {
        match key {
            "sslmode" => self.mode = Some(value.to_owned()),
            "sslrootcert" => self.root_certificate = Some(value.to_owned()),
            _ => return false,
        }
        true
    }
}

fn take_from_url(url: &str) -> Result<(String, SslOptions), String> {
    let mut ssl = SslOptions::default();
    let Some((base, query)) = url.split_once('?') else {
        return Ok((url.to_owned(), ssl));
    };
    let mut kept = Vec::new();
    for option in query.split('&') {
        let (key, value) = option.split_once('=').unwrap_or((option, ""));
        let value = percent_decode(value).ok_or("an option is not valid percent-encoded UTF-8")?;
        if !ssl.take(key, &value) {
            kept.push(option);
        }
    }
    let query = if kept.is_empty() { String::new() } else { format!("?{}", kept.join("&")) };
    Ok((format!("{base}{query}"), ssl))
}

fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte == b'%' {
            let digits = rest.get(..2)?;
            bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
            rest = &rest[2..];
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

fn take_from_pairs(pairs: &str) -> Result<(String, SslOptions), String> {
    let mut ssl = SslOptions::default();
    let mut kept = String::new();
    let mut rest = pairs.trim_start();
    while !rest.is_empty() {
        let (key, after) = rest.split_once('=').ok_or_else(|| malformed(false))?;
        let after = after.trim_start();
        let (value, length) = pair_value(after).ok_or("a quoted value has no closing quote")?;
        if !ssl.take(key.trim(), &value) {
            kept.push_str(key.trim());
            kept.push('=');
            kept.push_str(&after[..length]);
            kept.push(' ');
        }
        rest = after[length..].trim_start();
    }
    Ok((kept, ssl))
}

/// The value at the start of `text`, unquoted, and how many bytes it takes there.
fn pair_value(text: &str) -> Option<(String, usize)> {
    let quoted = text.starts_with('\'');
    let mut value = String::new();
    let mut chars = text.char_indices().skip(usize::from(quoted));
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => value.push(chars.next()?.1),
            '\'' if quoted => return Some((value, at + 1)),
            c if !quoted && c.is_whitespace() => return Some((value, at)),
            c => value.push(c),
        }
    }
    (!quoted).then_some((value, text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<ConnectParameters, ConnectError> {
        text.parse()
    }

    #[test]
    fn urls_and_pairs_say_the_same() {
        for text in [
            "postgres://app:s%20ecret@db.example:6432/shop?sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem",
            "host=db.example port=6432 user=app password='s ecret' dbname=shop sslmode=verify-full sslrootcert = '/etc/ca.pem'",
        ] {
            let parameters = parse(text).unwrap();
            assert_eq!(parameters.ssl_mode(), SslMode::VerifyFull);
            assert_eq!(*parameters.root_certificate(), RootCertificate::File("/etc/ca.pem".into()));
            assert_eq!(parameters.config().get_password(), Some(b"s ecret".as_slice()));
            assert_eq!(
                parameters.endpoint().to_string(),
                "db.example port 6432, database \"shop\", user \"app\""
            );
        }
    }

    #[test]
    fn no_error_repeats_the_string() {
        for text in [
            "app:hunter2@db/shop",
            "app:hunter2@db/shop?x=1",
            "postgres://app:hunter2@db/shop?hunter2=1",
            "postgres://app:hunter2@db:port/shop",
            "host=db user=app password='hunter2",
            "host=db user=app password=hunter2 sslmode=hunter2",
            "user=app password=hunter2",
            "host=db password=hunter2",
        ] {
            let error = parse(text).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn debug_hides_the_password() {
        let parameters = parse("host=db user=app password=hunter2").unwrap();
        assert!(!format!("{parameters:?}").contains("hunter2"));
    }
}
