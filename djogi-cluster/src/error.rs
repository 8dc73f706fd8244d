//! Why a command of the engine failed, each with a stable code, a way out, and the exit code it leads to.

use djogi_core::plan::PlanError;
use djogi_core::{Address, Ident};

use crate::approvals::ApproveError;
use crate::backfill::BackfillError;
use crate::connect::{ConnectError, DatabaseError};
use crate::declared::Unreadable;
use crate::identity::{IdentityError, OpId};
use crate::introspect::IntrospectError;
use crate::ledger::LedgerError;
use crate::live::{Kept, UnknownRule};
use crate::lock::LockError;
use crate::normalise::NormaliseError;
use crate::secrets::{HELP, Missing, SECRET_NOT_AT_HAND};
use crate::server::ServerError;
use crate::state::{Misplaced, PostgresStoreError, StoreError};
use crate::surgery::SurgeryError;
use crate::sweep::SweepError;

/// What ended a command.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error(transparent)]
    Server(#[from] ServerError),
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    Introspect(#[from] IntrospectError),
    #[error(transparent)]
    Normalise(#[from] NormaliseError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error(transparent)]
    Misplaced(#[from] Misplaced),
    #[error(transparent)]
    Sweep(#[from] SweepError),
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error(transparent)]
    Approve(#[from] ApproveError),
    #[error("{0}")]
    Sql(DatabaseError),
    /// A saved plan, or one that was confirmed a moment ago, no longer fits.
    #[error("the plan no longer fits: {}", .0.join("; "))]
    Stale(Vec<String>),
    /// Whoever reads the declarations knows what is wrong with them.
    #[error("{0}")]
    Declarations(Unreadable),
    #[error(transparent)]
    Surgery(#[from] SurgeryError),
    #[error(transparent)]
    Backfill(#[from] BackfillError),
    /// By a signal, whose exit code it holds.
    #[error("interrupted before anything was changed")]
    Interrupted(u8),
    /// Of options that statements of the plan set.
    #[error("{0}")]
    Secrets(Missing),
    #[error(transparent)]
    Kept(#[from] Kept),
    #[error(transparent)]
    UnknownRule(#[from] UnknownRule),
    #[error("the plan was not confirmed")]
    Declined,
    #[error("the plan has work for target `{0}`, which this configuration does not have")]
    NoTarget(Ident),
    /// The connection broke while a group was being committed.
    #[error("the connection was lost at the commit of {op}, {}: {error}", fate(.committed))]
    CommitLost { op: OpId, committed: Option<bool>, error: DatabaseError },
    #[error("the plan names an approval that is none: {0}")]
    BadApproval(#[from] IdentityError),
    #[error("`{0}` does not exist in the database")]
    NotLive(Address),
    #[error("`{0}` is left to others by the configuration of the target")]
    LeftAlone(Address),
    #[error("`{0}` is of a target that this configuration does not have")]
    UnknownTarget(Address),
    #[error("there are several targets: {}", .0.iter().map(Ident::as_str).collect::<Vec<_>>().join(", "))]
    SeveralTargets(Vec<Ident>),
    /// Whoever writes the sources knows why they cannot be written.
    #[error("{0}")]
    Sources(Unreadable),
}

fn fate(committed: &Option<bool>) -> &'static str {
    match committed {
        Some(true) => "which is committed",
        Some(false) => "which was rolled back",
        None => "and the server does not say what became of it",
    }
}

impl EngineError {
    /// For `map_err`: an error of the driver with the statement it belongs to.
    pub(crate) fn sql(error: &tokio_postgres::Error, statement: &str) -> Self {
        Self::Sql(DatabaseError::new(error).in_statement(statement.trim()))
    }

    /// Whether a lock of somebody else was in the way, and nothing else.
    pub(crate) fn is_contention(&self) -> bool {
        match self {
            EngineError::Sql(error) => error.is_contention(),
            EngineError::Introspect(IntrospectError::Database { error, .. }) => error.is_contention(),
            EngineError::Ledger(LedgerError::Sql { source, .. }) => {
                DatabaseError::new(source).is_contention()
            }
            EngineError::Store(StoreError::Postgres { error, .. }) => match error.as_ref() {
                PostgresStoreError::Busy { .. } => true,
                PostgresStoreError::Sql { error, .. } => error.is_contention(),
                _ => false,
            },
            _ => false,
        }
    }

    /// What the process exits with (the table of exit codes in the manual).
    pub fn exit_code(&self) -> u8 {
        match self {
            EngineError::Lock(LockError::Held { .. }) => 4,
            EngineError::Stale(_)
            | EngineError::Store(StoreError::Conflict { .. })
            | EngineError::Lock(LockError::Lost { .. } | LockError::Ledger(LedgerError::Fenced { .. }))
            | EngineError::Ledger(LedgerError::Fenced { .. }) => 5,
            EngineError::Sweep(_) => 6,
            EngineError::Misplaced(misplaced) => misplaced.exit_code(),
            EngineError::Approve(error) if error.is_refusal() => 7,
            EngineError::Kept(_) => 7,
            EngineError::Surgery(error) => error.exit_code(),
            EngineError::Interrupted(code) => *code,
            _ => 1,
        }
    }

    /// A stable code for diagnostics.
    pub fn code(&self) -> &'static str {
        match self {
            EngineError::Server(_) => "server",
            EngineError::Connect(error) => error.code(),
            EngineError::Introspect(_) => "introspection",
            EngineError::Normalise(error) => error.code(),
            EngineError::Store(error) => error.code(),
            EngineError::Ledger(error) => error.code(),
            EngineError::Lock(error) => error.code(),
            EngineError::Misplaced(error) => error.reason().code(),
            EngineError::Sweep(error) => error.code(),
            EngineError::Plan(error) => error.code(),
            EngineError::Approve(error) => error.code(),
            EngineError::Sql(_) => "sql",
            EngineError::Stale(_) => "plan_stale",
            EngineError::Declarations(_) => "declarations",
            EngineError::Surgery(error) => error.code(),
            EngineError::Backfill(error) => error.code(),
            EngineError::Interrupted(_) => "interrupted",
            EngineError::Secrets(_) => SECRET_NOT_AT_HAND,
            EngineError::Kept(_) => "live_retention",
            EngineError::UnknownRule(_) => "unknown_migration",
            EngineError::Declined => "declined",
            EngineError::NoTarget(_) => "no_target",
            EngineError::CommitLost { .. } => "commit_lost",
            EngineError::BadApproval(_) => "bad_approval",
            EngineError::NotLive(_) => "not_found",
            EngineError::LeftAlone(_) => "left_alone",
            EngineError::UnknownTarget(_) => "unknown_target",
            EngineError::SeveralTargets(_) => "several_targets",
            EngineError::Sources(_) => "sources",
        }
    }

    /// What to do next; `None` when the message says it all.
    pub fn help(&self) -> Option<String> {
        match self {
            EngineError::Connect(error) => error.help(),
            EngineError::Normalise(error) => error.help(),
            EngineError::Store(error) => error.help(),
            EngineError::Ledger(error) => error.help(),
            EngineError::Lock(error) => error.help(),
            EngineError::Misplaced(error) => Some(error.help()),
            EngineError::Sweep(error) => error.help(),
            EngineError::Plan(error) => error.help(),
            EngineError::Approve(error) => error.help(),
            EngineError::Surgery(error) => error.help(),
            EngineError::Backfill(error) => Some(error.help()),
            EngineError::Stale(_) => Some("make a new plan: `djogi plan`".to_owned()),
            EngineError::Secrets(_) => Some(HELP.to_owned()),
            EngineError::Kept(Kept { migration, .. }) => Some(format!(
                "`djogi live finalize {migration} --now` does not wait; `[live] retention` in djogi.toml says how long"
            )),
            EngineError::UnknownRule(error) => Some(error.help()),
            EngineError::Declined => Some("nothing was changed".to_owned()),
            EngineError::CommitLost { .. } => Some("`djogi apply` finds out and goes on".to_owned()),
            EngineError::NoTarget(_) | EngineError::UnknownTarget(_) => {
                Some("`djogi status` lists the targets".to_owned())
            }
            EngineError::LeftAlone(_) => Some(
                "take it out of `ignore`; a partition that is managed elsewhere is taken over where it is declared"
                    .to_owned(),
            ),
            EngineError::NotLive(_) => Some("`djogi plan --unmanaged` lists what exists".to_owned()),
            EngineError::SeveralTargets(_) => Some("choose one with --target NAME".to_owned()),
            EngineError::BadApproval(_) => Some("make a new plan: `djogi plan`".to_owned()),
            EngineError::Server(_)
            | EngineError::Introspect(_)
            | EngineError::Sql(_)
            | EngineError::Declarations(_)
            | EngineError::Sources(_)
            | EngineError::Interrupted(_) => None,
        }
    }
}
