//! What the ledger proves, put into the record: the roll-forward of T2, T5 and G3, and of every finished statement.
//!
//! A pure function, so that a plan, which writes nothing, sees exactly the record that the next apply will write.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use djogi_core::desired::Desired;
use djogi_core::kind::{Comparison, Resource};
use djogi_core::observation::{Observation, Oid};
use djogi_core::plan::Recovery;
use djogi_core::recorded::{Recorded, RecordedResource};
use djogi_core::{Address, Digest, Ident, Kind, QualifiedName};

use super::table::Row;
use crate::identity::OpId;
use crate::ledger::RecordedOp;
use crate::state::{Mark, Status};

/// What a run that could not record it has made or changed.
const UNFINISHED: &str = "a run ended before it was as declared";

/// What the ledger has that the state does not know of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Overtaken {
    /// In the order of execution.
    pub(crate) ops: Vec<RecordedOp>,
    /// How what they have changed stands.
    pub(crate) marks: BTreeMap<Address, Mark>,
    /// Whether no sidecar speaks of them: row G3.
    pub(crate) is_unspoken: bool,
}

impl Overtaken {
    pub(crate) fn last_op(&self) -> Option<OpId> {
        self.ops.last().map(|op| op.record.op)
    }

    /// Row G3, as a plan tells it.
    pub(crate) fn recovery(&self, target: &Ident) -> Option<Recovery> {
        let (first, last) = (self.ops.first()?, self.ops.last()?);
        let addresses: BTreeSet<&Address> = self.ops.iter().flat_map(|op| &op.record.addresses).collect();
        self.is_unspoken.then(|| Recovery {
            row: Row::G3.code().to_owned(),
            target: target.clone(),
            op: last.record.op.to_string(),
            run: last.record.run.to_string(),
            addresses: addresses.into_iter().cloned().collect(),
            observed: format!(
                "state_regressed: the ledger has {} groups that the state does not know, from {} on",
                self.ops.len(),
                first.record.op
            ),
            action: Row::G3.action().to_owned(),
            way_out: Row::G3.way_out().to_owned(),
            reason: None,
        })
    }
}

/// The three sides of a target.
pub(crate) struct Sides<'a> {
    pub(crate) target: &'a Ident,
    pub(crate) desired: &'a Desired,
    pub(crate) live: &'a Observation,
}

/// Brings `recorded` up to what `ops` have done, as far as it is still there.
pub(crate) fn roll_forward(recorded: &mut Recorded, sides: &Sides<'_>, ops: Vec<RecordedOp>) -> Overtaken {
    if ops.is_empty() {
        return Overtaken::default();
    }
    let mut done: BTreeMap<Address, OpId> = BTreeMap::new();
    for op in &ops {
        done.extend(op.record.addresses.iter().map(|address| (owner(address), op.record.op)));
    }
    let made: BTreeSet<Address> =
        done.keys().filter(|address| !recorded.resources.contains_key(*address)).cloned().collect();
    let relations: BTreeMap<QualifiedName, OpId> =
        done.iter().filter_map(|(address, op)| Some((address.relation()?, *op))).collect();
    let known: Vec<Address> = recorded.resources.keys().cloned().collect();
    let migrated = migrated_tables(sides, &done);
    let came_along = sides.live.oids.keys().filter(|address| {
        // Constraints and the like come with the table that declares them, migrations with their first step.
        sides.desired.contains_key(*address)
            && address.table_of_member().is_some_and(|table| made.contains(&table))
            || table_of_migration(sides, address).is_some_and(|table| migrated.contains(&table))
    });
    let touched: BTreeSet<Address> = done.keys().chain(came_along).cloned().collect();
    let mut marks = BTreeMap::new();
    for address in &touched {
        let op = done.get(address).copied().or_else(|| relations.get(&address.relation()?).copied());
        match live(sides, address) {
            Some((resource, oid)) => {
                marks.insert(address.clone(), take(recorded, sides, address, resource, oid, op));
            }
            None => forget(recorded, address),
        }
    }
    // Neighbours that were changed in passing, such as a check that compares with another type now.
    for address in known.iter().filter(|address| !touched.contains(*address)) {
        let in_passing = address.relation().is_some_and(|relation| relations.contains_key(&relation));
        match (in_passing, live(sides, address)) {
            (false, _) => {}
            (true, Some((resource, _))) => {
                if let Some(entry) = recorded.resources.get_mut(address).filter(|entry| !entry.drifted) {
                    entry.observed = Digest::of(&**resource);
                    recorded.catalog.insert(sides.target, resource.clone());
                }
            }
            (true, None) => forget(recorded, address),
        }
    }
    Overtaken { ops, marks, is_unspoken: false }
}

/// The tables that `done` has changed, or has made steps of migrations for.
fn migrated_tables(sides: &Sides<'_>, done: &BTreeMap<Address, OpId>) -> BTreeSet<QualifiedName> {
    done.keys()
        .filter_map(|address| address.relation().or_else(|| table_of_migration(sides, address)))
        .collect()
}

fn table_of_migration(sides: &Sides<'_>, address: &Address) -> Option<QualifiedName> {
    sides.live.catalog.get(address)?.migrating_table().cloned()
}

fn live<'a>(sides: &Sides<'a>, address: &Address) -> Option<(&'a Arc<Resource>, Oid)> {
    Some((sides.live.catalog.get_shared(address)?, *sides.live.oids.get(address)?))
}

fn take(
    recorded: &mut Recorded,
    sides: &Sides<'_>,
    address: &Address,
    resource: &Arc<Resource>,
    oid: Oid,
    op: Option<OpId>,
) -> Mark {
    let declared = sides.desired.get(address);
    let is_declared = is_as_declared(sides, address);
    let previous = recorded.resources.get(address);
    let package = declared
        .map(|declared| declared.package.clone())
        .or_else(|| previous.and_then(|previous| previous.package.clone()));
    let entry = RecordedResource {
        desired: declared.filter(|_| is_declared).map(|declared| Digest::of(&*declared.resource)),
        observed: Digest::of(&**resource),
        oid,
        drifted: false,
        package,
    };
    recorded.resources.insert(address.clone(), entry);
    recorded.catalog.insert(sides.target, resource.clone());
    if is_declared {
        Mark { op, ..Mark::APPLIED }
    } else {
        Mark { status: Status::Pending, conditions: vec![UNFINISHED.to_owned()], op }
    }
}

/// Whether nothing is left to do about `address`.
pub(super) fn is_as_declared(sides: &Sides<'_>, address: &Address) -> bool {
    let owner = owner(address);
    match (sides.live.catalog.get(&owner), sides.desired.get(&owner)) {
        (Some(live), Some(declared)) => live.compare(&declared.resource) == Comparison::InPlace(Vec::new()),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

fn forget(recorded: &mut Recorded, address: &Address) {
    recorded.resources.remove(address);
    recorded.catalog.remove(address);
}

/// The address under which something is recorded: a column belongs to its table.
pub(super) fn owner(address: &Address) -> Address {
    match (address.kind(), address.table_of_member()) {
        (Kind::Column, Some(table)) => table,
        _ => address.clone(),
    }
}
