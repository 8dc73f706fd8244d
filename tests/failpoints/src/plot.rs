//! What the disturbed runs are to do.

mod declared;
mod planted;

use e2e::Output;

use crate::beside::Beside;
use crate::stage::Stage;
use declared::{
    A_LABEL_ONCE, AFTER, BARE, BEFORE, CROWDED, DRIFT, FOREIGN, FOREIGN_AND_A_LABEL_TWICE,
    FOREIGN_AND_AN_INVALID_INDEX, FOREIGN_AND_DATA, FOREIGN_AND_LABELS, FOREIGN_AND_MORE,
    FOREIGN_AND_PARTITIONS, FOREIGN_AND_PRICES, INDEXED, PARTED, PARTED_NO_MORE, PRICED, RENAMES, REPRICED,
    UNIQUE, WITH_MORE, WITH_OBSOLETE,
};
use planted::{DAMAGED, damaged_sidecar, half_detached_partition};

/// A beginning, and the command that is disturbed on its way to the end.
#[derive(Debug)]
pub struct Plot {
    pub name: &'static str,
    /// Declared and applied before; nothing was ever applied when empty.
    pub before: &'static str,
    /// Done by hand after that.
    pub by_hand: &'static str,
    /// Declared when the run begins.
    pub after: &'static str,
    /// Old and new addresses in `after`.
    pub renames: &'static [(&'static str, &'static str)],
    /// Lines of `[target.main]`.
    pub settings: &'static str,
    pub state: Keeper,
    /// Where an earlier run of the command has died.
    pub dies_at: Option<&'static str>,
    /// Done by hand after that run.
    pub by_hand_then: &'static str,
    /// Leaves what no command leaves.
    pub plant: Option<fn(&Stage)>,
    /// Commands that come before the disturbed one.
    pub prelude: &'static [&'static [&'static str]],
    /// The disturbed command.
    pub command: &'static [&'static str],
    /// What it ends with undisturbed.
    pub code: i32,
    /// What `djogi plan --detailed-exitcode` ends with then: 2 where something waits for an operator.
    pub planned: i32,
    /// What goes on while it runs.
    pub beside: Beside,
    /// What brings a disturbed run to its end: each at most twice.
    pub again: &'static [&'static [&'static str]],
    /// What the command says when it has been done already and cannot be done twice.
    pub done_says: Option<&'static str>,
    /// The keeper of the state once the command was done.
    pub state_then: Keeper,
    /// A plan file that `command` writes.
    pub plan_file: Option<&'static str>,
    /// Beginnings of the names of the points that the plot is about; all points when empty.
    pub only: &'static [&'static str],
}

/// Where the state of a project is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeper {
    Folder,
    /// The database of the target.
    Postgres,
}

impl Plot {
    /// Whether the plot is about this point.
    pub fn is_about(&self, point: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|start| point.starts_with(start))
    }

    /// Whether the answer of the command is that it was done before.
    pub(crate) fn says_it_is_done(&self, output: &Output) -> bool {
        self.done_says.is_some_and(|words| output.all().contains(words))
    }
}

const APPLY: &[&str] = &["apply", "--auto-approve"];
const ONLINE: &[&str] = &["apply", "--auto-approve", "--online", "always"];
/// A type changes in `CHANGE`, which is no migration here.
const ONLINE_CHANGE: &[&str] =
    &["apply", "--auto-approve", "--online", "always", "--accept-downtime", "table.main.public.line"];
const REFRESH: &[&str] = &["refresh"];
const IMPORT: &[&str] = &["import", "table.main.public.more"];
const UNLOCK: &[&str] = &["unlock", "--terminate", "--auto-approve"];
const APPROVE: &[&str] = &["approve", "table.main.public.obsolete", "--reason", "nobody uses it"];
const QUARANTINE: &[&str] = &["recover", "--quarantine", DAMAGED];
const BACKUP: &[&str] = &["state", "backup"];
const FORGET: &[&str] = &["state", "rm", "table.main.public.obsolete"];
const REMEMBER: &[&str] = &["import", "table.main.public.obsolete"];
const PAUSE: &[&str] = &["live", "pause", "goods_price_type", "--reason", "the fair"];
const FINALIZE: &[&str] = &["live", "finalize", "goods_price_type", "--auto-approve"];
const FINALIZE_NOW: &[&str] = &["live", "finalize", "goods_price_type", "--auto-approve", "--now"];
const ABANDON: &[&str] = &["live", "abandon", "goods_price_type", "--auto-approve"];
const MIGRATE: &[&str] = &["state", "migrate", "--to", "postgres"];

const ALLOW: &str = "destructive = \"allow\"\nlock_timeout = \"60s\"\nlock_budget = \"0s\"";
const ASK: &str = "destructive = \"approve\"\nlock_timeout = \"60s\"\nlock_budget = \"0s\"";

