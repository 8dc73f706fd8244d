//! What declarations leave to the database: whose objects are, and who the roles are that are not named.
//!
//! SQL files are loaded by a role that the target may not have. What belongs to it belongs to nobody in particular.

use std::sync::Arc;

use crate::address::{Address, Kind};
use crate::desired::Desired;
use crate::ident::Ident;
use crate::kind::{DefaultPrivilege, Grant, Policy, Resource};
use crate::observation::Observation;

/// Stands for the role that loads SQL files, in what they come to, and for the one that runs what is written. No role can
/// have the name.
const LOADER: &str = "pg_loader";

/// The name that stands for a role that nobody names.
pub fn nobody() -> Ident {
    Ident::new(LOADER).expect("a name")
}

/// Whether `role` is left to whoever runs the statement.
pub fn is_nobody(role: &Ident) -> bool {
    role.as_str() == LOADER
}

/// `resource` as the loader has left it, without his name.
pub fn without_loader(resource: &Arc<Resource>, loader: &Ident) -> Arc<Resource> {
    let unsay = |role: &mut Ident| {
        if role == loader {
            *role = nobody();
        }
    };
    match &**resource {
        Resource::Grant(grant) if grant.grantee == *loader => {
            Arc::new(Resource::Grant(Grant { grantee: nobody(), ..grant.clone() }))
        }
        Resource::DefaultPrivilege(privilege) => {
            let mut privilege = privilege.clone();
            unsay(&mut privilege.role);
            unsay(&mut privilege.grantee);
            Arc::new(Resource::DefaultPrivilege(privilege))
        }
        Resource::Policy(policy) if policy.roles.contains(loader) => {
            let mut policy = policy.clone();
            policy.roles.iter_mut().for_each(unsay);
            policy.roles.sort();
            Arc::new(Resource::Policy(policy))
        }
        _ => resource.clone(),
    }
}

/// Names the roles that are left open: what nobody is said to own belongs to whom it belongs, and what is to be made to
/// the role of the session. What an owner is granted he has anyway.
pub fn settle(desired: &mut Desired, live: &Observation) {
    let concerned = |address: &&Address| address.kind().is_about_roles() || address.kind() == Kind::Policy;
    let addresses: Vec<Address> = desired.keys().filter(concerned).cloned().collect();
    for address in addresses {
        let Some(mut declared) = desired.remove(&address) else { continue };
        let settled = match &*declared.resource {
            Resource::Grant(grant) => settled_grant(grant, &address, desired, live).map(Resource::Grant),
            Resource::DefaultPrivilege(privilege) => {
                settled_default(privilege, live).map(Resource::DefaultPrivilege)
            }
            Resource::Policy(policy) => Some(Resource::Policy(settled_policy(policy, live))),
            _ => None,
        };
        let Some(settled) = settled else { continue };
        let address = settled.address(address.target());
        if *declared.resource != settled {
            declared.resource = Arc::new(settled);
        }
        desired.entry(address).or_insert(declared);
    }
}

/// `None` of what says nothing.
fn settled_grant(grant: &Grant, address: &Address, desired: &Desired, live: &Observation) -> Option<Grant> {
    let current = &live.roles.current;
    let objects = grant.on.addresses(address.target());
    let declared = objects.iter().find_map(|object| desired.get(object));
    let owner = declared.and_then(|declared| declared.owner.as_ref());
    let is_said = owner.is_some();
    let before = declared.and_then(|declared| declared.renamed_from.as_ref());
    let of_live = || {
        let there = before.into_iter().chain(&objects).find(|object| live.catalog.contains(object))?;
        live.owners.get(there)
    };
    let owner = owner.or_else(of_live).unwrap_or(current);
    let mut grant = grant.clone();
    if is_nobody(&grant.grantee) {
        grant.of_owner = !is_said;
        grant.grantee = if is_said { current.clone() } else { owner.clone() };
    }
    (grant.of_owner || grant.grantee != *owner).then_some(grant)
}

/// What is said of `CURRENT_USER` holds for the role that makes the policy.
fn settled_policy(policy: &Policy, live: &Observation) -> Policy {
    let mut policy = policy.clone();
    for role in policy.roles.iter_mut().filter(|role| is_nobody(role)) {
        *role = live.roles.current.clone();
    }
    policy.roles.sort();
    policy.roles.dedup();
    policy
}

fn settled_default(privilege: &DefaultPrivilege, live: &Observation) -> Option<DefaultPrivilege> {
    let named = |role: &Ident| if is_nobody(role) { live.roles.current.clone() } else { role.clone() };
    let (role, grantee) = (named(&privilege.role), named(&privilege.grantee));
    let was_his_own = privilege.role == privilege.grantee;
    let has_anyway = privilege.schema.is_none() && role == grantee && !was_his_own;
    (!has_anyway).then(|| DefaultPrivilege { role, grantee, ..privilege.clone() })
}
