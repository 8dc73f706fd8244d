//! The record of one target while a run changes it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use djogi_core::declared::Declarations;
use djogi_core::desired::{Desired, DesiredResource};
use djogi_core::disposition::Verdict;
use djogi_core::kind::{Comparison, Resource};
use djogi_core::migration::Exchanges;
use djogi_core::observation::{DatabaseIdentity, Observation, Oid};
use djogi_core::plan::{ActionVerb, PlanDocument, ResourceChange, TargetInputs};
use djogi_core::recorded::{Recorded, RecordedResource};
use djogi_core::{Address, Catalog, Digest, Ident, Kind, QualifiedName};

use super::owner;
use crate::identity::{Epoch, OpId};
use crate::introspect::ObservedRelations;
use crate::ledger::Fence;
use crate::state::{Mark, Status, TargetState};

#[derive(Clone)]
pub(in crate::apply) struct TargetRecord<'a> {
    pub(super) target: Ident,
    desired: Arc<Desired>,
    /// What is declared of objects that stay as they are until the cutover of a migration.
    postponed: Arc<Desired>,
    /// The columns that get their old type back.
    returning: Arc<BTreeSet<Address>>,
    declarations: &'a Declarations,
    /// What was there before the first group.
    live: Arc<Observation>,
    pub(super) identity: DatabaseIdentity,
    pub(super) epoch: Epoch,
    pub(super) last_op: Option<OpId>,
    pub(super) recorded: Recorded,
    pub(super) marks: BTreeMap<Address, Mark>,
    /// Resources that somebody else has changed and that this run has not healed: their records stay, so that the
    /// next plan shows the drift again.
    drifted: BTreeSet<Address>,
    /// What is there when the plan is done.
    coming: Arc<BTreeMap<&'a Address, &'a ResourceChange>>,
    /// How much of the plan is still to be done on each resource; what is blocked or deferred never is.
    to_come: BTreeMap<Address, usize>,
    pub(super) is_changed: bool,
}

impl<'a> TargetRecord<'a> {
    pub(super) fn open(
        inputs: TargetInputs,
        declarations: &'a Declarations,
        state: Option<&TargetState>,
        fence: Option<&Fence>,
        document: &'a PlanDocument,
    ) -> Self {
        let TargetInputs { target, desired, postponed, live, mut recorded, epoch, .. } = inputs;
        // What is as it was recorded need not be read from the store to be recorded again.
        let missing = recorded.resources.keys().filter(|address| !recorded.catalog.contains(address));
        let found = |address: &Address| Some((address.clone(), live.catalog.get_shared(address)?.clone()));
        let found: Catalog = missing.filter_map(found).collect();
        if recorded.catalog.is_empty() {
            recorded.catalog = found;
        } else {
            recorded.catalog.extend(found);
        }
        // Nor whose it is: what nobody declares any more has had its definition read for the plan.
        let unread = recorded.resources.iter_mut().filter(|(_, record)| record.package.is_none());
        for (address, record) in unread {
            record.package = package(declarations, address, recorded.catalog.get(address));
        }
        let marks = state.iter().flat_map(|state| &state.resources).map(|(address, resource)| {
            let (status, conditions) = (resource.status, resource.conditions.clone());
            (address.clone(), Mark { status, conditions, op: resource.op })
        });
        Self {
            target,
            desired: Arc::new(desired),
            postponed: Arc::new(postponed.declared),
            returning: Arc::new(returning(postponed.exchanges)),
            declarations,
            identity: live.identity.clone(),
            live: Arc::new(live),
            epoch: fence.map_or(Epoch::new(epoch), |fence| fence.epoch),
            last_op: state.and_then(|state| state.last_op),
            marks: marks.collect(),
            recorded,
            drifted: document.resource_drift.iter().map(|drift| drift.address.clone()).collect(),
            coming: Arc::new(coming(document)),
            to_come: to_come(document),
            is_changed: false,
        }
    }

    /// The relations of everything that is recorded.
    pub(super) fn relations(&self) -> impl Iterator<Item = QualifiedName> {
        self.recorded.resources.keys().filter_map(Address::relation)
    }