/// The plot with this name.
pub fn plot(name: &str) -> &'static Plot {
    PLOTS.iter().find(|plot| plot.name == name).unwrap_or_else(|| panic!("there is no plot {name}"))
}

/// What plots have in common: a change of eight tables with rows in them.
const CHANGE: Plot = Plot {
    name: "change",
    before: BEFORE,
    by_hand: FOREIGN_AND_DATA,
    after: AFTER,
    renames: RENAMES,
    settings: ALLOW,
    state: Keeper::Folder,
    dies_at: None,
    by_hand_then: "",
    plant: None,
    prelude: &[],
    command: APPLY,
    code: 0,
    planned: 0,
    beside: Beside::Nothing,
    again: &[APPLY],
    done_says: None,
    state_then: Keeper::Folder,
    plan_file: None,
    only: &[],
};

/// One table, on which one statement works concurrently.
const BUILD: Plot = Plot {
    name: "build",
    before: BARE,
    by_hand: FOREIGN_AND_LABELS,
    after: INDEXED,
    renames: &[],
    command: ONLINE,
    again: &[ONLINE],
    only: &["concurrent."],
    ..CHANGE
};

/// What the gates of a live migration come by.
const GATED: &[&str] = &["group.", "concurrent.", "apply.", "sidecar.", "sweep.", "lock."];

/// A live migration up to its first gate; its rows are written chunk by chunk.
const MIGRATE_LIVE: Plot = Plot {
    name: "migrate live",
    before: PRICED,
    by_hand: FOREIGN_AND_PRICES,
    after: REPRICED,
    renames: &[],
    command: ONLINE,
    again: &[ONLINE],
    planned: 2,
    only: &["backfill.", "concurrent.before_op_row", "concurrent.after_op_row"],
    ..CHANGE
};

/// The same, while a reader of the table holds the statement up.
const HELD: Plot = Plot { beside: Beside::Reader("goods"), only: &["concurrent.during"], ..BUILD };

