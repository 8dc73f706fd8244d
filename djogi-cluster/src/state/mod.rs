//! The state store: what djogi last made and observed, outside the database.
//!
//! [`State`] moves only by compare-and-swap ([`Store::swap`], normally through [`publish`]); after a crash it is
//! the old or the new one, never a part, and whatever is damaged is refused by name ([`Damage`]).

mod approval;
mod belonging;
mod catalog;
mod damage;
mod document;
mod durable;
mod error;
#[cfg(feature = "schema")]
mod json_schema;
mod local;
mod postgres;
mod publish;
mod reference;
mod sealed;
mod sidecar;
mod store;
mod text;

pub use approval::{APPROVAL_FORMAT, Approval, ApprovedAction, Signature, StoredApproval};
pub use belonging::{Misplaced, check_belonging};
pub use catalog::{RECORDED_FORMAT, RecordedCatalog, RecordedEntry};
pub use damage::Damage;
pub use document::{
    Content, FailedBuild, Mark, RecoveryEntry, ResourceState, STATE_FORMAT, Serial, SerialOverflow, State,
    Status, TargetState, WrittenBy,
};
pub(crate) use error::shell_word;
pub use error::{IntactCopy, StoreError};
#[cfg(feature = "schema")]
pub use json_schema::json_schema;
pub use local::LocalStore;
pub use postgres::{PostgresStore, PostgresStoreError, StateRow, swap_in};
pub use publish::{Published, publish, publish_under};
pub use sidecar::{
    Backend, DatabaseIntent, FenceClass, OutsideOperation, QuarantinedSidecar, SIDECAR_FORMAT, Sidecar,
    SidecarGroup, StateReference, StoredSidecar,
};
pub use store::{HISTORY_LENGTH, Snapshot, Store, UnusedCatalogs, Version};
