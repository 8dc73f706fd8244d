//! What only a superuser may do, told before it is tried.
//!
//! It is no gate: some hosts let their administrators do such things, who are no superusers.

use super::classify::{Candidate, Judgement};
use super::{PlanDiagnostic, Severity};
use crate::diff::{Action, Change};
use crate::disposition::Verdict;
use crate::kind::{Alteration, PublicationAlteration, Resource, Role};
use crate::observation::Roles;

/// The code of these findings.
pub const NEEDS_SUPERUSER: &str = "needs_superuser";

/// One finding for each change that is carried out by a role that is no superuser, and needs one.
pub(super) fn findings(
    candidates: &[Candidate<'_>],
    judgements: &[Judgement],
    roles: &Roles,
    major: u32,
) -> Vec<PlanDiagnostic> {
    if roles.is_superuser {
        return Vec::new();
    }
    let carried_out = candidates.iter().zip(judgements);
    let carried_out = carried_out.filter(|(_, judged)| judged.disposition.verdict() == Verdict::Applied);
    carried_out
        .filter_map(|(candidate, _)| {
            let what = reserved(&candidate.change, major)?;
            Some(PlanDiagnostic {
                code: NEEDS_SUPERUSER.to_owned(),
                severity: Severity::Warning,
                address: Some(candidate.change.address.clone()),
                message: format!("{what} needs a superuser, which the role of this target is not"),
                help: Some(
                    "apply as a superuser; where the host lets its administrators do it, go on".to_owned(),
                ),
            })
        })
        .collect()
}

/// What of a change PostgreSQL keeps for superusers.
fn reserved(change: &Change<'_>, major: u32) -> Option<&'static str> {
    let comes = matches!(change.action, Action::Create | Action::Replace(_));
    let resource = change.desired.map(|declared| &*declared.resource).or(change.live)?;
    match (resource, &change.action) {
        (_, Action::Adopt | Action::Forget) => None,
        (Resource::Role(role), _) => {
            let live = match change.live {
                Some(Resource::Role(live)) => live.clone(),
                _ => Role::plain(role.name.clone()),
            };
            of_role(&live, role, major)
        }
        (Resource::EventTrigger(_), _) => Some("an event trigger"),
        (Resource::ForeignDataWrapper(_), _) => Some("a foreign-data wrapper"),
        (Resource::Publication(publication), _) if comes && publication.all_tables => {
            Some("a publication FOR ALL TABLES")
        }
        (Resource::Publication(publication), _) if comes && !publication.schemas.is_empty() => {
            Some("a publication FOR TABLES IN SCHEMA")
        }
        (Resource::Publication(_), Action::Update(alterations)) => {
            let adds_schemas = |alteration: &Alteration| {
                matches!(
                    alteration,
                    Alteration::Publication(PublicationAlteration::Add(it) | PublicationAlteration::Set(it))
                        if !it.schemas.is_empty()
                )
            };
            alterations.iter().any(adds_schemas).then_some("publishing all tables of a schema")
        }
        _ => None,
    }
}

/// What of a role only a superuser can give or take. Before PostgreSQL 16 that is more.
fn of_role(live: &Role, desired: &Role, major: u32) -> Option<&'static str> {
    match () {
        () if live.superuser || desired.superuser => Some("a role with SUPERUSER"),
        () if major < 16 && live.replication != desired.replication => Some("REPLICATION"),
        () if major < 16 && live.bypass_row_security != desired.bypass_row_security => Some("BYPASSRLS"),
        () => None,
    }
}
