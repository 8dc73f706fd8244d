//! Proves a plan before anybody sees it: nothing is lost, doubled or out of order. A failure here is a fault of
//! djogi, never of its input.

use std::collections::BTreeSet;

use crate::address::Address;
use crate::disposition::Verdict;
use crate::order::{Order, Work};
use crate::plan::{Group, ResourceChange, TransactionMode};
use crate::sql::Step;

/// What a proof found. The plan is not shown and nothing is run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    #[error("{0} has more than one change")]
    TwoChanges(Address),
    #[error("{node} is ordered {times} times")]
    NotOnce { node: String, times: usize },
    #[error("{from} must come before {to} ({rule})")]
    EdgeBroken { from: String, to: String, rule: &'static str },
    #[error("the groups do not hold exactly the ordered statements, from statement {at} on")]
    GroupsDiffer { at: usize },
    #[error("group {group} goes on after a statement that must commit first")]
    BarrierPassed { group: String },
    #[error("group {group} does not commit as its last statement asks for")]
    WrongMode { group: String },
    #[error("group {found} stands where {expected} should")]
    NotContiguous { expected: String, found: String },
    #[error("{address} is {verdict:?} but has statements in a group")]
    NotApplied { address: Address, verdict: Verdict },
}

/// Proves that `groups`, numbered from `first`, run the nodes of `work` exactly once and as `order` has it.
pub fn prove_groups(
    work: &Work<'_>,
    order: &Order,
    steps: &[(&Step, usize)],
    groups: &[Group],
    first: usize,
) -> Result<(), ProofError> {
    let mut position = vec![usize::MAX; work.nodes.len()];
    let mut times = vec![0_usize; work.nodes.len()];
    for (at, &node) in order.nodes.iter().enumerate() {
        position[node] = at;
        times[node] += 1;
    }
    if let Some(node) = times.iter().position(|&times| times != 1) {
        return Err(ProofError::NotOnce { node: work.describe(node), times: times[node] });
    }
    if let Some(edge) = order.edges.iter().find(|edge| position[edge.from] >= position[edge.to]) {
        return Err(ProofError::EdgeBroken {
            from: work.describe(edge.from),
            to: work.describe(edge.to),
            rule: edge.rule,
        });
    }
    if let Some(at) = steps.windows(2).position(|pair| position[pair[0].1] > position[pair[1].1]) {
        return Err(ProofError::GroupsDiffer { at });
    }
    let grouped = groups.iter().flat_map(|group| &group.operations);
    let ordered = steps.iter().map(|(step, _)| &step.operation);
    if !grouped.clone().eq(ordered.clone()) {
        let at = grouped.zip(ordered).take_while(|(a, b)| a == b).count();
        return Err(ProofError::GroupsDiffer { at });
    }
    let mut modes = steps.iter().map(|(step, _)| step.transaction);
    for (group, number) in groups.iter().zip(first..) {
        let expected = format!("g{number}");
        if group.id != expected {
            return Err(ProofError::NotContiguous { expected, found: group.id.clone() });
        }
        let inner: Vec<_> = modes.by_ref().take(group.operations.len()).collect();
        if inner.last().is_some_and(|mode| *mode != group.transaction) {
            return Err(ProofError::WrongMode { group: group.id.clone() });
        }
        let ends_early = inner.iter().rev().skip(1).any(|mode| *mode != TransactionMode::In);
        let shared = inner.len() > 1
            && matches!(inner.last(), Some(TransactionMode::Outside | TransactionMode::Chunked));
        if ends_early || shared {
            return Err(ProofError::BarrierPassed { group: group.id.clone() });
        }
    }
    Ok(())
}

/// Proves that every address has one change and that only what is applied, or follows from it, has statements.
pub fn prove_changes(changes: &[ResourceChange], groups: &[Group]) -> Result<(), ProofError> {
    let mut seen = BTreeSet::new();
    if let Some(twice) = changes.iter().find(|change| !seen.insert(&change.address)) {
        return Err(ProofError::TwoChanges(twice.address.clone()));
    }
    let running: BTreeSet<&Address> =
        groups.iter().flat_map(|group| &group.operations).map(|operation| &operation.address).collect();
    let idle = |change: &&ResourceChange| matches!(change.disposition, Verdict::Deferred | Verdict::Blocked);
    match changes.iter().filter(idle).find(|change| running.contains(&change.address)) {
        Some(change) => {
            Err(ProofError::NotApplied { address: change.address.clone(), verdict: change.disposition })
        }
        None => Ok(()),
    }
}
