//! How partitions leave and join, and what that comes before and after.

use super::rules::each;
use super::{Item, Work};
use crate::address::{Address, Kind};
use crate::diff::Action;
use crate::diff::parts::{parents_of, shared_part};
use crate::ident::QualifiedName;
use crate::kind::{
    Alteration, Constraint, ConstraintDefinition, Lineage, Resource, Table, TableAlteration, Trigger,
};
use crate::plan::lower::Phase;

/// The lineage of a table, live and declared.
fn lineages<'w>(item: &Item<'w>) -> Option<(Option<&'w Table>, Option<&'w Table>)> {
    if item.change.address.kind() != Kind::Table {
        return None;
    }
    let table = |resource: &'w Resource| match resource {
        Resource::Table(table) => Some(table),
        _ => None,
    };
    Some((
        item.change.live.and_then(table),
        item.change.desired.and_then(|declared| table(&declared.resource)),
    ))
}

/// The nodes of all that is about one of `tables`, as far as it is before or after `node`.
fn about<'w>(
    work: &'w Work<'_>,
    tables: &'w [QualifiedName],
    phases: &'w [Phase],
) -> impl Iterator<Item = usize> + 'w {
    let is_about = |item: &Item<'_>| {
        let resource = item.change.live.or(item.change.desired.map(|declared| &*declared.resource));
        let relation = match item.change.address.kind() {
            Kind::Table | Kind::Column => item.change.address.relation(),
            _ => resource.and_then(Resource::relation_name),
        };
        relation.is_some_and(|relation| tables.contains(&relation))
    };
    let nodes = work.nodes.iter().enumerate();
    nodes
        .filter(move |(_, node)| phases.contains(&node.phase) && is_about(&work.items[node.item]))
        .map(|(at, _)| at)
}

/// The partitioned tables of which a partition leaves or joins by a statement of its own.
fn changing_families(work: &Work<'_>) -> Vec<QualifiedName> {
    let changing = work.items.iter().filter(|item| {
        item.phases.contains(&Phase::Attach) && joins(item)
            || item.phases.contains(&Phase::Down) && matches!(item.change.action, Action::Update(_))
    });
    let tables = changing.filter_map(lineages).flat_map(|(live, desired)| [live, desired]).flatten();
    tables.filter(|table| table.is_partition()).flat_map(|table| table.lineage.parents().to_vec()).collect()
}

pub(super) fn partition_leaves_first(work: &Work<'_>) -> Vec<(usize, usize)> {
    let left = changing_families(work);
    each(work, Phase::Down, |node, item| {
        let item = &work.items[item];
        let (Action::Update(_), Some((Some(live), _))) = (&item.change.action, lineages(item)) else {
            return Vec::new();
        };
        let own = [live.qualified_name()];
        let tables = [live.lineage.parents(), &own].concat();
        // An inherited column has no name of its own, and gets that of the one above.
        let is_column = |at: &usize| work.item_of(*at).change.address.kind() == Kind::Column;
        let renamed = |tables| about(work, tables, &[Phase::Rename]).filter(is_column);
        let renames: Vec<usize> =
            if renamed(&own).next().is_some() { renamed(&tables).collect() } else { Vec::new() };
        let later = about(work, &tables, &[Phase::Down, Phase::Up, Phase::Attach]);
        let comes_before =
            |later: usize| refers_to(work, later, &left) && !is_inherited_by(work, later, live);
        later.filter(|later| !comes_before(*later)).chain(renames).map(|later| (node, later)).collect()
    })
    .collect()
}

/// Whether a node is about a constraint that `partition` has from above, and cannot lose before it leaves.
fn is_inherited_by(work: &Work<'_>, node: usize, partition: &Table) -> bool {
    matches!(work.item_of(node).change.live, Some(Resource::Constraint(constraint))
        if constraint.parent.is_some() && constraint.table_name() == partition.qualified_name())
}

/// Whether `item` gives its table a new place in its attaching phase.
fn joins(item: &Item<'_>) -> bool {
    match (&item.change.action, lineages(item)) {
        (Action::Update(alterations), Some(_)) => alterations.iter().any(|alteration| {
            matches!(alteration, Alteration::Table(TableAlteration::SetLineage(step)) if !step.leaves())
        }),
        (Action::Create | Action::Replace(_), Some((_, Some(table)))) => table.is_partition(),
        _ => false,
    }
}

pub(super) fn partition_joins_last(work: &Work<'_>) -> Vec<(usize, usize)> {
    let joined = changing_families(work);
    let made = each(work, Phase::Up, |node, item| {
        let item = &work.items[item];
        let Some((_, Some(desired))) = lineages(item).filter(|_| joins(item) && is_made(item)) else {
            return Vec::new();
        };
        let parts = about(work, desired.lineage.parents(), &[Phase::Up]);
        parts.filter(|part| is_spared(work, *part, desired)).map(|part| (node, part)).collect()
    });
    let joining = each(work, Phase::Attach, |node, item| {
        let item = &work.items[item];
        let Some((_, Some(desired))) = lineages(item).filter(|_| joins(item)) else { return Vec::new() };
        let mut tables = desired.lineage.parents().to_vec();
        tables.push(desired.qualified_name());
        let earlier = about(work, &tables, &[Phase::Down, Phase::Up]);
        let earlier = earlier.filter(|earlier| !refers_to(work, *earlier, &joined));
        // What the partition shall have no part of comes after it.
        let earlier = earlier.filter(|earlier| !comes_from_above(work, *earlier));
        let in_order = |other: usize| match is_spared(work, other, desired) {
            true => (node, other),
            false => (other, node),
        };
        earlier.map(in_order).collect()
    });
    made.chain(joining).collect()
}

