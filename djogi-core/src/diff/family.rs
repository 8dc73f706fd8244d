//! Who does the work on the parts of partitions: what a partitioned table has, PostgreSQL makes and drops for its
//! partitions as well, and what a partition has already is taken in when it joins.

mod apart;
mod triggers;

use std::collections::{BTreeMap, BTreeSet};

use super::carry::stays_in;
use super::parts::{
    Part, has_usual_name, is_attachment, is_own_foreign_key, is_partition, is_same_build, parents_of,
    shared_part, table_of,
};
use super::{Action, Change};
use crate::address::{Address, Kind};
use crate::catalog::Catalog;
use crate::desired::Desired;
use crate::ident::{Ident, QualifiedName};
use crate::kind::{
    Alteration, Constraint, ConstraintAlteration, ConstraintDefinition, Lineage, Resource, Table,
    TableAlteration,
};

/// How a table stands to one of its parents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is made with this plan, for the first time or anew.
    New,
    Stays,
    Joins,
    Leaves,
    /// It leaves, and joins under another bound, or in another family.
    Moves,
    Gone,
}

#[derive(Clone, Copy, Debug)]
enum Side {
    Live,
    Declared,
}

/// Which statements a part of a child needs itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    pub down: bool,
    pub up: bool,
    /// It has to be made a part of the parent's by a statement.
    pub attach: bool,
    /// Whose change does what is not done here.
    pub follows: Option<Address>,
}

impl Way {
    pub const OWN: Self = Self { down: true, up: true, attach: false, follows: None };

    /// The rows of a partition can be checked where those of others are not.
    fn validating(self, part: Option<&Resource>, is_parent_valid: bool) -> Self {
        match part {
            Some(Resource::Constraint(constraint)) if !is_parent_valid && constraint.validated => {
                Self { attach: true, ..self }
            }
            _ => self,
        }
    }

    /// Whether nothing is left to be done.
    fn is_derived(&self) -> bool {
        !(self.down || self.up || self.attach)
    }
}

/// The changes of a plan as to what tables are to each other.
#[derive(Debug)]
pub struct Family<'a> {
    target: &'a Ident,
    desired: &'a Desired,
    live: &'a Catalog,
    actions: BTreeMap<Address, Action>,
    apart: BTreeSet<Address>,
    lacking: BTreeSet<Address>,
}

impl<'a> Family<'a> {
    /// `busy` are the tables whose readers and writers must not wait.
    pub fn of(
        target: &'a Ident,
        desired: &'a Desired,
        live: &'a Catalog,
        changes: &[Change<'_>],
        busy: &BTreeSet<QualifiedName>,
    ) -> Self {
        let actions: BTreeMap<Address, Action> =
            changes.iter().map(|change| (change.address.clone(), change.action.clone())).collect();
        let mut family =
            Self { target, desired, live, actions, apart: BTreeSet::new(), lacking: BTreeSet::new() };
        family.spread_own();
        let parts: Vec<Part<'_>> = family.declared_parts().collect();
        if parts.is_empty() && !desired.values().any(|declared| is_partition(&declared.resource)) {
            return family;
        }
        // Indexes first: whether a partition is made apart depends on them too.
        for part in &parts {
            let is_made =
                matches!(family.actions.get(&part.parent), Some(Action::Create | Action::Replace(_)));
            if is_made && family.standing(&part.table, &part.parent_table) == Standing::Stays {
                family.spread(part);
                family.spread_busy(part, busy);
            }
        }
        family.spread_missing(&parts);
        for part in &parts {
            let is_new = family.standing(&part.table, &part.parent_table) == Standing::New;
            if is_new
                && (!part.comes_along() || family.apart.contains(&part.parent))
                && !family.lacking.contains(&part.parent)
            {
                family.apart.insert(Address::table(target, &part.table));
            }
        }
        family
    }

    /// What is made apart from its family, see [`Context::apart`](crate::sql::Context::apart).
    pub fn apart(&self) -> &BTreeSet<Address> {
        &self.apart
    }

    /// Indexes and keys that come when all partitions are there, since not all of those shall have a part, see
    /// [`spread_missing`](Self::spread_missing).
    pub fn lacking(&self) -> &BTreeSet<Address> {
        &self.lacking
    }

    /// The indexes and keys of partitions, those of partitions of partitions first.
    fn declared_parts(&self) -> impl Iterator<Item = Part<'a>> + use<'a> {
        let mut parts: Vec<(usize, Part<'a>)> = Vec::new();
        for (address, declared) in self.desired {
            let resource = &*declared.resource;
            let (Some(table), Some(parent)) =
                (shared_part(resource), self.parent_of(resource, Side::Declared))
            else {
                continue;
            };
            let mut above = self.parent_table(&table);
            let Some(parent_table) = above.cloned() else { continue };
            let mut depth = 0;
            while let Some(next) = above {
                depth += 1;
                above = self.parent_table(next).filter(|_| depth < MAX_DEPTH);
            }
            parts.push((depth, Part { address: address.clone(), resource, table, parent_table, parent }));
        }
        parts.sort_by_key(|(depth, _)| std::cmp::Reverse(*depth));
        parts.into_iter().map(|(_, part)| part)
    }

    fn parent_table(&self, table: &QualifiedName) -> Option<&'a QualifiedName> {
        self.declared_table(table)?.lineage.parents().first()
    }

    fn declared_table(&self, name: &QualifiedName) -> Option<&'a Table> {
        match &*self.desired.get(&Address::table(self.target, name))?.resource {
            Resource::Table(table) => Some(table),
            _ => None,
        }
    }

