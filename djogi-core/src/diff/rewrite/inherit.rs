//! What gets another name because something of a parent does: columns, checks and triggers of partitions, and of tables that
//! inherit.

use std::collections::BTreeSet;

use super::NewNames;
use crate::address::{Address, Kind};
use crate::catalog::Catalog;
use crate::ident::{Ident, QualifiedName};
use crate::kind::{ConstraintDefinition, Resource, Table, Trigger};

impl NewNames {
    /// Columns are renamed in the partitions, and in the tables that inherit, along with those of their parents.
    pub(in crate::diff) fn inherit_columns(&mut self, live: &Catalog) {
        self.inherit(live, |names, table, parent| {
            let renamed = names.columns.get(parent)?.clone();
            let inherited =
                |old: &Ident| table.column(old).is_some_and(|column| column.origin.is_inherited());
            let mut renamed: Vec<_> = renamed.into_iter().filter(|(old, _)| inherited(old)).collect();
            let known = names.columns.entry(table.qualified_name()).or_default();
            renamed.retain(|(old, _)| !known.contains_key(old));
            let is_news = !renamed.is_empty();
            known.extend(renamed);
            is_news.then_some(())
        });
        self.columns.retain(|_, columns| !columns.is_empty());
    }

    /// So are the checks that they have from them.
    pub(in crate::diff) fn inherit_constraints(&mut self, live: &Catalog) {
        let inherited: Vec<_> = live
            .iter()
            .filter_map(|(_, resource)| match resource {
                Resource::Constraint(constraint)
                    if matches!(constraint.definition, ConstraintDefinition::Check { .. }) =>
                {
                    let parent = constraint.parent.as_ref()?;
                    Some((constraint, (parent.table.clone(), parent.name.clone())))
                }
                _ => None,
            })
            .collect();
        let mut is_news = !self.constraints.is_empty();
        while is_news {
            is_news = false;
            for (constraint, parent) in &inherited {
                let own = (constraint.table_name(), constraint.name.clone());
                if let Some(new) = self.constraints.get(parent).cloned() {
                    is_news |= self.constraints.insert(own, new).is_none();
                }
            }
        }
    }

    /// So are the triggers that partitions have from the renamed one.
    pub(in crate::diff) fn inherit_trigger(&mut self, live: &Catalog, old: &Address, name: &Ident) {
        let Some(renamed) = old.relation().filter(|_| old.kind() == Kind::Trigger) else { return };
        let target = old.target();
        let comes_from = |trigger: &Trigger| {
            let mut seen = BTreeSet::new();
            let mut above = trigger.parent.as_ref().map(|parent| &parent.table);
            while let Some(table) = above.filter(|table| **table != renamed && seen.insert(*table)) {
                above = live.table(target, table).and_then(|table| table.lineage.parents().first());
            }
            trigger.name == *old.name() && above == Some(&renamed)
        };
        for (address, resource) in live.iter() {
            if let Resource::Trigger(trigger) = resource
                && comes_from(trigger)
            {
                let new = Address::of_relation(Kind::Trigger, target, &trigger.relation_name(), name);
                self.rename(address, &new);
            }
        }
    }

    fn inherit(
        &mut self,
        live: &Catalog,
        mut take: impl FnMut(&mut Self, &Table, &QualifiedName) -> Option<()>,
    ) {
        let mut is_news = !self.columns.is_empty();
        while is_news {
            is_news = false;
            for (_, resource) in live.iter() {
                let Resource::Table(table) = resource else { continue };
                for parent in table.lineage.parents() {
                    is_news |= take(self, table, parent).is_some();
                }
            }
        }
    }
}
