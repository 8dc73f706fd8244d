//! Where a target's connection string comes from, and a type that cannot be printed by accident.
//!
//! References are resolved only when a connection is made: a command that needs no database needs no secret.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

use crate::diagnostic::Diagnostic;
use crate::environment::Environment;

/// A connection string. It may hold a password, so `Debug`, `Display` and `Serialize` do not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct ConnectionUrl(String);

impl ConnectionUrl {
    /// Takes a connection string as it is.
    pub fn new(url: impl Into<String>) -> Self {
        Self(url.into())
    }

    /// The connection string, for the driver alone.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

const REDACTED: &str = "[redacted]";

impl fmt::Debug for ConnectionUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl fmt::Display for ConnectionUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl Serialize for ConnectionUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(REDACTED)
    }
}

/// How `url` is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UrlSource {
    /// `env:NAME`: an environment variable.
    Env(String),
    /// `file:PATH`: a file, relative to the project folder.
    File(PathBuf),
    /// A connection string as such.
    Literal(ConnectionUrl),
}

/// Why a reference leads to no connection string. Contents are never part of it.
#[derive(Debug, thiserror::Error)]
pub enum UrlError {
    /// The variable does not exist.
    #[error("the environment variable {0} is not set")]
    VariableUnset(String),
    /// The variable has no value, or one that is not text.
    #[error("the environment variable {0} is {1}")]
    VariableUnusable(String, &'static str),
    /// The file cannot be read.
    #[error("cannot read {path}: {source}")]
    FileUnreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// The file has no text in it, or something that is no connection string.
    #[error("the file {0} {1}")]
    FileUnusable(PathBuf, &'static str),
}

impl UrlSource {
    /// Reads the value of the key `url`.
    ///
    /// # Errors
    /// A fragment that fits after the name of the key; it does not repeat the value.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.contains("${") {
            return Err("is not interpolated: name a variable that holds the whole url, \"env:NAME\"".into());
        }
        if let Some(name) = text.strip_prefix("env:") {
            let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            return match !name.is_empty() && plain && !name.as_bytes()[0].is_ascii_digit() {
                true => Ok(Self::Env(name.to_owned())),
                false => Err("must name an environment variable after \"env:\"".into()),
            };
        }
        if let Some(path) = text.strip_prefix("file:") {
            return match path.trim().is_empty() {
                false => Ok(Self::File(path.into())),
                true => Err("must name a file after \"file:\"".into()),
            };
        }
        if looks_like_connection_string(text) {
            return Ok(Self::Literal(ConnectionUrl::new(text)));
        }
        Err("must be \"env:NAME\", \"file:PATH\" or a connection string (postgres://... or key=value)".into())
    }

    /// Fetches the connection string.
    ///
    /// # Errors
    /// [`UrlError`] names the variable or file.
    pub fn resolve(&self, environment: &Environment, root: &Path) -> Result<ConnectionUrl, UrlError> {
        match self {
            Self::Literal(url) => Ok(url.clone()),
            Self::Env(name) => {
                let value = environment.get(name).ok_or_else(|| UrlError::VariableUnset(name.clone()))?;
                let unusable = |reason| UrlError::VariableUnusable(name.clone(), reason);
                let value = value.into_string().map_err(|_| unusable("not valid UTF-8"))?;
                checked(&value).map_err(unusable)
            }
            Self::File(path) => {
                let path = root.join(path);
                let text = std::fs::read_to_string(&path)
                    .map_err(|source| UrlError::FileUnreadable { path: path.clone(), source })?;
                checked(&text).map_err(|reason| match reason {
                    EMPTY => UrlError::FileUnusable(path, "is empty"),
                    _ => UrlError::FileUnusable(path, "holds no connection string"),
                })
            }
        }
    }

    /// What may be shown of it: the reference, never the value.
    pub fn describe(&self) -> String {
        match self {
            Self::Env(name) => format!("env:{name}"),
            Self::File(path) => format!("file:{}", path.display()),
            Self::Literal(_) => "literal".into(),
        }
    }
}

const EMPTY: &str = "empty";

fn checked(text: &str) -> Result<ConnectionUrl, &'static str> {
    match text.trim() {
        "" => Err(EMPTY),
        text if looks_like_connection_string(text) => Ok(ConnectionUrl::new(text)),
        _ => Err("no connection string"),
    }
}

/// The two forms of a connection string: PostgreSQL manual, section 34.1.1.
fn looks_like_connection_string(text: &str) -> bool {
    text.starts_with("postgres://") || text.starts_with("postgresql://") || text.contains('=')
}

impl UrlError {
    /// For the user: whose url it is, "target `main`", and what to do.
    pub fn diagnostic(&self, owner: &str) -> Diagnostic {
        let diagnostic = Diagnostic::error("url_unresolved", format!("{owner} has no url: {self}"));
        match self {
            Self::VariableUnset(name) | Self::VariableUnusable(name, _) => {
                diagnostic.help(format!("set {name} to a connection string, postgres://user@host/database"))
            }
            Self::FileUnreadable { .. } | Self::FileUnusable(..) => {
                diagnostic.help("the file must hold one connection string, postgres://user@host/database")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "postgres://u:hunter2@h/d";

    #[test]
    fn a_connection_url_is_redacted_however_it_is_shown() {
        let url = ConnectionUrl::new(SECRET);
        let source = UrlSource::Literal(url.clone());
        let json = serde_json::to_string(&url).unwrap();
        for shown in [format!("{url}"), format!("{url:?}"), format!("{source:?}"), source.describe(), json] {
            assert!(!shown.contains("hunter2"), "{shown}");
        }
        assert_eq!(url.expose(), SECRET);
    }

    #[test]
    fn references_are_resolved_when_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("url"), format!("{SECRET}\n")).unwrap();
        let environment = Environment::fixed([("DB", SECRET)]);
        for text in ["env:DB", "file:url", SECRET] {
            let url = UrlSource::parse(text).unwrap().resolve(&environment, folder.path()).unwrap();
            assert_eq!(url.expose(), SECRET);
        }
    }

    #[test]
    fn a_failing_reference_names_itself_but_no_value() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("empty"), "\n").unwrap();
        std::fs::write(folder.path().join("wrong"), "hunter2").unwrap();
        let environment = Environment::fixed([("EMPTY", ""), ("WRONG", "hunter2")]);
        let mut said = String::new();
        for text in ["env:NONE", "env:EMPTY", "env:WRONG", "file:none", "file:empty", "file:wrong"] {
            let error = UrlSource::parse(text).unwrap().resolve(&environment, folder.path()).unwrap_err();
            said.push_str(&format!("{error}\n"));
        }
        let said = said.replace(&folder.path().display().to_string(), "/project");
        insta::assert_snapshot!(said, @r"
        the environment variable NONE is not set
        the environment variable EMPTY is empty
        the environment variable WRONG is no connection string
        cannot read /project/none: No such file or directory (os error 2)
        the file /project/empty is empty
        the file /project/wrong holds no connection string
        ");
    }
}
