//! What state and ledger know of each other: rows G2 to G5; and whether the interrupted run is still at work: row G7.
//! G1, a foreign lineage, is found where sidecars are read and in [`crate::state::check_belonging`]; G6 where sidecars
//! are read.

use super::finding::{Finding, Seen, Treatment};
use super::table::Row;
use crate::error::EngineError;
use crate::ledger::LedgerError;
use crate::lock::LockError;

/// What decides, once the lineages agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Records {
    /// Whether the ledger has the last group that the state knows of; a state that knows none has nothing to miss.
    pub has_last_op: bool,
    /// Whether the ledger has a group of the state's epoch or a later one.
    pub goes_on: bool,
    /// How many groups the ledger has after that one.
    pub news: usize,
    /// Whether a sidecar speaks of them.
    pub has_sidecar: bool,
}

/// The row that fits; `None` when the state is up to date, or a sidecar's own rows say more.
pub fn decide(records: Records) -> Option<Row> {
    match records {
        Records { has_last_op: false, goes_on: true, .. } => Some(g4()),
        Records { has_last_op: false, goes_on: false, .. } => Some(g2()),
        Records { news: 1.., has_sidecar: false, .. } => Some(g3()),
        Records { .. } => None,
    }
}

/// The row of what has ended a run in its middle, when nothing more may be written after it: another run has the
/// database now, finds the sidecars of this one, and records what it has committed.
pub(crate) fn decide_end(error: &EngineError) -> Option<Row> {
    match error {
        EngineError::Ledger(LedgerError::Fenced { .. })
        | EngineError::Lock(LockError::Lost { .. } | LockError::Ledger(LedgerError::Fenced { .. })) => {
            Some(g5())
        }
        _ => None,
    }
}

/// The database is older than the state.
fn g2() -> Row {
    Row::G2
}

/// A run of this lineage has gone on without this state: it was put back from a backup, or is a copy.
fn g3() -> Row {
    Row::G3
}

/// The database was put back, and another copy of the state has gone on from there.
fn g4() -> Row {
    Row::G4
}

/// Another run has taken the epoch since.
fn g5() -> Row {
    Row::G5
}

/// The worker of the interrupted run lives, or may: everything else is asked when it is gone.
pub(super) fn g7(worker: &Seen<String>) -> Option<Finding> {
    match worker {
        Seen::Present(who) | Seen::Unknown(who) => Some(Finding::new(Row::G7, who.as_str(), Treatment::Wait)),
        Seen::Absent => None,
    }
}

#[cfg(test)]
mod tests {
    use djogi_core::Ident;

    use super::*;
    use crate::identity::Epoch;

    #[test]
    fn only_a_run_that_was_overtaken_writes_nothing_more() {
        let target = Ident::new("main").expect("a name");
        let fenced = || LedgerError::Fenced { target: target.clone(), ours: Epoch::new(3), found: None };
        assert_eq!(decide_end(&fenced().into()), Some(Row::G5));
        assert_eq!(decide_end(&LockError::from(fenced()).into()), Some(Row::G5));
        assert_eq!(decide_end(&LockError::Lost { target: target.clone() }.into()), Some(Row::G5));
        assert_eq!(decide_end(&EngineError::Stale(Vec::new())), None);
        assert_eq!(decide_end(&EngineError::Interrupted(130)), None);
    }

    #[test]
    fn every_observation_has_one_row_or_none() {
        for has_last_op in [true, false] {
            for goes_on in [true, false] {
                for news in [0, 1, 7] {
                    for has_sidecar in [true, false] {
                        let expected = match (has_last_op, goes_on, news, has_sidecar) {
                            (false, true, ..) => Some(Row::G4),
                            (false, false, ..) => Some(Row::G2),
                            (true, _, 1.., false) => Some(Row::G3),
                            _ => None,
                        };
                        assert_eq!(decide(Records { has_last_op, goes_on, news, has_sidecar }), expected);
                    }
                }
            }
        }
    }
}
