//! The names of the sequences of identity columns, which other relations take and give up.

use super::Work;
use super::rules::removal_of_parent;
use crate::address::Kind;
use crate::diff::{Action, Change};
use crate::ident::{Ident, QualifiedName};
use crate::kind::{
    Alteration, Column, ColumnAlteration, Grant, Identity, Resource, Securable, Table, TableAlteration,
};
use crate::plan::lower::Phase;

/// Whether the sequence of a column goes.
pub fn frees_name(alteration: &Alteration) -> bool {
    matches!(of_column(alteration), Some((_, ColumnAlteration::DropIdentity)))
}

/// Whether a column gets a sequence, or another name for it.
pub fn takes_name(alteration: &Alteration) -> bool {
    match of_column(alteration) {
        Some((_, ColumnAlteration::AddIdentity(_))) => true,
        Some((_, ColumnAlteration::SetIdentity { from, to })) => from.sequence != to.sequence,
        _ => false,
    }
}

fn of_column(alteration: &Alteration) -> Option<(&Ident, &ColumnAlteration)> {
    match alteration {
        Alteration::Table(TableAlteration::AlterColumn { column, alteration }) => Some((column, alteration)),
        _ => None,
    }
}

fn table(resource: Option<&Resource>) -> Option<&Table> {
    match resource {
        Some(Resource::Table(table)) => Some(table),
        _ => None,
    }
}

fn name(table: &Table, column: &Ident, identity: &Identity) -> String {
    QualifiedName::new(table.schema.clone(), identity.sequence_on(&table.name, column)).to_string()
}

fn names<'t>(table: &'t Table, columns: impl IntoIterator<Item = &'t Column>) -> Vec<String> {
    let numbered = columns.into_iter().filter_map(|column| Some((column, column.identity.as_ref()?)));
    numbered.map(|(column, identity)| name(table, &column.name, identity)).collect()
}

/// The names that a change gives up, and when.
pub(crate) fn freed(change: &Change<'_>) -> Vec<(Phase, String)> {
    let Some(live) = table(change.live) else { return Vec::new() };
    let own = || live.column(change.address.name());
    match &change.action {
        Action::Delete | Action::Replace(None) if change.address.kind() == Kind::Table => {
            names(live, &live.columns).into_iter().map(|name| (Phase::Down, name)).collect()
        }
        Action::Delete | Action::Replace(Some(_)) => {
            names(live, own()).into_iter().map(|name| (Phase::Down, name)).collect()
        }
        Action::Update(alterations) => {
            let of = |column: &Ident| names(live, live.column(column));
            let freed = alterations.iter().filter_map(of_column).flat_map(|(column, alteration)| {
                let phase = match alteration {
                    ColumnAlteration::DropIdentity => Phase::Down,
                    ColumnAlteration::SetIdentity { from, to } if from.sequence != to.sequence => {
                        Phase::Attach
                    }
                    _ => return Vec::new(),
                };
                of(column).into_iter().map(|name| (phase, name)).collect()
            });
            freed.collect()
        }
        _ => Vec::new(),
    }
}

/// The names that a change takes, and when.
pub(crate) fn taken(change: &Change<'_>) -> Vec<(Phase, String)> {
    let Some(desired) = table(change.desired.map(|declared| &*declared.resource)) else { return Vec::new() };
    let at = |phase, names: Vec<String>| names.into_iter().map(|name| (phase, name)).collect::<Vec<_>>();
    match &change.action {
        Action::Create | Action::Replace(None) if change.address.kind() == Kind::Table => {
            at(Phase::Up, names(desired, &desired.columns))
        }
        Action::Create | Action::Replace(Some(_)) => {
            at(Phase::Up, names(desired, desired.column(change.address.name())))
        }
        Action::Update(alterations) => {
            let taken = alterations.iter().flat_map(|alteration| match alteration {
                Alteration::Table(TableAlteration::AddColumn(column)) => {
                    at(Phase::Up, names(desired, [&**column]))
                }
                other if takes_name(other) => {
                    let column = of_column(other).and_then(|(column, _)| desired.column(column));
                    at(Phase::Attach, names(desired, column))
                }
                _ => Vec::new(),
            });
            taken.collect()
        }
        _ => Vec::new(),
    }
}

/// The grants on such sequences come after them.
pub(super) fn grants_after(work: &Work<'_>) -> Vec<(usize, usize)> {
    let takers = takers(work);
    let grants = work.nodes.iter().enumerate().filter(|(_, node)| node.phase == Phase::Up);
    let grants = grants.filter_map(|(at, node)| {
        match work.items[node.item].change.desired.map(|declared| &*declared.resource) {
            Some(Resource::Grant(Grant { on: Securable::Sequence { name, table: Some(_) }, .. })) => {
                Some((at, name.to_string()))
            }
            _ => None,
        }
    });
    let grants: Vec<(usize, String)> = grants.collect();
    let pairs = takers.iter().flat_map(|(name, taker)| {
        grants.iter().filter(move |(_, granted)| granted == name).map(|(grant, _)| (*taker, *grant))
    });
    pairs.collect()
}

/// The nodes that give up such a name.
pub(super) fn givers(work: &Work<'_>) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    for item in &work.items {
        for (phase, name) in freed(item.change) {
            let node = work.node(&item.change.address, phase);
            let with_parent = || removal_of_parent(work, &item.change.address, item.change.live?);
            found.extend(node.or_else(with_parent).map(|node| (name, node)));
        }
    }
    found
}

/// The nodes that take such a name.
pub(super) fn takers(work: &Work<'_>) -> Vec<(String, usize)> {
    let taken = work.items.iter().flat_map(|item| {
        let taken = taken(item.change).into_iter();
        taken.filter_map(|(phase, name)| Some((name, work.node(&item.change.address, phase)?)))
    });
    taken.collect()
}
