//! The order of execution: the nodes to run, the rules that order them, and why each stands where it does.

mod event_triggers;
mod exchange;
pub mod graph;
pub mod identity;
mod partitions;
mod replaced;
mod rows;
pub mod rules;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::address::{Address, Kind};
use crate::catalog::Catalog;
use crate::diff::Change;
use crate::ident::QualifiedName;
use crate::kind::{ConstraintDefinition, Resource};
use crate::plan::lower::Phase;
use crate::plan::needs::Needs;

pub use graph::{Cycle, Edge};
pub use rules::{Demand, RULES, Rule};

/// A change whose statements run, or that follows from one (`parent`).
#[derive(Clone, Debug)]
pub struct Item<'a> {
    pub change: &'a Change<'a>,
    pub needs: &'a Needs,
    pub parent: Option<&'a Address>,
    pub destructive: bool,
    /// The phases in which it has statements.
    pub phases: Vec<Phase>,
    /// Those of them in which some statement runs outside a transaction.
    pub concurrent: Vec<Phase>,
    /// The live columns that it gives another type, besides those that its change names.
    pub takes_along: Vec<Address>,
}

/// The statements of one change in one phase: the unit of ordering.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Node {
    pub item: usize,
    pub phase: Phase,
}

/// All nodes of one target, with the lookups that rules need.
#[derive(Debug)]
pub struct Work<'a> {
    pub items: Vec<Item<'a>>,
    pub nodes: Vec<Node>,
    by_address: HashMap<&'a Address, usize>,
    by_node: HashMap<Node, usize>,
    /// What exchanges a column, by the column.
    exchanging: HashMap<&'a Address, Address>,
    /// What is there before.
    live: Option<&'a Catalog>,
    /// What of partitioned tables comes when all partitions are there.
    lacking: Option<&'a BTreeSet<Address>>,
}

impl<'a> Work<'a> {
    pub fn new(items: Vec<Item<'a>>) -> Self {
        let nodes: Vec<Node> = items
            .iter()
            .enumerate()
            .flat_map(|(item, it)| it.phases.iter().map(move |&phase| Node { item, phase }))
            .collect();
        let by_address =
            items.iter().enumerate().map(|(index, item)| (&item.change.address, index)).collect();
        let by_node = nodes.iter().enumerate().map(|(index, node)| (*node, index)).collect();
        let exchanging = items
            .iter()
            .filter_map(|item| Some((item.change.exchanges?, item.change.address.clone())))
            .collect();
        Self { items, nodes, by_address, by_node, exchanging, live: None, lacking: None }
    }

    /// Knows what is there before.
    #[must_use]
    pub fn over(self, live: &'a Catalog) -> Self {
        Self { live: Some(live), ..self }
    }

    /// Knows what of partitioned tables comes when all partitions are there.
    #[must_use]
    pub fn with_lacking(self, lacking: &'a BTreeSet<Address>) -> Self {
        Self { lacking: Some(lacking), ..self }
    }

    /// The live foreign keys: which table refers to which.
    fn references(&self) -> impl Iterator<Item = (QualifiedName, &'a QualifiedName)> {
        let live = self.live.into_iter().flat_map(Catalog::iter);
        live.filter_map(|(_, resource)| match resource {
            Resource::Constraint(constraint) => match &constraint.definition {
                ConstraintDefinition::ForeignKey(key) => Some((constraint.table_name(), &key.references)),
                _ => None,
            },
            _ => None,
        })
    }

    /// The node of `address` in `phase`: its parent's when it has no statements of its own.
    fn node(&self, address: &Address, phase: Phase) -> Option<usize> {
        let item = *self.by_address.get(address)?;
        match self.items[item].parent {
            Some(parent) => self.node(parent, phase),
            None => self.by_node.get(&Node { item, phase }).copied(),
        }
    }

    pub fn item_of(&self, node: usize) -> &Item<'a> {
        &self.items[self.nodes[node].item]
    }

    /// `up table.main.public.orders`, for explanations and errors.
    pub fn describe(&self, node: usize) -> String {
        format!("{} {}", self.nodes[node].phase.as_str(), self.item_of(node).change.address)
    }
}

/// The order in which the nodes run, and the edges that made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    pub nodes: Vec<usize>,
    pub edges: Vec<Edge>,
}

/// Orders all nodes by [`RULES`].
pub fn order(work: &Work<'_>) -> Result<Order, Cycle> {
    let mut edges = Vec::new();
    let mut preferences: BTreeMap<usize, u8> = BTreeMap::new();
    let mut weight = 1;
    for rule in RULES {
        match rule.demand {
            Demand::Before(find) => {
                let found = find(work).into_iter().filter(|(from, to)| from != to);
                edges.extend(found.map(|(from, to)| Edge { from, to, rule: rule.name }));
            }
            Demand::Late(is_late) => {
                for node in (0..work.nodes.len()).filter(|&node| is_late(work, node)) {
                    *preferences.entry(node).or_default() += weight;
                }
                weight *= 2;
            }
        }
    }
    edges.sort();
    edges.dedup();
    let keys: Vec<_> = (0..work.nodes.len())
        .map(|node| {
            let address = &work.item_of(node).change.address;
            let phase = work.nodes[node].phase;
            let rank = kind_rank(address.kind());
            let rank = if phase == Phase::Down { u8::MAX - rank } else { rank };
            (preferences.get(&node).copied().unwrap_or(0), phase, rank, address)
        })
        .collect();
    let nodes = graph::sort(&keys, &edges)?;
    Ok(Order { nodes, edges })
}

fn kind_rank(kind: Kind) -> u8 {
    let position = Kind::ALL.iter().position(|k| *k == kind);
    u8::try_from(position.expect("Kind::ALL names every kind")).expect("there are few kinds")
}
