//! `djogi approvals`: all of them, and what each still allows.

use djogi_core::plan::{Binding, PlanOptions, Rejection};

use crate::cluster::Cluster;
use crate::error::EngineError;
use crate::event::Reporter;
use crate::identity::OpId;
use crate::plan::{Planned, plan};
use crate::state::{Approval, Damage};

/// One approval as it stands now.
#[derive(Debug)]
pub struct Listed {
    /// Where it is, for humans.
    pub location: String,
    pub approval: Result<(Approval, Standing), Damage>,
}

/// What an approval still allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The next apply spends it.
    Present,
    /// What it is bound to has moved, as far as there is such a change at all.
    Stale(Vec<String>),
    Rejected(Rejection),
    /// In this group; `None` when only the ledger knows.
    Spent(Option<OpId>),
}

impl Standing {
    pub fn as_str(&self) -> &'static str {
        match self {
            Standing::Present => "present",
            Standing::Stale(_) => "stale",
            Standing::Rejected(_) => "rejected",
            Standing::Spent(_) => "spent",
        }
    }
}

/// All approvals for the targets of `cluster`, oldest first. Reads only.
///
/// # Errors
/// As [`plan`].
pub async fn list(cluster: &Cluster, reporter: &dyn Reporter) -> Result<Vec<Listed>, EngineError> {
    let store = cluster.store();
    let stored = store.approvals().await?;
    if stored.is_empty() {
        return Ok(Vec::new());
    }
    let planned = plan(cluster, PlanOptions::default(), reporter).await?;
    let mut listed = Vec::with_capacity(stored.len());
    for found in stored {
        match found.approval {
            Ok(approval) if !cluster.targets.contains_key(&approval.target) => {}
            Ok(approval) => {
                let standing = standing(&approval, &planned);
                listed.push(Listed { location: found.location, approval: Ok((approval, standing)) });
            }
            Err(damage) => listed.push(Listed { location: found.location, approval: Err(damage) }),
        }
    }
    Ok(listed)
}

fn standing(approval: &Approval, planned: &Planned) -> Standing {
    let Planned { document, inputs } = planned;
    let id = approval.id.to_string();
    let open = inputs.targets.iter().flat_map(|target| &target.approvals);
    let Some(given) = open.into_iter().find(|given| given.id == id) else {
        return Standing::Spent(approval.spent);
    };
    let change = document.resource_changes.iter().find(|change| change.address == approval.address);
    match (change.and_then(Binding::of), &given.rejection) {
        (None, _) => Standing::Stale(vec!["what is declared does not ask for that".to_owned()]),
        (Some(now), _) if given.bound != now => Standing::Stale(given.bound.moved(&now)),
        (Some(_), Some(rejection)) => Standing::Rejected(rejection.clone()),
        (Some(_), None) => Standing::Present,
    }
}
