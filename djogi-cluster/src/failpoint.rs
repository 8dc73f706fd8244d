//! Failpoints: the named places where the crash suite makes a run fail, dies with it, or holds it up.
//!
//! [`FAILPOINTS`] lists them all. A place is marked by [`failpoint!`](crate::failpoint), which is nothing at all
//! unless the Cargo feature `failpoints` is on. `tests/failpoints` checks that every point is placed once and that no
//! effect goes without one, and drives the product through each of them.

#[cfg(feature = "failpoints")]
mod active;

#[cfg(feature = "failpoints")]
pub use active::{Injected, pass, pass_infallible, sent};

/// A named place in the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failpoint {
    /// What `DJOGI_FAILPOINTS` calls it.
    pub name: &'static str,
    /// The file it is placed in, from the root of the repository.
    pub file: &'static str,
    pub modes: &'static [Mode],
}

/// What can happen at a failpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// An error that names the point.
    Error,
    /// SIGKILL of the process.
    Kill,
    /// The whole process stands still until it is released.
    Pause,
}

impl Mode {
    /// As written in `DJOGI_FAILPOINTS`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Mode::Error => "error",
            Mode::Kill => "kill",
            Mode::Pause => "pause",
        }
    }
}

const ALL: &[Mode] = &[Mode::Error, Mode::Kill, Mode::Pause];

/// Where nothing can fail, nothing is made to.
const INFALLIBLE: &[Mode] = &[Mode::Kill, Mode::Pause];

const fn at(name: &'static str, file: &'static str, modes: &'static [Mode]) -> Failpoint {
    Failpoint { name, file, modes }
}

