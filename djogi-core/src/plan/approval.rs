//! Approvals as planning sees them: what each is bound to, and whether that is what the plan would do now.

use serde::{Deserialize, Serialize};

use super::{ActionVerb, ResourceChange, Reversibility};
use crate::address::{Address, Kind};
use crate::digest::Digest;
use crate::observation::Oid;

/// What may be done to the approved object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ApprovedAction {
    Update,
    /// Dropped and made anew.
    Replace,
    Delete,
}

impl ApprovedAction {
    pub fn as_str(self) -> &'static str {
        match self {
            ApprovedAction::Update => "update",
            ApprovedAction::Replace => "replace",
            ApprovedAction::Delete => "delete",
        }
    }

    /// `None` for what takes nothing away.
    pub(super) fn of(verbs: &[ActionVerb]) -> Option<Self> {
        match verbs {
            [.., ActionVerb::Delete, ActionVerb::Create] => Some(ApprovedAction::Replace),
            [.., ActionVerb::Delete] => Some(ApprovedAction::Delete),
            [.., ActionVerb::Update] => Some(ApprovedAction::Update),
            _ => None,
        }
    }
}

/// What an approval is for. Nothing else of a plan matters to it, and all of this does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    pub address: Address,
    pub action: ApprovedAction,
    /// Of the live object.
    pub before_digest: Digest,
    /// Of the live object; of its table for a column.
    pub oid: Oid,
    /// Of the declared object; `None` when it is to be gone.
    pub after_digest: Option<Digest>,
}

/// Whether somebody must approve of a change that is as hard to take back. Of a constraint nothing is lost but what is said of
/// rows that refer to nothing, and to say so is the consent (RFC 0017).
pub(super) fn needs_approval(kind: Kind, reversibility: Reversibility) -> bool {
    reversibility.is_destructive() && kind != Kind::Constraint
}

impl Binding {
    /// What an approval of `change` is to be bound to; `None` when there is nothing to approve.
    pub fn of(change: &ResourceChange) -> Option<Self> {
        if !needs_approval(change.kind, change.reversibility) {
            return None;
        }
        Some(Self {
            address: change.address.clone(),
            action: ApprovedAction::of(&change.change.actions)?,
            before_digest: change.before_digest?,
            oid: change.before_oid?,
            after_digest: change.after_digest,
        })
    }

    /// How `now` differs from what was approved, in words; empty when it does not.
    pub fn moved(&self, now: &Binding) -> Vec<String> {
        let Binding { address, action, before_digest, oid, after_digest } = self;
        let mut moved = Vec::new();
        if *address != now.address {
            moved.push(format!("it is for {address}"));
        }
        if *action != now.action {
            moved.push(format!("it is for the action {}, not {}", action.as_str(), now.action.as_str()));
        }
        if *oid != now.oid {
            moved.push("the object was dropped and made anew since".to_owned());
        } else if *before_digest != now.before_digest {
            moved.push("the object was changed since".to_owned());
        }
        if *after_digest != now.after_digest {
            moved.push("the declaration was changed since".to_owned());
        }
        moved
    }
}

/// An approval that nothing has spent yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenApproval {
    pub id: String,
    pub bound: Binding,
    pub approver: String,
    pub reason: String,
    /// Why it allows nothing although it may fit.
    pub rejection: Option<Rejection>,
}

/// Why the rules about approvals do not let one count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    #[error("it is not signed")]
    Unsigned,
    #[error("it is signed with the key of {key:?}, who is not among the signers")]
    UnknownSigner { key: String },
    #[error("the signature of {key:?} does not belong to it")]
    BadSignature { key: String },
    #[error("it is signed with the key of {key:?} in the name of {approver:?}")]
    WrongPerson { key: String, approver: String },
    #[error("{approver:?} has given it, and who approves must not apply")]
    NotSeparate { approver: String },
}

impl Rejection {
    /// The codes of all rejections.
    pub const CODES: [&str; 5] = [
        "approval_unsigned",
        "approval_unknown_signer",
        "approval_bad_signature",
        "approval_wrong_person",
        "approval_not_separate",
    ];

    /// A stable code for diagnostics.
    pub fn code(&self) -> &'static str {
        let [unsigned, unknown, bad, wrong, not_separate] = Self::CODES;
        match self {
            Rejection::Unsigned => unsigned,
            Rejection::UnknownSigner { .. } => unknown,
            Rejection::BadSignature { .. } => bad,
            Rejection::WrongPerson { .. } => wrong,
            Rejection::NotSeparate { .. } => not_separate,
        }
    }

    /// What to do next.
    pub fn help(&self) -> &'static str {
        match self {
            Rejection::Unsigned | Rejection::BadSignature { .. } | Rejection::WrongPerson { .. } => {
                "a signer gives it anew: `djogi approve ADDRESS --reason REASON --key FILE`"
            }
            Rejection::UnknownSigner { .. } => {
                "add the public key to `signers` in [approvals] of djogi.toml, or let one of the signers approve"
            }
            Rejection::NotSeparate { .. } => "somebody else applies, or somebody else approves",
        }
    }
}

