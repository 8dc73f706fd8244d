//! `state.json` as values: format `djogi-state/1`.
//!
//! Fields stand in the order of their names because the text is canonical JSON: `jq -cjS 'del(.digest)'` piped
//! into `sha256sum` gives the digest in the file. Reading is strict; see [`super::damage`].

use std::collections::BTreeMap;
use std::fmt;

use djogi_core::observation::{DatabaseIdentity, Oid, ServerVersion};
use djogi_core::recorded::{Recorded, RecordedResource};
use djogi_core::{Address, Digest, Ident};
use serde::{Deserialize, Serialize, Serializer};

use super::catalog::RecordedCatalog;
use super::damage::Damage;
use super::text;
use crate::identity::{Actor, Epoch, Lineage, OpId, RunId, timestamp};

/// The format written by this version, and the only one it reads.
pub const STATE_FORMAT: &str = "djogi-state/1";

/// The revision number of a state: 1 for the first, one more for each that replaces it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Serial(u64);

/// The serial is the greatest there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("serial {0} has no successor")]
pub struct SerialOverflow(pub(super) Serial);

impl Serial {
    pub const FIRST: Serial = Serial(1);

    pub fn new(number: u64) -> Self {
        Self(number)
    }

    pub fn get(self) -> u64 {
        self.0
    }

    pub fn next(self) -> Result<Self, SerialOverflow> {
        self.0.checked_add(1).map(Self).ok_or(SerialOverflow(self))
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// One revision of the state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    pub lineage: Lineage,
    pub serial: Serial,
    pub written_by: WrittenBy,
    pub content: Content,
}

/// What a run can change in a state; the rest follows from that it did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// Digest of the configuration; set only when everything of it converged.
    pub config_digest: Option<Digest>,
    pub recoveries: Vec<RecoveryEntry>,
    pub targets: BTreeMap<Ident, TargetState>,
}

/// Which run wrote a revision. It also keeps two revisions from ever having the same bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct WrittenBy {
    pub actor: Actor,
    /// RFC 3339, UTC.
    pub at: String,
    /// The command: `apply`, `state mv`. States of older versions do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// Version of djogi.
    pub djogi: String,
    pub run: RunId,
}

impl WrittenBy {
    /// This djogi, now.
    pub fn now(actor: Actor, run: RunId) -> Self {
        Self { actor, at: timestamp(), command: None, djogi: env!("CARGO_PKG_VERSION").to_owned(), run }
    }

    /// The same, in the course of a command.
    #[must_use]
    pub fn during(mut self, command: &str) -> Self {
        self.command = Some(command.to_owned());
        self
    }
}

/// What is recorded of one target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TargetState {
    /// Digest of the [`RecordedCatalog`] that holds the resources as observed.
    pub catalog: Digest,
    pub database: String,
    /// Of the run that last committed something.
    pub epoch: Epoch,
    /// The last committed group; `None` while djogi has only adopted.
    pub last_op: Option<OpId>,
    #[serde(serialize_with = "in_order_of_text")]
    pub resources: BTreeMap<Address, ResourceState>,
    pub server_version: ServerVersion,
    /// Of the PostgreSQL cluster, as decimal text; see [`DatabaseIdentity::system_identifier`].
    pub system_identifier: String,
}

/// What is recorded of one managed resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ResourceState {
    /// What is to be known about it besides its status, in words.
    pub conditions: Vec<String>,
    /// Digest of the declaration last applied; `None` when it was only adopted or observed.
    pub desired: Option<Digest>,
    /// Digest of the resource as last observed.
    pub observed: Digest,
    pub oid: Oid,
    /// The group that last changed it; `None` when none has.
    pub op: Option<OpId>,
    pub status: Status,
}

/// How a resource stood when it was last looked at. What commands show is what is written here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// As declared.
    Applied,
    /// Changed behind djogi's back.
    Drifted,
    /// A change of it is yet to be made.
    Pending,
    /// A change of it is blocked.
    Blocked,
    /// A change of it failed.
    Error,
}

impl Status {
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Applied => "applied",
            Status::Drifted => "drifted",
            Status::Pending => "pending",
            Status::Blocked => "blocked",
            Status::Error => "error",
        }
    }
}

