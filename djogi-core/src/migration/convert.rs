//! Types that a column gets by an expression of somebody's own (`up`), where no cast would do.

use super::names;
use super::rules::{Rule, Rules};
use crate::desired::Desired;
use crate::ident::{Ident, QualifiedName};
use crate::kind::{Column, Expression, Resource, Retype, Table};
use crate::lexis::mentions;
use crate::observation::Observation;

/// How a column gets another type by what somebody has said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversion {
    pub migration: Retype,
    /// Why PostgreSQL does not take it, once it was asked.
    pub refused: Option<String>,
}

impl Conversion {
    /// What is said of `live` that shall be like `desired`, where that has another type.
    pub(super) fn of(table: &QualifiedName, live: &Column, desired: &Column, rules: &Rules) -> Option<Self> {
        if live.data_type == desired.data_type {
            return None;
        }
        let name = names::of_retype(table, &live.name);
        let Rule { up, down, refused, .. } = rules.get(&name)?;
        let migration = Retype {
            name,
            table: table.clone(),
            column: live.name.clone(),
            from: live.data_type.clone(),
            to: desired.data_type.clone(),
            collation: desired.collation.clone(),
            up: Expression::new(up.as_ref()?.clone()),
            down: down.as_ref().map(|down| Expression::new(down.clone())),
        };
        Some(Self { migration, refused: refused.clone() })
    }

    /// Why it cannot be done beside others: a write of another column would go unseen.
    pub(super) fn obstacles(&self, table: &Table) -> Vec<String> {
        let Retype { column, up, down, .. } = &self.migration;
        let said = [("up", Some(up)), ("down", down.as_ref())];
        let others = || table.columns.iter().map(|other| &other.name).filter(|other| *other != column);
        let named = said.iter().filter_map(|(key, said)| {
            let other = others().find(|other| said.is_some_and(|said| mentions(said.as_str(), other)))?;
            Some(format!(
                "`{key}` names {other}, whose writes would go unseen: only {column} can stand in it"
            ))
        });
        named.collect()
    }
}

/// The conversions that a plan may use.
pub fn conversions_to_ask_for(
    target: &Ident,
    desired: &Desired,
    live: &Observation,
    rules: &Rules,
) -> Vec<Retype> {
    if rules.values().all(|rule| rule.up.is_none()) {
        return Vec::new();
    }
    let tables = desired.iter().filter_map(|(address, declared)| match &*declared.resource {
        Resource::Table(wanted) => Some((live.catalog.table(target, &address.relation()?)?, wanted)),
        _ => None,
    });
    let conversions = tables.flat_map(|(found, wanted)| {
        let pairs = found.columns.iter().filter_map(|column| Some((column, wanted.column(&column.name)?)));
        let name = found.qualified_name();
        pairs
            .filter_map(|(column, wanted)| Conversion::of(&name, column, wanted, rules))
            .map(|conversion| conversion.migration)
            .collect::<Vec<_>>()
    });
    conversions.collect()
}
