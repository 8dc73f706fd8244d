//! What has to wait in files until all tables are there: indexes, keys and checks that a table has and that would come down
//! to those of its partitions and children that are not to have them so.

use std::collections::{BTreeMap, BTreeSet};

use crate::address::{Address, Kind};
use crate::desired::Desired;
use crate::diff::parts::{parents_of, shared_part};
use crate::ident::{Ident, QualifiedName};
use crate::kind::{Constraint, ConstraintDefinition, Resource, Table};

use super::Statement;

/// The statements of one script that come late.
#[derive(Debug)]
pub(super) struct Late<'a> {
    tables: BTreeMap<QualifiedName, &'a Table>,
    /// With the tables that they are of.
    parts: BTreeMap<Address, QualifiedName>,
    /// The uppermost tables of families of which a late statement was seen.
    begun: BTreeSet<QualifiedName>,
}

impl<'a> Late<'a> {
    pub(super) fn of(catalog: &'a Desired) -> Self {
        let resources = || catalog.iter().map(|(address, declared)| (address, &*declared.resource));
        let tables = resources().filter_map(|(_, resource)| match resource {
            Resource::Table(table) => Some((table.qualified_name(), table)),
            _ => None,
        });
        let mut late = Self { tables: tables.collect(), parts: BTreeMap::new(), begun: BTreeSet::new() };
        let mut children: BTreeMap<&QualifiedName, Vec<&QualifiedName>> = BTreeMap::new();
        for (name, table) in &late.tables {
            table.lineage.parents().iter().for_each(|parent| children.entry(parent).or_default().push(name));
        }
        let parent = |target: &Ident, part: &Resource| {
            parents_of(target, part).into_iter().find(|parent| catalog.contains_key(parent))
        };
        // Whether the part that a table has from above is valid.
        let mut given: BTreeMap<(Address, QualifiedName), bool> = BTreeMap::new();
        for (address, part) in resources() {
            let (Some(parent), Some(table)) = (parent(address.target(), part), part.relation_name()) else {
                continue;
            };
            given.insert((parent, table), !is_unchecked(part));
        }
        let mut open = Vec::new();
        for (address, part) in resources() {
            let (is_shared, is_unchecked) = (shared_part(part).is_some(), is_unchecked(part));
            let Some(table) = part.relation_name().filter(|_| is_shared || is_unchecked) else { continue };
            let below = children.get(&table).into_iter().flatten();
            let mut below = below.filter(|child| !is_shared || late.tables[**child].is_partition());
            let is_missed = |child: &QualifiedName| match given.get(&(address.clone(), child.clone())) {
                Some(is_valid) => !is_shared && !is_valid,
                None => is_shared,
            };
            if below.any(|child| is_missed(child)) {
                open.push(address.clone());
            }
        }
        while let Some(part) = open.pop() {
            let Some(resource) = catalog.get(&part).map(|declared| &*declared.resource) else { continue };
            let Some(table) = resource.relation_name() else { continue };
            let above = parent(part.target(), resource);
            if late.parts.insert(part, table).is_none() {
                open.extend(above);
            }
        }
        late
    }

    /// The uppermost table of the family that a late statement is about.
    pub(super) fn family(&mut self, statement: &Statement) -> Option<QualifiedName> {
        let Statement { address, sql } = statement;
        if let Some(table) = self.parts.get(address) {
            let root = self.root(table)?;
            self.begun.insert(root.clone());
            return Some(root);
        }
        // A partition that joins behind one of these has its part taken in, and gets no other.
        let joins = address.kind() == Kind::Table && sql.contains(" ATTACH PARTITION ");
        let root = self.root(&address.relation().filter(|_| joins && !self.begun.is_empty())?)?;
        self.begun.contains(&root).then_some(root)
    }

    fn root(&self, name: &QualifiedName) -> Option<QualifiedName> {
        let (mut seen, mut table) = (BTreeSet::new(), *self.tables.get(name)?);
        while let Some(parent) = table.lineage.parents().first().and_then(|parent| self.tables.get(parent)) {
            if !seen.insert(table.qualified_name()) {
                break;
            }
            table = parent;
        }
        Some(table.qualified_name())
    }
}

/// Whether it is a check that rows of before need not fulfil.
fn is_unchecked(part: &Resource) -> bool {
    matches!(
        part,
        Resource::Constraint(Constraint {
            definition: ConstraintDefinition::Check { .. },
            validated: false,
            ..
        })
    )
}
