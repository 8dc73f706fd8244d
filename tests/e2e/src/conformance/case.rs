//! A pair of states of a schema, as a folder `<suite>/<case>/` with `old.sql`, `new.sql` and `meta.json` has it.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// One pair.
#[derive(Clone, Debug)]
pub struct Case {
    pub suite: String,
    pub name: String,
    pub old: String,
    pub new: String,
    /// Both as djogi is told them; `None`: the same.
    pub declared: Option<[String; 2]>,
    /// Rows for the old state, if the pair has any.
    pub seed: Option<String>,
    pub meta: Meta,
}

/// What is known of a pair.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Meta {
    /// The kinds of what differs.
    pub kinds_changed: Vec<String>,
    /// Whether both load to the same catalog.
    pub same_catalog: bool,
    pub requires_roles: Vec<String>,
    /// Whether something in it has a secret value, which nobody writes into a file.
    pub holds_secrets: bool,
    /// Patterns of the roles that the pair makes and djogi manages; `*` stands for any characters.
    pub manages_roles: Vec<String>,
    pub changes: Changes,
}

/// How much differs.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Changes {
    pub dropped: u64,
    pub altered: u64,
}

impl Case {
    /// `suite/case`.
    pub fn id(&self) -> String {
        format!("{}/{}", self.suite, self.name)
    }

    /// One that is in no folder: its states as they load, and as djogi is told them.
    pub fn of(suite: &str, name: &str, [old, new]: [String; 2], declared: [String; 2]) -> Self {
        let (suite, name) = (suite.to_owned(), name.to_owned());
        Self { suite, name, old, new, declared: Some(declared), seed: None, meta: Meta::default() }
    }

    /// The old and the new state as djogi is told them.
    pub fn declared(&self) -> [&str; 2] {
        match &self.declared {
            Some(declared) => declared.each_ref().map(String::as_str),
            None => [&self.old, &self.new],
        }
    }

    /// Every pair below `folder`, by their names.
    ///
    /// # Errors
    /// When a folder or a file cannot be read.
    pub fn all(folder: &Path) -> Result<Vec<Self>, String> {
        let mut cases = Vec::new();
        for suite in folders(folder)? {
            for case in folders(&suite)? {
                if case.join("old.sql").is_file() {
                    cases.push(Self::read(&suite, &case)?);
                }
            }
        }
        cases.sort_by_key(Self::id);
        Ok(cases)
    }

    fn read(suite: &Path, folder: &Path) -> Result<Self, String> {
        let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let read = |file: &str| {
            let path = folder.join(file);
            fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
        };
        let meta = match read("meta.json") {
            Ok(text) => {
                serde_json::from_str(&text).map_err(|error| format!("{}: {error}", folder.display()))?
            }
            Err(_) => Meta::default(),
        };
        Ok(Self {
            suite: name(suite),
            name: name(folder),
            old: read("old.sql")?,
            new: read("new.sql")?,
            declared: None,
            seed: read("seed.sql").ok(),
            meta,
        })
    }
}

fn folders(of: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(of).map_err(|error| format!("{}: {error}", of.display()))?;
    Ok(entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect())
}
