//! The rows of the sweep: every way in which interrupted work can be found, what is done about it, and the way out
//! where something stays. One table, from which `djogi recover`, the plan and the documentation are made.

use djogi_core::disposition::Reason;

/// What sort of work a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    Global,
    Transactional,
    IndexBuild,
    IndexDrop,
    Reindex,
    Detach,
    EnumLabel,
    Constraint,
    Backfill,
    Live,
    Seed,
    Database,
    Tenant,
    Approval,
    Payload,
}

impl Family {
    pub const ALL: &[Family] = &[
        Family::Global,
        Family::Transactional,
        Family::IndexBuild,
        Family::IndexDrop,
        Family::Reindex,
        Family::Detach,
        Family::EnumLabel,
        Family::Constraint,
        Family::Backfill,
        Family::Live,
        Family::Seed,
        Family::Database,
        Family::Tenant,
        Family::Approval,
        Family::Payload,
    ];

    /// For humans.
    pub fn title(self) -> &'static str {
        match self {
            Family::Global => "everything",
            Family::Transactional => "a group in a transaction",
            Family::IndexBuild => "CREATE INDEX CONCURRENTLY",
            Family::IndexDrop => "DROP INDEX CONCURRENTLY",
            Family::Reindex => "REINDEX INDEX CONCURRENTLY",
            Family::Detach => "DETACH PARTITION CONCURRENTLY",
            Family::EnumLabel => "ALTER TYPE ... ADD VALUE",
            Family::Constraint => "a constraint in two steps",
            Family::Backfill => "a backfill in chunks",
            Family::Live => "a step of a live migration",
            Family::Seed => "seed rows",
            Family::Database => "CREATE DATABASE, DROP DATABASE",
            Family::Tenant => "a fan-out over tenants",
            Family::Approval => "approvals",
            Family::Payload => "stored catalogs",
        }
    }

    /// Whether this djogi does such work. The rows of the others have their place, and no sidecar leads to them.
    pub fn is_in_use(self) -> bool {
        match self {
            Family::Global
            | Family::Transactional
            | Family::IndexBuild
            | Family::IndexDrop
            | Family::Reindex
            | Family::Detach
            | Family::EnumLabel
            | Family::Constraint
            | Family::Seed
            | Family::Database
            | Family::Approval
            | Family::Payload => true,
            Family::Backfill | Family::Live | Family::Tenant => false,
        }
    }
}

/// How a row ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ending {
    /// Nothing of ours is left to record; the work is planned again.
    Retired,
    /// It was done, and is recorded.
    RolledForward,
    /// The sweep finishes it in the database first.
    Finished,
    /// The address stays blocked, for this reason, until somebody decides.
    Blocked(Reason),
    /// Something still works; nothing is judged until it has ended.
    Waits,
    /// The command ends; nothing is written.
    Refused,
}

macro_rules! rows {
    ($( $row:ident $family:ident $ending:expr, $observed:literal, $action:literal, $way_out:literal; )*) => {
        /// One row: its code is stable, and stands in `recoveries` of the state.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Row {
            $( #[doc = $observed] $row, )*
        }

        impl Row {
            pub const ALL: &[Row] = &[$( Row::$row, )*];

            /// `I4`.
            pub fn code(self) -> &'static str {
                match self { $( Row::$row => stringify!($row), )* }
            }

            pub fn family(self) -> Family {
                match self { $( Row::$row => Family::$family, )* }
            }

            pub fn ending(self) -> Ending {
                match self { $( Row::$row => $ending, )* }
            }

            /// What is found.
            pub fn observed(self) -> &'static str {
                match self { $( Row::$row => $observed, )* }
            }

            /// What the sweep does.
            pub fn action(self) -> &'static str {
                match self { $( Row::$row => $action, )* }
            }

            /// What the user does; empty where there is nothing to do.
            pub fn way_out(self) -> &'static str {
                match self { $( Row::$row => $way_out, )* }
            }
        }
    };
}

use Ending::{Blocked, Finished, Refused, Retired, RolledForward, Waits};

