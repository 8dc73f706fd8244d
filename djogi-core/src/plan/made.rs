//! What belongs to the making of an object besides the object: its owner, and that others may do with it what is declared,
//! whatever default privileges are in force.

use std::collections::BTreeSet;

use crate::address::{Address, Kind};
use crate::desired::Desired;
use crate::diff::{Action, Change, Rebased};
use crate::ident::Ident;
use crate::kind::{Grant, Resource};
use crate::plan::lower::{Lowered, Phase};
use crate::sql::{Context, Made, securable, set_owner};

/// Whether the change makes its object, for the first time or anew.
fn makes(change: &Change<'_>) -> bool {
    matches!(change.action, Action::Create | Action::Replace(None)) && change.address.kind() != Kind::Column
}

/// Which objects the changes make.
pub(super) fn made(changes: &[Change<'_>], rebased: &Rebased<'_>) -> Made {
    let objects = changes
        .iter()
        .filter(|change| makes(change))
        .filter(|change| change.desired.is_some_and(|declared| securable(&declared.resource).is_some()));
    let objects: BTreeSet<Address> = objects.map(|change| change.address.clone()).collect();
    let grants = changes.iter().filter(|change| {
        change.address.kind().is_grant() && !matches!(change.action, Action::Delete | Action::Forget)
    });
    let role = &rebased.observation.roles.current;
    Made::by(role, &rebased.live, objects, grants.map(|change| change.address.clone()))
}

/// Adds the statements to those that make the object.
pub(super) fn finish(
    change: &Change<'_>,
    (desired, rebased): (&Desired, &Rebased<'_>),
    context: &Context<'_>,
    lowered: &mut Lowered,
) {
    let Some(declared) = change.desired.filter(|_| makes(change) && lowered.refusal.is_none()) else {
        return;
    };
    let address = &change.address;
    if let Some(object) = securable(&declared.resource) {
        let is_kept = |grant: &&Grant| {
            grant.on == object
                && !is_managed(
                    &Address::grant(address.target(), &grant.on, &grant.grantee),
                    (desired, rebased),
                )
        };
        // It may take the place of an object of another kind.
        let there = object.addresses(address.target()).iter().any(|address| rebased.live.contains(address));
        let live = there.then(|| rebased.live.iter()).into_iter().flatten();
        let grants = live.filter_map(|(_, resource)| match resource {
            Resource::Grant(grant) if !grant.of_owner => Some(grant),
            _ => None,
        });
        let kept: Vec<&Grant> = grants.filter(is_kept).collect();
        lowered.add(Phase::Up, context.made.settle(&object, &kept, context, address));
    }
    if let Some(owner) = owner(change, (desired, rebased)) {
        lowered.add(Phase::Up, set_owner(&declared.resource, owner, context, address));
    }
}

fn is_managed(address: &Address, (desired, rebased): (&Desired, &Rebased<'_>)) -> bool {
    desired.contains_key(address) || rebased.recorded.resources.contains_key(address)
}

/// The role that the new object has to be given to: the declared one, else that of the object it replaces, and of a
/// sequence that of its table, since both belong to one role.
fn owner<'a>(change: &Change<'a>, (desired, rebased): (&'a Desired, &'a Rebased<'_>)) -> Option<&'a Ident> {
    let declared = change.desired?;
    let of_table = || {
        let Resource::Sequence(sequence) = &*declared.resource else { return None };
        let table = Address::table(change.address.target(), &sequence.owned_by.as_ref()?.table);
        let said = desired.get(&table).and_then(|table| table.owner.as_ref());
        said.or_else(|| rebased.live.contains(&table).then(|| rebased.owner(&table)))
    };
    let replaced = change.live.map(|_| rebased.owner(&change.address));
    let owner = declared.owner.as_ref().or_else(of_table).or(replaced)?;
    (*owner != rebased.observation.roles.current).then_some(owner)
}
