//! Triggers of partitions: they come, change and go with those of the partitioned table, and fire as those do then.

use super::super::{Action, Change};
use super::{Family, MAX_DEPTH, Standing, Way};
use crate::address::{Address, Kind};
use crate::ident::QualifiedName;
use crate::kind::{Alteration, Resource, Trigger};

impl Family<'_> {
    /// What is left to be done on a trigger that comes from above: to give back what it has for itself, unless it goes,
    /// or is made to fire as others do, with a change of `trigger`'s parents.
    pub(super) fn way_of_trigger(&self, change: &Change<'_>, trigger: &Trigger) -> Way {
        let Some(Resource::Trigger(Trigger { parent: Some(above), .. })) = change.live else {
            return Way::OWN;
        };
        let table = trigger.relation_name();
        let follows = |whose| Way { down: false, follows: Some(whose), ..Way::OWN };
        match (self.standing(&table, &above.table), self.spreading(trigger, &above.table)) {
            (Standing::Stays, None) if change.action == Action::Delete => Way::OWN,
            (Standing::Stays, None) => Way { down: false, ..Way::OWN },
            (Standing::Stays, Some(spreading)) => follows(spreading),
            (..) => follows(Address::table(self.target, &table)),
        }
    }

    /// Triggers of partitions that are as they are declared, and do not stay so by themselves.
    pub(in super::super) fn taken_along(&self) -> Vec<Address> {
        let is_taken = |(address, live): &(&Address, &Resource)| {
            let Resource::Trigger(trigger @ Trigger { parent: Some(above), .. }) = live else { return false };
            !self.actions.contains_key(*address)
                && self.desired.contains_key(*address)
                && (self.standing(&trigger.relation_name(), &above.table) != Standing::Stays
                    || self.spreading(trigger, &above.table).is_some())
        };
        self.live.iter().filter(is_taken).map(|(address, _)| address.clone()).collect()
    }

    /// Of `parent` and all above it the change of the trigger of the same name that comes down.
    fn spreading(&self, trigger: &Trigger, parent: &QualifiedName) -> Option<Address> {
        let mut table = Some(parent);
        for _ in 0..MAX_DEPTH {
            let address = Address::of_relation(Kind::Trigger, self.target, table?, &trigger.name);
            let comes_down = match self.actions.get(&address) {
                Some(Action::Update(alterations)) => alterations.iter().any(|alteration| {
                    matches!(alteration, Alteration::Trigger(step) if Trigger::is_spread_by(step))
                }),
                Some(Action::Create | Action::Delete | Action::Replace(_)) => true,
                Some(Action::Adopt | Action::Forget) | None => false,
            };
            if comes_down {
                return Some(address);
            }
            table = self.live.table(self.target, table?).and_then(|table| table.lineage.parents().first());
        }
        None
    }
}
