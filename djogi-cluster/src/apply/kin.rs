//! Tables that change with others: a partition, or a table that inherits, has what its parents have, indexes among it; a
//! migration of a column has made what stands on the tables that refer to it.

use std::collections::{BTreeMap, BTreeSet};

use djogi_core::kind::{Index, Resource, Table};
use djogi_core::plan::{PlanInputs, TargetInputs};
use djogi_core::{Ident, QualifiedName};

type Edges = BTreeMap<QualifiedName, BTreeSet<QualifiedName>>;

#[derive(Debug, Default)]
pub(super) struct Kin {
    /// For each table of a family its parents, children and indexes, before or after the plan.
    families: BTreeMap<Ident, Edges>,
    /// For each table with a migration those whose foreign keys refer to it: without them nobody sees all of its steps.
    referring: BTreeMap<Ident, Edges>,
}

impl Kin {
    pub(super) fn of(inputs: &PlanInputs) -> Self {
        let mut kin = Self::default();
        for TargetInputs { target, live, desired, .. } in &inputs.targets {
            let declared = || desired.values().map(|declared| &*declared.resource);
            let resources = || live.catalog.iter().map(|(_, resource)| resource).chain(declared());
            let mut edges = Edges::new();
            for table in resources().filter_map(table) {
                for parent in table.lineage.parents() {
                    join(&mut edges, &table.qualified_name(), parent);
                }
            }
            if !edges.is_empty() {
                for index in resources().filter_map(index) {
                    let table = index.table_name();
                    if edges.contains_key(&table) {
                        join(&mut edges, &index.qualified_name(), &table);
                    }
                }
            }
            kin.families.insert(target.clone(), edges);
            kin.referring.insert(target.clone(), referring(resources));
        }
        kin
    }

    /// The tables whose foreign keys refer to those of `relations` that are being migrated.
    pub(super) fn referring_to<'k>(
        &'k self,
        target: &Ident,
        relations: &BTreeSet<QualifiedName>,
    ) -> impl Iterator<Item = &'k QualifiedName> {
        let edges = self.referring.get(target);
        relations.iter().filter_map(move |name| edges?.get(name)).flatten()
    }

    /// `relations` with their whole families.
    pub(super) fn with_families(
        &self,
        target: &Ident,
        mut relations: BTreeSet<QualifiedName>,
    ) -> BTreeSet<QualifiedName> {
        let Some(edges) = self.families.get(target).filter(|edges| !edges.is_empty()) else {
            return relations;
        };
        let mut unseen: Vec<QualifiedName> = relations.iter().cloned().collect();
        while let Some(name) = unseen.pop() {
            for other in edges.get(&name).into_iter().flatten() {
                if relations.insert(other.clone()) {
                    unseen.push(other.clone());
                }
            }
        }
        relations
    }
}

fn referring<'r, I: Iterator<Item = &'r Resource>>(resources: impl Fn() -> I) -> Edges {
    let migrated: BTreeSet<&QualifiedName> = resources()
        .filter_map(|resource| match resource {
            Resource::Migration(migration) => Some(migration.table()),
            _ => None,
        })
        .collect();
    let mut edges = Edges::new();
    if migrated.is_empty() {
        return edges;
    }
    for resource in resources() {
        if let Resource::Constraint(constraint) = resource
            && let Some(referred) = constraint.referred().filter(|table| migrated.contains(table))
        {
            edges.entry(referred.clone()).or_default().insert(constraint.table_name());
        }
    }
    edges
}

fn join(edges: &mut Edges, one: &QualifiedName, other: &QualifiedName) {
    edges.entry(one.clone()).or_default().insert(other.clone());
    edges.entry(other.clone()).or_default().insert(one.clone());
}

fn index(resource: &Resource) -> Option<&Index> {
    match resource {
        Resource::Index(index) => Some(index),
        _ => None,
    }
}

fn table(resource: &Resource) -> Option<&Table> {
    match resource {
        Resource::Table(table) => Some(table),
        _ => None,
    }
}
