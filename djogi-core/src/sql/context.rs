//! How a statement is put together with what the safety table knows of it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Context, Impossible, Made, Step};
use crate::address::Address;
use crate::catalog::Catalog;
use crate::desired::Desired;
use crate::ident::{Ident, QualifiedName};
use crate::kind::{Constraint, Resource, Table};
use crate::migration::{Conversion, Filling, Orphans};
use crate::observation::{SequencePosition, ServerVersion, TableSize};
use crate::plan::{Effect, Lock, Operation, Precheck, Reversibility};
use crate::safety::{Online, Route, Verb, look_up, route, since};
use crate::seed::SeedWork;

impl Context<'_> {
    pub(super) fn is_new(&self, table: &QualifiedName) -> bool {
        self.new_tables.contains(table)
    }

    /// Whether a statement on the table can meet rows: it is neither new nor a foreign one.
    pub(super) fn has_rows_here(&self, table: &QualifiedName) -> bool {
        !self.is_new(table) && !self.is_foreign(table)
    }

    pub(super) fn is_foreign(&self, table: &QualifiedName) -> bool {
        self.live.table(self.target, table).is_some_and(|table| table.foreign.is_some())
    }

    /// A statement that concerns no table.
    pub(super) fn step(&self, address: &Address, verb: Verb, sql: String) -> Step {
        let row = look_up(verb, self.version);
        Step {
            operation: Operation {
                address: address.clone(),
                sql,
                lock: None,
                besides: Vec::new(),
                effect: row.effect,
                rows: None,
                bytes: None,
                hazards: row.hazard.map(str::to_owned).into_iter().collect(),
                precheck: None,
                concurrently: None,
                backfill: None,
                refused: None,
                secrets: Vec::new(),
            },
            transaction: row.transaction,
            reversibility: row.reversibility,
            is_alone: false,
        }
    }

    /// A statement that changes the relation `on` and locks the tables `referenced` besides.
    pub(super) fn step_on(
        &self,
        address: &Address,
        verb: Verb,
        on: &QualifiedName,
        referenced: &BTreeSet<QualifiedName>,
        sql: String,
    ) -> Step {
        let row = look_up(verb, self.version);
        let mut step = self.step(address, verb, sql);
        let lock = |mode, relation: &QualifiedName| Lock { mode, relation: relation.to_string() };
        let mut others = referenced.iter().filter(|other| *other != on && !self.is_new(other));
        if self.is_new(on) {
            step.operation.effect = Effect::Catalog;
            step.operation.hazards.clear();
        } else if self.is_foreign(on) {
            // `LOCK TABLE` takes no foreign table, so nobody can hold its lock ahead; and no row of it is touched.
            if row.effect != Effect::Catalog {
                step.operation.effect = Effect::Catalog;
                step.operation.hazards.clear();
            }
            step.reversibility = Reversibility::Reversible;
        } else {
            step.operation.lock = row.lock.map(|mode| lock(mode, on));
            step.is_alone = row.is_alone && matches!(self.row_route(on), Some(Route::Online(_)));
            if row.effect != Effect::Catalog
                && let Some(size) = self.sizes.get(on)
            {
                step.operation.rows = size.rows;
                step.operation.bytes = Some(size.bytes);
            }
        }
        let Some(mode) = row.referenced_lock else { return step };
        if step.operation.lock.is_none() {
            step.operation.lock = others.next().map(|other| lock(mode, other));
        }
        for other in others {
            step.operation.hazards.push(format!("also locks {other} in {} mode", mode.as_sql()));
        }
        step
    }

    /// A statement on one relation.
    pub(super) fn step_on_one(&self, address: &Address, verb: Verb, on: &QualifiedName, sql: String) -> Step {
        self.step_on(address, verb, on, &BTreeSet::new(), sql)
    }

    /// The way for work on an index of `table`; `None` when the table is new, where no way is better than another.
    pub(super) fn index_route(&self, table: &QualifiedName) -> Option<Route> {
        let route = self.row_route(table)?;
        Some(if self.is_partitioned(table) {
            Route::Direct("because the table is partitioned")
        } else if self.changes_family(table) {
            // What it has in the moment when it joins is taken in, and what it lacks is made then.
            Route::Direct("because the table joins or leaves another")
        } else {
            route
        })
    }

    /// The way for reading all rows of `table`; `None` when there are none to read.
    pub(super) fn row_route(&self, table: &QualifiedName) -> Option<Route> {
        self.has_rows_here(table).then(|| route(self.online, self.sizes.get(table)))
    }

    /// The live constraints of `table`.
    pub(super) fn constraints<'s>(
        &'s self,
        table: &'s QualifiedName,
    ) -> impl Iterator<Item = &'s Constraint> {
        self.live.iter().filter_map(move |(_, resource)| match resource {
            Resource::Constraint(constraint)
                if constraint.table == table.name && constraint.schema == table.schema =>
            {
                Some(constraint)
            }
            _ => None,
        })
    }

    /// Before or after the plan.
    pub(super) fn is_partitioned(&self, table: &QualifiedName) -> bool {
        let sides = [self.live.table(self.target, table), self.declared_table(table)];
        sides.into_iter().flatten().any(|table| table.partition_by.is_some())
    }

    /// By itself, or with a table above it.
    fn changes_family(&self, table: &QualifiedName) -> bool {
        let Some(declared) = self.declared_table(table) else { return false };
        self.live.table(self.target, table).is_none_or(|live| live.lineage != declared.lineage)
            || self.is_new(table)
            || declared.lineage.parents().iter().any(|parent| self.changes_family(parent))
    }

    /// Before or after the plan.
    pub(super) fn is_partition(&self, table: &QualifiedName) -> bool {
        let sides = [self.live.table(self.target, table), self.declared_table(table)];
        sides.into_iter().flatten().any(Table::is_partition)
    }

    /// Whether the server has the operation at all.
    pub(super) fn require(
        &self,
        verb: Verb,
        what: &'static str,
        address: &Address,
    ) -> Result<(), Impossible> {
        let since = since(verb);
        if self.version.major() >= since {
            return Ok(());
        }
        Err(Impossible::NeedsNewerServer { address: address.clone(), what, since, server: self.version })
    }
}