rows! {
    G1 Global Refused, "state, sidecar and ledger are not of one lineage",
        "refuse with `lineage_mismatch`", "choose the project and `--env` that belong to the database";
    G2 Global Refused, "the last group that the state knows is not in the ledger: the database is older",
        "refuse with `catalog_regressed`", "`djogi refresh` records what the database holds now; then plan again";
    G3 Global RolledForward, "the ledger has groups after the last that the state knows, and no sidecar speaks of them",
        "record them from the ledger and from what is there", "";
    G4 Global Refused, "the ledger has newer groups, but not the last that the state knows",
        "refuse with `state_forked`",
        "put the right state back (`djogi state restore`), or move `state.json` away and let `djogi refresh` rebuild it";
    G5 Global Refused, "the epoch in the database is not the one this run has taken",
        "exit as `fenced`; write nothing more", "see what the other run did (`djogi status`), then apply again";
    G6 Global Refused, "a sidecar cannot be read, is damaged or newer, or sidecars cannot be listed",
        "refuse everything that writes", "`djogi recover`, then a newer djogi or `djogi recover --quarantine NAME`";
    G7 Global Waits, "a server process of the interrupted run is still at work",
        "wait for as long as `--lock-timeout` says; judge nothing before",
        "wait for it, or end it with `djogi unlock --terminate` (`SELECT pg_terminate_backend(PID);` where it has no lock), \
         then apply again";
    G8 Global Retired, "the table or schema that it was about is gone", "retire as `target_gone`", "";

    T1 Transactional Retired, "no ledger row: the transaction was rolled back or never begun",
        "retire; it is planned again", "";
    T2 Transactional RolledForward, "the ledger row is there, the state does not know of it",
        "record what is there", "";
    T3 Transactional Retired, "the ledger and the state both have it", "retire", "";
    T4 Transactional Waits, "the transaction is still in progress, or prepared",
        "wait, as in G7", "wait for it; a prepared transaction is ended by `ROLLBACK PREPARED`";
    T5 Transactional RolledForward, "the ledger row is there, and somebody has changed the object since",
        "record it, marked as drifted", "`djogi plan` shows what heals it";
    T6 Transactional Retired, "no ledger row, but the object is as it was to become: somebody else made it so",
        "retire; marked as drifted, claimed by nobody", "`djogi refresh` records it";
    T7 Transactional Blocked(Reason::RecoveryPending), "no ledger row, and the object is neither as before nor as planned",
        "keep; the address stays blocked", "look at it, then `djogi refresh` takes it as it is";

    I1 IndexBuild Retired, "the index is not there", "retire; it is planned again", "";
    I2 IndexBuild RolledForward, "the index is there, valid, and as intended", "record it", "";
    I3 IndexBuild Waits, "the index is invalid and still being built", "wait, as in G7",
        "wait for it, or end it with `djogi unlock --terminate` (`SELECT pg_terminate_backend(PID);` where it has no lock), \
         then apply again";
    I4 IndexBuild Finished, "the index is invalid, nobody builds it, it was not there before, and it is as intended",
        "our own leftover: drop it concurrently, plan it again", "";
    I5 IndexBuild Blocked(Reason::CarcassForeign), "the index is invalid, and it was there before or is another one",
        "keep; never dropped by the sweep", "drop it by hand (`DROP INDEX CONCURRENTLY ...`), then apply again";
    I6 IndexBuild Blocked(Reason::RecoveryPending), "an index of that name is there, valid, with another definition",
        "keep; the address stays blocked", "drop or rename it, or let `djogi refresh` take note, then apply again";
    I7 IndexBuild Blocked(Reason::UniqueViolation), "the build ended because rows violate uniqueness",
        "drop our own leftover; it is not built again before the rows or the declaration have changed",
        "mend the rows or the model, then apply again";

    X1 IndexDrop RolledForward, "the index is gone", "record that it is", "";
    X2 IndexDrop Retired, "the index is valid: the drop had not begun", "retire; it is planned again", "";
    X3 IndexDrop Finished, "the index is invalid and nobody works on it: the drop was interrupted",
        "drop it again, then record it", "";

    R1 Reindex RolledForward, "nothing is left over; another oid says that it was done, the same that it was not",
        "record it if it was done, else retire", "";
    R2 Reindex Finished, "the new index (`_ccnew`) is left over, invalid", "drop it; the rebuild is planned again", "";
    R3 Reindex Finished, "the old index (`_ccold`) is left over, the new one is in place",
        "drop it, then record the new one", "";

    D1 Detach Retired, "the partition is attached and nothing is pending", "retire; it is planned again", "";
    D2 Detach Finished, "the partition is half detached",
        "`DETACH PARTITION ... FINALIZE` with its ledger row, without the CHECK constraint that PostgreSQL leaves on it, then record it",
        "";
    D3 Detach RolledForward, "the partition is detached",
        "drop the CHECK constraint that PostgreSQL leaves on it, and record it", "";
    D4 Detach Blocked(Reason::RecoveryPending), "another partition of the table is half detached",
        "keep; only one can be pending", "`ALTER TABLE ... DETACH PARTITION ... FINALIZE` for that one, then apply again";

    E1 EnumLabel RolledForward, "the labels are there, in the declared order", "record them", "";
    E2 EnumLabel Retired, "a label is missing", "retire; it is planned again", "";
    E3 EnumLabel Blocked(Reason::RecoveryPending), "the labels are there in another order, or there are others",
        "marked as drifted; labels cannot be removed, so the type stays blocked",
        "declare the order that is there, or let `djogi refresh` take it as it is";

    V1 Constraint RolledForward, "the constraint is there, NOT VALID, or validated, or absent",
        "record it and go on with its validation; absent, it is planned again", "";

    B1 Backfill RolledForward, "a position is recorded and work is left", "go on after it", "";
    B2 Backfill RolledForward, "it is done and no row is left", "record it", "";
    B3 Backfill RolledForward, "it is done, yet rows are left: old writers are at work", "open it again, with a warning",
        "stop the old writers";
    B4 Backfill Blocked(Reason::BackfillSuperseded), "the declaration has changed under way", "keep",
        "finish or abandon the migration";

    L1 Live RolledForward, "the step is visible in the catalog, its record is behind", "set the record to what is there",
        "";

    S1 Seed RolledForward, "a part of the rows is written, in transactions of their own",
        "record what is there; the next plan writes the others, and none twice", "";

    C1 Database Retired, "the database is not there", "retire; it is planned again", "";
    C2 Database Finished, "the database is there, empty, with the intended owner, and belongs to no state",
        "claim it: write its ledger, then record it", "";
    C3 Database RolledForward, "the database is there and belongs to this state", "record it", "";
    C4 Database Blocked(Reason::RecoveryPending), "the database is there and cannot be claimed, or not be looked into",
        "keep; never dropped (`database_unclaimed`)", "rename or drop it by hand, or choose another name, then apply again";
    C5 Database Finished, "a drop: the database is gone, or half dropped, or untouched",
        "gone: record it; half dropped (`datconnlimit` -2): drop it again; untouched: retire, the approval stays", "";

    N1 Tenant RolledForward, "each tenant has rows of its own; the run has the list it began with",
        "tell for each tenant whether it is done, behind, failed or skipped", "";
    N2 Tenant RolledForward, "a tenant was made after the list", "it is born with the newest generation, or scheduled",
        "";
    N3 Tenant Retired, "a tenant of the list is gone", "as G8", "";

    A1 Approval RolledForward, "an approval is spent in the ledger, and its file does not say so",
        "write it into the file; it authorises nothing again", "";
    A2 Approval Retired, "what an approval was for did not happen", "it stays valid while nothing it is bound to moves",
        "";

    P1 Payload Finished, "a stored catalog does not have the digest it is named by, or is missing",
        "write it anew from what is there, when that has the recorded digests",
        "`djogi refresh`; what is no longer in the database is lost from the record only";
    P2 Payload Retired, "a stored catalog or temporary file that nothing refers to",
        "ignored; a sweep that records something removes such catalogs, and so does every twentieth revision; temporary \
         files go with the next write", "";
}