/// Every plot of the matrix.
pub const PLOTS: &[Plot] = &[
    Plot { name: "first", before: "", by_hand: FOREIGN, after: BEFORE, renames: &[], ..CHANGE },
    CHANGE,
    Plot { name: "online", command: ONLINE_CHANGE, again: &[ONLINE_CHANGE], ..CHANGE },
    Plot { name: "recover", dies_at: Some("group.after_commit=kill@2"), ..CHANGE },
    Plot {
        name: "recover online",
        dies_at: Some("concurrent.before_op_row=kill@3"),
        command: ONLINE_CHANGE,
        again: &[ONLINE_CHANGE],
        ..CHANGE
    },
    MIGRATE_LIVE,
    Plot {
        name: "migrate beside writers",
        dies_at: Some("backfill.before_claim=kill"),
        beside: Beside::Writers,
        only: &["backfill.before_throttle"],
        ..MIGRATE_LIVE
    },
    Plot {
        name: "pause",
        prelude: &[ONLINE],
        command: PAUSE,
        again: &[PAUSE],
        only: &["backfill.before_turn"],
        ..MIGRATE_LIVE
    },
    Plot {
        name: "cut over",
        prelude: &[ONLINE],
        command: FINALIZE,
        again: &[FINALIZE],
        done_says: Some("live_retention"),
        only: GATED,
        ..MIGRATE_LIVE
    },
    Plot {
        name: "end",
        prelude: &[ONLINE, FINALIZE],
        command: FINALIZE_NOW,
        again: &[FINALIZE_NOW],
        done_says: Some("unknown_address"),
        planned: 0,
        only: GATED,
        ..MIGRATE_LIVE
    },
    Plot {
        name: "abandon",
        prelude: &[ONLINE],
        command: ABANDON,
        again: &[ABANDON, ONLINE],
        done_says: Some("unknown_address"),
        only: GATED,
        ..MIGRATE_LIVE
    },
    Plot {
        name: "turn back",
        prelude: &[ONLINE, FINALIZE],
        command: ABANDON,
        again: &[ABANDON, ONLINE],
        done_says: Some("unknown_address"),
        only: GATED,
        ..MIGRATE_LIVE
    },
    Plot { name: "save", command: &["plan", "--out", "saved.plan"], plan_file: Some("saved.plan"), ..CHANGE },
    Plot {
        name: "saved",
        prelude: &[&["plan", "--out", "saved.plan"]],
        command: &["apply", "saved.plan"],
        ..CHANGE
    },
    Plot {
        name: "refresh",
        by_hand: DRIFT,
        after: BEFORE,
        renames: &[],
        command: REFRESH,
        again: &[REFRESH, APPLY],
        ..CHANGE
    },
    Plot {
        name: "import",
        by_hand: FOREIGN_AND_MORE,
        after: WITH_MORE,
        renames: &[],
        command: IMPORT,
        again: &[IMPORT, APPLY],
        ..CHANGE
    },
    // Each statement that refuses to be in a transaction, and the same with its work held up.
    BUILD,
    Plot { name: "drop", before: INDEXED, after: BARE, ..BUILD },
    Plot { name: "rebuild", before: INDEXED, by_hand: FOREIGN_AND_AN_INVALID_INDEX, ..BUILD },
    Plot { name: "held build", ..HELD },
    Plot { name: "held drop", before: INDEXED, after: BARE, ..HELD },
    Plot { name: "held rebuild", before: INDEXED, by_hand: FOREIGN_AND_AN_INVALID_INDEX, ..HELD },
    Plot { name: "detach", before: PARTED, after: PARTED_NO_MORE, ..BUILD },
    Plot {
        name: "recover detach",
        before: PARTED,
        after: PARTED_NO_MORE,
        dies_at: Some("concurrent.before_left_constraint=kill"),
        only: &["sweep."],
        ..BUILD
    },
    Plot {
        name: "held detach",
        before: PARTED,
        after: PARTED_NO_MORE,
        beside: Beside::Reader("journey"),
        ..HELD
    },
    // A build that failed, left its invalid index, and died before it had announced that it drops it.
    Plot {
        name: "clear away",
        by_hand: FOREIGN_AND_A_LABEL_TWICE,
        after: UNIQUE,
        dies_at: Some("sidecar.before_write=kill@3"),
        by_hand_then: A_LABEL_ONCE,
        only: &["sweep.", "carcass.", "sidecar."],
        ..BUILD
    },
    // The same, dead after it had announced that.
    Plot {
        name: "clear away again",
        by_hand: FOREIGN_AND_A_LABEL_TWICE,
        after: UNIQUE,
        dies_at: Some("carcass.before_drop=kill"),
        by_hand_then: A_LABEL_ONCE,
        only: &["sweep.", "sidecar."],
        ..BUILD
    },
    Plot {
        name: "finalize",
        by_hand: FOREIGN_AND_PARTITIONS,
        plant: Some(half_detached_partition),
        command: APPLY,
        again: &[APPLY],
        only: &["sweep."],
        ..BUILD
    },
    Plot {
        name: "quarantine",
        plant: Some(damaged_sidecar),
        command: QUARANTINE,
        again: &[QUARANTINE, APPLY],
        done_says: Some("no_such_sidecar"),
        only: &["sidecar."],
        ..BUILD
    },
    Plot {
        name: "cut",
        command: APPLY,
        code: 1,
        beside: Beside::Cut,
        again: &[APPLY],
        only: &["lock.connection_lost"],
        ..BUILD
    },
    Plot {
        name: "unlock",
        command: UNLOCK,
        beside: Beside::Holder("group.before_commit"),
        again: &[UNLOCK, APPLY],
        only: &["unlock."],
        ..BUILD
    },
    Plot {
        name: "approve",
        before: WITH_OBSOLETE,
        after: BARE,
        settings: ASK,
        command: APPROVE,
        again: &[APPROVE, APPLY],
        only: &["approval."],
        ..BUILD
    },
    Plot {
        name: "approved",
        before: WITH_OBSOLETE,
        after: BARE,
        settings: ASK,
        prelude: &[APPROVE],
        command: APPLY,
        again: &[APPLY],
        only: &["approval.", "group.", "apply."],
        ..BUILD
    },
    Plot {
        name: "backup",
        command: BACKUP,
        again: &[BACKUP, APPLY],
        only: &["state.before_save_backup", "state.after_save_backup"],
        ..BUILD
    },
    Plot {
        name: "forget",
        before: WITH_OBSOLETE,
        after: WITH_OBSOLETE,
        command: FORGET,
        again: &[FORGET, REMEMBER, APPLY],
        done_says: Some("not_managed"),
        only: &["state.before_save_backup", "state.after_save_backup", "state.swapped_no_reply", "lock."],
        ..BUILD
    },
    Plot {
        name: "migrate",
        command: MIGRATE,
        again: &[MIGRATE, APPLY],
        done_says: Some("no_state"),
        state_then: Keeper::Postgres,
        only: &["state.before_put_aside", "state.after_put_aside", "sidecar.", "store_postgres."],
        ..BUILD
    },
    Plot {
        name: "first in postgres",
        before: "",
        by_hand: FOREIGN,
        after: BARE,
        state: Keeper::Postgres,
        state_then: Keeper::Postgres,
        only: &["store_postgres."],
        ..BUILD
    },
    Plot {
        name: "change in postgres",
        state: Keeper::Postgres,
        state_then: Keeper::Postgres,
        only: &["store_postgres."],
        ..BUILD
    },
];

/// Sixty objects, a third of them indexes that are built concurrently.
pub const CROWD: Plot = Plot {
    name: "crowd",
    before: "",
    by_hand: FOREIGN,
    after: CROWDED,
    renames: &[],
    command: ONLINE,
    again: &[ONLINE],
    ..CHANGE
};

/// The same in one transaction.
pub const CROWD_AT_ONCE: Plot = Plot { name: "crowd at once", command: APPLY, again: &[APPLY], ..CROWD };
