//! The approvals that a plan may count on.

use std::collections::{BTreeMap, BTreeSet};

use djogi_core::Ident;
use djogi_core::plan::{Binding, GivenApproval};

use crate::cluster::Cluster;
use crate::error::EngineError;
use crate::identity::ApprovalId;
use crate::ledger::approval_uses;
use crate::session::Session;
use crate::state::{Approval, Store};

/// The approvals of each target that neither their file nor the ledger calls spent, oldest first. A damaged file allows
/// nothing, and is left out. Reads only.
pub(crate) async fn load(
    cluster: &Cluster,
    store: &dyn Store,
    sessions: &[Session<'_>],
) -> Result<BTreeMap<Ident, Vec<GivenApproval>>, EngineError> {
    let mut loaded: BTreeMap<Ident, Vec<GivenApproval>> = BTreeMap::new();
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
        let spent: BTreeSet<ApprovalId> = uses.iter().map(|spent| spent.approval).collect();
        let given = ours.into_iter().filter(|approval| !spent.contains(&approval.id));
        loaded.insert(session.target.clone(), given.map(|approval| given_of(cluster, approval)).collect());
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
