//! The script: collects steps with what the plan says about each.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::super::*;
use super::fixtures::ident;
use crate::kind::*;
use crate::plan::Concurrently;

/// Collects steps as a script and keeps the live catalog up to date.
pub(super) struct Script {
    pub(super) version: ServerVersion,
    pub(super) target: Ident,
    pub(super) live: Catalog,
    pub(super) sizes: BTreeMap<QualifiedName, TableSize>,
    pub(super) new_tables: BTreeSet<QualifiedName>,
    pub(super) desired: Desired,
    pub(super) apart: BTreeSet<Address>,
    pub(super) chosen_names: BTreeSet<QualifiedName>,
    pub(super) sequence_positions: BTreeMap<Address, SequencePosition>,
    pub(super) online: Online,
    pub(super) text: String,
}

impl Script {
    pub(super) fn new(version: u32) -> Self {
        Self {
            version: ServerVersion(version),
            target: ident("main"),
            live: Catalog::default(),
            sizes: BTreeMap::new(),
            new_tables: BTreeSet::new(),
            desired: Desired::new(),
            apart: BTreeSet::new(),
            chosen_names: BTreeSet::new(),
            sequence_positions: BTreeMap::new(),
            online: Online::Auto,
            text: String::new(),
        }
    }

    pub(super) fn context(&self) -> Context<'_> {
        Context {
            sizes: &self.sizes,
            new_tables: &self.new_tables,
            desired: Some(&self.desired),
            apart: &self.apart,
            online: self.online,
            chosen_names: &self.chosen_names,
            sequence_positions: &self.sequence_positions,
            ..Context::of(self.version, &self.target, &self.live)
        }
    }

    pub(super) fn title(&mut self, title: &str) {
        write!(self.text, "\n---------- {title}\n").unwrap();
    }

    pub(super) fn write(&mut self, steps: Result<Vec<Step>, Impossible>) {
        match steps {
            Ok(steps) => steps.iter().for_each(|step| self.write_step(step)),
            Err(error) => {
                write!(self.text, "-- impossible: {error}\n--   remedy: {}\n", error.remedy()).unwrap();
            }
        }
    }

    fn write_step(&mut self, step: &Step) {
        let Operation {
            address,
            sql,
            lock,
            besides: _,
            effect,
            rows,
            bytes,
            hazards,
            precheck,
            concurrently,
            backfill: _,
            refused: _,
            secrets,
        } = &step.operation;
        write!(self.text, "-- {address}: {effect:?}, {:?}, {:?}", step.transaction, step.reversibility)
            .unwrap();
        if let Some(lock) = lock {
            write!(self.text, ", {} on {}", lock.mode.as_sql(), lock.relation).unwrap();
        }
        if let Some(bytes) = bytes {
            write!(self.text, ", {rows:?} rows, {bytes} bytes").unwrap();
        }
        if let Some(Concurrently { verb, object, builds: _, from: _ }) = concurrently {
            write!(self.text, ", {verb:?} of {object}").unwrap();
        }
        if step.is_alone {
            self.text += ", alone";
        }
        for secret in secrets {
            write!(self.text, ", secret {}", secret.option).unwrap();
        }
        for hazard in hazards {
            write!(self.text, "\n--   {hazard}").unwrap();
        }
        if let Some(precheck) = precheck {
            write!(self.text, "\n--   first: {}", precheck.rows).unwrap();
        }
        write!(self.text, "\n{sql};\n").unwrap();
    }

    pub(super) fn create(&mut self, resource: Resource) {
        let address = resource.address(&self.target);
        self.write(create(&resource, &self.context(), &address));
        self.live.insert(&self.target, resource);
    }

    pub(super) fn create_table(&mut self, table: Table, inline: &[Constraint]) {
        self.new_tables.insert(table.qualified_name());
        self.write(create_table(&table, &inline.iter().collect::<Vec<_>>(), &self.context()));
        self.live.insert(&self.target, Resource::Table(table));
        for constraint in inline {
            self.live.insert(&self.target, Resource::Constraint(constraint.clone()));
        }
    }

    pub(super) fn drop(&mut self, resource: &Resource) {
        let address = resource.address(&self.target);
        self.write(Ok(drop(resource, &self.context(), &address)));
        self.live.remove(&address);
    }

    /// Compares with what is live and writes the alterations.
    pub(super) fn alter(&mut self, desired: Resource) {
        let address = desired.address(&self.target);
        let live = self.live.get(&address).unwrap().clone();
        let Comparison::InPlace(alterations) = live.compare(&desired) else {
            panic!("{address} cannot be altered");
        };
        assert!(!alterations.is_empty(), "{address} is as it should be");
        let mut possible = true;
        for alteration in &alterations {
            let steps = alter(&live, &desired, alteration, &self.context(), &address);
            possible &= steps.is_ok();
            self.write(steps);
        }
        if possible {
            self.live.insert(&self.target, desired);
        }
    }

    pub(super) fn replace_index(&mut self, live: &Index, desired: &Index, moves: bool) {
        let address = Address::index(&self.target, &desired.qualified_name());
        let Replacement { down, up } = replace_index(live, desired, moves, &self.context(), &address);
        self.write(Ok([down, up].concat()));
        self.live.insert(&self.target, Resource::Index(desired.clone()));
    }

    pub(super) fn replace_publication(&mut self, live: &Publication, desired: &Publication) {
        let address = Address::of_database(crate::address::Kind::Publication, &self.target, &desired.name);
        let replaced = replace_publication(live, desired, &self.context(), &address);
        self.write(replaced.map(|Replacement { down, up }| [down, up].concat()));
        self.live.insert(&self.target, Resource::Publication(desired.clone()));
    }

    pub(super) fn alter_column(&mut self, table: &QualifiedName, column: Column) {
        let mut desired = self.live.table(&self.target, table).unwrap().clone();
        match desired.columns.iter_mut().find(|old| old.name == column.name) {
            Some(old) => *old = column,
            None => desired.columns.push(column),
        }
        self.alter(Resource::Table(desired));
    }

    pub(super) fn rename(&mut self, from: &Resource, to: Resource) {
        let address = to.address(&self.target);
        self.write(rename(from, &to, &self.context(), &address));
        self.live.remove(&from.address(&self.target));
        self.live.insert(&self.target, to);
    }

    /// From here on all tables are old, with these sizes.
    pub(super) fn time_passes(&mut self, rows: Option<u64>, bytes: u64) {
        for table in std::mem::take(&mut self.new_tables) {
            self.sizes.insert(table, TableSize { rows, bytes, ..TableSize::default() });
        }
    }
}
