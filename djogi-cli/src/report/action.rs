//! The seven actions of a plan with their marks: Terraform's grammar, and two signs for what needs no SQL.

use djogi_core::plan::{ActionVerb, ChangeBody};

use super::style::Tone;

/// What happens to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Action {
    Delete,
    Replace,
    Rename,
    Update,
    Create,
    Adopt,
    Forget,
}

impl Action {
    /// A change without verbs, which no planner makes, reads as an update.
    pub(crate) fn of(change: &ChangeBody) -> Self {
        match change.actions.as_slice() {
            [ActionVerb::Create] => Action::Create,
            [ActionVerb::Delete] => Action::Delete,
            [ActionVerb::Rename] => Action::Rename,
            [ActionVerb::Adopt] => Action::Adopt,
            [ActionVerb::Forget] => Action::Forget,
            verbs if verbs.contains(&ActionVerb::Delete) && verbs.contains(&ActionVerb::Create) => {
                Action::Replace
            }
            verbs if verbs.contains(&ActionVerb::Rename) => Action::Rename,
            _ => Action::Update,
        }
    }

    /// The mark in the margin.
    pub(crate) fn mark(self) -> &'static str {
        match self {
            Action::Create => "+",
            Action::Update => "~",
            Action::Delete => "-",
            Action::Replace => "-/+",
            Action::Rename => ">",
            Action::Adopt => "=",
            Action::Forget => ".",
        }
    }

    pub(crate) fn tone(self) -> Tone {
        match self {
            Action::Create => Tone::Added,
            Action::Update => Tone::Changed,
            Action::Delete | Action::Replace => Tone::Removed,
            Action::Rename | Action::Adopt => Tone::Moved,
            Action::Forget => Tone::Faint,
        }
    }

    pub(crate) fn verb(self) -> &'static str {
        match self {
            Action::Create => "create",
            Action::Update => "update",
            Action::Delete => "delete",
            Action::Replace => "replace",
            Action::Rename => "rename",
            Action::Adopt => "adopt",
            Action::Forget => "forget",
        }
    }

    /// What an action that needs no SQL does, for those who see its mark for the first time.
    pub(crate) fn remark(self) -> Option<&'static str> {
        match self {
            Action::Adopt => Some("already as declared: recorded in the state, no SQL"),
            Action::Forget => Some("no longer managed: removed from the state, no SQL"),
            Action::Create | Action::Update | Action::Delete | Action::Replace | Action::Rename => None,
        }
    }
}