impl Mark {
    /// Nothing to be said about it.
    pub const APPLIED: Mark = Mark { status: Status::Applied, conditions: Vec::new(), op: None };
}

/// One finished recovery of interrupted work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RecoveryEntry {
    /// The build that failed for its rows; `None` for everything else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<FailedBuild>,
    pub op: OpId,
    pub outcome: String,
    /// The row of the sweep table: `T2`.
    pub row: String,
    pub run: RunId,
}

/// A unique index that is not built before its rows or its declaration have changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FailedBuild {
    /// The index as it is declared, whatever name it was built under.
    pub address: Address,
    /// Of its definition, without name and comment.
    pub definition: Digest,
}

/// What a run knows of a resource beyond its record: see [`TargetState::from_recorded`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub status: Status,
    pub conditions: Vec<String>,
    pub op: Option<OpId>,
}

impl State {
    /// The first revision of a new lineage.
    pub fn first(lineage: Lineage, content: Content, written_by: WrittenBy) -> Self {
        Self { lineage, serial: Serial::FIRST, written_by, content }
    }

    /// The text of this revision as every backend keeps it.
    pub fn to_bytes(&self) -> Vec<u8> {
        text::seal(self).0
    }

    /// Reads what [`Self::to_bytes`] gave, and nothing else.
    ///
    /// # Errors
    /// What is wrong with it; a text that was edited does not have its digest any more.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Damage> {
        text::parse(bytes).map(|(state, _)| state)
    }

    /// The revision after this one.
    pub fn successor(&self, content: Content, written_by: WrittenBy) -> Result<Self, SerialOverflow> {
        Ok(Self { lineage: self.lineage, serial: self.serial.next()?, written_by, content })
    }
}

impl TargetState {
    /// Records `recorded`, whose catalog is stored under the digest `catalog`. `mark` says how each resource
    /// stands.
    pub fn from_recorded(
        identity: &DatabaseIdentity,
        epoch: Epoch,
        last_op: Option<OpId>,
        catalog: Digest,
        recorded: &Recorded,
        mut mark: impl FnMut(&Address) -> Mark,
    ) -> Self {
        let resources = recorded.resources.iter().map(|(address, resource)| {
            let Mark { status, conditions, op } = mark(address);
            let RecordedResource { desired, observed, oid, drifted: _, package: _ } = resource;
            let resource =
                ResourceState { conditions, desired: *desired, observed: *observed, oid: *oid, op, status };
            (address.clone(), resource)
        });
        Self {
            catalog,
            database: identity.database.clone(),
            epoch,
            last_op,
            resources: resources.collect(),
            server_version: identity.server_version,
            system_identifier: identity.system_identifier.clone(),
        }
    }

    /// What was recorded, with the catalog stored under [`TargetState::catalog`]. Given the empty catalog, the
    /// digests are there but neither packages nor definitions.
    pub fn recorded(&self, catalog: RecordedCatalog) -> Recorded {
        let mut entries = catalog.resources;
        let mut definitions = Vec::with_capacity(entries.len());
        let mut resources = BTreeMap::new();
        for (address, state) in &self.resources {
            let entry = entries.remove(address);
            let (definition, package) = entry.map_or((None, None), |e| (Some(e.resource), e.package));
            definitions.extend(definition.map(|definition| (address.clone(), definition)));
            let ResourceState { desired, observed, oid, .. } = state;
            let drifted = state.status == Status::Drifted;
            let resource =
                RecordedResource { desired: *desired, observed: *observed, oid: *oid, drifted, package };
            resources.insert(address.clone(), resource);
        }
        Recorded { resources, catalog: definitions.into_iter().collect() }
    }

    pub fn identity(&self) -> DatabaseIdentity {
        DatabaseIdentity {
            system_identifier: self.system_identifier.clone(),
            database: self.database.clone(),
            server_version: self.server_version,
        }
    }
}

/// Addresses order by kind first; canonical JSON orders by the text of the key.
fn in_order_of_text<S: Serializer>(
    resources: &BTreeMap<Address, ResourceState>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut entries: Vec<_> = resources.iter().map(|(address, r)| (address.to_string(), r)).collect();
    entries.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    serializer.collect_map(entries)
}