    /// The name alone does not tell whether it is a key or an index: that of the same side is meant.
    fn parent_of(&self, part: &Resource, side: Side) -> Option<Address> {
        let is_live = |address: &&Address| self.live.contains(address);
        let is_declared = |address: &&Address| self.desired.contains_key(*address);
        let parents = parents_of(self.target, part);
        let found = match side {
            Side::Live => parents.iter().find(is_live).or_else(|| parents.iter().find(is_declared)),
            Side::Declared => parents.iter().find(is_declared).or_else(|| parents.iter().find(is_live)),
        };
        found.cloned()
    }

    /// What of which parent a part is from.
    fn origin(&self, part: &Resource, side: Side) -> Option<(QualifiedName, Address)> {
        let parent = self.parent_of(part, side)?;
        let declared = self.desired.get(&parent).map(|declared| &*declared.resource);
        let table = self.live.get(&parent).or(declared)?.relation_name()?;
        Some((table, parent))
    }

    fn has_twin(&self, part: &Resource) -> bool {
        let Resource::Index(index) = part else { return false };
        self.live.iter().any(|(_, other)| match other {
            Resource::Index(other) => index.name != other.name && is_same_build(index, other),
            _ => false,
        })
    }

    fn standing(&self, table: &QualifiedName, parent: &QualifiedName) -> Standing {
        let address = Address::table(self.target, table);
        if let Some(Action::Create | Action::Replace(_)) = self.actions.get(&address) {
            return Standing::New;
        }
        let (live, desired) = (self.live.table(self.target, table), self.declared_table(table));
        let (Some(live), Some(desired)) = (live, desired) else { return Standing::Gone };
        if self.leaves_for_a_while(&address) && live.lineage == desired.lineage {
            return Standing::Moves;
        }
        let is_kept = !matches!(
            self.actions.get(&Address::table(self.target, parent)),
            Some(Action::Create | Action::Replace(_))
        );
        let (was, is) = (live.lineage.parents().contains(parent), desired.lineage.parents().contains(parent));
        match (was, is) {
            _ if is_kept && stays_in(live, desired, parent) => Standing::Stays,
            (true, true) => Standing::Moves,
            (false, true) => Standing::Joins,
            (_, false) => Standing::Leaves,
        }
    }

    /// Whether a partition leaves and joins although it is declared as it is.
    fn leaves_for_a_while(&self, table: &Address) -> bool {
        match self.actions.get(table) {
            Some(Action::Update(alterations)) => alterations.iter().any(|alteration| {
                matches!(alteration, Alteration::Table(TableAlteration::SetLineage(step)) if step.leaves())
            }),
            _ => false,
        }
    }

    /// The partitions whose keys hold up an index of the partitioned table that goes: PostgreSQL drops neither before the
    /// other, so that the partition has to leave for a while.
    pub fn held_up(&self) -> BTreeSet<Address> {
        let mut held = BTreeSet::new();
        for (_, part) in self.live.iter() {
            let Resource::Constraint(constraint) = part else { continue };
            let Some((parent_table, parent)) = self.origin(part, Side::Live) else { continue };
            let goes = matches!(self.actions.get(&parent), Some(Action::Delete | Action::Replace(_)));
            let table = constraint.table_name();
            if parent.kind() == Kind::Index && goes && self.standing(&table, &parent_table) == Standing::Stays
            {
                held.insert(Address::table(self.target, &table));
            }
        }
        held
    }

