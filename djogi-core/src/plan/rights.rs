//! What only a superuser, or another role of PostgreSQL's own, may do, told before it is tried.
//!
//! It is no gate: some hosts let their administrators do such things, who are no superusers.

use super::classify::{Candidate, Judgement};
use super::{PlanDiagnostic, Severity};
use crate::catalog::Catalog;
use crate::desired::Desired;
use crate::diff::{Action, Change};
use crate::disposition::Verdict;
use crate::ident::Ident;
use crate::kind::{Alteration, PublicationAlteration, Resource, Role};
use crate::observation::Roles;

/// The code of what needs a superuser.
pub const NEEDS_SUPERUSER: &str = "needs_superuser";

/// The code of what needs the rights of a role that PostgreSQL comes with.
pub const NEEDS_ROLE: &str = "needs_role";

/// The code of a connection string that cannot be read.
pub const CONNECTION_UNREAD: &str = "connection_unread";

/// Whom PostgreSQL keeps something for.
enum Reserved {
    Superuser(&'static str),
    /// The role, and what it has besides.
    Role(&'static str, &'static str),
}

/// One finding for each change that is carried out by a role that is no superuser, and needs one, or another role.
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
            let (code, message, help) = match reserved(&candidate.change, major)? {
                Reserved::Superuser(what) => (
                    NEEDS_SUPERUSER,
                    format!("{what} needs a superuser, which the role of this target is not"),
                    "apply as a superuser; where the host lets its administrators do it, go on".to_owned(),
                ),
                Reserved::Role(role, _) if Ident::new(role).is_ok_and(|role| roles.acts_as(&role)) => {
                    return None;
                }
                Reserved::Role(role, what) => (
                    NEEDS_ROLE,
                    format!("{what} needs the rights of {role}, which the role of this target does not have"),
                    format!("GRANT {role} TO {};", roles.current),
                ),
            };
            Some(PlanDiagnostic {
                code: code.to_owned(),
                severity: Severity::Warning,
                address: Some(candidate.change.address.clone()),
                message,
                help: Some(help),
            })
        })
        .collect()
}

/// One finding for each declared subscription whose connection string the role may not read, so that nobody sees whether it
/// is as declared.
pub(super) fn unread_connections(desired: &Desired, live: &Catalog) -> Vec<PlanDiagnostic> {
    let unread = live.iter().filter(|(address, resource)| {
        matches!(resource, Resource::Subscription(subscription) if subscription.connection.is_none())
            && desired.contains_key(*address)
    });
    unread
        .map(|(address, _)| PlanDiagnostic {
            code: CONNECTION_UNREAD.to_owned(),
            severity: Severity::Warning,
            address: Some(address.clone()),
            message: format!(
                "the role of this target may not read the connection string of {address}, so another one is not noticed"
            ),
            help: Some("GRANT SELECT (subconninfo) ON pg_catalog.pg_subscription TO the role".to_owned()),
        })
        .collect()
}

/// What of a change PostgreSQL keeps for superusers, or for a role that it comes with.
fn reserved(change: &Change<'_>, major: u32) -> Option<Reserved> {
    let comes = matches!(change.action, Action::Create | Action::Replace(_));
    let resource = change.desired.map(|declared| &*declared.resource).or(change.live)?;
    let what = match (resource, &change.action) {
        (_, Action::Adopt | Action::Forget) => return None,
        (Resource::Role(role), _) => {
            let live = match change.live {
                Some(Resource::Role(live)) => live.clone(),
                _ => Role::plain(role.name.clone()),
            };
            of_role(&live, role, major)?
        }
        (Resource::EventTrigger(_), _) => "an event trigger",
        (Resource::ForeignDataWrapper(_), _) => "a foreign-data wrapper",
        (Resource::Language(_), _) if comes => "a procedural language that comes with no extension",
        (Resource::Publication(publication), _) if comes && publication.all_tables => {
            "a publication FOR ALL TABLES"
        }
        (Resource::Publication(publication), _) if comes && !publication.schemas.is_empty() => {
            "a publication FOR TABLES IN SCHEMA"
        }
        (Resource::Publication(_), Action::Update(alterations)) if alterations.iter().any(adds_schemas) => {
            "publishing all tables of a schema"
        }
        (Resource::Subscription(it), Action::Create | Action::Replace(_) | Action::Update(_))
            if !it.password_required =>
        {
            "a subscription that requires no password"
        }
        (Resource::Subscription(_), _) if comes && major < 16 => "a subscription",
        (Resource::Subscription(_), _) if comes => {
            return Some(Reserved::Role("pg_create_subscription", "a subscription"));
        }
        _ => return None,
    };
    Some(Reserved::Superuser(what))
}

fn adds_schemas(alteration: &Alteration) -> bool {
    matches!(
        alteration,
        Alteration::Publication(PublicationAlteration::Add(it) | PublicationAlteration::Set(it))
            if !it.schemas.is_empty()
    )
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
