//! Which changes become migrations, and what waits for the cutover of one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::code;
use super::convert::Conversion;
use super::fill::{Filling, may_fill};
use super::names;
use super::observe::under_way;
use super::obstacles::Sides;
use super::orphans::{self, Orphans};
use super::referring::{migrations_before, taken_along};
use super::retype::{retype, rewrites};
use super::rules::Rules;
use super::twins::{Twin, twins, uses_column};
use crate::address::{Address, Kind};
use crate::catalog::Catalog;
use crate::desired::{Desired, DesiredResource};
use crate::ident::{Ident, QualifiedName};
use crate::kind::{
    Column, Constraint, Migration, MigrationPhase, MigrationStep, Resource, Retype, Securable, Table,
};
use crate::observation::Observation;
use crate::plan::PlanOptions;
use crate::safety::{Online, Route, route};

/// The columns that another takes the place of in a plan, by the address of the change that does it: the cutover of a
/// migration, or the way back from there.
pub type Exchanges = BTreeMap<Address, Address>;

/// What the declarations are without what comes with a later step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Postponed {
    /// What is declared of each object that stays as it is until a cutover.
    pub declared: Desired,
    /// Why a column that would be rewritten has no migration, by its address; and why one that has one cannot come to its
    /// cutover, by the address of that step, or back from there, by its own.
    pub obstacles: BTreeMap<Address, Vec<String>>,
    /// The migrations that have to be over before another comes to its cutover, by the address of that step, or before it
    /// goes back from there, by its own.
    pub waits: BTreeMap<Address, BTreeSet<Address>>,
    pub exchanges: Exchanges,
    /// Why the rows that have no value in a column cannot get one beside others, by its address.
    pub unfilled: BTreeMap<Address, Vec<String>>,
    /// How the rows get a value that have none in a column, by its address.
    pub fills: BTreeMap<Address, Filling>,
    /// What somebody has said that becomes of the values of a column that gets another type at once, by its address.
    pub conversions: BTreeMap<Address, Conversion>,
    /// What somebody has said that becomes of the rows that a foreign key would refuse, by its address.
    pub orphans: BTreeMap<Address, Orphans>,
}

/// Adds to `desired` the migrations that are needed to get there from `live` beside readers and writers, and takes out of it
/// what comes with their cutover.
pub fn postpone(
    target: &Ident,
    desired: &mut Desired,
    live: &Observation,
    rules: &Rules,
    options: &PlanOptions,
) -> Postponed {
    let mut postponed = Postponed { orphans: orphans::said(desired, rules), ..Postponed::default() };
    let known = under_way(&live.catalog);
    // Most plans change no type and fill no column, and need none of this.
    let concerned: Vec<(Address, DesiredResource)> = desired
        .iter()
        .filter(|(address, declared)| {
            let tables = (live.catalog.get(address), &*declared.resource);
            matches!(tables, (Some(Resource::Table(found)), Resource::Table(wanted))
                if known.contains_key(&found.qualified_name()) || changes_a_type(found, wanted)
                    || may_fill(found, wanted, rules))
        })
        .map(|(address, declared)| (address.clone(), declared.clone()))
        .collect();
    for (address, declared) in concerned {
        let (Resource::Table(wanted), Some(Resource::Table(found))) =
            (&*declared.resource, live.catalog.get(&address))
        else {
            continue;
        };
        let mut side =
            Side { target, desired, live, options, declared: &declared, found, postponed: &mut postponed };
        let known = known.get(&found.qualified_name()).map_or(&[][..], Vec::as_slice);
        let retypes: Vec<&Retype> = known
            .iter()
            .filter_map(|migration| match migration {
                Migration::Retype(retype) => Some(retype),
                Migration::Fill(_) => None,
            })
            .collect();
        for migration in &retypes {
            side.go_on(migration, wanted, rules);
        }
        for column in &found.columns {
            let is_known = retypes.iter().any(|migration| migration.column == column.name);
            if let (false, Some(wanted)) = (is_known, wanted.column(&column.name)) {
                side.consider(column, wanted, rules);
            }
        }
        let fills = known.iter().filter_map(|migration| match migration {
            Migration::Fill(fill) => Some(fill),
            Migration::Retype(_) => None,
        });
        side.fill(&fills.collect::<Vec<_>>(), rules);
    }
    // Once it is known which columns are under way.
    refer(target, desired, &live.catalog, &mut postponed);
    postponed
}