/// How a change that needs an approval stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing<'a> {
    Present(&'a GivenApproval),
    /// The one that would fit.
    Rejected(&'a GivenApproval, &'a Rejection),
    /// There is one for this address, but what it is bound to has moved.
    Stale(&'a GivenApproval, Vec<String>),
    Required,
}

/// How a change that comes to `now` stands; of several approvals the newest counts.
pub fn standing<'a>(now: &Binding, given: &'a [GivenApproval]) -> Standing<'a> {
    let about = || given.iter().filter(|approval| approval.bound.address == now.address).rev();
    let fitting = || about().filter(|approval| approval.bound == *now);
    if let Some(present) = fitting().find(|approval| approval.rejection.is_none()) {
        return Standing::Present(present);
    }
    if let Some((approval, rejection)) = fitting().find_map(|a| a.rejection.as_ref().map(|r| (a, r))) {
        return Standing::Rejected(approval, rejection);
    }
    match about().next() {
        Some(approval) => Standing::Stale(approval, approval.bound.moved(now)),
        None => Standing::Required,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disposition::Reason;
    use crate::fixtures::*;
    use crate::plan::classify::DestructivePolicy;
    use crate::plan::{ApprovalStatus, PlanDocument};

    /// A world in which column `b` of `t` is to go.
    fn world() -> World {
        let mut world = World::new();
        world.converged([table("t", &["a bigint", "b text"])]).desired(table("t", &["a bigint"]));
        world
    }

    fn given(id: &str, plan: &PlanDocument) -> GivenApproval {
        let bound = plan.resource_changes.iter().find_map(Binding::of).unwrap();
        GivenApproval {
            id: id.to_owned(),
            bound,
            approver: "ana".to_owned(),
            reason: "unused".to_owned(),
            rejection: None,
        }
    }

    fn status(world: &World) -> (Option<Reason>, ApprovalStatus) {
        let plan = world.plan();
        let change = plan.resource_changes.iter().find(|c| c.address.name().as_str() == "b").unwrap();
        let need = plan.approvals.iter().find(|need| need.address == change.address).unwrap();
        (change.reason, need.status)
    }

    #[test]
    fn a_fitting_approval_opens_the_gate_and_is_spent_by_the_group_of_the_loss() {
        let mut world = world();
        assert_eq!(status(&world), (Some(Reason::ApprovalRequired), ApprovalStatus::Required));
        let approval = given("1", &world.plan());
        world.inputs.approvals.push(approval);
        assert_eq!(status(&world), (None, ApprovalStatus::Present));
        let plan = world.plan();
        let need = &plan.approvals[0];
        assert_eq!((need.approval.as_deref(), need.group.as_deref()), (Some("1"), Some("g1")));
        assert_eq!(plan.resource_changes[0].notes.last().unwrap(), "approved by ana: unused");
        assert_eq!(world.sql(), ["ALTER TABLE public.t DROP COLUMN b"]);
    }

    #[test]
    fn whatever_it_is_bound_to_makes_it_stale_and_nothing_else_does() {
        let mut world = world();
        let approval = given("1", &world.plan());
        world.inputs.approvals.push(approval.clone());
        // Another column comes, another table goes.
        world.desired(table("t", &["a bigint", "c text"])).owned(table("u", &["id bigint"]));
        assert_eq!(status(&world), (None, ApprovalStatus::Present));

        let mut spoil = |spoiled: GivenApproval, word: &str| {
            world.inputs.approvals = vec![spoiled];
            assert_eq!(status(&world), (Some(Reason::ApprovalStale), ApprovalStatus::Stale));
            let plan = world.plan();
            let change = plan.resource_changes.iter().find(|c| c.address.name().as_str() == "b").unwrap();
            assert!(change.notes.iter().any(|note| note.contains(word)), "{:?}", change.notes);
        };
        let digest = Digest::of_bytes(b"other");
        let with = |bound: Binding| GivenApproval { bound, ..approval.clone() };
        let bound = || approval.bound.clone();
        spoil(with(Binding { before_digest: digest, ..bound() }), "the object was changed since");
        spoil(with(Binding { oid: Oid(1), ..bound() }), "made anew since");
        spoil(with(Binding { after_digest: Some(digest), ..bound() }), "the declaration was changed");
        spoil(with(Binding { action: ApprovedAction::Update, ..bound() }), "the action update, not delete");
        world.inputs.approvals = vec![with(Binding { oid: Oid(1), ..bound() }), approval.clone()];
        assert_eq!(status(&world).1, ApprovalStatus::Present);
    }

    #[test]
    fn a_rejected_approval_opens_nothing_and_says_why() {
        let mut world = world();
        let rejection = Some(Rejection::NotSeparate { approver: "ana".to_owned() });
        let approval = GivenApproval { rejection, ..given("1", &world.plan()) };
        world.inputs.approvals.push(approval);
        assert_eq!(status(&world), (Some(Reason::ApprovalRequired), ApprovalStatus::Required));
        let plan = world.plan();
        assert_eq!(plan.diagnostics[0].code, "approval_not_separate");
        assert!(plan.diagnostics[0].message.contains("must not apply"), "{:?}", plan.diagnostics);
    }

    #[test]
    fn no_approval_opens_what_the_policy_denies() {
        let mut world = world();
        let approval = given("1", &world.plan());
        world.policy(DestructivePolicy::Deny).inputs.approvals.push(approval);
        let plan = world.plan();
        assert_eq!(plan.resource_changes[0].reason, Some(Reason::ApprovalRequired));
        assert!(plan.approvals.is_empty());
    }
}