    /// Takes over what groups have made of their changes, in the order in which they were committed. `observed` is all
    /// there is of `relations` after the last of them.
    pub(super) fn settle(
        &mut self,
        groups: &[(&[&ResourceChange], OpId)],
        observed: &ObservedRelations,
        relations: &BTreeSet<QualifiedName>,
    ) {
        self.is_changed = true;
        for (changes, op) in groups {
            self.last_op = Some(*op);
            self.move_renamed(changes);
            for change in *changes {
                let owner = owner(&change.address);
                if let Some(steps) = self.to_come.get_mut(&owner) {
                    *steps = steps.saturating_sub(1);
                }
                self.drifted.remove(&owner);
                match (observed.catalog.get_shared(&owner), observed.oids.get(&owner)) {
                    (Some(resource), Some(oid)) => self.take(change, resource, *oid, Some(*op)),
                    _ => self.forget(&owner),
                }
            }
        }
        // Neighbours that were changed in passing, such as a check that compares with another type now.
        let migrates =
            groups.iter().any(|(changes, _)| changes.iter().any(|change| change.kind.is_of_migration()));
        for (address, resource) in observed.catalog.iter_shared() {
            if let (false, Some(entry)) =
                (self.drifted.contains(address), self.recorded.resources.get_mut(address))
            {
                let now = Digest::of(&**resource);
                // A migration makes of a table what was to come: what was declared before is not what is there.
                if migrates && entry.observed != now {
                    let declared = [&self.postponed, &self.desired].map(|declared| declared.get(address));
                    let mut declared = declared.into_iter().flatten().map(|declared| &*declared.resource);
                    let found = declared.find(|declared| is_same(resource, declared)).map(Digest::of);
                    let of_step = || match (entry.desired, &**resource) {
                        // What it has made may be called otherwise after a later one.
                        (Some(_), Resource::MigrationStep(_)) => Some(now),
                        _ => None,
                    };
                    let returned = || {
                        let returned = returned(self.desired.get(address)?, resource, &self.returning)?;
                        is_same(resource, &returned).then(|| Digest::of(&returned))
                    };
                    entry.desired = found.or_else(of_step).or_else(returned);
                }
                entry.observed = now;
                self.recorded.catalog.insert(&self.target, resource.clone());
            }
        }
        // What went with its own group may have come with that of another.
        let op = groups.last().map(|(_, op)| *op);
        for (address, resource) in observed.catalog.iter_shared() {
            if let (false, Some(0), Some(change), Some(oid)) = (
                self.recorded.resources.contains_key(address),
                self.to_come.get(address),
                self.coming.get(address).copied(),
                observed.oids.get(address),
            ) {
                self.take(change, resource, *oid, op);
            }
        }
        let is_gone = |address: &&Address| {
            self.relation_of(address).is_some_and(|relation| relations.contains(&relation))
                && !observed.catalog.contains(address)
                && !self.drifted.contains(*address)
        };
        let gone: Vec<Address> = self.recorded.resources.keys().filter(is_gone).cloned().collect();
        for address in gone {
            self.forget(&address);
        }
    }

    /// The relation that something recorded belongs to; the address of a migration does not say it.
    fn relation_of(&self, address: &Address) -> Option<QualifiedName> {
        let of_migration = || self.recorded.catalog.get(address)?.migrating_table();
        address.relation().or_else(|| of_migration().cloned())
    }

    /// Takes over a change that needs no statement.
    pub(super) fn settle_without_statements(&mut self, change: &ResourceChange) {
        self.is_changed = true;
        if change.change.actions.contains(&ActionVerb::Forget) {
            self.forget(&change.address);
        } else if let (Some(resource), Some(oid)) =
            (self.live.catalog.get_shared(&change.address).cloned(), self.live.oids.get(&change.address))
        {
            self.take(change, &resource, *oid, None);
        }
    }

    /// What waited or failed and is not `planned` any more is as it should be.
    pub(super) fn clear_marks(&mut self, planned: &BTreeSet<Address>) {
        let waited = |status| matches!(status, Status::Blocked | Status::Pending | Status::Error);
        for (address, mark) in &mut self.marks {
            if waited(mark.status) && !planned.contains(address) {
                *mark = Mark { op: mark.op, ..Mark::APPLIED };
                self.is_changed = true;
                let entry = self.recorded.resources.get_mut(address);
                if let (Some(entry), Some(declared)) = (entry, self.desired.get(address)) {
                    entry.desired = Some(Digest::of(&*declared.resource));
                }
            }
        }
    }

    /// Notes how a recorded resource stands.
    pub(super) fn mark(&mut self, address: Address, status: Status, condition: String) {
        if self.recorded.resources.contains_key(&address) {
            let op = self.marks.get(&address).and_then(|mark| mark.op);
            self.marks.insert(address, Mark { status, conditions: vec![condition], op });
            self.is_changed = true;
        }
    }

