//! `djogi.toml` as typed values: strict, with every mistake shown on its line.
//!
//! [`Project::open`] finds the file, applies the chosen environment and yields a [`Config`]. Reading it touches
//! nothing but the file: secrets are references until a connection is made.

mod duration;
mod live;
mod mask;
mod merge;
mod parse;
mod problem;
mod project;
mod reader;
mod seeds;
#[cfg(test)]
mod tests;
mod url;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use djogi_cluster::approvals::ApprovalRules;
use djogi_core::address_pattern::AddressPattern;
use djogi_core::ident::{Ident, QualifiedName};
use djogi_core::migration::Rules;
use djogi_core::role_pattern::RolePattern;
use djogi_core::seed::SeedFormat;
use serde_json::{Value, json};

pub use self::duration::parse_duration;
pub use self::project::{FILE_NAME, Project, Search};
pub use self::url::{ConnectionUrl, UrlError, UrlSource};
use crate::diagnostic::{CliError, Diagnostic};

/// The JSON Schema of `djogi.toml`, for editors.
pub const JSON_SCHEMA: &str = include_str!("schema.json");

/// What `djogi.toml` says, with the chosen environment applied and defaults filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `[cluster] name`.
    pub cluster: String,
    /// `[target.NAME]`, at least one: without any, `main` with all defaults.
    pub targets: BTreeMap<String, Target>,
    /// `[models]`; none when the models are linked into the program, or there are none.
    pub models: Option<ModelSource>,
    /// `[sql] files`: patterns relative to the project folder.
    pub sql_files: Vec<String>,
    /// `[queries]`: what applications send.
    pub queries: Queries,
    /// `[seed.NAME]`, by name.
    pub seeds: Vec<Seed>,
    /// `[[moved]]`, in the order of the file.
    pub moved: Vec<Moved>,
    /// `[live] retention`: the time between cutover and contract of a live migration.
    pub retention: Duration,
    /// `[live.NAME]`, by the names of migrations.
    pub live: Rules,
    /// `[approvals]`.
    pub approvals: ApprovalRules,
    /// `[state]`.
    pub state: StateConfig,
}

/// Queries that are to run against what is declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queries {
    /// Patterns relative to the project folder.
    pub files: Vec<String>,
    /// Where the application looks for what has no schema.
    pub search_path: Vec<String>,
}

impl Default for Queries {
    fn default() -> Self {
        Self { files: Vec::new(), search_path: vec!["public".into()] }
    }
}

/// Rows that a file declares for a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seed {
    pub name: Ident,
    pub table: QualifiedName,
    /// The columns that tell the rows apart; at least one.
    pub key: Vec<Ident>,
    /// Relative to the project folder.
    pub file: String,
    pub format: SeedFormat,
    /// Columns whose values are shown nowhere.
    pub secret: BTreeSet<Ident>,
    /// `None` is that of models that name none.
    pub target: Option<String>,
    /// Where it is configured, counted from 1.
    pub line: usize,
}

/// One database that djogi converges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Where it is; none means the embedded server.
    pub url: Option<UrlSource>,
    /// The schemas that djogi may manage, without duplicates.
    pub schemas: Vec<String>,
    /// The roles of the server that djogi may manage: patterns of names.
    pub roles: Vec<RolePattern>,
    /// How long one statement may wait for a lock, and others behind it; never zero.
    pub lock_timeout: Duration,
    /// For how long a group is tried whose locks others have; zero: once.
    pub lock_budget: Duration,
    /// What happens to changes that lose data.
    pub destructive: Destructive,
    /// Major version of the embedded server; none means the newest at hand.
    pub postgres_version: Option<u32>,
    /// Where scratch databases are made.
    pub scratch: Scratch,
    /// SQL files of this target alone: patterns relative to the project folder.
    pub sql_files: Vec<String>,
    /// What is none of djogi's business, as patterns of addresses without the target.
    pub ignore: Vec<AddressPattern>,
    /// Who makes and drops partitions.
    pub partitions: Partitions,
}

impl Default for Target {
    fn default() -> Self {
        Self {
            url: None,
            schemas: vec!["public".into()],
            roles: Vec::new(),
            lock_timeout: Duration::from_secs(2),
            lock_budget: Duration::from_secs(30 * 60),
            destructive: Destructive::Approve,
            postgres_version: None,
            scratch: Scratch::default(),
            sql_files: Vec::new(),
            ignore: Vec::new(),
            partitions: Partitions::default(),
        }
    }
}

/// Who makes and drops the partitions of a target.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Partitions {
    /// They are declared like other tables.
    #[default]
    Declared,
    /// Somebody else, but for those that are declared.
    Elsewhere,
}

/// Where scratch databases are made, unless `--scratch-url` names a server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Scratch {
    /// On a server that is started for it and thrown away.
    #[default]
    Embedded,
    /// On the server of the target, beside its database.
    Target,
}

