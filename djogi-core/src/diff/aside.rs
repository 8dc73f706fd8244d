//! Partitions that leave for a while, because something of them can only change meanwhile, and what has to make way for
//! that: PostgreSQL lets no partition go whose rows a foreign key refers to.

use std::collections::{BTreeMap, BTreeSet};

use super::family::{Family, Standing};
use super::parts::{has_usual_name, is_partition};
use super::{Action, Change, Drift, PlaceColumn, Rebased, compare_apart, compared};
use crate::address::{Address, Kind};
use crate::desired::Desired;
use crate::ident::{Ident, QualifiedName};
use crate::kind::{
    Alteration, Comparison, Constraint, ConstraintDefinition, LineageAlteration, Resource, Table,
    TableAlteration,
};
use crate::safety::is_small;

/// What the steps of [`step_aside`] work on.
pub(super) struct Aside<'a, 'd> {
    pub(super) desired: &'a Desired,
    pub(super) rebased: &'a Rebased<'a>,
    pub(super) drifted: &'d BTreeMap<&'d Address, Drift<'d>>,
    pub(super) place: PlaceColumn<'d>,
}

/// Has partitions leave and join whose keys hold up an index that goes, or came to be otherwise than they are declared to.
pub(super) fn step_aside<'a>(aside: &Aside<'a, '_>, changes: &mut Vec<Change<'a>>) {
    let Some(target) = aside.desired.keys().next().map(Address::target) else { return };
    let family = |changes: &[Change<'a>]| {
        Family::of(target, aside.desired, &aside.rebased.live, changes, &BTreeSet::new())
    };
    if !aside.desired.values().any(|declared| is_partition(&declared.resource))
        && !aside.rebased.live.iter().any(|(_, live)| is_partition(live))
    {
        return;
    }
    for address in family(changes).held_up() {
        aside.leave(&address, "leaves for a while, because its key is a part of an index that goes", changes);
    }
    for address in family(changes).taken_in() {
        let note =
            "leaves for a while, because a foreign key of it goes that the partitioned table has taken in";
        aside.leave(&address, note, changes);
    }
    for (address, must_leave) in aside.made_otherwise(&family(changes), changes) {
        let note = "made anew because PostgreSQL made it otherwise than it is declared";
        aside.make_anew(&address, note, changes);
        if let Some(table) = must_leave {
            aside.leave(&table, "leaves for a while, because a key of it is made anew", changes);
        }
    }
    aside.retype_keys(changes);
    aside.release_references(changes);
}

