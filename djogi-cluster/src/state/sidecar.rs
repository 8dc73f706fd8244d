//! Sidecars: the intent of work in flight, written and synced before its first effect.
//!
//! A sidecar says what a killed run was doing; whether it happened is asked of the database. A run has one of class
//! [`FenceClass::T`] for each target it works on, whose groups are in the order of execution; each statement that
//! cannot be in a transaction has one of its own.

use std::collections::BTreeMap;
use std::fmt;

use djogi_core::observation::Oid;
use djogi_core::{Address, Digest, Ident};
use serde::{Deserialize, Serialize};

use super::damage::Damage;
use super::document::Serial;
use super::sealed::Sealed;
use crate::identity::{ApprovalId, Epoch, Lineage, OpId, RunId};

/// The format written by this version, and the only one it reads.
pub const SIDECAR_FORMAT: &str = "djogi-sidecar/1";

/// The intent of one run on one target, or of one statement outside transactions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sidecar {
    /// What it may change: the sweep touches nothing else.
    pub addresses: Vec<Address>,
    /// Over the resources as they are to be afterwards.
    pub after_digest: Option<Digest>,
    /// The approval that is spent with the statement of class N; those of a run are with its groups.
    pub approval_id: Option<ApprovalId>,
    /// The server process that executes; `None` before there is one.
    pub backend: Option<Backend>,
    /// Over the live resources before, by address.
    pub before_digest: Option<Digest>,
    /// All objects that bear a name that matters to the statement, before it: what appears later is its work.
    pub before_oids: BTreeMap<Address, Oid>,
    pub class: FenceClass,
    /// What a statement that creates or drops a database is about; it has no address. `None` for all others.
    pub database: Option<DatabaseIntent>,
    /// Version of djogi.
    pub djogi: String,
    pub epoch: Epoch,
    /// In class T all groups that the run may execute on the target, in their order; in class N the one group that the
    /// statement is.
    pub groups: Vec<SidecarGroup>,
    pub lineage: Lineage,
    /// Names the sidecar, and outside class T the row of the ledger too.
    pub op_id: OpId,
    /// What the statement of class N is; `None` in other classes.
    pub operation: Option<OutsideOperation>,
    pub plan_digest: Option<Digest>,
    pub run_id: RunId,
    /// The state that the run started from; `None` when there was none.
    pub state: Option<StateReference>,
    /// Of the text of the statement of class N.
    pub statement_digest: Option<Digest>,
    pub target: Ident,
    /// `xid8` of the transaction, for `pg_xact_status`.
    pub xid: Option<u64>,
}

/// How PostgreSQL can be asked whether the work happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum FenceClass {
    /// In transactions that hold the ledger row: the row is there or it is not.
    T,
    /// A statement that refuses to be in a transaction: the catalog is compared with the before-set of oids.
    N,
    /// Data in chunks, each with its cursor in its transaction.
    D,
    /// Only records of djogi itself: state, catalogs, approvals.
    X,
}

/// The statements that refuse to be in a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutsideOperation {
    IndexCreate,
    IndexDrop,
    Reindex,
    Detach,
    DetachFinalize,
    DatabaseCreate,
    DatabaseDrop,
}

/// The database that a statement creates or drops.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseIntent {
    pub name: String,
    /// What had the name before the statement: the database to be dropped.
    pub oid: Option<Oid>,
    /// The role that is to own it.
    pub owner: String,
}

/// One server process. A process id alone is used again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backend {
    pub pid: i32,
    /// `backend_start` of `pg_stat_activity`, as the server prints it.
    pub start: String,
}

/// One group of a run's sidecar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SidecarGroup {
    pub addresses: Vec<Address>,
    pub after_digest: Option<Digest>,
    /// The approvals that are spent with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvals: Vec<ApprovalId>,
    pub before_digest: Option<Digest>,
    /// Position within the run, counted from 1.
    pub group_no: u32,
    /// The row of the ledger that tells of its commit.
    pub op_id: OpId,
    /// `xid8`, known before the commit is sent.
    pub xid: Option<u64>,
}

/// Which revision of the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateReference {
    pub digest: Digest,
    pub serial: Serial,
}

/// A sidecar as it is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSidecar {
    /// What [`super::Store::quarantine_sidecar`] takes.
    pub name: String,
    /// Where it is, for humans.
    pub location: String,
    /// Damage is never "no sidecar": what it was about may have happened.
    pub sidecar: Result<Sidecar, Damage>,
}

/// A sidecar that was put aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuarantinedSidecar {
    /// What it was called; a later one of the same name has a number behind it where names are files.
    pub name: String,
    /// Where it is, for humans.
    pub location: String,
}

impl Sealed for Sidecar {
    const FORMAT: &'static str = SIDECAR_FORMAT;
}

impl OutsideOperation {
    pub fn as_str(self) -> &'static str {
        match self {
            OutsideOperation::IndexCreate => "index_create",
            OutsideOperation::IndexDrop => "index_drop",
            OutsideOperation::Reindex => "reindex",
            OutsideOperation::Detach => "detach",
            OutsideOperation::DetachFinalize => "detach_finalize",
            OutsideOperation::DatabaseCreate => "database_create",
            OutsideOperation::DatabaseDrop => "database_drop",
        }
    }
}

impl fmt::Display for OutsideOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