impl std::fmt::Display for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_table_has_every_row_of_the_contract_once() {
        let count = |letter: char, rows: usize| (1..=rows).map(move |row| format!("{letter}{row}"));
        let contract = [
            ('G', 8),
            ('T', 7),
            ('I', 7),
            ('X', 3),
            ('R', 3),
            ('D', 4),
            ('E', 3),
            ('V', 1),
            ('B', 4),
            ('L', 1),
            ('S', 1),
            ('C', 5),
            ('N', 3),
            ('A', 2),
            ('P', 2),
        ];
        let contract: Vec<String> =
            contract.into_iter().flat_map(|(letter, rows)| count(letter, rows)).collect();
        let codes: Vec<String> = Row::ALL.iter().map(|row| row.code().to_owned()).collect();
        assert_eq!(codes, contract);
        assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), codes.len());
    }

    #[test]
    fn every_row_says_what_is_found_and_done_and_whatever_stays_has_a_way_out() {
        for row in Row::ALL {
            assert!(!row.observed().is_empty() && !row.action().is_empty(), "{row}");
            let stays = matches!(row.ending(), Ending::Blocked(_) | Ending::Waits | Ending::Refused);
            assert!(!stays || !row.way_out().is_empty(), "{row} has no way out");
            assert!(Family::ALL.contains(&row.family()));
        }
    }
}