/// Says which foreign keys the migrations take along, and which other migrations they wait for.
fn refer(target: &Ident, desired: &mut Desired, live: &Catalog, postponed: &mut Postponed) {
    let migrations: Vec<Retype> = under_way(live)
        .into_values()
        .flatten()
        .chain(desired.values().filter_map(|declared| match &*declared.resource {
            Resource::Migration(migration) => Some(migration),
            _ => None,
        }))
        .filter_map(|migration| match migration {
            Migration::Retype(retype) => Some(retype.clone()),
            Migration::Fill(_) => None,
        })
        .collect();
    for migration in migrations {
        let step = |phase| Address::migration_step(target, &migration.name, phase);
        let cutover = step(MigrationPhase::Cutover);
        let is_cut_over = live.contains(&cutover);
        let before = migrations_before(&migration, live, desired, target);
        if !before.is_empty() {
            let waiting = if is_cut_over { Address::migration(target, &migration.name) } else { cutover };
            postponed.waits.insert(waiting, before);
        }
        if is_cut_over {
            continue;
        }
        let taken =
            taken_along(&migration, live, desired).into_iter().map(|(_, likeness)| likeness).collect();
        if let Some(declared) = desired.get_mut(&step(MigrationPhase::Constrain))
            && let Resource::MigrationStep(step) = Arc::make_mut(&mut declared.resource)
        {
            step.referring = taken;
        }
    }
}

fn changes_a_type(found: &Table, wanted: &Table) -> bool {
    found
        .columns
        .iter()
        .any(|found| wanted.column(&found.name).is_some_and(|wanted| wanted.data_type != found.data_type))
}

/// One table on both sides.
pub(super) struct Side<'a> {
    pub(super) target: &'a Ident,
    pub(super) desired: &'a mut Desired,
    pub(super) live: &'a Observation,
    pub(super) options: &'a PlanOptions,
    declared: &'a DesiredResource,
    pub(super) found: &'a Table,
    pub(super) postponed: &'a mut Postponed,
}

