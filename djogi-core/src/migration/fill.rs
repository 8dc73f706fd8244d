//! Columns that are filled in place: which there are, which there shall be, and what keeps one from it.

use std::sync::Arc;

use super::key::{is_key, row_key};
use super::observe::Observed;
use super::postpone::{Postponed, Side};
use super::retype::rewrites;
use super::rules::Rules;
use super::{Marker, names};
use crate::address::{Address, Kind};
use crate::catalog::Catalog;
use crate::desired::Desired;
use crate::ident::{Ident, QualifiedName};
use crate::kind::{
    Column, ColumnAlteration, Expression, Fill, Firing, Migration, MigrationPhase, MigrationStep, Resource,
    Table, TableAlteration,
};
use crate::lexis::{Token, mentions, tokens};
use crate::observation::Observation;
use crate::safety::is_volatile;

/// How the rows get a value that have none in a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filling {
    /// By one statement, together with the change of the column.
    AtOnce(Expression),
    /// Chunk by chunk, before the change of the column.
    Beside(Fill),
}

impl Filling {
    /// What is written beside others.
    pub fn beside(&self) -> Option<&Fill> {
        match self {
            Filling::Beside(fill) => Some(fill),
            Filling::AtOnce(_) => None,
        }
    }
}

impl Postponed {
    /// Whether an alteration of `table` is for a column that is filled beside others, or that was to be: the rest of the
    /// table does not wait for it.
    pub(crate) fn fills_beside(&self, target: &Ident, table: &Table, alteration: &TableAlteration) -> bool {
        let column = match alteration {
            TableAlteration::AddColumn(column) => &column.name,
            TableAlteration::AlterColumn { column, alteration } if is_for_filled(alteration) => column,
            _ => return false,
        };
        let address = Address::column(target, &table.qualified_name(), column);
        self.fills.get(&address).is_some_and(|filling| filling.beside().is_some())
            || self.unfilled.contains_key(&address)
    }
}

/// Whether a column changes so because its rows have got a value.
pub(crate) fn is_for_filled(alteration: &ColumnAlteration) -> bool {
    matches!(
        alteration,
        ColumnAlteration::SetNotNull | ColumnAlteration::AlterNotNull(_) | ColumnAlteration::SetDefault(_)
    )
}

/// Takes the triggers of columns that are being filled out of `catalog`, and puts the migrations into it.
pub(super) fn observe(catalog: &mut Catalog, target: &Ident, observed: &mut Observed) {
    let under_way: Vec<(Address, Marker<Fill>, bool)> = catalog
        .iter()
        .filter_map(|(address, resource)| {
            let Resource::Trigger(trigger) = resource else { return None };
            let marker = Marker::<Fill>::of(trigger.comment.as_deref())?;
            // The table may have another name by now.
            let migration = Fill { table: trigger.relation_name(), ..marker.migration };
            let is_its_own = trigger.name == names::fill_trigger(&migration.column);
            let fires = trigger.firing == Firing::Always;
            is_its_own.then(|| (address.clone(), Marker { migration, ..marker }, fires))
        })
        .collect();
    for (trigger, marker, fires) in under_way {
        let Some(table) = catalog.table(target, &marker.migration.table) else { continue };
        let is_tight = table.column(&marker.migration.column).is_some_and(Column::has_no_nulls);
        let migration = Migration::Fill(marker.migration);
        let is_done = |phase: &MigrationPhase| match phase {
            MigrationPhase::DualWrite => fires,
            // What was written while it did not fire may have no value.
            MigrationPhase::Backfill => fires && marker.backfilled,
            MigrationPhase::Constrain => is_tight,
            _ => false,
        };
        let steps = migration.phases().iter().copied().filter(is_done);
        let steps: Vec<Resource> =
            steps.map(|phase| Resource::MigrationStep(MigrationStep::of(&migration, phase))).collect();
        let whole = Address::table(target, migration.table());
        catalog.remove(&trigger);
        observed.taken_out.insert(trigger);
        for resource in std::iter::once(Resource::Migration(migration)).chain(steps) {
            observed.found.push((resource.address(target), whole.clone()));
            catalog.insert(target, resource);
        }
    }
}

