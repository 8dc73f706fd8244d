//! Why a backfill cannot begin or go on.

use djogi_core::{Ident, QualifiedName};

use crate::connect::DatabaseError;

/// What is wrong with a backfill.
#[derive(Debug, thiserror::Error)]
pub enum BackfillError {
    #[error(
        "live migration `{name}` is under way with another definition: its rows are being written for {found}, the plan \
         has {wanted}"
    )]
    Superseded { name: String, found: String, wanted: String },
    #[error("target `{target}` has no live migration `{name}`")]
    Unknown { target: String, name: String },
    #[error("table {table} does not exist, so its rows cannot be written for live migration `{name}`")]
    NoTable { name: String, table: QualifiedName },
    #[error("table {table} has no column {column}, which live migration `{name}` goes by")]
    NoColumn { name: String, table: QualifiedName, column: Ident },
    #[error(
        "{rows} rows of {table} have still to be written for live migration `{name}` after {passes} passes, the first \
         with key ({key})"
    )]
    Refilled { name: String, table: QualifiedName, rows: i64, passes: i32, key: String },
    #[error("a row of {table} cannot be written for live migration `{name}`: {key}: {error}")]
    Row { name: String, table: QualifiedName, key: String, error: DatabaseError },
    #[error("the rows that foreign key {foreign_key} would refuse (`{name}`) stay: {why}")]
    Stay { name: String, foreign_key: Ident, why: String },
    #[error(
        "the rows of `{name}` go by the `djogi apply` that brings foreign key {foreign_key}, and by no other worker"
    )]
    OfApply { name: String, foreign_key: String },
    #[error("the ledger row of live migration `{name}` holds {value:?}, which this djogi cannot read")]
    BadRow { name: String, value: String },
    #[error("the ledger has no live migrations yet: it is older than this djogi")]
    OldLedger,
}

impl BackfillError {
    /// A stable code for diagnostics.
    pub fn code(&self) -> &'static str {
        match self {
            BackfillError::Superseded { .. } => "backfill_superseded",
            BackfillError::Unknown { .. } => "live_unknown",
            BackfillError::NoTable { .. } | BackfillError::NoColumn { .. } => "backfill_no_table",
            BackfillError::Refilled { .. } => "backfill_refilled",
            BackfillError::Row { .. } => "backfill_row",
            BackfillError::Stay { .. } => "backfill_rows_stay",
            BackfillError::OfApply { .. } => "backfill_of_apply",
            BackfillError::BadRow { .. } => "ledger_bad_row",
            BackfillError::OldLedger => "ledger_old",
        }
    }

    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            BackfillError::Superseded { name, .. } => format!(
                "declare what it was begun with and `djogi apply` to finish it, or `djogi live abandon {name}` to go back"
            ),
            BackfillError::Unknown { .. } => "`djogi live status` lists them".to_owned(),
            BackfillError::NoTable { name, .. } | BackfillError::NoColumn { name, .. } => {
                format!("somebody has changed the table since: put it back, or `djogi live abandon {name}`")
            }
            BackfillError::Refilled { .. } => {
                "somebody writes such rows past the trigger (is it disabled, or `session_replication_role` set?), a trigger or \
                 rule of the table keeps them as they are, or the expression never meets the condition; end that, then \
                 `djogi apply` goes on"
                    .to_owned()
            }
            BackfillError::Row { name, .. } => format!(
                "correct the row, or the expression; then `djogi live worker {name}` or `djogi apply` goes on from there"
            ),
            BackfillError::Stay { .. } => "djogi plan says what can be done".to_owned(),
            BackfillError::OfApply { .. } => "djogi apply goes on with them".to_owned(),
            BackfillError::BadRow { .. } => {
                "a newer djogi has written it, or somebody has edited it".to_owned()
            }
            BackfillError::OldLedger => "`djogi apply` brings it up to date".to_owned(),
        }
    }
}
