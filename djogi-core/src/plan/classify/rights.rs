//! Whether the roles that a change names exist, and whether the role of the session may do what they are to have done
//! for them: PostgreSQL says so only half-way, and passes over a `GRANT` that it has no right to with a warning.

use super::{Candidate, Gates, Judgement};
use crate::diff::{Action, Change};
use crate::disposition::Reason;
use crate::ident::Ident;
use crate::kind::privilege::PUBLIC;
use crate::kind::{Alteration, Grant, Resource, Role, RoleAttribute, RoleGrant};
use crate::observation::Roles;

/// The closed gate, if there is one.
pub(super) fn gate(candidate: &Candidate<'_>, gates: &Gates<'_>) -> Option<Judgement> {
    let Candidate { change, .. } = candidate;
    let roles = &gates.rebased.observation.roles;
    if matches!(change.action, Action::Create | Action::Update(_) | Action::Replace(_)) {
        let desired = change.desired?;
        let named = desired.resource.roles().into_iter().chain(&desired.owner);
        let mut missing: Vec<&Ident> =
            named.filter(|role| !roles.knows(role) && !gates.new_roles.contains(role)).collect();
        missing.dedup();
        if let Some(first) = missing.first() {
            let notes = missing.iter().map(|role| format!("role {role} does not exist"));
            let way_out = format!("CREATE ROLE {first};");
            return Some(Judgement {
                way_out: Some(way_out),
                ..Reason::RoleMissing.because(notes.collect())
            });
        }
    }
    let notes = owner_rights(change, gates, roles)
        .or_else(|| grant_rights(change, gates, roles))
        .or_else(|| role_rights(change, gates, roles))?;
    Some(Reason::RightMissing.because(notes))
}

/// Why the session cannot make somebody the owner.
fn owner_rights(change: &Change<'_>, gates: &Gates<'_>, roles: &Roles) -> Option<Vec<String>> {
    let wanted = match &change.action {
        Action::Update(alterations) => alterations.iter().find_map(|alteration| match alteration {
            Alteration::Owner(role) => Some(role),
            _ => None,
        })?,
        Action::Create | Action::Replace(_) => change.desired?.owner.as_ref()?,
        Action::Adopt | Action::Delete | Action::Forget => return None,
    };
    let current = &roles.current;
    let mut notes = Vec::new();
    if change.live.is_some() {
        let owner = gates.rebased.owner(&change.address);
        if !roles.acts_as(owner) {
            notes.push(format!(
                "it belongs to {owner}, whose rights {current} does not have: GRANT {owner} TO {current};"
            ));
        }
    }
    if *wanted != *current && !gates.new_roles.contains(wanted) && !roles.gives_to(wanted) {
        notes.push(format!("{current} cannot give it to {wanted}: GRANT {wanted} TO {current};"));
    }
    (!notes.is_empty()).then_some(notes)
}

/// Why the session cannot make, change or drop a role, or a membership.
fn role_rights(change: &Change<'_>, gates: &Gates<'_>, roles: &Roles) -> Option<Vec<String>> {
    if roles.is_superuser || matches!(change.action, Action::Adopt | Action::Forget) {
        return None;
    }
    let is_old = gates.rebased.observation.identity.server_version.major() < 16;
    let current = &roles.current;
    let no_admin = |role: &Ident| {
        let has_admin = roles.administers(role) || gates.new_roles.contains(role);
        (!has_admin).then(|| {
            format!("{current} has no ADMIN option for {role}: GRANT {role} TO {current} WITH ADMIN OPTION;")
        })
    };
    let none = |attribute: RoleAttribute| {
        let word = attribute.word();
        format!("{current} has not {word}: ALTER ROLE {current} {word};")
    };
    let desired = change.desired.map(|declared| &*declared.resource);
    let mut notes = Vec::new();
    match desired.or(change.live)? {
        Resource::Role(role) => {
            if !roles.has(RoleAttribute::CreateRole) {
                notes.push(none(RoleAttribute::CreateRole));
            } else if change.live.is_some() && !is_old {
                notes.extend(no_admin(&role.name));
            }
            let before = match change.live {
                Some(Resource::Role(live)) => live.clone(),
                _ => Role::plain(role.name.clone()),
            };
            let given =
                [RoleAttribute::CreateDatabase, RoleAttribute::Replication, RoleAttribute::BypassRowSecurity];
            let given = given.into_iter().filter(|it| before.has(*it) != role.has(*it) && !roles.has(*it));
            // Before, PostgreSQL asks for a superuser, or for nothing.
            notes.extend(given.filter(|_| !is_old && desired.is_some()).map(none));
        }
        Resource::RoleGrant(RoleGrant { role, .. }) => {
            notes.extend(no_admin(role).filter(|_| !(is_old && roles.has(RoleAttribute::CreateRole))));
        }
        _ => {}
    }
    (!notes.is_empty()).then_some(notes)
}

/// Why the session cannot grant, or take away what was granted.
fn grant_rights(change: &Change<'_>, gates: &Gates<'_>, roles: &Roles) -> Option<Vec<String>> {
    let side = change.live.or_else(|| change.desired.map(|declared| &*declared.resource))?;
    if matches!(change.action, Action::Adopt | Action::Forget) {
        return None;
    }
    let current = &roles.current;
    match side {
        Resource::Grant(Grant { on, .. }) => {
            let live = on.addresses(change.address.target()).into_iter().find(|a| gates.live.contains(a))?;
            let owner = gates.rebased.owner(&live);
            (!roles.acts_as(owner)).then(|| {
                vec![format!("{live} belongs to {owner}, whose rights {current} does not have: GRANT {owner} TO {current};")]
            })
        }
        Resource::DefaultPrivilege(privilege) => {
            let role = &privilege.role;
            let is_theirs =
                role.as_str() != PUBLIC && !roles.acts_as(role) && !gates.new_roles.contains(role);
            is_theirs.then(|| {
                vec![format!("they are those of {role}, whose rights {current} does not have: GRANT {role} TO {current};")]
            })
        }
        _ => None,
    }
}
