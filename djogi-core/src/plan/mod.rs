//! Plans: the only thing that crosses from thinking to doing.

mod assemble;
pub mod compile;
pub mod document;
pub mod inputs;
pub mod operation;
mod preconditions;

pub use assemble::DESTRUCTIVE_DENIED;
pub use compile::{compile, drifted, explain};
pub use document::{
    ActionVerb, ApprovalNeed, ApprovalStatus, Base, BaseTarget, ChangeBody, ConfigReference, FieldChange,
    Group, PLAN_FORMAT, PlanDiagnostic, PlanDocument, ResourceChange, Severity, Summary, Unmanaged,
};
pub use inputs::{Because, PlanError, PlanInputs, PlanOptions, TargetInputs};
pub use operation::{Effect, Lock, LockMode, Operation, Reversibility, TransactionMode};

#[cfg(test)]
mod tests;
