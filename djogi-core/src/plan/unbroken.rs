//! Stretches of statements that commit together: code that is dropped and made anew is never missing for others.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::order::Work;
use crate::plan::TransactionMode;
use crate::plan::lower::Phase;
use crate::sql::Step;

/// The stretches of `steps` from where code goes to where it has come back with its privileges, apart from each other and in their order. None
/// where something between cannot be in a transaction, or would hold its locks for long.
pub(super) fn unbroken(work: &Work<'_>, steps: &[(&Step, usize)]) -> Vec<Range<usize>> {
    let is_remade = |node: usize, phase: Phase| {
        work.nodes[node].phase == phase && work.item_of(node).change.goes_and_comes_back()
    };
    let mut returns: BTreeMap<usize, usize> = BTreeMap::new();
    for (at, (_, node)) in steps.iter().enumerate().filter(|(_, (_, node))| is_remade(*node, Phase::Up)) {
        returns.insert(work.nodes[*node].item, at);
    }
    let mut stretches: Vec<Range<usize>> = Vec::new();
    for (from, (_, node)) in steps.iter().enumerate().filter(|(_, (_, node))| is_remade(*node, Phase::Down)) {
        let Some(to) = returns.get(&work.nodes[*node].item) else { continue };
        match stretches.last_mut().filter(|last| last.contains(&from)) {
            Some(last) => last.end = last.end.max(to + 1),
            None => stretches.push(from..to + 1),
        }
    }
    let fits = |(step, _): &(&Step, usize)| step.transaction == TransactionMode::In && !step.is_alone;
    stretches.retain(|stretch| steps.get(stretch.clone()).is_some_and(|within| within.iter().all(fits)));
    stretches
}
