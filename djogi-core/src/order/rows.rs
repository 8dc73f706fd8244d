//! What comes before and after rows: those that seeds write, and those that are filled beside others.

use super::rules::each;
use super::{Item, Work};
use crate::address::{Address, Kind};
use crate::kind::{ConstraintDefinition, MigrationPhase, Resource};
use crate::plan::lower::Phase;

pub(super) fn rows_before_what_refers_to_them(work: &Work<'_>) -> Vec<(usize, usize)> {
    each(work, Phase::Up, |node, item| {
        let declared = work.items[item].change.desired.map(|declared| &*declared.resource);
        let Some(Resource::Seed(seed)) = declared else { return Vec::new() };
        let refers = |item: &Item<'_>| match item.change.desired.map(|declared| &*declared.resource) {
            Some(Resource::Constraint(constraint)) => matches!(
                &constraint.definition,
                ConstraintDefinition::ForeignKey(key) if key.references == seed.table
            ),
            _ => false,
        };
        let nodes = work.nodes.iter().enumerate();
        let foreign_keys = nodes.filter(|(_, at)| at.phase == Phase::Up && refers(&work.items[at.item]));
        foreign_keys.map(|(at, _)| (node, at)).collect()
    })
    .collect()
}

pub(super) fn referring_rows_leave_first(work: &Work<'_>) -> Vec<(usize, usize)> {
    each(work, Phase::Attach, |node, item| {
        let Item { change, needs, .. } = &work.items[item];
        if change.address.kind() != Kind::Seed {
            return Vec::new();
        }
        let referenced = needs.desired.iter().filter(|need| need.kind() == Kind::Seed);
        referenced.filter_map(|need| Some((node, work.node(need, Phase::Attach)?))).collect()
    })
    .collect()
}

/// A column that is filled beside others changes in two parts: it comes, and it becomes `NOT NULL`.
pub(super) fn rows_filled_first(work: &Work<'_>) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    for (node, at) in work.nodes.iter().enumerate().filter(|(_, at)| at.phase == Phase::Up) {
        let item = &work.items[at.item];
        let declared = item.change.desired.map(|declared| &*declared.resource);
        let Some(Resource::MigrationStep(step)) = declared else { continue };
        let columns = item.needs.desired.iter().filter(|need| need.kind() == Kind::Column);
        for column in columns {
            let Some(tight) = work.node(column, Phase::Attach) else { continue };
            match step.phase {
                MigrationPhase::Backfill => pairs.push((node, tight)),
                MigrationPhase::Finish => {
                    pairs.push((tight, node));
                    pairs.extend(keys_on(work, column).map(|key| (tight, key)));
                }
                _ => {}
            }
        }
    }
    pairs
}

/// The primary keys to come that `column` is a part of.
fn keys_on<'w>(work: &'w Work<'_>, column: &'w Address) -> impl Iterator<Item = usize> + 'w {
    let table = column.relation();
    work.nodes.iter().enumerate().filter_map(move |(node, at)| {
        let change = &work.items[at.item].change;
        let Resource::Constraint(key) = &*change.desired?.resource else { return None };
        let is_primary = matches!(key.definition, ConstraintDefinition::PrimaryKey { .. });
        let is_on_it = Some(key.table_name()) == table && key.columns().contains(&column.name());
        (at.phase == Phase::Up && is_primary && is_on_it).then_some(node)
    })
}
