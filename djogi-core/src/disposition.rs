//! What becomes of each change in this run, and why: one table of dispositions and reasons, from which the
//! human text, the JSON and the documentation are generated.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The four answers to "what happens to this change now?".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// This run does it.
    Applied,
    /// It follows from another change.
    Derived,
    /// Not now, by design.
    Deferred,
    /// A gate is closed.
    Blocked,
}

impl Verdict {
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Applied => "applied",
            Verdict::Derived => "derived",
            Verdict::Deferred => "deferred",
            Verdict::Blocked => "blocked",
        }
    }
}

/// A disposition: a verdict with the reason that belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Disposition {
    Applied,
    Derived(Reason),
    Deferred(Reason),
    Blocked(Reason),
}

macro_rules! reasons {
    ($( $variant:ident, $code:literal, $verdict:ident, $explanation:literal, $remedy:literal; )*) => {
        /// Why a change is not simply applied. Codes are stable; each belongs to one verdict.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(rename_all = "snake_case")]
        pub enum Reason {
            $( #[doc = $explanation] $variant, )*
        }

        impl Reason {
            pub const ALL: &[Reason] = &[$( Reason::$variant, )*];

            /// The stable snake_case code.
            pub fn code(self) -> &'static str {
                match self { $( Reason::$variant => $code, )* }
            }

            pub fn verdict(self) -> Verdict {
                match self { $( Reason::$variant => Verdict::$verdict, )* }
            }

            /// One line for humans.
            pub fn explanation(self) -> &'static str {
                match self { $( Reason::$variant => $explanation, )* }
            }

            /// The command or edit that resolves it; `{address}` stands for the change's address.
            /// Empty where nothing has to be done.
            pub fn remedy(self) -> &'static str {
                match self { $( Reason::$variant => $remedy, )* }
            }
        }
    };
}

reasons! {
    OwnedByParent, "owned_by_parent", Derived, "follows from the object that owns it", "";
    CompositeDigest, "composite_digest", Derived, "its parts change, and nothing besides", "";
    ImplicitIndex, "implicit_index", Derived, "the index comes with its constraint", "";
    OperatorGate, "operator_gate", Deferred, "waits for an operator", "djogi live finalize";
    LaterPhase, "later_phase", Deferred, "belongs to a later phase of its migration", "djogi apply";
    MaintenanceWindow, "maintenance_window", Deferred, "waits for the maintenance window", "djogi apply";
    NeedsNewerServer, "needs_newer_server", Deferred, "this PostgreSQL version cannot do it",
        "upgrade the server, or remove it from the declaration";
    NotTargeted, "not_targeted", Deferred, "left out by --only", "djogi apply --only {address}";
    ApprovalRequired, "approval_required", Blocked, "would destroy or narrow data",
        "djogi approve {address} --reason REASON, then djogi apply";
    ApprovalStale, "approval_stale", Blocked, "what was approved has changed since",
        "djogi plan, then djogi approve {address} --reason REASON";
    RecoveryPending, "recovery_pending", Blocked, "an interrupted run left work to finish first", "djogi apply";
    RecoveryInflight, "recovery_inflight", Blocked, "a statement of an earlier run is still working",
        "wait for it, then djogi apply";
    DependencyNotApplied, "dependency_not_applied", Blocked, "something it depends on is not applied",
        "resolve the change it depends on";
    DriftUnreviewed, "drift_unreviewed", Blocked, "the database was changed behind djogi's back", "djogi refresh";
    UnmanagedConflict, "unmanaged_conflict", Blocked, "an object that djogi does not manage has this name",
        "djogi import {address}";
    UnmanagedDependent, "unmanaged_dependent", Blocked, "an object that djogi does not manage depends on it",
        "drop or change the dependent object by hand, or import it";
    RoleMissing, "role_missing", Blocked, "a role that it names does not exist on the server",
        "create the role, then djogi apply";
    RightMissing, "right_missing", Blocked, "the role that djogi connects as may not do it",
        "apply as a role that may, or grant what the note says";
    OfflineOnly, "offline_only", Blocked, "would keep readers or writers of a large table waiting, and has no online way",
        "plan a downtime, then djogi apply --accept-downtime {address}";
    NoWayInPlace, "no_way_in_place", Blocked, "PostgreSQL has no way from what is there to what is declared",
        "change the declaration as the note says";
    LockBudgetExceeded, "lock_budget_exceeded", Blocked, "the lock was not to be had within its budget",
        "end the blocking sessions, then djogi apply";
    UniqueViolation, "unique_violation", Blocked, "rows violate its uniqueness",
        "mend the rows, or change the declaration, then djogi apply";
    CarcassForeign, "carcass_foreign", Blocked, "an invalid leftover is not djogi's own", "drop it by hand";
    BackfillSuperseded, "backfill_superseded", Blocked, "a backfill of an older declaration is under way",
        "finish or abandon the migration";
    LineageMismatch, "lineage_mismatch", Blocked, "the state belongs to another database", "choose the right --env";
    CatalogRegressed, "catalog_regressed", Blocked, "the database is older than the state", "djogi refresh";
    StateForked, "state_forked", Blocked, "another state has been applied to this database", "restore the right state";
    Fenced, "fenced", Blocked, "another run has taken over", "djogi apply";
    PreviousFailure, "previous_failure", Blocked, "something it depends on failed in this run",
        "mend the failure, then djogi apply";
}

impl Reason {
    /// The disposition that this reason stands for.
    pub fn disposition(self) -> Disposition {
        match self.verdict() {
            Verdict::Applied => unreachable!("no reason belongs to `applied`"),
            Verdict::Derived => Disposition::Derived(self),
            Verdict::Deferred => Disposition::Deferred(self),
            Verdict::Blocked => Disposition::Blocked(self),
        }
    }
}

impl Disposition {
    pub fn verdict(self) -> Verdict {
        match self {
            Disposition::Applied => Verdict::Applied,
            Disposition::Derived(_) => Verdict::Derived,
            Disposition::Deferred(_) => Verdict::Deferred,
            Disposition::Blocked(_) => Verdict::Blocked,
        }
    }

    pub fn reason(self) -> Option<Reason> {
        match self {
            Disposition::Applied => None,
            Disposition::Derived(reason) | Disposition::Deferred(reason) | Disposition::Blocked(reason) => {
                Some(reason)
            }
        }
    }
}

impl fmt::Display for Disposition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.verdict().as_str())?;
        self.reason().map_or(Ok(()), |reason| write!(f, "/{}", reason.code()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_verdict_an_explanation_and_the_code_that_json_shows() {
        for reason in Reason::ALL {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.code());
            assert_eq!(reason.disposition().reason(), Some(*reason));
            assert!(!reason.explanation().is_empty());
            assert_eq!(reason.verdict() == Verdict::Derived, reason.remedy().is_empty(), "{reason:?}");
        }
    }
}
