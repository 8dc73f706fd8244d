//! Stretches of statements that commit together: code that is dropped and made anew is never missing for others.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::address::Address;
use crate::diff::Action;
use crate::order::{Item, Work};
use crate::plan::TransactionMode;
use crate::plan::lower::Phase;
use crate::sql::Step;

/// The stretches of `steps` from where code goes to where it has come back with its privileges, apart from each other and in their order. None
/// where something between cannot be in a transaction, or would hold its locks for long.
pub(super) fn unbroken(work: &Work<'_>, steps: &[(&Step, usize)]) -> Vec<Range<usize>> {
    let is_anew = |item: &Item<'_>| matches!(item.change.action, Action::Replace(_));
    let is_code = |item: &Item<'_>| is_anew(item) && item.change.address.kind().is_code();
    let code: BTreeMap<&Address, usize> = work
        .items
        .iter()
        .enumerate()
        .filter(|(_, item)| is_code(item))
        .map(|(at, item)| (&item.change.address, at))
        .collect();
    let mut returns: BTreeMap<usize, usize> = BTreeMap::new();
    for (at, (_, node)) in
        steps.iter().enumerate().filter(|(_, (_, node))| work.nodes[*node].phase == Phase::Up)
    {
        let item = work.item_of(*node);
        returns.extend(code.get(&item.change.address).map(|code| (*code, at)));
        // Without its privileges it is not back.
        if is_anew(item) && item.change.address.kind().is_grant() {
            returns.extend(item.needs.live.iter().filter_map(|need| Some((*code.get(need)?, at))));
        }
    }
    let goes = |node: usize| work.nodes[node].phase == Phase::Down && is_code(work.item_of(node));
    let mut stretches: Vec<Range<usize>> = Vec::new();
    for (from, (_, node)) in steps.iter().enumerate().filter(|(_, (_, node))| goes(*node)) {
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