    /// The partitions with a foreign key that goes, although that of the partitioned table by which it was taken in stays.
    pub(super) fn taken_in(&self) -> BTreeSet<Address> {
        let mut found = BTreeSet::new();
        for (address, part) in self.live.iter() {
            let Resource::Constraint(key) = part else { continue };
            if self.actions.get(address) != Some(&Action::Delete)
                || !matches!(key.definition, ConstraintDefinition::ForeignKey(_))
            {
                continue;
            }
            let Some((parent_table, parent)) = self.origin(part, Side::Live) else { continue };
            let table = key.table_name();
            if self.stays_as_it_is(&parent) && self.standing(&table, &parent_table) == Standing::Stays {
                found.insert(Address::table(self.target, &table));
            }
        }
        found
    }

    /// How the table of a declared constraint stands to that from which it is, and from what of it.
    pub(super) fn standing_of(&self, part: &Constraint) -> Option<(Standing, Address)> {
        let (parent_table, parent) = self.origin(&Resource::Constraint(part.clone()), Side::Declared)?;
        Some((self.standing(&part.table_name(), &parent_table), parent))
    }

    /// Whether a partition of the table leaves for a while.
    fn is_left(&self, table: &QualifiedName) -> bool {
        let leaves = |address: &Address| match self.live.get(address) {
            Some(Resource::Table(live)) => {
                live.lineage.parents().contains(table) && self.leaves_for_a_while(address)
            }
            _ => false,
        };
        self.actions.keys().filter(|address| address.kind() == Kind::Table).any(leaves)
    }

    /// Whether a foreign key is one that makes way for a partition, with that of the partitioned table from which it is.
    fn refers_to_left(&self, part: Option<&Resource>, parent: &Address) -> bool {
        let is_new = matches!(self.actions.get(parent), Some(Action::Delete | Action::Replace(_)));
        match part {
            Some(Resource::Constraint(Constraint {
                definition: ConstraintDefinition::ForeignKey(key),
                ..
            })) => is_new && self.is_left(&key.references),
            _ => false,
        }
    }

    /// Which statements `change` needs itself; all of them for what is no part of a family.
    pub fn way(&self, change: &Change<'_>) -> Way {
        let desired = change.desired.map(|declared| &*declared.resource);
        if let Some(Resource::Trigger(trigger)) = desired.or(change.live) {
            return self.way_of_trigger(change, trigger);
        }
        let part =
            |resource: Option<&Resource>, side| Some((table_of(resource?)?, self.origin(resource?, side)?));
        let (before, after) = (part(change.live, Side::Live), part(desired, Side::Declared));
        if before.is_none() && after.is_none() {
            return Way::OWN;
        }
        let is_shared = desired.or(change.live).is_some_and(|part| shared_part(part).is_some());
        match &change.action {
            Action::Create => after.map_or(Way::OWN, |after| self.creation(&after, desired, is_shared)),
            Action::Delete => before.map_or(Way::OWN, |before| self.removal(&before, change.live)),
            Action::Replace(_) => {
                let down = before.map_or(Way::OWN, |before| self.removal(&before, change.live));
                let up = after.map_or(Way::OWN, |after| self.creation(&after, desired, is_shared));
                let Way { up, attach, follows, .. } = up;
                Way { down: down.down, up, attach, follows: follows.or(down.follows) }
            }
            Action::Update(alterations) => self.update(alterations, before, after, is_shared),
            Action::Adopt | Action::Forget => Way::OWN,
        }
    }

