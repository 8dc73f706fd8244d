//! Events: everything that happens in a run, as data.
//!
//! The engine emits, a [`Reporter`] displays; one enum serves the terminal, the NDJSON of `apply --json` and the
//! tests. [`Event::Summary`] is always the last one, after a failure too. No event holds a secret.

use std::time::Instant;

use djogi_core::disposition::Reason;
use djogi_core::observation::ServerVersion;
use djogi_core::plan::{PlanDiagnostic, Summary};
use djogi_core::{Address, Digest, Ident};
use serde::Serialize;

use crate::connect::{DatabaseError, ErrorFields};
use crate::identity::{Actor, ApprovalId, Epoch, OpId, RunId};
use crate::ledger::LockSession;
use crate::lock_holder::LockHolder;
use crate::state::Serial;

/// Milliseconds since `began`.
pub fn millis_since(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Takes events as they happen.
pub trait Reporter: Send + Sync {
    fn report(&self, event: &Event);
}

impl<F: Fn(&Event) + Send + Sync> Reporter for F {
    fn report(&self, event: &Event) {
        self(event);
    }
}

/// One thing that happened. Serialised with its name in snake_case under `event`; durations are milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    RunStarted {
        run: RunId,
        command: String,
        actor: Actor,
        targets: Vec<Ident>,
    },
    /// PostgreSQL programs are being fetched.
    ServerDownloading {
        version: String,
        /// Where from, without credentials.
        source: String,
    },
    /// What else a user should know who waits for a server.
    ServerNotice {
        message: String,
    },
    /// A scratch server was started to normalise declarations.
    ScratchStarted {
        target: Ident,
        server_version: ServerVersion,
        elapsed_ms: u64,
    },
    /// SQL files were loaded into a scratch database and read back.
    SqlLoaded {
        target: Ident,
        files: usize,
        statements: usize,
        elapsed_ms: u64,
    },
    /// Another run has the lock; reported once for each session that is in the way.
    LockWaiting {
        target: Ident,
        session: Box<LockSession>,
    },
    LockAcquired {
        target: Ident,
        waited_ms: u64,
    },
    /// Something of an earlier run is still at work; reported once.
    RecoveryWaiting {
        op: OpId,
        message: String,
    },
    /// A piece of interrupted work is done with.
    Recovered {
        target: Ident,
        op: OpId,
        /// The row of the sweep: `T2`.
        row: String,
        addresses: Vec<Address>,
        outcome: String,
    },
    /// An interrupted run had brought a migration to where it is asked to be.
    AlreadyDone {
        address: Address,
    },
    EpochTaken {
        target: Ident,
        epoch: Epoch,
    },
    /// The live objects were read.
    Observed {
        target: Ident,
        resources: usize,
        elapsed_ms: u64,
    },
    DriftFound {
        address: Address,
        /// Paths of what differs from the record; empty when the object is gone.
        fields: Vec<String>,
    },
    PlanMade {
        digest: Digest,
        summary: Summary,
        groups: usize,
    },
    GroupStarted {
        target: Ident,
        /// As in the plan: `g1`.
        group: String,
        op: OpId,
        operations: usize,
    },
    /// Others have locks that the group needs: it was rolled back, and is tried again. Reported once for each change of
    /// who is waited for.
    GroupWaiting {
        target: Ident,
        group: String,
        /// So far.
        tries: u32,
        waited_ms: u64,
        budget_ms: u64,
        /// The oldest of them; `None` when nobody can be seen.
        holder: Option<Box<LockHolder>>,
    },
    OperationStarted {
        target: Ident,
        group: String,
        address: Address,
        /// Position within the group, counted from 1.
        number: usize,
        sql: String,
    },
    OperationProgress {
        target: Ident,
        group: String,
        address: Address,
        number: usize,
        /// What PostgreSQL calls the phase, where it has phases.
        phase: Option<String>,
        /// Blocks or rows, as the phase counts.
        done: u64,
        /// `None` when unknown.
        total: Option<u64>,
        elapsed_ms: u64,
    },
    OperationFinished {
        target: Ident,
        group: String,
        address: Address,
        number: usize,
        elapsed_ms: u64,
    },
    GroupCommitted {
        target: Ident,
        group: String,
        op: OpId,
        elapsed_ms: u64,
    },
    /// The group was rolled back, ran outside a transaction, or the answer to its COMMIT was lost.
    GroupFailed {
        target: Ident,
        group: String,
        op: OpId,
        failure: Failure,
        elapsed_ms: u64,
    },
    /// A group has spent an approval, and committed.
    ApprovalSpent {
        target: Ident,
        group: String,
        address: Address,
        approval: ApprovalId,
        approver: String,
        reason: String,
    },
    /// A change did not run.
    ChangeBlocked {
        address: Address,
        reason: Reason,
        /// What the plan says of the change besides.
        notes: Vec<String>,
        /// See [`djogi_core::plan::ResourceChange::way_out`].
        #[serde(skip_serializing_if = "Option::is_none")]
        way_out: Option<String>,
    },
    /// What the run has done leads to a step that waits for an operator.
    GateReached {
        address: Address,
        /// The command that opens it.
        way_out: String,
    },
    StateWritten {
        serial: Serial,
        digest: Digest,
    },
    Diagnostic(PlanDiagnostic),
    /// Always the last event.
    Summary(RunSummary),
}

