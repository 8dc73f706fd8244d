//! Which changes each group of a plan works on.

use std::collections::HashMap;

use djogi_core::plan::{Group, PlanDocument, ResourceChange};

/// The changes of a plan by group.
#[derive(Debug)]
pub(super) struct Work<'d>(HashMap<&'d str, Vec<&'d ResourceChange>>);

impl<'d> Work<'d> {
    pub(super) fn of_plan(document: &'d PlanDocument) -> Self {
        let mut changes: HashMap<_, Vec<_>> = HashMap::new();
        for change in &document.resource_changes {
            for group in &change.groups {
                changes.entry(group.as_str()).or_default().push(change);
            }
        }
        Self(changes)
    }

    /// The changes that `group` works on, in the order of the plan.
    pub(super) fn of(&self, group: &Group) -> &[&'d ResourceChange] {
        self.0.get(group.id.as_str()).map_or(&[], Vec::as_slice)
    }
}
