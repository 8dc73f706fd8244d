//! `djogi approve`: makes the plan to see what is to be approved, and writes the approvals.

use djogi_core::Address;
use djogi_core::disposition::Reason;
use djogi_core::plan::classify::DestructivePolicy;
use djogi_core::plan::{ApprovalStatus, Binding, PlanError, PlanOptions};

use super::error::ApproveError;
use super::key::PrivateKey;
use super::rules::{Signer, sign};
use crate::cluster::Cluster;
use crate::error::EngineError;
use crate::event::Reporter;
use crate::identity::{Actor, ApprovalId, timestamp};
use crate::plan::{Planned, plan};
use crate::revert::revert;
use crate::state::{Approval, Serial};

/// What came of one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Granted {
    New(Box<Approval>),
    /// Nothing was written: this one does.
    Already {
        address: Address,
        approval: String,
    },
}

/// Approves what the plan of this moment would do to `addresses`, or that which leads back to revision `back_to`: all
/// of them, or none.
///
/// # Errors
/// When one of them has nothing to approve or cannot be approved, or the approver is not who may.
pub async fn approve(
    cluster: &Cluster,
    addresses: &[Address],
    back_to: Option<Serial>,
    reason: &str,
    key: Option<&PrivateKey>,
    reporter: &dyn Reporter,
) -> Result<Vec<Granted>, EngineError> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > 1000 || reason.chars().any(char::is_control) {
        return Err(ApproveError::BadReason.into());
    }
    let approver = approver(cluster, key)?;
    let planned = match back_to {
        Some(serial) => revert(cluster, serial, PlanOptions::default(), reporter).await?.planned,
        None => plan(cluster, PlanOptions::default(), reporter).await?,
    };
    let mut granted = Vec::with_capacity(addresses.len());
    for address in addresses {
        let Some(bound) = approvable(&planned, address)? else {
            let present = planned.document.approvals.iter().find(|need| need.address == *address);
            let approval = present.and_then(|need| need.approval.clone()).unwrap_or_default();
            granted.push(Granted::Already { address: address.clone(), approval });
            continue;
        };
        let Binding { address, action, before_digest, oid, after_digest } = bound;
        let mut approval = Approval {
            action,
            after_digest,
            approved_at: timestamp(),
            approver: approver.clone(),
            before_digest,
            id: ApprovalId::generate(),
            oid,
            plan_digest: Some(planned.document.digest),
            reason: reason.to_owned(),
            signature: None,
            spent: None,
            target: address.target().clone(),
            address,
        };
        if let Some(key) = key {
            sign(&mut approval, key);
        }
        granted.push(Granted::New(Box::new(approval)));
    }
    let store = cluster.store();
    for approval in &granted {
        if let Granted::New(approval) = approval {
            store.put_approval(approval).await?;
        }
    }
    Ok(granted)
}

fn approver(cluster: &Cluster, key: Option<&PrivateKey>) -> Result<Actor, ApproveError> {
    match key {
        Some(key) => Ok(signer(cluster, key)?.name),
        None if cluster.approvals.required => Err(ApproveError::KeyNeeded),
        None => Ok(cluster.actor.clone()),
    }
}

/// In whose name `key` signs: that of the signer it belongs to, or of the actor where there is no list of signers.
///
/// # Errors
/// When it belongs to nobody on the list, or to somebody else than `--as` says.
pub fn signer(cluster: &Cluster, key: &PrivateKey) -> Result<Signer, ApproveError> {
    let (rules, public) = (&cluster.approvals, key.public());
    if rules.signers.is_empty() {
        return Ok(Signer { name: cluster.actor.clone(), key: public });
    }
    let signer = rules.signer_of(&public).ok_or(ApproveError::NotASigner { key: public })?;
    if cluster.actor_is_chosen && cluster.actor != signer.name {
        let (signer, actor) = (signer.name.to_string(), cluster.actor.to_string());
        return Err(ApproveError::OtherPerson { signer, actor });
    }
    Ok(signer.clone())
}

/// What an approval of `address` is to be bound to; `None` when there is one that fits.
fn approvable(planned: &Planned, address: &Address) -> Result<Option<Binding>, EngineError> {
    let Planned { document, inputs } = planned;
    let Some(change) = document.resource_changes.iter().find(|change| change.address == *address) else {
        // Whether the address is known at all.
        planned.explain(address).map_err(|error| match error {
            EngineError::Plan(PlanError::UnknownAddress(_)) => error,
            other => other,
        })?;
        return Err(ApproveError::NoChange(address.clone()).into());
    };
    let Some(bound) = Binding::of(change) else {
        return Err(ApproveError::NotNeeded(address.clone()).into());
    };
    let policy = inputs.targets.iter().find(|target| target.target == *address.target());
    match policy.map(|target| target.destructive) {
        Some(DestructivePolicy::Allow) => return Err(ApproveError::Allowed(address.clone()).into()),
        Some(DestructivePolicy::Deny) => return Err(ApproveError::Denied(address.clone()).into()),
        Some(DestructivePolicy::Approve) | None => {}
    }
    let need = document.approvals.iter().find(|need| need.address == *address);
    if need.is_some_and(|need| need.status == ApprovalStatus::Present) {
        return Ok(None);
    }
    match change.reason {
        Some(Reason::ApprovalRequired | Reason::ApprovalStale) => Ok(Some(bound)),
        Some(reason) => Err(ApproveError::Closed { address: address.clone(), reason }.into()),
        None => Err(ApproveError::NotNeeded(address.clone()).into()),
    }
}
