//! Approvals: rows A1 and A2.
//!
//! The ledger decides whether one is spent: its row is in the transaction of what was approved.

use djogi_core::plan::Recovery;
use djogi_core::{Address, Ident};

use super::finding::{Finding, Treatment};
use super::table::Row;
use crate::identity::{OpId, RunId};
use crate::state::Approval;

/// An approval whose file does not say that it is spent, and what interrupted runs have to do with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unmarked {
    /// Whether the ledger says so.
    pub is_spent: bool,
    /// Whether a sidecar speaks of work that was to spend it, and that has not happened.
    pub is_of_nothing: bool,
}

/// The row that fits; `None` for an approval that nothing was interrupted about.
pub fn decide(approval: &Approval, seen: Unmarked) -> Option<Finding> {
    match seen {
        Unmarked { is_spent: true, .. } => Some(a1(approval)),
        Unmarked { is_of_nothing: true, .. } => Some(a2(approval)),
        Unmarked { .. } => None,
    }
}

fn a1(approval: &Approval) -> Finding {
    let Approval { id, action, address, .. } = approval;
    let told =
        format!("approval {id}, {} of `{address}`, is spent; its file does not say so", action.as_str());
    Finding::new(Row::A1, told, Treatment::RollForward)
}

fn a2(approval: &Approval) -> Finding {
    let Approval { id, action, address, .. } = approval;
    let told = format!("approval {id}, {} of `{address}`, was not spent: it is still good", action.as_str());
    Finding::new(Row::A2, told, Treatment::Retire)
}

/// An approval with the row that fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FoundApproval {
    pub(crate) target: Ident,
    /// What has spent it, or was to.
    pub(crate) op: OpId,
    /// The run that this belonged to.
    pub(crate) run: RunId,
    pub(crate) address: Address,
    pub(crate) finding: Finding,
}

impl FoundApproval {
    /// For plans and reports.
    pub(crate) fn recovery(&self) -> Recovery {
        let Self { target, op, run, address, finding } = self;
        Recovery {
            row: finding.row.code().to_owned(),
            target: target.clone(),
            op: op.to_string(),
            run: run.to_string(),
            addresses: vec![address.clone()],
            observed: finding.told.clone(),
            action: finding.row.action().to_owned(),
            way_out: finding.row.way_out().to_owned(),
            reason: finding.gate(),
        }
    }
}

#[cfg(test)]
mod tests {
    use djogi_core::Digest;
    use djogi_core::observation::Oid;
    use djogi_core::plan::ApprovedAction;

    use super::*;
    use crate::identity::{Actor, ApprovalId};

    #[test]
    fn every_observation_has_one_row_or_none() {
        let approval = Approval {
            action: ApprovedAction::Delete,
            address: "table.main.public.a".parse().expect("an address"),
            after_digest: None,
            approved_at: String::new(),
            approver: Actor::new("ana").expect("a name"),
            before_digest: Digest::of_bytes(b"before"),
            id: ApprovalId::generate(),
            oid: Oid(1),
            plan_digest: None,
            reason: String::new(),
            signature: None,
            spent: None,
            target: Ident::new("main").expect("a name"),
        };
        for (is_spent, is_of_nothing, expected) in [
            (true, true, Some((Row::A1, Treatment::RollForward))),
            (true, false, Some((Row::A1, Treatment::RollForward))),
            (false, true, Some((Row::A2, Treatment::Retire))),
            (false, false, None),
        ] {
            let found = decide(&approval, Unmarked { is_spent, is_of_nothing });
            assert_eq!(found.map(|found| (found.row, found.treatment)), expected);
        }
    }
}