impl<'a> Aside<'a, '_> {
    fn change(&self, address: &Address, action: Action, note: &str) -> Option<Change<'a>> {
        let (address, declared) = self.desired.get_key_value(address)?;
        Some(Change {
            address: address.clone(),
            action,
            renamed_from: self.rebased.renames.get(address),
            live: Some(self.rebased.live.get(address)?),
            desired: Some(declared),
            drift: self.drifted.contains_key(address),
            exchanges: None,
            follows: None,
            conflict: false,
            notes: vec![note.to_owned()],
        })
    }

    /// Nothing comes down to the partition meanwhile, so that all is done on it.
    fn leave(&self, partition: &Address, note: &str, changes: &mut Vec<Change<'a>>) {
        let known = changes.iter().find(|change| change.address == *partition);
        match known.map(|change| &change.action) {
            Some(Action::Create | Action::Delete | Action::Replace(_) | Action::Forget) => return,
            Some(Action::Update(alterations)) if leaves(alterations) => return,
            Some(Action::Update(_) | Action::Adopt) | None => {}
        }
        let is_of_it = |address: &Address| {
            address.kind() == Kind::Column && address.table_of_member().as_ref() == Some(partition)
        };
        let Some(whole) = self.change(partition, Action::Adopt, note) else { return };
        let (Some(live), Some(declared)) = (whole.live, whole.desired) else { return };
        changes.retain(|change| change.address != *partition && !is_of_it(&change.address));
        let change = |action| Change { action, ..whole.clone() };
        match compare_apart(live, &declared.resource) {
            Comparison::Replace => changes.push(change(Action::Replace(None))),
            apart => compared(apart, change, self.rebased, self.drifted, self.place, changes),
        }
    }

    fn make_anew(&self, address: &Address, note: &str, changes: &mut Vec<Change<'a>>) {
        match changes.iter_mut().find(|change| change.address == *address) {
            Some(Change { action: Action::Create | Action::Delete | Action::Replace(_), .. }) => {}
            Some(change) => {
                change.action = Action::Replace(None);
                change.notes.push(note.to_owned());
            }
            None => changes.extend(self.change(address, Action::Replace(None), note)),
        }
    }

    /// Keys and foreign keys that PostgreSQL made after those of a partitioned table and shall not have, or the other way
    /// round, with the partition that has to leave for that. It makes no difference to anybody, so that large
    /// tables keep what they have.
    fn made_otherwise(&self, family: &Family<'_>, changes: &[Change<'a>]) -> Vec<(Address, Option<Address>)> {
        let mut found = Vec::new();
        for (address, live) in self.rebased.live.iter() {
            let Resource::Constraint(live) = live else { continue };
            let Some(Resource::Constraint(wanted)) =
                self.desired.get(address).map(|declared| &*declared.resource)
            else {
                continue;
            };
            let is_managed = self.rebased.recorded.resources.contains_key(address);
            let size = self.rebased.sizes.get(&live.table_name());
            if !is_managed || !differ(live, wanted) || !size.is_none_or(is_small) {
                continue;
            }
            let is_new = |address: &Address| {
                changes.iter().any(|change| {
                    change.address == *address && matches!(change.action, Action::Create | Action::Replace(_))
                })
            };
            let table = Address::table(address.target(), &live.table_name());
            if is_new(address) || is_new(&table) {
                continue;
            }
            let must_leave = match family.standing_of(wanted) {
                Some((Standing::Stays, parent)) if !is_new(&parent) => Some(table),
                _ => None,
            };
            found.push((address.clone(), must_leave));
        }
        found
    }

    /// A column that gets another type has its keys made again, as the partition's own: those that are to come along when
    /// it joins make way.
    fn retype_keys(&self, changes: &mut Vec<Change<'a>>) {
        let steps_aside = |change: &&Change<'_>| match &change.action {
            Action::Update(alterations) => leaves(alterations) && joins(alterations),
            _ => false,
        };
        let aside: BTreeSet<Address> =
            changes.iter().filter(steps_aside).map(|change| change.address.clone()).collect();
        let retyped: BTreeSet<Address> = changes.iter().flat_map(Change::retyped_columns).collect();
        if aside.is_empty() || retyped.is_empty() {
            return;
        }
        for (address, live) in self.rebased.live.iter() {
            let declared = self.desired.get(address).map(|declared| &*declared.resource);
            let (Resource::Constraint(live), Some(Resource::Constraint(wanted))) = (live, declared) else {
                continue;
            };
            let table = live.table_name();
            let is_retyped =
                |column: &Ident| retyped.contains(&Address::column(address.target(), &table, column));
            if live.has_index()
                && wanted.derived
                && has_usual_name(wanted)
                && self.rebased.recorded.resources.contains_key(address)
                && aside.contains(&Address::table(address.target(), &table))
                && live.columns().into_iter().any(is_retyped)
            {
                self.make_anew(address, "made anew because a column of it gets another type", changes);
            }
        }
    }

    /// Makes the foreign keys anew that refer to partitioned tables of which a partition leaves and joins.
    fn release_references(&self, changes: &mut Vec<Change<'a>>) {
        let target = |address: &Address| address.target().clone();
        let mut left: BTreeSet<QualifiedName> = BTreeSet::new();
        for change in changes.iter() {
            let (Action::Update(alterations), Some(Resource::Table(live))) = (&change.action, change.live)
            else {
                continue;
            };
            if change.address.kind() != Kind::Table || !leaves(alterations) || !joins(alterations) {
                continue;
            }
            let mut above = live.lineage.parents().first();
            while let Some(parent) = above.filter(|parent| left.insert((*parent).clone())) {
                let table = self.rebased.live.table(&target(&change.address), parent);
                above = table.and_then(|table: &Table| table.lineage.parents().first());
            }
        }
        if left.is_empty() {
            return;
        }
        let refers = |live: &Resource| matches!(live, Resource::Constraint(Constraint { definition: ConstraintDefinition::ForeignKey(key), .. }) if left.contains(&key.references));
        let referring =
            self.rebased.live.iter().filter(|(address, live)| {
                refers(live) && self.rebased.recorded.resources.contains_key(*address)
            });
        let referring: Vec<Address> = referring.map(|(address, _)| address.clone()).collect();
        for address in referring {
            let note = "made anew because a partition of the table that it refers to leaves for a while";
            self.make_anew(&address, note, changes);
        }
    }
}

pub(super) fn leaves(alterations: &[Alteration]) -> bool {
    alterations.iter().filter_map(lineage_step).any(LineageAlteration::leaves)
}

fn joins(alterations: &[Alteration]) -> bool {
    alterations.iter().filter_map(lineage_step).any(|step| !step.leaves())
}

fn lineage_step(alteration: &Alteration) -> Option<&LineageAlteration> {
    match alteration {
        Alteration::Table(TableAlteration::SetLineage(step)) => Some(step),
        _ => None,
    }
}

/// Whether a new constraint would tell what `wanted` is from what is there.
fn differ(live: &Constraint, wanted: &Constraint) -> bool {
    let can_be_derived = wanted.parent.is_some() && has_usual_name(wanted);
    live.derived != wanted.derived && (!wanted.derived || can_be_derived)
}
