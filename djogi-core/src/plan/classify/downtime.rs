//! Work that stops the readers or writers of a table that is not small, for which there is no online way: it waits until
//! somebody accepts the downtime.

use std::collections::{BTreeMap, BTreeSet};

use super::Candidate;
use crate::address::Address;
use crate::disposition::Reason;
use crate::ident::QualifiedName;
use crate::observation::TableSize;
use crate::plan::classify::Judgement;
use crate::plan::{Effect, LockMode, Operation, PlanOptions};
use crate::safety::{Online, not_small};

/// What nobody may be kept from without being asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Downtime {
    /// Tables that are not small, as in SQL.
    pub busy: BTreeSet<String>,
    /// Changes that may stop them.
    pub accepted: BTreeSet<Address>,
}

impl Downtime {
    /// Whoever chooses the direct way for everything has accepted what it stops.
    pub fn of(options: &PlanOptions, sizes: &BTreeMap<QualifiedName, TableSize>) -> Self {
        if options.online == Online::Never {
            return Self::default();
        }
        Self { busy: not_small(sizes), accepted: options.accept_downtime.iter().cloned().collect() }
    }

    pub(super) fn gate(&self, candidate: &Candidate<'_>) -> Option<Judgement> {
        let address = &candidate.change.address;
        if self.busy.is_empty() || self.is_accepted(address) {
            return None;
        }
        let steps = candidate.lowered.parts.iter().flat_map(|(_, steps)| steps);
        let notes: Vec<String> = steps.filter_map(|step| self.outage(&step.operation)).collect();
        if notes.is_empty() {
            return None;
        }
        let way_out = Some(format!("djogi apply --accept-downtime {address}"));
        Some(Judgement { way_out, ..Reason::OfflineOnly.because(notes) })
    }

    /// A table is meant with its columns and constraints.
    fn is_accepted(&self, address: &Address) -> bool {
        self.accepted.contains(address)
            || address.table_of_member().is_some_and(|table| self.accepted.contains(&table))
    }

    /// Who waits for what, when somebody does for long.
    fn outage(&self, operation: &Operation) -> Option<String> {
        let lock = operation.lock.as_ref().filter(|lock| self.busy.contains(&lock.relation))?;
        let work = match operation.effect {
            Effect::Scan => "every row is checked",
            Effect::Build => "an index is built",
            Effect::Rewrite => "the table and its indexes are written anew",
            Effect::Catalog | Effect::Data => return None,
        };
        let who = match lock.mode {
            LockMode::AccessExclusive => "reads and writes",
            LockMode::Share | LockMode::ShareRowExclusive | LockMode::Exclusive => "writes",
            LockMode::AccessShare
            | LockMode::RowShare
            | LockMode::RowExclusive
            | LockMode::ShareUpdateExclusive => return None,
        };
        Some(format!("{who} of {} wait while {work}", lock.relation))
    }
}