static NO_SIZES: BTreeMap<QualifiedName, TableSize> = BTreeMap::new();
static NO_TABLES: BTreeSet<QualifiedName> = BTreeSet::new();
static NO_OBJECTS: BTreeSet<Address> = BTreeSet::new();
static NO_SEEDS: BTreeMap<Address, SeedWork> = BTreeMap::new();
static NOTHING_DECLARED: Desired = Desired::new();
static NO_FILLS: BTreeMap<Address, Filling> = BTreeMap::new();
static NO_CONVERSIONS: BTreeMap<Address, Conversion> = BTreeMap::new();
static NO_ORPHANS: BTreeMap<Address, Orphans> = BTreeMap::new();
static NO_POSITIONS: BTreeMap<Address, SequencePosition> = BTreeMap::new();

impl<'a> Context<'a> {
    /// A database that holds `live`, of which no more is known, and where nothing has to be done online.
    pub fn of(version: ServerVersion, target: &'a Ident, live: &'a Catalog) -> Self {
        Self {
            version,
            target,
            live,
            sizes: &NO_SIZES,
            new_tables: &NO_TABLES,
            desired: None,
            apart: &NO_OBJECTS,
            online: Online::Never,
            made: Made::NOTHING,
            chosen_names: &NO_TABLES,
            postponed: &NOTHING_DECLARED,
            fills: &NO_FILLS,
            conversions: &NO_CONVERSIONS,
            orphans: &NO_ORPHANS,
            abandon: &[],
            seeds: &NO_SEEDS,
            sequence_positions: &NO_POSITIONS,
        }
    }

    /// A table that is declared.
    pub(super) fn declared_table(&self, name: &QualifiedName) -> Option<&'a Table> {
        let declared = self.desired?.get(&Address::table(self.target, name))?;
        match &*declared.resource {
            Resource::Table(table) => Some(table),
            _ => None,
        }
    }
}

impl Step {
    pub(super) fn with_precheck(mut self, precheck: Option<Precheck>) -> Self {
        self.operation.precheck = precheck;
        self
    }

    /// As [`Step::with_precheck`], where the rows are looked at beside those who write.
    pub(super) fn asking(self, precheck: impl FnOnce() -> Option<Precheck>) -> Self {
        if self.is_alone { self.with_precheck(precheck()) } else { self }
    }

    /// The validation of what comes in the same plan: it has asked already.
    pub(super) fn afterwards(self, why: &str) -> Self {
        self.with_precheck(None)
            .with_hazard(format!("rows are checked after it is there, while others write, {why}"))
    }

    /// Changes `tables` too.
    pub(super) fn besides(mut self, tables: BTreeSet<QualifiedName>) -> Self {
        if let Some(lock) = &self.operation.lock {
            let mode = lock.mode.as_sql();
            let says = |table: &QualifiedName| format!("also locks {table} in {mode} mode");
            self.operation.hazards.extend(tables.iter().map(says));
        }
        self.operation.besides = tables.into_iter().collect();
        self
    }

    pub(super) fn with_hazard(mut self, hazard: impl Into<String>) -> Self {
        self.operation.hazards.push(hazard.into());
        self
    }
}
