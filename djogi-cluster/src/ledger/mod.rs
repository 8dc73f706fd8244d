//! The ledger: schema `djogi` in each target, where what PostgreSQL did is written in the transaction that did it.
//!
//! A crash leaves the rows of committed groups and no others. Reading works without the schema (no ledger yet)
//! and writes nothing; the first apply creates it under the run lock. PUBLIC has no rights on it.

mod approval_use;
mod error;
mod holder;
mod lease;
mod op;
mod schema;

pub use approval_use::{ApprovalUse, approval_uses, spend_approval};
pub(crate) use error::DIRECT_CONNECTION;
pub use error::LedgerError;
pub use holder::{Holder, LockSession};
pub use lease::{Fence, Lease, bump_epoch, fence, read_lease, read_lineages};
pub use op::{
    OpKind, OpRecord, RecordedOp, Since, committed_ops, find_op, find_plan, goes_on, in_progress, ops_since,
    record_op,
};
pub(crate) use schema::{CREATE_SCHEMA, script_from, was_overtaken};
pub use schema::{
    LEDGER_SCHEMA, LEDGER_VERSION, LedgerVersion, ensure_ledger, ledger_version, preflight_ledger,
};