/// Every failpoint, in the order in which an apply comes by.
pub const FAILPOINTS: &[Failpoint] = &[
    at("plan.before_write", "djogi-cli/src/command/plan.rs", ALL),
    at("plan.after_write", "djogi-cli/src/command/plan.rs", ALL),
    at("lock.before_try", "djogi-cluster/src/locked.rs", ALL),
    at("lock.after_acquire", "djogi-cluster/src/locked.rs", ALL),
    at("state.after_read", "djogi-cluster/src/locked.rs", ALL),
    at("sweep.after_list", "djogi-cluster/src/sweep/run.rs", ALL),
    at("carcass.before_drop", "djogi-cluster/src/sweep/act.rs", ALL),
    at("carcass.after_drop", "djogi-cluster/src/sweep/act.rs", ALL),
    at("sweep.before_effect", "djogi-cluster/src/sweep/act.rs", ALL),
    at("sweep.before_finalize", "djogi-cluster/src/sweep/act.rs", ALL),
    at("sweep.before_op_row", "djogi-cluster/src/sweep/act.rs", ALL),
    at("sweep.after_effect", "djogi-cluster/src/sweep/act.rs", ALL),
    at("sweep.before_persist", "djogi-cluster/src/sweep/run.rs", ALL),
    at("sweep.after_persist", "djogi-cluster/src/sweep/run.rs", ALL),
    at("sweep.before_cleanup", "djogi-cluster/src/sweep/run.rs", ALL),
    at("plan.apply_after_verify", "djogi-cluster/src/apply/mod.rs", ALL),
    at("state.before_create_dir", "djogi-cluster/src/state/durable.rs", ALL),
    at("state.before_os_lock", "djogi-cluster/src/state/durable.rs", ALL),
    at("state.after_os_lock", "djogi-cluster/src/state/local.rs", ALL),
    at("state.before_remove_leftover", "djogi-cluster/src/state/durable.rs", ALL),
    at("state.after_reserve", "djogi-cluster/src/state/durable.rs", ALL),
    at("state.cas_lost", "djogi-cluster/src/state/publish.rs", ALL),
    at("state.before_tmp_write", "djogi-cluster/src/state/durable.rs", ALL),
    at("state.after_tmp_write", "djogi-cluster/src/state/durable.rs", ALL),
    at("state.after_file_sync", "djogi-cluster/src/state/durable.rs", ALL),
    at("state.after_rename", "djogi-cluster/src/state/durable.rs", ALL),
    at("state.after_dir_sync", "djogi-cluster/src/state/durable.rs", ALL),
    at("state.after_link", "djogi-cluster/src/state/durable.rs", ALL),
    at("state.after_keep", "djogi-cluster/src/state/durable.rs", ALL),
    at("state.before_forget_revision", "djogi-cluster/src/state/local.rs", INFALLIBLE),
    at("catalog.before_remove", "djogi-cluster/src/state/local/unused.rs", INFALLIBLE),
    at("state.swapped_no_reply", "djogi-cluster/src/state/local.rs", ALL),
    at("lock.before_epoch_bump", "djogi-cluster/src/locked.rs", ALL),
    at("ledger.after_create", "djogi-cluster/src/lock.rs", INFALLIBLE),
    at("lock.after_epoch_bump", "djogi-cluster/src/locked.rs", ALL),
    at("sidecar.before_write", "djogi-cluster/src/state/local/documents.rs", ALL),
    at("sidecar.after_write", "djogi-cluster/src/state/local/documents.rs", ALL),
    at("group.after_begin", "djogi-cluster/src/apply/transact.rs", ALL),
    at("group.after_fence", "djogi-cluster/src/apply/transact.rs", ALL),
    at("group.after_compare", "djogi-cluster/src/apply/transact.rs", ALL),
    at("group.after_statement", "djogi-cluster/src/apply/execute.rs", ALL),
    at("group.before_op_row", "djogi-cluster/src/apply/transact.rs", ALL),
    at("group.after_op_row", "djogi-cluster/src/apply/transact.rs", ALL),
    at("concurrent.before_statement", "djogi-cluster/src/apply/concurrent.rs", ALL),
    at("concurrent.statement_sent", "djogi-cluster/src/apply/concurrent.rs", INFALLIBLE),
    at("concurrent.during", "djogi-cluster/src/apply/progress.rs", INFALLIBLE),
    at("concurrent.before_left_constraint", "djogi-cluster/src/apply/unrolled.rs", ALL),
    at("concurrent.before_op_row", "djogi-cluster/src/apply/unrolled.rs", ALL),
    at("concurrent.after_op_row", "djogi-cluster/src/apply/unrolled.rs", ALL),
    at("group.before_commit", "djogi-cluster/src/commit.rs", ALL),
    at("group.commit_sent_no_reply", "djogi-cluster/src/commit.rs", INFALLIBLE),
    at("group.after_commit", "djogi-cluster/src/commit.rs", INFALLIBLE),
    at("lock.connection_lost", "djogi-cluster/src/apply/execute.rs", INFALLIBLE),
    at("apply.before_checkpoint", "djogi-cluster/src/apply/run.rs", ALL),
    at("apply.between_groups", "djogi-cluster/src/apply/run.rs", ALL),
    at("apply.before_state_write", "djogi-cluster/src/apply/run.rs", ALL),
    at("apply.after_state_write_before_cleanup", "djogi-cluster/src/apply/run.rs", ALL),
    at("sidecar.before_retire", "djogi-cluster/src/state/durable.rs", ALL),
    at("sidecar.after_retire", "djogi-cluster/src/state/durable.rs", ALL),
    at("lock.before_release", "djogi-cluster/src/locked.rs", INFALLIBLE),
    at("apply.after_cleanup", "djogi-cluster/src/apply/mod.rs", INFALLIBLE),
    at("unlock.before_terminate", "djogi-cluster/src/unlock.rs", ALL),
    at("unlock.after_terminate", "djogi-cluster/src/unlock.rs", ALL),
    at("refresh.after_observe", "djogi-cluster/src/refresh.rs", ALL),
    at("refresh.before_write", "djogi-cluster/src/refresh.rs", ALL),
    at("refresh.after_write", "djogi-cluster/src/refresh.rs", ALL),
    at("import.after_observe", "djogi-cluster/src/import.rs", ALL),
    at("import.before_write", "djogi-cluster/src/import.rs", ALL),
    at("import.after_write", "djogi-cluster/src/import.rs", ALL),
    at("sidecar.before_quarantine", "djogi-cluster/src/state/durable.rs", ALL),
    at("sidecar.after_quarantine", "djogi-cluster/src/state/durable.rs", ALL),
    at("state.before_save_backup", "djogi-cluster/src/state/local.rs", ALL),
    at("state.after_save_backup", "djogi-cluster/src/state/local.rs", ALL),
    at("state.before_put_aside", "djogi-cluster/src/state/local/moving.rs", ALL),
    at("state.after_put_aside", "djogi-cluster/src/state/local/moving.rs", ALL),
    at("store_postgres.before_create", "djogi-cluster/src/state/postgres/schema.rs", INFALLIBLE),
    at("store_postgres.before_write", "djogi-cluster/src/state/postgres.rs", ALL),
    at("store_postgres.sent_no_reply", "djogi-cluster/src/state/postgres/link.rs", INFALLIBLE),
    at("store_postgres.after_write", "djogi-cluster/src/state/postgres.rs", ALL),
    at("store_postgres.before_swap", "djogi-cluster/src/state/postgres/swap.rs", ALL),
    at("store_postgres.swap_sent_no_reply", "djogi-cluster/src/state/postgres/swap.rs", INFALLIBLE),
    at("store_postgres.after_swap", "djogi-cluster/src/state/postgres/swap.rs", ALL),
    at("approval.before_write", "djogi-cluster/src/state/local/documents.rs", ALL),
    at("approval.after_write", "djogi-cluster/src/state/local/documents.rs", ALL),
    at("backfill.before_forget", "djogi-cluster/src/backfill/forget.rs", ALL),
    at("backfill.before_note", "djogi-cluster/src/backfill/begin.rs", ALL),
    at("backfill.after_note", "djogi-cluster/src/backfill/begin.rs", ALL),
    at("backfill.before_split", "djogi-cluster/src/backfill/begin.rs", ALL),
    at("backfill.after_split", "djogi-cluster/src/backfill/begin.rs", ALL),
    at("backfill.before_claim", "djogi-cluster/src/backfill/range.rs", ALL),
    at("backfill.after_claim", "djogi-cluster/src/backfill/range.rs", ALL),
    at("backfill.before_chunk", "djogi-cluster/src/backfill/chunk.rs", ALL),
    at("backfill.after_update_before_commit", "djogi-cluster/src/backfill/chunk.rs", ALL),
    at("backfill.after_commit", "djogi-cluster/src/backfill/chunk.rs", ALL),
    at("backfill.before_release", "djogi-cluster/src/backfill/range.rs", ALL),
    at("backfill.before_check", "djogi-cluster/src/backfill/check.rs", ALL),
    at("backfill.after_check", "djogi-cluster/src/backfill/check.rs", ALL),
    at("backfill.before_done", "djogi-cluster/src/backfill/range.rs", ALL),
    at("backfill.after_done", "djogi-cluster/src/backfill/range.rs", ALL),
    at("backfill.before_throttle", "djogi-cluster/src/backfill/monitor.rs", INFALLIBLE),
    at("backfill.before_turn", "djogi-cluster/src/backfill/row.rs", ALL),
];

/// Marks the place of a failpoint.
///
/// - `failpoint!("name");` may return an error, so it stands in a function that returns a [`Result`];
/// - `failpoint!(infallible "name");` stands where nothing can fail;
/// - `failpoint!(sent "name", future)` is the future, and the point lies between its statement being sent and its
///   answer.
#[cfg(feature = "failpoints")]
#[macro_export]
macro_rules! failpoint {
    ($name:literal) => {
        $crate::failpoint::pass($name)?
    };
    (infallible $name:literal) => {
        $crate::failpoint::pass_infallible($name)
    };
    (sent $name:literal, $future:expr) => {
        $crate::failpoint::sent($name, $future)
    };
}

/// Nothing: the feature `failpoints` is off.
#[cfg(not(feature = "failpoints"))]
#[macro_export]
macro_rules! failpoint {
    ($name:literal) => {};
    (infallible $name:literal) => {};
    (sent $name:literal, $future:expr) => {
        $future
    };
}