    fn creation(
        &self,
        (table, (parent_table, parent)): &(QualifiedName, (QualifiedName, Address)),
        part: Option<&Resource>,
        is_shared: bool,
    ) -> Way {
        let of_table = Address::table(self.target, table);
        let follows = |whose: Address| Way { up: false, follows: Some(whose), ..Way::OWN };
        // What comes by itself when the partition joins, if it is not there before.
        let comes_along = match part {
            Some(Resource::Constraint(constraint)) => constraint.derived && has_usual_name(constraint),
            _ => false,
        };
        let is_check = matches!(
            part,
            Some(Resource::Constraint(Constraint { definition: ConstraintDefinition::Check { .. }, .. }))
        );
        match self.standing(table, parent_table) {
            Standing::Moves if self.refers_to_left(part, parent) => follows(parent.clone()),
            Standing::New if is_shared && self.lacking.contains(parent) => Way { attach: true, ..Way::OWN },
            Standing::New if !self.apart.contains(&of_table) => {
                follows(of_table).validating(part, self.declared_as_valid(parent))
            }
            Standing::New | Standing::Joins | Standing::Moves
                if !comes_along && (is_check || is_shared || is_own_foreign_key(part)) =>
            {
                Way::OWN
            }
            Standing::New | Standing::Joins | Standing::Moves => follows(of_table),
            Standing::Stays => match self.actions.get(parent) {
                Some(Action::Create | Action::Replace(_)) if !self.apart.contains(parent) => {
                    follows(parent.clone())
                }
                _ if is_shared => Way { attach: true, ..Way::OWN },
                _ => follows(parent.clone()),
            }
            .validating(part, self.declared_as_valid(parent)),
            Standing::Leaves | Standing::Gone => Way::OWN,
        }
    }

    fn declared_as_valid(&self, part: &Address) -> bool {
        match self.desired.get(part).map(|declared| &*declared.resource) {
            Some(Resource::Constraint(constraint)) => constraint.validated,
            _ => true,
        }
    }

    fn removal(
        &self,
        (table, (parent_table, parent)): &(QualifiedName, (QualifiedName, Address)),
        part: Option<&Resource>,
    ) -> Way {
        let is_foreign_key = matches!(
            part,
            Some(Resource::Constraint(Constraint { definition: ConstraintDefinition::ForeignKey(_), .. }))
        );
        let follows = |whose: Address| Way { down: false, follows: Some(whose), ..Way::OWN };
        match self.standing(table, parent_table) {
            Standing::Stays => follows(parent.clone()),
            Standing::Moves | Standing::Leaves if self.refers_to_left(part, parent) => {
                follows(parent.clone())
            }
            // Foreign keys that go around in a circle go before their tables.
            Standing::Gone if is_foreign_key && self.actions.get(parent) == Some(&Action::Delete) => {
                follows(parent.clone())
            }
            Standing::New | Standing::Gone => follows(Address::table(self.target, table)),
            Standing::Joins | Standing::Leaves | Standing::Moves => Way::OWN,
        }
    }

    fn update(
        &self,
        alterations: &[Alteration],
        before: Option<(QualifiedName, (QualifiedName, Address))>,
        after: Option<(QualifiedName, (QualifiedName, Address))>,
        is_shared: bool,
    ) -> Way {
        let Some((table, (parent_table, parent))) = after.or(before) else { return Way::OWN };
        let is_own = |alteration: &Alteration| match alteration {
            Alteration::Constraint(
                ConstraintAlteration::SetComment(_) | ConstraintAlteration::SetIndexComment(_),
            )
            | Alteration::Index(_) => true,
            // The rows of a partition can be checked where those of others are not.
            Alteration::Constraint(ConstraintAlteration::Validate) => !self.actions.contains_key(&parent),
            Alteration::Constraint(_) => is_shared,
            _ => true,
        };
        let has_own = alterations.iter().filter(|alteration| !is_attachment(alteration)).any(is_own);
        let by_itself = match self.standing(&table, &parent_table) {
            Standing::Stays => match self.actions.get(&parent) {
                Some(Action::Create | Action::Replace(_)) => !self.apart.contains(&parent),
                _ => false,
            },
            _ => true,
        };
        let attach = !by_itself && alterations.iter().any(is_attachment);
        let whose = match self.standing(&table, &parent_table) {
            Standing::Stays => parent,
            _ => Address::table(self.target, &table),
        };
        Way { down: true, up: has_own, attach, follows: Some(whose) }
    }

    /// Whose change does the whole work of `change`, when that is not its own.
    pub fn worker(&self, change: &Change<'_>) -> Option<Address> {
        if let Some(follows) = &change.follows {
            return self.actions.contains_key(follows).then(|| follows.clone());
        }
        let way = self.way(change);
        let is_derived = match &change.action {
            Action::Create => !way.up && !way.attach,
            Action::Delete => !way.down,
            Action::Replace(_) => way.is_derived(),
            Action::Update(_) => !way.up && !way.attach,
            Action::Adopt | Action::Forget => false,
        };
        way.follows.filter(|worker| is_derived && self.actions.contains_key(worker))
    }