/// An SQL error as PostgreSQL told it (manual section 55.8), or a message where there was none to tell.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Failure {
    pub message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sqlstate: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Character of `statement`, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    /// What became of the group's transaction.
    pub transaction: TransactionFate,
}

/// What became of a transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TransactionFate {
    #[default]
    RolledBack,
    /// Only the answer was lost.
    Committed,
    Unknown,
    /// There was none: the statement cannot run in one, and may have left something.
    Outside,
}

impl From<DatabaseError> for Failure {
    fn from(error: DatabaseError) -> Self {
        let ErrorFields { sqlstate, message, detail, hint, position, context: _, statement } =
            error.into_fields();
        Self { message, sqlstate, detail, hint, position, statement, ..Self::default() }
    }
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Everything is done, but for what waits by design.
    Converged,
    /// The rest is done, but something stays blocked.
    Blocked,
    /// Something failed.
    Failed,
    /// A signal stopped it.
    Interrupted,
}

/// The last event of every run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RunSummary {
    pub run: RunId,
    pub outcome: Outcome,
    /// What the process exits with.
    pub exit_code: u8,
    /// Changes whose group committed.
    pub applied: usize,
    pub deferred: usize,
    pub blocked: usize,
    pub failed: usize,
    pub drift: usize,
    /// The current state; `None` when there is none.
    pub serial: Option<Serial>,
    pub elapsed_ms: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_json_object_with_its_name() {
        let run = RunId::generate();
        let summary = RunSummary {
            run,
            outcome: Outcome::Converged,
            exit_code: 0,
            applied: 3,
            deferred: 0,
            blocked: 0,
            failed: 0,
            drift: 0,
            serial: Some(Serial::FIRST),
            elapsed_ms: 12,
        };
        let json = serde_json::to_value(Event::Summary(summary)).unwrap();
        assert_eq!(
            (&json["event"], &json["outcome"], &json["serial"]),
            (&"summary".into(), &"converged".into(), &1.into())
        );
        let text = serde_json::to_string(&Event::StateWritten {
            serial: Serial::FIRST,
            digest: Digest::of_bytes(b""),
        });
        assert!(text.unwrap().starts_with(r#"{"event":"state_written","serial":1,"#));
    }

    #[test]
    fn a_closure_is_a_reporter() {
        let seen = std::sync::Mutex::new(0);
        let reporter = |_: &Event| *seen.lock().unwrap() += 1;
        (&reporter as &dyn Reporter).report(&Event::ServerNotice { message: "x".into() });
        assert_eq!(*seen.lock().unwrap(), 1);
    }
}