impl Side<'_> {
    /// A migration that is there.
    fn go_on(&mut self, migration: &Retype, wanted: &Table, rules: &Rules) {
        let has = |phase| {
            let step = Address::migration_step(self.target, &migration.name, phase);
            self.live.catalog.contains(&step)
        };
        let is_cut_over = has(MigrationPhase::Cutover);
        let said = self
            .found
            .column(&migration.column)
            .zip(wanted.column(&migration.column))
            .and_then(|(found, wanted)| Conversion::of(&migration.table, found, wanted, rules))
            .filter(|said| !is_cut_over && said.migration != *migration);
        let is_wanted = wanted.column(&migration.column).is_some_and(|column| {
            column.data_type == migration.to && column.collation == migration.collation
        });
        if self.options.abandon.contains(&migration.name) {
            self.hold(&migration.column);
            // Code that is declared for the old type comes with it, else that which is there has to do.
            let returns =
                wanted.column(&migration.column).is_some_and(|column| column.data_type == migration.from);
            if !(is_cut_over && returns) {
                self.hold_code(&migration.column);
            }
            if is_cut_over {
                self.go_back(migration);
            }
        } else if !is_wanted {
            self.supersede(migration, wanted);
            self.hold_code(&migration.column);
        } else if let Some(said) = said {
            self.hold_all();
            self.hold_code(&migration.column);
            self.stay(Migration::Retype(said.migration));
        } else if is_cut_over {
            if !self.options.finalize.contains(&migration.name) {
                let retired = self.retired(migration);
                self.add(migration, &retired);
            }
        } else {
            self.begin(migration);
        }
    }

    /// The way back from the cutover.
    fn go_back(&mut self, migration: &Retype) {
        let address = Address::migration(self.target, &migration.name);
        let column = Address::column(self.target, &migration.table, &migration.column);
        let sides = Sides { live: self.live, desired: self.desired, target: self.target };
        let obstacles = sides.users_in_the_way(&column);
        if !obstacles.is_empty() {
            self.postponed.obstacles.insert(address.clone(), obstacles);
        }
        self.exchange(address, migration);
    }

    /// A column that may have another type.
    fn consider(&mut self, found: &Column, wanted: &Column, rules: &Rules) {
        let table = self.found.qualified_name();
        let address = Address::column(self.target, &table, &found.name);
        let said = Conversion::of(&table, found, wanted, rules);
        if said.is_none() && !rewrites(found, wanted) {
            return;
        }
        if self.may_stop_others(&found.name) || said.as_ref().is_some_and(|said| said.refused.is_some()) {
            self.postponed.conversions.extend(said.map(|said| (address, said)));
            return;
        }
        let sides = Sides { live: self.live, desired: self.desired, target: self.target };
        let mut obstacles = sides.obstacles_to_begin((self.found, found), (&self.declared.resource, wanted));
        let migration = match said {
            Some(said) => {
                obstacles.extend(said.obstacles(self.found));
                let migration = said.migration.clone();
                if !obstacles.is_empty() {
                    self.postponed.conversions.insert(address.clone(), said);
                }
                Ok(migration)
            }
            None => retype(&table, found, wanted).map(|(migration, _)| migration),
        };
        match migration {
            Ok(migration) if obstacles.is_empty() => self.begin(&migration),
            Ok(_) => {
                self.postponed.obstacles.insert(address, obstacles);
            }
            Err(why) => {
                self.postponed.obstacles.insert(address, std::iter::once(why).chain(obstacles).collect());
            }
        }
    }

    /// Whether nobody is kept waiting for long by a change of the column, or that was accepted.
    pub(super) fn may_stop_others(&self, column: &Ident) -> bool {
        let table = self.found.qualified_name();
        let is_accepted = |address: &Address| self.options.accept_downtime.contains(address);
        let is_busy = matches!(route(self.options.online, self.live.sizes.get(&table)), Route::Online(_));
        self.options.online == Online::Never
            || is_accepted(&Address::column(self.target, &table, column))
            || is_accepted(&Address::table(self.target, &table))
            || !is_busy
    }

    /// A migration before its cutover, new or not.
    fn begin(&mut self, migration: &Retype) {
        let cutover = Address::migration_step(self.target, &migration.name, MigrationPhase::Cutover);
        if let Some(column) = self.found.column(&migration.column) {
            let sides = Sides { live: self.live, desired: self.desired, target: self.target };
            let obstacles = sides.obstacles(self.found, column, &migration.to);
            if !obstacles.is_empty() {
                self.postponed.obstacles.insert(cutover.clone(), obstacles);
            }
        }
        self.hold(&migration.column);
        if self.options.finalize.contains(&migration.name) {
            self.exchange(cutover, migration);
        } else {
            self.hold_code(&migration.column);
        }
        let twins = twins(migration, &self.live.catalog, &self.postponed.declared, self.target);
        let indexes = twins.iter().filter_map(|twin| Some(twin.index()?.name)).collect();
        let is_not_null = self.found.column(&migration.column).is_some_and(|column| column.not_null)
            && self.declared_column(migration).is_some_and(|column| column.not_null);
        let constraints = twins.iter().filter_map(|twin| Some(twin.constraint()?.name.clone()));
        let constraints = constraints.chain(is_not_null.then(|| names::filled(&migration.column))).collect();
        let made = BTreeMap::from([
            (MigrationPhase::Index, indexes),
            (MigrationPhase::Constrain, constraints),
            (MigrationPhase::Cutover, twins.iter().filter_map(Twin::retired).collect()),
        ]);
        self.add(migration, &made);
    }

    /// What is left of the old column after the cutover.
    fn retired(&self, migration: &Retype) -> BTreeMap<MigrationPhase, BTreeSet<Ident>> {
        let cutover = Address::migration_step(self.target, &migration.name, MigrationPhase::Cutover);
        match self.live.catalog.get(&cutover) {
            Some(Resource::MigrationStep(step)) => BTreeMap::from([(step.phase, step.made.clone())]),
            _ => BTreeMap::new(),
        }
    }

    /// What an interrupted way back has left of foreign keys to the old column.
    fn left(&self, migration: &Retype) -> Vec<Constraint> {
        let cutover = Address::migration_step(self.target, &migration.name, MigrationPhase::Cutover);
        match self.live.catalog.get(&cutover) {
            Some(Resource::MigrationStep(step)) => step.referring.clone(),
            _ => Vec::new(),
        }
    }

    fn declared_column(&self, migration: &Retype) -> Option<&Column> {
        match &*self.declared.resource {
            Resource::Table(table) => table.column(&migration.column),
            _ => None,
        }
    }

    /// What is declared leads somewhere else: the migration stays as it is, and says so.
    fn supersede(&mut self, migration: &Retype, wanted: &Table) {
        self.hold_all();
        let to = wanted.column(&migration.column).map_or("nothing", |column| &column.data_type);
        let other = Retype { to: to.to_owned(), ..migration.clone() };
        self.stay(Migration::Retype(other));
    }

    /// What is there of a migration that leads somewhere else than `wanted` stays.
    pub(super) fn stay(&mut self, wanted: Migration) {
        let is_own = |resource: &Resource| matches!(resource, Resource::MigrationStep(step) if step.migration == *wanted.name());
        let all = self.live.catalog.iter();
        let steps: Vec<Resource> =
            all.filter(|(_, resource)| is_own(resource)).map(|(_, resource)| resource.clone()).collect();
        self.insert(Resource::Migration(wanted));
        steps.into_iter().for_each(|step| self.insert(step));
    }

    fn add(&mut self, migration: &Retype, made: &BTreeMap<MigrationPhase, BTreeSet<Ident>>) {
        let whole = Migration::Retype(migration.clone());
        for &phase in whole.phases() {
            self.insert(Resource::MigrationStep(MigrationStep {
                made: made.get(&phase).cloned().unwrap_or_default(),
                referring: match phase {
                    MigrationPhase::Cutover => self.left(migration),
                    _ => Vec::new(),
                },
                ..MigrationStep::of(&whole, phase)
            }));
        }
        self.insert(Resource::Migration(whole));
    }

    pub(super) fn insert(&mut self, resource: Resource) {
        let declared = DesiredResource {
            resource: Arc::new(resource),
            renamed_from: None,
            renamed_columns: BTreeMap::new(),
            needs: BTreeSet::new(),
            owner: None,
            ..self.declared.clone()
        };
        self.desired.insert(declared.resource.address(self.target), declared);
    }

    /// The whole table stays as it is, its names too, by which the triggers know it.
    pub(super) fn hold_all(&mut self) {
        let table = self.found.qualified_name();
        if let Some(declared) = self.desired.get_mut(&Address::table(self.target, &table)) {
            declared.resource = Arc::new(Resource::Table(self.found.clone()));
            declared.renamed_columns.clear();
        }
        let is_part = |address: &Address| matches!(address.kind(), Kind::Constraint | Kind::Index);
        let parts: Vec<Address> = self
            .desired
            .iter()
            .filter(|(address, declared)| {
                is_part(address) && declared.resource.relation_name().as_ref() == Some(&table)
            })
            .map(|(address, _)| address.clone())
            .collect();
        for address in parts {
            let Some(mut declared) = self.desired.remove(&address) else { continue };
            let there = declared.renamed_from.take().unwrap_or(address);
            if let Some(found) = self.live.catalog.get_shared(&there) {
                declared.resource = found.clone();
                self.desired.insert(there, declared);
            }
        }
    }

    /// The column and what is on it stay as they are.
    pub(super) fn hold(&mut self, column: &Ident) {
        let table = self.found.qualified_name();
        let address = Address::table(self.target, &table);
        if let (Some(live), Some(declared)) = (self.found.column(column), self.desired.get_mut(&address))
            && let Resource::Table(wanted) = Arc::make_mut(&mut declared.resource)
        {
            match wanted.columns.iter_mut().find(|wanted| wanted.name == *column) {
                Some(wanted) => *wanted = live.clone(),
                None => wanted.columns.push(live.clone()),
            }
        }
        self.postponed.declared.insert(address, self.declared.clone());
        let on_it = |address: &Address, resource: &Resource| {
            let found = self.live.catalog.get(address);
            uses_column(resource, &table, column)
                || found.is_some_and(|found| uses_column(found, &table, column))
        };
        let held: Vec<Address> = self
            .desired
            .iter()
            .filter(|(address, declared)| on_it(address, &declared.resource))
            .map(|(address, _)| address.clone())
            .collect();
        held.into_iter().for_each(|address| self.hold_object(address));
    }

    /// The views and the like on the column stay as they are, and what is to come of them comes later.
    fn hold_code(&mut self, column: &Ident) {
        let own = Address::column(self.target, &self.found.qualified_name(), column);
        let there = code::users(&self.live.dependencies.iter(), &own);
        let to_come = code::users(&code::declared_edges(self.desired), &own);
        let is_new = |address: &Address| !self.live.catalog.contains(address);
        let mut held: BTreeSet<Address> = there
            .into_iter()
            .chain(to_come)
            .filter(|address| code::is_remade(address.kind()) || is_new(address))
            .cloned()
            .collect();
        let views: BTreeSet<QualifiedName> =
            held.iter().filter(|address| is_new(address)).filter_map(Address::relation).collect();
        let is_on_one = |declared: &DesiredResource| match &*declared.resource {
            Resource::Grant(grant) => matches!(&grant.on, Securable::Table(on) if views.contains(on)),
            _ => false,
        };
        held.extend(
            self.desired
                .iter()
                .filter(|(_, declared)| is_on_one(declared))
                .map(|(address, _)| address.clone()),
        );
        held.into_iter().for_each(|address| self.hold_object(address));
    }

    /// What is declared is as it is there, or is not there either.
    fn hold_object(&mut self, address: Address) {
        let Some(declared) = self.desired.remove(&address) else { return };
        if let Some(found) = self.live.catalog.get_shared(&address) {
            let kept = DesiredResource { resource: found.clone(), ..declared.clone() };
            self.desired.insert(address.clone(), kept);
        }
        self.postponed.declared.entry(address).or_insert(declared);
    }

    /// The change at `address` exchanges the column of `migration`.
    fn exchange(&mut self, address: Address, migration: &Retype) {
        let column = Address::column(self.target, &migration.table, &migration.column);
        self.postponed.exchanges.insert(address, column);
    }
}
