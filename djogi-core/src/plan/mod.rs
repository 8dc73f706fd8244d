//! Plans: the only thing that crosses from thinking to doing.

pub mod document;
pub mod operation;

pub use document::{
    ActionVerb, ApprovalNeed, ApprovalStatus, Base, BaseTarget, ChangeBody, ConfigReference, FieldChange,
    Group, PLAN_FORMAT, PlanDiagnostic, PlanDocument, ResourceChange, Severity, Summary, Unmanaged,
};
pub use operation::{Effect, Lock, LockMode, Operation, Reversibility, TransactionMode};
