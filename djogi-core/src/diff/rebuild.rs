//! What rests on a replaced object, or on a column that gets another type, leaves before it and comes back after it.

use std::collections::BTreeMap;

use super::{Action, Change, Drift, Rebased};
use crate::address::{Address, Kind};
use crate::desired::{Desired, DesiredResource};
use crate::kind::{Alteration, ColumnAlteration, Resource, TableAlteration};
use crate::plan::depend::Dependencies;

/// Why something has to make way.
#[derive(Clone, Debug)]
enum Cause {
    /// It is dropped and made anew.
    Replaced(Address),
    /// A column gets another type: only views, policies and the like are in the way.
    Retyped(Address),
    /// Another takes its place under its users, but without what others may do with it.
    Renewed(Address),
    /// It goes, and another routine of its name comes, which dependents do not tell from it.
    Overloaded(Address),
}

impl Cause {
    fn address(&self) -> &Address {
        let (Cause::Replaced(address)
        | Cause::Retyped(address)
        | Cause::Renewed(address)
        | Cause::Overloaded(address)) = self;
        address
    }

    fn note(&self) -> String {
        match self {
            Cause::Replaced(address) | Cause::Renewed(address) => {
                format!("made anew because {address} is")
            }
            Cause::Retyped(address) => format!("made anew because {address} gets another type"),
            Cause::Overloaded(address) => format!("made anew because {address} goes"),
        }
    }

    /// Whether a dependent of this kind has to be made anew, and can.
    fn moves(&self, kind: Kind) -> bool {
        match self {
            Cause::Retyped(_) => kind.is_code(),
            Cause::Renewed(_) => kind.is_grant(),
            Cause::Replaced(_) | Cause::Overloaded(_) => leaves_with_its_base(kind),
        }
    }
}

/// Whether an object of this kind goes with one that it rests on, and comes back with it.
fn leaves_with_its_base(kind: Kind) -> bool {
    kind.is_code() || kind.is_grant() || matches!(kind, Kind::Constraint | Kind::Index | Kind::Statistics)
}

/// Adds the changes that dependents need because of `changes`.
pub(super) fn rebuild_dependents<'a>(
    desired: &'a Desired,
    rebased: &'a Rebased<'_>,
    drifted: &BTreeMap<&Address, Drift<'_>>,
    changes: &mut Vec<Change<'a>>,
) {
    let mut causes: Vec<Cause> = changes.iter().flat_map(causes_of).collect();
    let Some(target) = causes.first().map(|cause| cause.address().target().clone()) else { return };
    let dependencies =
        Dependencies::new(&target, rebased.live.iter()).with_edges(rebased.dependencies.iter());
    let managed = || {
        let live = rebased.live.iter();
        live.filter(|(address, _)| rebased.recorded.resources.contains_key(*address))
    };
    // What is made anew for a column that gets another type takes along what rests on it in turn. Where there is nothing
    // of that sort, the many indexes and constraints need no look.
    let has_code = managed().any(|(address, _)| address.kind().is_code());
    let may_move =
        |kind| has_code && leaves_with_its_base(kind) || causes.iter().any(|cause| cause.moves(kind));
    let parts: Vec<_> = managed()
        .filter(|(address, _)| may_move(address.kind()))
        .map(|(address, resource)| (address, resource, dependencies.of(resource)))
        .collect();
    let rebuilt = |address: &Address, live, declared, action, cause: &Cause| Change {
        address: address.clone(),
        action,
        renamed_from: None,
        live: Some(live),
        desired: Some(declared),
        drift: drifted.contains_key(address),
        conflict: false,
        notes: vec![cause.note()],
    };
    while let Some(cause) = causes.pop() {
        let base = cause.address();
        for (address, resource, needs) in &parts {
            let Some(declared) = desired.get(*address) else { continue };
            if !needs.contains(base) || !cause.moves(address.kind()) {
                continue;
            }
            let change = changes.iter_mut().find(|change| change.address == **address);
            if matches!(cause, Cause::Overloaded(_)) && (change.is_some() || declared.needs.contains(base)) {
                continue;
            }
            match change {
                Some(Change { action: Action::Replace(_) | Action::Delete, .. }) => continue,
                Some(change) => {
                    change.action = Action::Replace(None);
                    change.notes.push(cause.note());
                }
                None => changes.push(rebuilt(address, *resource, declared, Action::Replace(None), &cause)),
            }
            causes.push(Cause::Replaced((*address).clone()));
        }
        if !matches!(cause, Cause::Replaced(_)) || !base.kind().is_routine() {
            continue;
        }
        // Columns hold data: only what they compute is made anew.
        for (address, resource) in managed() {
            let Some(declared) = desired.get(address) else { continue };
            for (column, action) in recomputed(base, resource, declared, &dependencies) {
                if changes.iter().all(|change| change.address != column) {
                    changes.push(rebuilt(&column, resource, declared, action, &cause));
                }
            }
        }
    }
}

fn causes_of(change: &Change<'_>) -> Vec<Cause> {
    let address = &change.address;
    match &change.action {
        _ if change.conflict => Vec::new(),
        Action::Replace(_) if address.kind() == Kind::Enum => vec![Cause::Renewed(address.clone())],
        Action::Replace(_) => vec![Cause::Replaced(address.clone())],
        Action::Delete if address.kind().is_routine() => vec![Cause::Overloaded(address.clone())],
        _ => change.retyped_columns().map(Cause::Retyped).collect(),
    }
}

/// The columns of a table whose default or generating expression calls `routine`, with what is done about it.
fn recomputed(
    routine: &Address,
    live: &Resource,
    declared: &DesiredResource,
    dependencies: &Dependencies<'_>,
) -> Vec<(Address, Action)> {
    let (Resource::Table(live), Resource::Table(desired)) = (live, &*declared.resource) else {
        return Vec::new();
    };
    let calls = live.columns.iter().filter(|column| dependencies.of_column(column).contains(routine));
    let wanted = calls.filter_map(|column| Some((column, desired.column(&column.name)?)));
    let made_anew = wanted.filter_map(|(column, wanted)| {
        let alteration = match (&column.generated, &wanted.default) {
            (Some(_), _) => TableAlteration::ReplaceColumn(Box::new(wanted.clone())),
            (None, Some(default)) => TableAlteration::AlterColumn {
                column: column.name.clone(),
                alteration: ColumnAlteration::SetDefault(default.clone()),
            },
            (None, None) => return None,
        };
        let address = Address::column(routine.target(), &desired.qualified_name(), &column.name);
        Some((address, Action::Replace(Some(Alteration::Table(alteration)))))
    });
    made_anew.collect()
}
