//! Event triggers do not fire for the statements of the plan that makes or drops them.

use super::Work;
use crate::address::Kind;
use crate::diff::Action;
use crate::kind::{Firing, Resource};
use crate::plan::lower::Phase;

pub(super) fn is_event_trigger(work: &Work<'_>, node: usize) -> bool {
    work.item_of(node).change.address.kind() == Kind::EventTrigger
}

/// Whether the statements of a node leave an event trigger without effect.
pub(super) fn goes_to_sleep(work: &Work<'_>, node: usize) -> bool {
    let change = work.item_of(node).change;
    let is_disabled =
        |resource: &Resource| matches!(resource, Resource::EventTrigger(t) if t.firing == Firing::Disabled);
    match work.nodes[node].phase {
        Phase::Down => true,
        Phase::Up => {
            matches!(change.action, Action::Update(_))
                && change.desired.is_some_and(|declared| is_disabled(&declared.resource))
        }
        Phase::Rename | Phase::Attach => false,
    }
}

pub(super) fn event_triggers_sleep_first(work: &Work<'_>) -> Vec<(usize, usize)> {
    let all = || 0..work.nodes.len();
    let sleeping = all().filter(|&node| is_event_trigger(work, node) && goes_to_sleep(work, node));
    let others = || all().filter(|&node| !is_event_trigger(work, node));
    sleeping.flat_map(|first| others().map(move |then| (first, then))).collect()
}
