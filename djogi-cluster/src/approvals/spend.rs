//! Spending: the ledger row in the transaction of the effect, the mark on the file after it.

use djogi_core::plan::{Group, PlanDocument, PlanInputs};
use djogi_core::{Address, Ident};
use tokio_postgres::Client;

use crate::error::EngineError;
use crate::identity::{ApprovalId, IdentityError, OpId};
use crate::ledger::{ApprovalUse, LedgerError, approval_uses, spend_approval};
use crate::session::Session;
use crate::state::Store;

/// An approval that a group is to spend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spending {
    pub(crate) group: String,
    pub(crate) address: Address,
    pub(crate) approval: ApprovalId,
    pub(crate) approver: String,
    pub(crate) reason: String,
}

impl Spending {
    /// All that `document` counts on, of those that were there when it was made or verified.
    pub(crate) fn of(document: &PlanDocument, inputs: &PlanInputs) -> Result<Vec<Self>, IdentityError> {
        let mut spendings = Vec::new();
        let given = || inputs.targets.iter().flat_map(|target| &target.approvals);
        for need in &document.approvals {
            let (Some(id), Some(group)) = (&need.approval, &need.group) else { continue };
            let Some(given) = given().find(|given| given.id == *id) else { continue };
            spendings.push(Self {
                group: group.clone(),
                address: need.address.clone(),
                approval: id.parse()?,
                approver: given.approver.clone(),
                reason: given.reason.clone(),
            });
        }
        Ok(spendings)
    }

    pub(crate) fn is_of(&self, group: &Group) -> bool {
        self.group == group.id
    }

    /// Writes the row, within the transaction that also writes that of `op`.
    ///
    /// # Errors
    /// [`LedgerError::ApprovalSpent`]: roll back.
    pub(crate) async fn spend(&self, client: &Client, op: OpId) -> Result<(), LedgerError> {
        let Self { approval, approver, reason, .. } = self;
        spend_approval(client, *approval, op, approver, reason).await
    }
}

/// Marks the file of a spent approval. A file that is gone or damaged allows nothing anyway.
pub(crate) async fn mark(store: &dyn Store, approval: ApprovalId, op: OpId) -> Result<(), EngineError> {
    let stored = store.approvals().await?.into_iter().filter_map(|stored| stored.approval.ok());
    for mut found in stored.filter(|found| found.id == approval && found.spent.is_none()) {
        found.spent = Some(op);
        store.put_approval(&found).await?;
    }
    Ok(())
}

/// Marks the files of approvals that the ledger calls spent: a run died before it could.
///
/// # Errors
/// When the ledger cannot be read or the store not be written.
pub(crate) async fn mark_spent(store: &dyn Store, sessions: &[Session<'_>]) -> Result<(), EngineError> {
    let stored = store.approvals().await?.into_iter().filter_map(|stored| stored.approval.ok());
    let open: Vec<_> = stored.filter(|approval| approval.spent.is_none()).collect();
    for session in sessions {
        let is_here = |target: &Ident| target == session.target;
        if !open.iter().any(|approval| is_here(&approval.target)) {
            continue;
        }
        for ApprovalUse { approval, op, .. } in approval_uses(session.connection.client()).await? {
            if open.iter().any(|open| open.id == approval && is_here(&open.target)) {
                mark(store, approval, op).await?;
            }
        }
    }
    Ok(())
}