/// The expressions of `rules` that columns of live tables may be filled with, each with its name and its table.
pub fn values_to_fill_with(
    target: &Ident,
    desired: &Desired,
    live: &Observation,
    rules: &Rules,
) -> Vec<(Ident, QualifiedName, Expression)> {
    if rules.is_empty() {
        return Vec::new();
    }
    let tables = desired.iter().filter_map(|(address, declared)| match &*declared.resource {
        Resource::Table(wanted) => Some((live.catalog.table(target, &address.relation()?)?, wanted)),
        _ => None,
    });
    let needs = tables.flat_map(|(found, wanted)| {
        let needs = wanted.columns.iter().filter_map(|column| Need::of(found, column, rules));
        needs.filter(|need| need.is_said).map(|need| {
            let name = found.qualified_name();
            (names::of_fill(&name, &need.wanted.name), name, need.value)
        })
    });
    needs.collect()
}

/// Whether some column of the table may have to be filled.
pub(super) fn may_fill(found: &Table, wanted: &Table, rules: &Rules) -> bool {
    wanted.columns.iter().any(|column| Need::of(found, column, rules).is_some())
}

/// A column whose rows are to get a value.
struct Need<'a> {
    wanted: &'a Column,
    value: Expression,
    adds: bool,
    /// Whether somebody has said so.
    is_said: bool,
}

impl<'a> Need<'a> {
    fn of(found: &Table, wanted: &'a Column, rules: &Rules) -> Option<Self> {
        let rule = rules.get(&names::of_fill(&found.qualified_name(), &wanted.name));
        let said = rule.and_then(|rule| rule.backfill.clone()).map(Expression);
        let is_said = said.is_some();
        if wanted.generated.is_some() || wanted.identity.is_some() {
            return None;
        }
        let Some(there) = found.column(&wanted.name) else {
            let computed = wanted.default.as_ref().filter(|default| is_volatile(default)).cloned();
            return said.or(computed).map(|value| Self { wanted, value, adds: true, is_said });
        };
        let tightens = wanted.has_no_nulls() && !there.has_no_nulls();
        let defaults = !wanted.not_null && there.default.is_none() && wanted.default.is_some();
        let value = said.filter(|_| tightens || defaults)?;
        Some(Self { wanted, value, adds: false, is_said })
    }

    fn fill(&self, table: &QualifiedName) -> Fill {
        Fill {
            name: names::of_fill(table, &self.wanted.name),
            table: table.clone(),
            column: self.wanted.name.clone(),
            value: self.value.clone(),
            not_null: self.wanted.not_null,
            adds: self.adds,
        }
    }
}

