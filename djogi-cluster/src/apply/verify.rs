//! Verifies a saved plan against what there is now: it runs exactly as reviewed, or not at all.

use std::collections::BTreeSet;

use djogi_core::disposition::Verdict;
use djogi_core::plan::classify::DestructivePolicy;
use djogi_core::plan::{Binding, GivenApproval, PlanDocument, PlanInputs, ResourceChange};
use djogi_core::{Address, Ident};

use super::execute::{describe_move, digest_in};
use crate::approvals::{ApproveError, verify_plan};
use crate::error::EngineError;
use crate::inputs::load_definitions;
use crate::ledger::find_plan;
use crate::locked::Locked;
use crate::plan::Planned;

/// Gives `document` back with `inputs`, what was gathered to verify it.
///
/// # Errors
/// [`EngineError::Stale`] names everything that moved: a touched or needed object, the lineage, a server's major
/// version, or the plan itself when it was run before. What the plan does not speak of may have changed.
pub(super) async fn verify(
    document: PlanDocument,
    locked: &Locked<'_>,
    mut inputs: PlanInputs,
) -> Result<Planned, EngineError> {
    let mut moved = Vec::new();
    if !document.verify_digest() {
        moved.push("its digest does not match its content: the file was edited or damaged".to_owned());
        return Err(EngineError::Stale(moved));
    }
    let rules = &locked.cluster.approvals;
    verify_plan(&document, rules).map_err(ApproveError::PlanRejected)?;
    let lineage = locked.snapshot.state.as_ref().map(|state| state.lineage.to_string());
    if document.base.lineage != lineage {
        moved.push(format!(
            "it was made for the state with lineage {}, but there is {}",
            document.base.lineage.as_deref().unwrap_or("none"),
            lineage.as_deref().unwrap_or("none")
        ));
    }
    let (store, snapshot) = (locked.store.as_ref(), &locked.snapshot);
    load_definitions(&mut inputs, store, snapshot).await?;
    let known: BTreeSet<&Ident> = inputs.targets.iter().map(|target| &target.target).collect();
    for target in document.base.targets.keys().filter(|target| !known.contains(target)) {
        moved.push(format!("target `{target}` is no longer configured"));
    }
    for (target, session) in inputs.targets.iter().zip(&locked.sessions) {
        let Some(base) = document.base.targets.get(&target.target) else { continue };
        if let Some(run) = find_plan(session.connection.client(), &target.target, document.digest).await? {
            moved.push(format!("it was applied already, by run {run}"));
            continue;
        }
        let identity = &target.live.identity;
        if base.system_identifier != identity.system_identifier || base.database != identity.database {
            moved.push(format!("target `{}` is another database", target.target));
            continue;
        }
        if base.server_version.major() != identity.server_version.major() {
            let (then, now) = (base.server_version, identity.server_version);
            moved.push(format!("target `{}` was PostgreSQL {then} and is {now}", target.target));
        }
        let ours = |address: &&Address| address.target() == &target.target;
        for address in document.preconditions.keys().filter(ours) {
            let found = digest_in(&target.live.catalog, address);
            moved.extend(describe_move(address, document.preconditions[address], found));
        }
    }
    check_approvals(&document, &inputs, &mut moved)?;
    if moved.is_empty() { Ok(Planned { document, inputs }) } else { Err(EngineError::Stale(moved)) }
}

/// Whatever the plan destroys needs an approval now, as it did when the plan was made.
fn check_approvals(
    document: &PlanDocument,
    inputs: &PlanInputs,
    moved: &mut Vec<String>,
) -> Result<(), EngineError> {
    let destroys = |change: &&ResourceChange| {
        change.disposition == Verdict::Applied && change.reversibility.is_destructive()
    };
    for change in document.resource_changes.iter().filter(destroys) {
        let target = inputs.targets.iter().find(|target| target.target == *change.address.target());
        let Some(target) = target else { continue };
        let address = &change.address;
        match target.destructive {
            DestructivePolicy::Allow => continue,
            DestructivePolicy::Deny => return Err(ApproveError::Denied(address.clone()).into()),
            DestructivePolicy::Approve => {}
        }
        let Some(now) = Binding::of(change) else { continue };
        let need = document.approvals.iter().find(|need| need.address == *address);
        let spends =
            need.filter(|need| need.group.as_ref().is_some_and(|group| change.groups.contains(group)));
        let Some(id) = spends.and_then(|need| need.approval.as_ref()) else {
            moved.push(format!("`{address}` needs an approval by now"));
            continue;
        };
        match target.approvals.iter().find(|given| given.id == *id) {
            None => moved.push(format!("approval {id} of `{address}` is spent or gone")),
            Some(GivenApproval { rejection: Some(rejection), .. }) => {
                return Err(ApproveError::Rejected {
                    approval: id.clone(),
                    address: address.clone(),
                    rejection: rejection.clone().into(),
                }
                .into());
            }
            Some(given) if given.bound != now => {
                moved.push(format!("approval {id} of `{address}` is for something else"));
            }
            Some(_) => {}
        }
    }
    Ok(())
}
