//! Approvals of changes that lose data: what somebody has allowed, bound to what it destroys.
//!
//! An approval fits only the object and the change it was given for. It is spent by a row of the ledger in the
//! transaction of the effect; what is written here afterwards only tells so.

use djogi_core::observation::Oid;
pub use djogi_core::plan::ApprovedAction;
use djogi_core::{Address, Digest, Ident};
use serde::{Deserialize, Serialize};

use super::damage::Damage;
use super::sealed::Sealed;
use crate::identity::{Actor, ApprovalId, OpId};

/// The format written by this version, and the only one it reads.
pub const APPROVAL_FORMAT: &str = "djogi-approval/1";

/// One approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    pub action: ApprovedAction,
    pub address: Address,
    /// Of the resource as it is to be; `None` when it is to be gone.
    pub after_digest: Option<Digest>,
    /// RFC 3339, UTC; a label.
    pub approved_at: String,
    pub approver: Actor,
    /// Of the live resource as the approver saw it.
    pub before_digest: Digest,
    pub id: ApprovalId,
    /// Of the live object as the approver saw it.
    pub oid: Oid,
    /// Of the plan that the approver saw, for audit: another plan may spend the approval.
    pub plan_digest: Option<Digest>,
    pub reason: String,
    pub signature: Option<Signature>,
    /// The group that it was spent in.
    pub spent: Option<OpId>,
    pub target: Ident,
}

/// Proof that the holder of a key has given the approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// Name of the public key.
    pub key: String,
    /// Ed25519, as base64.
    pub signature: String,
}

/// An approval as it is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredApproval {
    pub name: String,
    /// Where it is, for humans.
    pub location: String,
    /// A damaged approval allows nothing.
    pub approval: Result<Approval, Damage>,
}

impl Sealed for Approval {
    const FORMAT: &'static str = APPROVAL_FORMAT;
}