    /// The indexes and keys of partitioned tables that are there and not as they are declared in that a partition has,
    /// or lacks, its own part: only a new one will do.
    pub fn torn(&self) -> BTreeSet<Address> {
        let mut torn = BTreeSet::new();
        for (address, part) in self.live.iter() {
            let (Some(table), Some((parent_table, parent))) =
                (shared_part(part), self.origin(part, Side::Live))
            else {
                continue;
            };
            let is_kept = !matches!(self.actions.get(&parent), Some(Action::Delete | Action::Replace(_)));
            if !is_kept
                || !self.desired.contains_key(&parent)
                || self.standing(&table, &parent_table) != Standing::Stays
            {
                continue;
            }
            let declared = self.desired.get(address);
            let wanted = declared.and_then(|declared| self.parent_of(&declared.resource, Side::Declared));
            if wanted.as_ref() != Some(&parent) {
                torn.insert(parent);
            }
        }
        torn.extend(self.spared());
        torn.extend(self.unfilled());
        torn.extend(self.unchecked());
        torn
    }

    fn stays_as_it_is(&self, part: &Address) -> bool {
        self.live.contains(part)
            && self.desired.contains_key(part)
            && !matches!(self.actions.get(part), Some(Action::Create | Action::Delete | Action::Replace(_)))
    }

    /// Keys that no partition has a part of yet, and of which PostgreSQL shall make them all.
    fn unfilled(&self) -> BTreeSet<Address> {
        let filled: BTreeSet<Address> =
            self.live.iter().filter_map(|(_, part)| self.parent_of(part, Side::Live)).collect();
        let is_unfilled = |part: &Part<'_>| {
            part.comes_along()
                && part.address.kind() == Kind::Constraint
                && !self.live.contains(&part.address)
                && !filled.contains(&part.parent)
                && self.stays_as_it_is(&part.parent)
                && self.standing(&part.table, &part.parent_table) == Standing::Stays
        };
        self.declared_parts().filter(is_unfilled).map(|part| part.parent).collect()
    }

    /// Constraints whose parts in partitions are not to be valid any more, which only new ones are.
    fn unchecked(&self) -> BTreeSet<Address> {
        let mut unchecked = BTreeSet::new();
        for (address, part) in self.live.iter() {
            let Resource::Constraint(live) = part else { continue };
            let declared = self.desired.get(address).map(|declared| &*declared.resource);
            let is_loosened = matches!(declared, Some(Resource::Constraint(wanted)) if !wanted.validated);
            if !live.validated || !is_loosened || live.has_index() {
                continue;
            }
            let Some((parent_table, parent)) = self.origin(part, Side::Live) else { continue };
            if self.stays_as_it_is(&parent)
                && self.standing(&live.table_name(), &parent_table) == Standing::Stays
            {
                unchecked.insert(parent);
            }
        }
        unchecked
    }

    /// Those that are there, and of which a partition that joins shall have no part: PostgreSQL gives it one.
    fn spared(&self) -> BTreeSet<Address> {
        let mut spared = BTreeSet::new();
        let mut parts: Option<BTreeSet<(Address, QualifiedName)>> = None;
        for declared in self.desired.values() {
            let Resource::Table(table) = &*declared.resource else { continue };
            let Lineage::Partition { of, .. } = &table.lineage else { continue };
            let name = table.qualified_name();
            match self.standing(&name, of) {
                Standing::New | Standing::Joins | Standing::Moves => {}
                Standing::Stays | Standing::Leaves | Standing::Gone => continue,
            }
            let parts = parts
                .get_or_insert_with(|| self.declared_parts().map(|part| (part.parent, part.table)).collect());
            let of_parent = self.live.iter().filter(|(_, live)| shared_part(live).as_ref() == Some(of));
            let is_kept = |address: &Address| {
                self.desired.contains_key(address)
                    && !matches!(self.actions.get(address), Some(Action::Delete | Action::Replace(_)))
            };
            spared.extend(
                of_parent
                    .map(|(address, _)| address)
                    .filter(|address| is_kept(address))
                    .filter(|address| !parts.contains(&((*address).clone(), name.clone())))
                    .cloned(),
            );
        }
        spared
    }
}

/// More levels of partitions than anybody has.
const MAX_DEPTH: usize = 64;
