//! Which migrations are under way, read from what is there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::referring::{self, refers_to};
use super::twins::uses_column;
use super::{Marker, fill, names};
use crate::address::{Address, Kind};
use crate::catalog::Catalog;
use crate::ident::{Ident, QualifiedName};
use crate::kind::{Constraint, Firing, Migration, MigrationPhase, MigrationStep, Resource, Retype, Table};

/// What [`observe`] has done to a catalog.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// The migrations and steps, each with the address of its table.
    pub found: Vec<(Address, Address)>,
    /// What they have made, which is in the catalog no more. Columns are here by their addresses.
    pub taken_out: BTreeSet<Address>,
}

/// Takes what migrations have made out of `catalog`, and puts the migrations into it with the steps that are done.
pub fn observe(catalog: &mut Catalog, target: &Ident) -> Observed {
    let mut observed = Observed::default();
    let under_way: Vec<(Address, Arc<Resource>)> = catalog
        .iter_shared()
        .filter(
            |(_, resource)| matches!(&***resource, Resource::Table(table) if helpers(table).next().is_some()),
        )
        .map(|(address, resource)| (address.clone(), resource.clone()))
        .collect();
    for (address, resource) in under_way {
        let Resource::Table(table) = &*resource else { continue };
        let mut rest = table.clone();
        for (helper, marker) in helpers(table) {
            rest.columns.retain(|column| column.name != *helper);
            observed.taken_out.insert(Address::column(target, &table.qualified_name(), helper));
            let parts = Parts::take(catalog, helper, &marker.migration);
            for resource in steps(&marker, &parts, table) {
                let found = resource.address(target);
                catalog.insert(target, resource);
                observed.found.push((found, address.clone()));
            }
            observed.taken_out.extend(parts.addresses);
        }
        catalog.insert(target, Resource::Table(rest));
    }
    fill::observe(catalog, target, &mut observed);
    observed
}

/// The helper columns of a table.
fn helpers(table: &Table) -> impl Iterator<Item = (&Ident, Marker)> {
    table.columns.iter().filter_map(|column| {
        let marker: Marker = Marker::of(column.comment.as_deref())?;
        // The table may have another name by now, and the column with it.
        let migration = Retype { table: table.qualified_name(), ..marker.migration };
        let marker = Marker { migration, ..marker };
        let own = &marker.migration.column;
        let is_one = [names::new_column(own), names::old_column(own)].contains(&column.name);
        is_one.then_some((&column.name, marker))
    })
}

/// What a migration has made besides its column.
#[derive(Default)]
struct Parts {
    addresses: BTreeSet<Address>,
    triggers: usize,
    /// Each with whether it is whole.
    indexes: BTreeMap<Ident, bool>,
    constraints: BTreeMap<Ident, bool>,
    /// Foreign keys of other columns to the helper column.
    referring: Vec<Constraint>,
}

impl Parts {
    fn take(catalog: &mut Catalog, helper: &Ident, migration: &Retype) -> Self {
        let Retype { table, column, .. } = migration;
        let mut parts = Self::default();
        let triggers = names::triggers(column);
        for (address, resource) in catalog.iter() {
            match resource {
                Resource::Trigger(trigger)
                    if trigger.relation_name() == *table && triggers.contains(&trigger.name) =>
                {
                    parts.triggers += usize::from(trigger.firing == Firing::Always);
                }
                Resource::Index(index) if uses_column(resource, table, helper) => {
                    parts.indexes.insert(index.name.clone(), index.valid);
                }
                Resource::Constraint(constraint) if uses_column(resource, table, helper) => {
                    parts.constraints.insert(constraint.name.clone(), constraint.validated);
                }
                Resource::Constraint(constraint) if refers_to(constraint, table, helper) => {
                    parts.referring.push(constraint.clone());
                }
                Resource::Constraint(constraint)
                    if constraint.table_name() == *table && constraint.name == names::refilled(column) => {}
                _ => continue,
            }
            parts.addresses.insert(address.clone());
        }
        for address in &parts.addresses {
            catalog.remove(address);
        }
        parts.referring.sort_by_key(referring::place);
        parts
    }
}

/// The migration with the steps whose results are there.
fn steps(marker: &Marker, parts: &Parts, table: &Table) -> Vec<Resource> {
    let migration = &marker.migration;
    let step = |phase| MigrationStep {
        migration: migration.name.clone(),
        phase,
        table: migration.table.clone(),
        made: BTreeSet::new(),
        unfinished: BTreeSet::new(),
        referring: Vec::new(),
        at: marker.cut_over_at.clone().filter(|_| phase == MigrationPhase::Cutover),
        taken: marker.taken.clone().filter(|_| phase == MigrationPhase::Cutover),
    };
    let is_cut_over = table.column(&names::old_column(&migration.column)).is_some();
    let syncs = parts.triggers == names::triggers(&migration.column).len();
    let mut found = vec![Resource::Migration(Migration::Retype(migration.clone()))];
    for phase in MigrationPhase::ALL {
        // What was written while nothing kept the columns alike is in one of them alone.
        let is_done = match phase {
            MigrationPhase::Expand => true,
            // Where there is nothing to make, it is done when the next step is.
            MigrationPhase::Index => !parts.indexes.is_empty() || syncs && marker.verified || is_cut_over,
            MigrationPhase::Constrain => {
                let is_begun = !parts.constraints.is_empty() || !parts.referring.is_empty();
                is_begun || syncs && marker.verified || is_cut_over
            }
            // After the cutover nothing makes up for what was written past the triggers; the way back looks for it.
            MigrationPhase::DualWrite => syncs || is_cut_over,
            MigrationPhase::Backfill => syncs && marker.backfilled || is_cut_over,
            MigrationPhase::Verify => syncs && marker.verified || is_cut_over,
            MigrationPhase::Cutover => is_cut_over,
            MigrationPhase::Contract | MigrationPhase::Finish => false,
        };
        if !is_done {
            continue;
        }
        let of = |whole| {
            let parts = match phase {
                MigrationPhase::Index => &parts.indexes,
                MigrationPhase::Constrain => &parts.constraints,
                _ => return BTreeSet::new(),
            };
            let names = parts.iter().filter(|(_, is_whole)| **is_whole == whole);
            // After the cutover they are what is left of the old column.
            names.filter(|_| !is_cut_over).map(|(name, _)| name.clone()).collect()
        };
        let retired = parts.indexes.keys().chain(parts.constraints.keys());
        let retired = retired.filter(|_| is_cut_over && phase == MigrationPhase::Cutover).cloned();
        let refers = match phase {
            MigrationPhase::Constrain => !is_cut_over,
            MigrationPhase::Cutover => true,
            _ => false,
        };
        found.push(Resource::MigrationStep(MigrationStep {
            referring: if refers { parts.referring.clone() } else { Vec::new() },
            made: of(true).into_iter().chain(retired).collect(),
            unfinished: of(false),
            ..step(phase)
        }));
    }
    found
}

/// The migrations in a catalog that [`observe`] has seen, by their tables.
pub(super) fn under_way(catalog: &Catalog) -> BTreeMap<QualifiedName, Vec<&Migration>> {
    let mut known: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (_, resource) in catalog.of_kind(Kind::Migration) {
        if let Resource::Migration(migration) = resource {
            known.entry(migration.table().clone()).or_default().push(migration);
        }
    }
    known
}
