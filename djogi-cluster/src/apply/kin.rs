//! Tables that change with others: a partition, or a table that inherits, has what its parents have, indexes among it.

use std::collections::{BTreeMap, BTreeSet};

use djogi_core::kind::{Index, Resource, Table};
use djogi_core::plan::{PlanInputs, TargetInputs};
use djogi_core::{Ident, QualifiedName};

type Edges = BTreeMap<QualifiedName, BTreeSet<QualifiedName>>;

/// For each table of a family its parents, children and indexes, before or after the plan.
#[derive(Debug, Default)]
pub(super) struct Kin(BTreeMap<Ident, Edges>);

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
            kin.0.insert(target.clone(), edges);
        }
        kin
    }

    /// `relations` with their whole families.
    pub(super) fn with_families(
        &self,
        target: &Ident,
        mut relations: BTreeSet<QualifiedName>,
    ) -> BTreeSet<QualifiedName> {
        let Some(edges) = self.0.get(target).filter(|edges| !edges.is_empty()) else { return relations };
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
