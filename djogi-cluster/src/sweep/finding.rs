//! What was found of interrupted work, and what is to be done about it: the answer of every row.

use djogi_core::QualifiedName;
use djogi_core::disposition::Reason;
use djogi_core::observation::Oid;

use super::table::{Ending, Row};

/// What is seen of a thing that may hide. A catalog query that fails is an error of its own and ends the command:
/// unknown is never taken for absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen<T> {
    Present(T),
    Absent,
    /// With the reason why nobody can say.
    Unknown(String),
}

/// One row that fits, with what was seen and what the sweep does about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub row: Row,
    /// What was seen, in words.
    pub told: String,
    pub treatment: Treatment,
}

/// What the sweep does. After whatever changes the database it looks again and decides anew, until nothing is left
/// to be changed: so each step can be repeated after a crash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Treatment {
    /// Removes the sidecar; the work is planned again if it is still wanted.
    Retire,
    /// Writes the ledger row where it is missing, records what is there, and removes the sidecar.
    RollForward,
    /// Drops an invalid index of our own making, under a sidecar of its own.
    DropIndex { index: QualifiedName, oid: Oid },
    /// Ends a half done detachment.
    Finalize { table: QualifiedName, partition: QualifiedName },
    /// Writes the ledger of this state into an empty database that it has made.
    ClaimDatabase { database: String },
    /// Drops a database that is half dropped.
    DropDatabase { database: String },
    /// Removes from the store what nothing refers to.
    Discard,
    /// Leaves everything as it is; the addresses stay blocked.
    Keep,
    /// Something is still at work.
    Wait,
}

impl Finding {
    pub(super) fn new(row: Row, told: impl Into<String>, treatment: Treatment) -> Self {
        Self { row, told: told.into(), treatment }
    }

    /// Why a plan must leave the addresses alone; `None` when apply deals with it first in a way that the plan
    /// foresees.
    pub fn gate(&self) -> Option<Reason> {
        match (&self.treatment, self.row.ending()) {
            (Treatment::Retire | Treatment::RollForward | Treatment::Discard, _) => None,
            (Treatment::Wait, _) => Some(Reason::RecoveryInflight),
            (Treatment::Keep, Ending::Blocked(reason)) => Some(reason),
            (
                Treatment::Keep
                | Treatment::DropIndex { .. }
                | Treatment::Finalize { .. }
                | Treatment::ClaimDatabase { .. }
                | Treatment::DropDatabase { .. },
                _,
            ) => Some(Reason::RecoveryPending),
        }
    }

    /// Whether the sweep changes something in the database for it.
    pub fn has_effect(&self) -> bool {
        match self.treatment {
            Treatment::Retire
            | Treatment::RollForward
            | Treatment::Discard
            | Treatment::Keep
            | Treatment::Wait => false,
            Treatment::DropIndex { .. }
            | Treatment::Finalize { .. }
            | Treatment::ClaimDatabase { .. }
            | Treatment::DropDatabase { .. } => true,
        }
    }
}

#[cfg(test)]
pub(super) fn qualified(name: &str) -> QualifiedName {
    let ident = |name| djogi_core::Ident::new(name).expect("a name");
    QualifiedName::new(ident("public"), ident(name))
}