impl Side<'_> {
    /// The columns of the table that are being filled, and those that shall be.
    pub(super) fn fill(&mut self, known: &[&Fill], rules: &Rules) {
        let table = self.found.qualified_name();
        for fill in known {
            let Some(wanted) = self.wanted_table() else { return };
            let Resource::Table(wanted) = &*wanted else { return };
            self.go_on_filling(fill, wanted, rules);
        }
        // What waits for another migration stays as it is, and is not filled before it is over.
        let Some(wanted) = self.wanted_table() else { return };
        let Resource::Table(wanted) = &*wanted else { return };
        for column in &wanted.columns {
            if known.iter().any(|fill| fill.column == column.name) {
                continue;
            }
            let Some(need) = Need::of(self.found, column, rules) else { continue };
            let address = Address::column(self.target, &table, &column.name);
            let there = self.found.column(&column.name);
            if there.is_some_and(|there| rewrites(there, column)) {
                continue;
            }
            if self.may_stop_others(&column.name) {
                if need.is_said {
                    self.postponed.fills.insert(address, Filling::AtOnce(need.value));
                }
                continue;
            }
            let obstacles = self.obstacles_to_filling(&need, wanted, rules);
            if obstacles.is_empty() {
                self.fill_beside(need.fill(&table));
            } else {
                self.postponed.unfilled.insert(address, obstacles);
            }
        }
    }

    fn wanted_table(&self) -> Option<Arc<Resource>> {
        let address = Address::table(self.target, &self.found.qualified_name());
        Some(self.desired.get(&address)?.resource.clone())
    }

    fn go_on_filling(&mut self, fill: &Fill, wanted: &Table, rules: &Rules) {
        let there = self.found.column(&fill.column);
        if self.options.abandon.contains(&fill.name) {
            return self.hold(&fill.column);
        }
        let column = wanted.column(&fill.column).filter(|column| {
            there.is_some_and(|there| there.data_type == column.data_type) && column.not_null == fill.not_null
        });
        let Some(column) = column else { return self.stop_filling(fill, None) };
        let said = rules.get(&fill.name).and_then(|rule| rule.backfill.clone()).map(Expression);
        let value = said.or_else(|| column.default.clone().filter(|_| fill.adds));
        // Once the column is as declared only the end is left, whatever is said of the way by now.
        let is_there = fill.not_null && there.is_some_and(Column::has_no_nulls);
        if value.as_ref() != Some(&fill.value) && !is_there {
            return self.stop_filling(fill, value);
        }
        if !is_there && row_key(self.found, &self.live.catalog).is_none() {
            let address = Address::column(self.target, &fill.table, &fill.column);
            self.postponed.unfilled.insert(address, vec![NO_KEY.to_owned()]);
            return;
        }
        self.fill_beside(fill.clone());
    }

    fn fill_beside(&mut self, fill: Fill) {
        let address = Address::column(self.target, &fill.table, &fill.column);
        let migration = Migration::Fill(fill.clone());
        for &phase in migration.phases() {
            self.insert(Resource::MigrationStep(MigrationStep::of(&migration, phase)));
        }
        self.insert(Resource::Migration(migration));
        self.postponed.fills.insert(address, Filling::Beside(fill));
    }

    /// What is declared leads somewhere else: the table stays as it is.
    fn stop_filling(&mut self, fill: &Fill, value: Option<Expression>) {
        self.hold_all();
        let value = value.unwrap_or_else(|| Expression("nothing".to_owned()));
        self.stay(Migration::Fill(Fill { value, ..fill.clone() }));
    }

    /// Why the rows cannot get their value beside readers and writers, one sentence each.
    fn obstacles_to_filling(&self, need: &Need<'_>, wanted: &Table, rules: &Rules) -> Vec<String> {
        let (table, name) = (self.found, self.found.qualified_name());
        let mut found = Vec::new();
        let has_children = self.live.catalog.iter().any(
            |(_, other)| matches!(other, Resource::Table(child) if child.lineage.parents().contains(&name)),
        );
        if table.foreign.is_some()
            || table.partition_by.is_some()
            || !table.lineage.parents().is_empty()
            || has_children
        {
            found.push("the table is partitioned, a part of another, has parts, or is elsewhere".to_owned());
        }
        if table.properties.force_row_security {
            found.push(
                "row level security is forced, so that nobody sees all of its rows for sure".to_owned(),
            );
        }
        match row_key(table, &self.live.catalog) {
            None => found.push(NO_KEY.to_owned()),
            Some(key) => {
                let stays = self.desired.values().any(|other| is_key(&other.resource, &name, &key));
                if !stays {
                    found.push("the key that its rows are gone through by goes".to_owned());
                }
            }
        }
        if need.adds && !need.wanted.not_null && !need.is_said {
            found.push(format!(
                "it may be null, and a null that somebody writes is like that of a row from before; where those may get \
                 a value too, say so: [live.{}] backfill",
                names::of_fill(&name, &need.wanted.name)
            ));
        }
        let value = need.value.as_str();
        if tokens(value)
            .iter()
            .any(|token| matches!(token, Token::Word(word) if word.eq_ignore_ascii_case("select")))
        {
            found.push(format!("{value} looks at other rows"));
        }
        if mentions(value, &need.wanted.name) {
            found.push(format!("{value} is made of the column itself"));
        }
        let computed = wanted.columns.iter().filter(|column| column.generated.is_some());
        found.extend(
            computed
                .filter(|column| mentions(value, &column.name))
                .map(|column| format!("{value} is made of {}, which is computed later", column.name)),
        );
        let trigger = names::fill_trigger(&need.wanted.name);
        if self.live.catalog.contains(&Address::of_relation(Kind::Trigger, self.target, &name, &trigger)) {
            found.push(format!("there is a trigger {trigger} already"));
        }
        let rule = rules.get(&names::of_fill(&name, &need.wanted.name));
        found.extend(rule.and_then(|rule| rule.refused.clone()));
        found
    }
}

const NO_KEY: &str = "the table has no unique key without nulls to go through its rows by";
