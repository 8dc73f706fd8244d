//! Plans: the only thing that crosses from thinking to doing.

pub mod approval;
mod assemble;
pub mod backfill;
mod candidates;
pub mod classify;
pub mod compile;
pub mod depend;
pub mod document;
pub mod group;
mod inherited;
pub mod inputs;
#[cfg(feature = "schema")]
mod json_schema;
pub mod lower;
mod made;
mod migrations;
mod moving;
pub mod needs;
mod not_modelled;
pub mod operation;
pub mod parents;
mod preconditions;
pub mod prove;
mod recovery;
mod rights;
mod unbroken;

pub use approval::{ApprovedAction, Binding, GivenApproval, Rejection, Standing};
pub use assemble::DESTRUCTIVE_DENIED;
pub use backfill::{Backfill, RefusedRows};
pub use compile::{compile, drifted, explain};
pub use document::{
    ActionVerb, ApprovalNeed, ApprovalStatus, Base, BaseTarget, ChangeBody, ConfigReference, FieldChange,
    Group, PLAN_FORMAT, PlanDiagnostic, PlanDocument, PlanSignature, ResourceChange, Severity, Summary,
    Unmanaged,
};
pub use inputs::{Because, NOT_MODELLED, PlanError, PlanInputs, PlanOptions, TargetInputs};
#[cfg(feature = "schema")]
pub use json_schema::json_schema;
pub use operation::{
    ConcurrentVerb, Concurrently, Effect, Lock, LockMode, Operation, Precheck, Reversibility, Secret,
    TransactionMode,
};
pub use recovery::{Recovery, RecoveryGates};
pub use rights::{CONNECTION_UNREAD, NEEDS_ROLE, NEEDS_SUPERUSER};

#[cfg(test)]
mod tests;
