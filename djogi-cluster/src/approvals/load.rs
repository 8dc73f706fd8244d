//! The approvals that a plan may count on.

use std::collections::BTreeMap;

use djogi_core::Ident;
use djogi_core::plan::{Binding, GivenApproval};

use crate::cluster::Cluster;
use crate::error::EngineError;
use crate::identity::ApprovalId;
use crate::ledger::{ApprovalUse, approval_uses};
use crate::session::Session;
use crate::state::{Approval, Store};
use crate::sweep::approval::{FoundApproval, Unmarked, decide};
use crate::sweep::pending::Pending;

/// The approvals of some targets. A damaged file allows nothing, and is left out.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
    /// Those of each target that neither their file nor the ledger calls spent, oldest first.
    pub(crate) given: BTreeMap<Ident, Vec<GivenApproval>>,
    /// Those that interrupted runs have left something to say about.
    pub(crate) found: Vec<FoundApproval>,
}

/// Reads files and ledgers. `pending` is all interrupted work, its rows known.
///
/// # Errors
/// When approvals cannot be listed, or a ledger cannot be read.
pub(crate) async fn load(
    cluster: &Cluster,
    store: &dyn Store,
    sessions: &[Session<'_>],
    pending: &[Pending],
) -> Result<Loaded, EngineError> {
    let mut loaded = Loaded::default();
    let stored = store.approvals().await?;
    let open: Vec<Approval> = stored
        .into_iter()
        .filter_map(|stored| stored.approval.ok())
        .filter(|approval| approval.spent.is_none())
        .collect();
    for session in sessions {
        let ours: Vec<&Approval> =
            open.iter().filter(|approval| approval.target == *session.target).collect();
        if ours.is_empty() {
            continue;
        }
        let uses = approval_uses(session.connection.client()).await?;
        let spent: BTreeMap<ApprovalId, &ApprovalUse> =
            uses.iter().map(|spent| (spent.approval, spent)).collect();
        loaded.found.extend(ours.iter().filter_map(|approval| {
            let spent = spent.get(&approval.id).map(|spent| (spent.op, spent.run));
            let of_nothing = pending.iter().find_map(|pending| pending.has_not_spent(approval.id));
            let seen = Unmarked { is_spent: spent.is_some(), is_of_nothing: of_nothing.is_some() };
            let finding = decide(approval, seen)?;
            let (op, run) = spent.or(of_nothing)?;
            let (target, address) = (session.target.clone(), approval.address.clone());
            Some(FoundApproval { target, op, run, address, finding })
        }));
        let given = ours.into_iter().filter(|approval| !spent.contains_key(&approval.id));
        let given = given.map(|approval| given_of(cluster, approval)).collect();
        loaded.given.insert(session.target.clone(), given);
    }
    Ok(loaded)
}

fn given_of(cluster: &Cluster, approval: &Approval) -> GivenApproval {
    GivenApproval {
        id: approval.id.to_string(),
        bound: Binding {
            address: approval.address.clone(),
            action: approval.action,
            before_digest: approval.before_digest,
            oid: approval.oid,
            after_digest: approval.after_digest,
        },
        approver: approval.approver.to_string(),
        reason: approval.reason.clone(),
        rejection: cluster.approvals.check(approval, &cluster.actor).err(),
    }
}