    fn take(&mut self, change: &ResourceChange, resource: &Arc<Resource>, oid: Oid, op: Option<OpId>) {
        let address = owner(&change.address);
        let observed = Digest::of(&**resource);
        let declared = self.desired.get(&address);
        // With a saved plan nobody has looked at the declarations; what it leaves in the end is what it was made for.
        let is_done = declared.is_none() && self.to_come.get(&address) == Some(&0);
        let is_declared = change.after_digest == Some(observed) && address == change.address
            || declared.is_some_and(|declared| is_same(resource, &declared.resource))
            || is_done;
        let previous = self.recorded.resources.get(&address);
        let package = package(self.declarations, &address, Some(resource))
            .or_else(|| previous.and_then(|previous| previous.package.clone()));
        let desired = match declared {
            Some(declared) if is_declared => Some(Digest::of(&*declared.resource)),
            None if is_declared => Some(observed),
            _ => None,
        };
        let op = op.or_else(|| self.marks.get(&address).and_then(|mark| mark.op));
        let (status, conditions) = if is_declared {
            (Status::Applied, Vec::new())
        } else {
            (Status::Pending, vec!["not yet as declared".to_owned()])
        };
        self.marks.insert(address.clone(), Mark { status, conditions, op });
        self.recorded
            .resources
            .insert(address, RecordedResource { desired, observed, oid, drifted: false, package });
        self.recorded.catalog.insert(&self.target, resource.clone());
    }

    /// Forgets old addresses, and carries along what belongs to renamed objects, which nothing else says. All at once:
    /// one may have taken the name of another.
    fn move_renamed(&mut self, changes: &[&ResourceChange]) {
        let mut moved = Vec::new();
        for change in changes {
            let Some(from) = &change.previous_address else { continue };
            let along = |old: &Address| Some((old.clone(), old.along(from, &change.address)?));
            let members: Vec<(Address, Address)> = self.recorded.resources.keys().filter_map(along).collect();
            for (old, new) in members {
                let entry = self.recorded.resources.remove(&old);
                let was_drifted = self.drifted.remove(&old);
                self.recorded.catalog.remove(&old);
                moved.push((new, entry, self.marks.remove(&old), was_drifted));
            }
        }
        let previous = changes.iter().filter_map(|change| change.previous_address.as_ref());
        for address in previous.filter(|address| address.kind() != Kind::Column) {
            self.forget(address);
        }
        for (new, entry, mark, was_drifted) in moved {
            self.recorded.resources.extend(entry.map(|entry| (new.clone(), entry)));
            self.marks.extend(mark.map(|mark| (new.clone(), mark)));
            self.drifted.extend(was_drifted.then_some(new));
        }
    }

    fn forget(&mut self, address: &Address) {
        self.recorded.resources.remove(address);
        self.recorded.catalog.remove(address);
        self.marks.remove(address);
    }
}

/// Whose it is. A migration is declared with its table.
fn package(declarations: &Declarations, address: &Address, resource: Option<&Resource>) -> Option<String> {
    let table = resource.and_then(Resource::migrating_table);
    let table = table.map(|table| Address::table(address.target(), table));
    let declaration = declarations.resources.get(table.as_ref().unwrap_or(address))?;
    Some(declaration.package.clone())
}

fn coming(document: &PlanDocument) -> BTreeMap<&Address, &ResourceChange> {
    let changes = document.resource_changes.iter().filter(|change| change.change.after.is_some());
    let done = changes.filter(|change| matches!(change.disposition, Verdict::Applied | Verdict::Derived));
    done.map(|change| (&change.address, change)).collect()
}

fn to_come(document: &PlanDocument) -> BTreeMap<Address, usize> {
    let mut to_come = BTreeMap::new();
    for change in &document.resource_changes {
        let is_done = matches!(change.disposition, Verdict::Applied | Verdict::Derived);
        let steps = if is_done { change.groups.len() } else { 1 };
        *to_come.entry(owner(&change.address)).or_default() += steps;
    }
    to_come
}

/// The columns that the way back from a cutover exchanges.
fn returning(exchanges: Exchanges) -> BTreeSet<Address> {
    exchanges.into_iter().filter(|(by, _)| by.kind() == Kind::Migration).map(|(_, column)| column).collect()
}

/// What is declared of a table, with the `returning` columns as they are: those wait for a migration again.
fn returned(declared: &DesiredResource, live: &Resource, returning: &BTreeSet<Address>) -> Option<Resource> {
    let (Resource::Table(wanted), Resource::Table(found)) = (&*declared.resource, live) else { return None };
    let table = found.qualified_name();
    let columns: Vec<&Ident> = returning
        .iter()
        .filter(|column| column.relation().as_ref() == Some(&table))
        .map(Address::name)
        .collect();
    let mut wanted = wanted.clone();
    for column in &mut wanted.columns {
        if let (true, Some(found)) = (columns.contains(&&column.name), found.column(&column.name)) {
            *column = found.clone();
        }
    }
    (!columns.is_empty()).then_some(Resource::Table(wanted))
}

fn is_same(live: &Resource, declared: &Resource) -> bool {
    live.compare(declared) == Comparison::InPlace(Vec::new())
}