/// What happens to changes that lose data.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Destructive {
    /// They wait for an approval.
    #[default]
    Approve,
    /// They are made like any other change.
    Allow,
    /// They are refused.
    Deny,
}

/// Where the models come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelSource {
    /// A cargo package whose binary calls `djogi_main!`.
    Package(String),
    /// An exported `catalog.json`, relative to the project folder.
    Catalog(String),
}

/// A rename that the models cannot express. The addresses are as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The address that state knows.
    pub from: String,
    /// The address that the models declare.
    pub to: String,
    /// Line of the entry in `djogi.toml`, from 1.
    pub line: usize,
}

/// Where the state lives.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StateConfig {
    pub backend: Backend,
    /// For the backend `postgres`: the target whose database holds it. Excludes `url`.
    pub target: Option<String>,
    /// For the backend `postgres`: the database that holds it.
    pub url: Option<UrlSource>,
}

/// What the state lives in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Backend {
    /// In `.djogi/` beside `djogi.toml`.
    #[default]
    Local,
    /// In a PostgreSQL database.
    Postgres,
    /// In an S3 bucket.
    S3,
    /// In a Google Cloud Storage bucket.
    Gcs,
    /// In an Azure container.
    Azure,
}

impl Config {
    /// The targets that `--target` selects: the named one, or all.
    ///
    /// # Errors
    /// The name is not in the configuration; the diagnostic lists those that are.
    pub fn select<'a>(&'a self, name: Option<&str>) -> Result<Vec<(&'a str, &'a Target)>, CliError> {
        let selected: Vec<_> = self
            .targets
            .iter()
            .filter(|(known, _)| name.is_none_or(|name| name == known.as_str()))
            .map(|(known, target)| (known.as_str(), target))
            .collect();
        match name {
            Some(name) if selected.is_empty() => {
                let known: Vec<&str> = self.targets.keys().map(String::as_str).collect();
                Err(Diagnostic::error("unknown_target", format!("there is no target `{name}`"))
                    .help(format!("targets in djogi.toml: {}", known.join(", ")))
                    .into())
            }
            _ => Ok(selected),
        }
    }

    /// What the configuration means, for its digest: comments, order and defaults spelled out make no difference,
    /// and connection strings are not in it, nor is how patient a run is.
    pub fn digest_input(&self) -> Value {
        let targets: BTreeMap<&str, Value> =
            self.targets.iter().map(|(name, target)| (name.as_str(), target.digest_input())).collect();
        let models = match &self.models {
            None => Value::Null,
            Some(ModelSource::Package(package)) => json!({"package": package}),
            Some(ModelSource::Catalog(catalog)) => json!({"catalog": catalog}),
        };
        let moved: Vec<Value> =
            self.moved.iter().map(|moved| json!({"from": moved.from, "to": moved.to})).collect();
        json!({
            "cluster": {"name": self.cluster},
            "target": targets,
            "models": models,
            "sql": {"files": self.sql_files},
            "moved": moved,
            "live": live::digest_input(self.retention, &self.live),
            "state": {"backend": self.state.backend.name()},
        })
    }
}

impl Target {
    fn digest_input(&self) -> Value {
        let mut value = json!({
            "url": self.url.as_ref().map(UrlSource::describe),
            "schemas": self.schemas,
            "lock_timeout_ms": u64::try_from(self.lock_timeout.as_millis()).unwrap_or(u64::MAX),
            "destructive": self.destructive.name(),
            "postgres_version": self.postgres_version,
            "scratch": self.scratch.name(),
            "sql_files": self.sql_files,
        });
        if !self.roles.is_empty() {
            value["roles"] = self.roles.iter().map(ToString::to_string).collect();
        }
        if !self.ignore.is_empty() {
            value["ignore"] = self.ignore.iter().map(ToString::to_string).collect();
        }
        if self.partitions != Partitions::default() {
            value["partitions"] = self.partitions.name().into();
        }
        value
    }
}

impl Partitions {
    const ALL: [Self; 2] = [Self::Declared, Self::Elsewhere];

    /// The word in `djogi.toml`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Declared => "declared",
            Self::Elsewhere => "elsewhere",
        }
    }
}

impl Scratch {
    const ALL: [Self; 2] = [Self::Embedded, Self::Target];

    /// The word in `djogi.toml`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Target => "target",
        }
    }
}

impl Destructive {
    const ALL: [Self; 3] = [Self::Approve, Self::Allow, Self::Deny];

    /// The word in `djogi.toml`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Allow => "allow",
            Self::Deny => "deny",
        }
    }
}

impl Backend {
    const ALL: [Self; 5] = [Self::Local, Self::Postgres, Self::S3, Self::Gcs, Self::Azure];

    /// The word in `djogi.toml`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Postgres => "postgres",
            Self::S3 => "s3",
            Self::Gcs => "gcs",
            Self::Azure => "azure",
        }
    }
}
