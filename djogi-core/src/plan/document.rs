//! The plan document: what `djogi plan --json` prints, `--out` saves and `apply` runs.
//!
//! `resource_changes` and `resource_drift` keep Terraform's names and shapes, so that policies and scripts
//! written for them work. Only changes are listed, never unchanged objects.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::operation::{Operation, Reversibility, TransactionMode};
use super::recovery::Recovery;
use crate::address::{Address, Kind};
use crate::declared::Source;
use crate::digest::Digest;
use crate::disposition::{Reason, Verdict};
use crate::ident::Ident;
use crate::observation::{Oid, ServerVersion, Unmodelled};
use crate::seed::RowChanges;

/// The format written by this version: a minor step only adds keys.
pub const PLAN_FORMAT: &str = "1.0";

/// A whole plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PlanDocument {
    pub format_version: String,
    pub djogi_version: String,
    /// RFC 3339, UTC; a label for humans, outside the digest.
    pub created_at: String,
    /// Over the canonical JSON of everything else but `created_at` and `signature`.
    pub digest: Digest,
    pub config: ConfigReference,
    pub base: Base,
    /// Whether nothing is left to do.
    pub converged: bool,
    pub summary: Summary,
    pub resource_changes: Vec<ResourceChange>,
    pub resource_drift: Vec<ResourceChange>,
    pub groups: Vec<Group>,
    /// What the plan rests on: each object that it touches or needs, with its digest, or `null` when it must not be
    /// there. Nothing else has to stay as it is for the plan to fit.
    pub preconditions: BTreeMap<Address, Option<Digest>>,
    pub approvals: Vec<ApprovalNeed>,
    /// Interrupted work of earlier runs.
    pub recoveries: Vec<Recovery>,
    pub diagnostics: Vec<PlanDiagnostic>,
    /// Who vouches for the plan; over its digest, and therefore outside it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub signature: Option<PlanSignature>,
    /// Objects in managed schemas that djogi does not manage: counted, and listed with `--unmanaged`.
    pub unmanaged: Unmanaged,
}

impl PlanDocument {
    /// The digest of what the document says now; equal to `digest` in a document that nobody edited.
    pub fn body_digest(&self) -> Digest {
        Digest::of_without(self, &["created_at", "digest", "signature"])
    }

    /// Only what drifted, without any work.
    #[must_use]
    pub fn drift_only(mut self) -> Self {
        self.resource_changes.clear();
        self.groups.clear();
        self.preconditions.clear();
        self.approvals.clear();
        self.summary = Summary { drift: self.resource_drift.len(), ..Summary::default() };
        self.converged = self.resource_drift.is_empty();
        self.digest = self.body_digest();
        self
    }

    /// Whether the document is as it was made.
    pub fn verify_digest(&self) -> bool {
        self.digest == self.body_digest()
    }
}

/// The word of somebody whose key the configuration knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PlanSignature {
    /// The name of the signer.
    pub key: String,
    /// Ed25519, as base64.
    pub signature: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ConfigReference {
    pub name: String,
    pub digest: Digest,
}

/// What the plan was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Base {
    /// `None` before the first apply.
    pub lineage: Option<String>,
    pub serial: u64,
    pub targets: BTreeMap<Ident, BaseTarget>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct BaseTarget {
    pub system_identifier: String,
    pub database: String,
    pub server_version: ServerVersion,
    pub epoch: u64,
}

/// How many changes of each action, and how many with each disposition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Summary {
    pub create: usize,
    pub update: usize,
    pub rename: usize,
    pub replace: usize,
    pub delete: usize,
    pub adopt: usize,
    pub forget: usize,
    pub applied: usize,
    pub derived: usize,
    pub deferred: usize,
    pub blocked: usize,
    pub drift: usize,
}

/// The verbs of Terraform's plan format, with `adopt` and `rename` beside them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ActionVerb {
    Create,
    Update,
    Rename,
    Delete,
    Adopt,
    Forget,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ResourceChange {
    pub address: Address,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub previous_address: Option<Address>,
    #[serde(rename = "type")]
    pub kind: Kind,
    pub name: String,
    pub change: ChangeBody,
    pub fields: Vec<FieldChange>,
    pub disposition: Verdict,
    pub reason: Option<Reason>,
    pub reversibility: Reversibility,
    /// Whether the live object differs from what state recorded.
    pub drift: bool,
    /// Of the live object, as `Digest::of(resource)`.
    pub before_digest: Option<Digest>,
    pub before_oid: Option<Oid>,
    /// Of the declared object.
    pub after_digest: Option<Digest>,
    pub depends_on: Vec<Address>,
    /// What happens to the rows of a seed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rows: Option<RowChanges>,
    /// Ids of the groups that hold its operations.
    pub groups: Vec<String>,
    pub source: Option<Source>,
    pub notes: Vec<String>,
    /// What resolves it, where that is another thing than for its reason in general.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub way_out: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ChangeBody {
    /// One verb, or `delete`, `create` for a replacement.
    pub actions: Vec<ActionVerb>,
    pub before: Option<Value>,
    pub after: Option<Value>,
}

/// One field that differs; `null` stands for an absent value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FieldChange {
    /// Dotted, members by name: `columns.total.data_type`.
    pub path: String,
    pub before: Value,
    pub after: Value,
}

/// Operations that commit together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// `g1`, `g2`, ... in the order of execution.
    pub id: String,
    pub target: Ident,
    pub transaction: TransactionMode,
    pub lock_timeout_ms: u64,
    pub operations: Vec<Operation>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ApprovalStatus {
    Required,
    Present,
    Stale,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ApprovalNeed {
    pub address: Address,
    pub status: ApprovalStatus,
    /// The command that gives what is missing; with nothing missing, the one that makes use of it.
    pub command: String,
    /// Of one that is present: its id.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub approval: Option<String>,
    /// The group that spends it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub group: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Error,
    Warning,
    Info,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PlanDiagnostic {
    pub code: String,
    pub severity: Severity,
    pub address: Option<Address>,
    pub message: String,
    pub help: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Unmanaged {
    pub count: usize,
    /// Addresses of objects djogi could manage; empty unless asked for.
    pub resources: Vec<Address>,
    /// Objects it has no kind for; empty unless asked for.
    pub unmodelled: Vec<Unmodelled>,
}