/// Whether a node is about the trigger of a partition.
fn comes_from_above(work: &Work<'_>, node: usize) -> bool {
    let declared = work.item_of(node).change.desired.map(|declared| &*declared.resource);
    work.nodes[node].phase == Phase::Up
        && matches!(declared, Some(Resource::Trigger(Trigger { parent: Some(_), .. })))
}

pub(super) fn trigger_comes_with_partition(work: &Work<'_>) -> Vec<(usize, usize)> {
    each(work, Phase::Up, |node, item| {
        if !comes_from_above(work, node) {
            return Vec::new();
        }
        let tables = work.items[item].needs.desired.iter().filter(|need| need.kind() == Kind::Table);
        tables.filter_map(|table| Some((work.node(table, Phase::Attach)?, node))).collect()
    })
    .collect()
}

fn is_made(item: &Item<'_>) -> bool {
    matches!(item.change.action, Action::Create | Action::Replace(_))
}

/// Whether a node makes an index or a key of the partitioned table of which `partition` shall have no part, or that is to
/// come when all partitions are there.
fn is_spared(work: &Work<'_>, node: usize, partition: &Table) -> bool {
    let Item { change, .. } = work.item_of(node);
    let target = change.address.target();
    let Some(declared) = change.desired.map(|declared| &*declared.resource) else { return false };
    if work.nodes[node].phase != Phase::Up || !is_made(work.item_of(node)) {
        return false;
    }
    let is_lacking = |part: &Address| work.lacking.is_some_and(|lacking| lacking.contains(part));
    if parents_of(target, declared).iter().any(is_lacking) {
        return true;
    }
    if !shared_part(declared).is_some_and(|table| partition.lineage.parents().contains(&table)) {
        return false;
    }
    if is_lacking(&change.address) {
        return true;
    }
    let is_part_of_it = |item: &Item<'_>| {
        let declared = item.change.desired.map(|declared| &*declared.resource);
        declared.is_some_and(|part| {
            part.relation_name() == Some(partition.qualified_name())
                && parents_of(target, part).contains(&change.address)
        })
    };
    !work.items.iter().any(is_part_of_it)
}

/// Whether a node is about a foreign key, going or coming, that refers to one of `tables`.
fn refers_to(work: &Work<'_>, node: usize, tables: &[QualifiedName]) -> bool {
    let Item { change, .. } = work.item_of(node);
    let side = match work.nodes[node].phase {
        Phase::Down => change.live,
        Phase::Up => change.desired.map(|declared| &*declared.resource),
        Phase::Rename | Phase::Attach => None,
    };
    match side {
        Some(Resource::Constraint(Constraint {
            definition: ConstraintDefinition::ForeignKey(key), ..
        })) => tables.contains(&key.references),
        _ => false,
    }
}

pub(super) fn references_around_partitions(work: &Work<'_>) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    for (node, at) in work.nodes.iter().enumerate() {
        let item = &work.items[at.item];
        let Some((live, desired)) = lineages(item) else { continue };
        let is_update = matches!(item.change.action, Action::Update(_));
        let is_partition = |table: Option<&Table>| table.is_some_and(Table::is_partition);
        let (parents, phase) = match (at.phase, live, desired) {
            (Phase::Down, ..) if !is_partition(live) => continue,
            (Phase::Up | Phase::Attach, ..) if !is_partition(desired) => continue,
            (Phase::Down, Some(live), _) if is_update => (live.lineage.parents(), Phase::Down),
            (Phase::Up, _, Some(desired)) if !is_update => (desired.lineage.parents(), Phase::Up),
            (Phase::Attach, _, Some(desired)) if joins(item) => (desired.lineage.parents(), Phase::Up),
            _ => continue,
        };
        let others = work
            .nodes
            .iter()
            .enumerate()
            .filter(|(other, at)| at.phase == phase && refers_to(work, *other, parents))
            .filter(|(other, _)| {
                phase != Phase::Down || live.is_none_or(|live| !is_inherited_by(work, *other, live))
            });
        pairs.extend(others.map(|(other, _)| match phase {
            Phase::Down => (other, node),
            Phase::Rename | Phase::Up | Phase::Attach => (node, other),
        }));
    }
    pairs
}

pub(super) fn bound_freed_before_taken(work: &Work<'_>) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    for (taker, node) in work.nodes.iter().enumerate() {
        let item = &work.items[node.item];
        let Some((_, Some(taking))) = lineages(item) else { continue };
        let Lineage::Partition { of, bound, .. } = &taking.lineage else { continue };
        let takes = match (&item.change.action, node.phase) {
            (Action::Create | Action::Replace(_), Phase::Up | Phase::Attach) => true,
            (Action::Update(_), Phase::Attach) => joins(item),
            _ => false,
        };
        if !takes {
            continue;
        }
        for other in work.items.iter().filter(|other| other.change.address != item.change.address) {
            let Some((Some(live), _)) = lineages(other) else { continue };
            let Lineage::Partition { of: left, bound: freed, .. } = &live.lineage else { continue };
            let leaves = matches!(other.change.action, Action::Update(_));
            if left == of
                && (leaves || freed.may_meet(bound))
                && let Some(giver) = work.node(&other.change.address, Phase::Down)
            {
                pairs.push((giver, taker));
            }
        }
    }
    pairs
}
