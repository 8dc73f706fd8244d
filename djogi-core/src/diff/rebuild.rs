//! What rests on a replaced object, or on a column that gets another type, leaves before it and comes back after it.

use std::collections::BTreeMap;

use super::making_way::{Context, cannot_be_altered, columns_making_way, is_held};
use super::{Action, Change, Drift, Rebased};
use crate::address::{Address, Kind};
use crate::desired::Desired;
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
            Cause::Replaced(base) => leaves_with_its_base(kind) || is_held(base.kind()) && is_held(kind),
            Cause::Overloaded(_) => leaves_with_its_base(kind),
        }
    }
}

/// Whether an object of this kind goes with one that it rests on, and comes back with it.
fn leaves_with_its_base(kind: Kind) -> bool {
    kind.is_code()
        || kind.is_grant()
        || matches!(
            kind,
            Kind::Constraint | Kind::Index | Kind::Statistics | Kind::ForeignServer | Kind::UserMapping
        )
}

/// Adds the changes that dependents need because of `changes`.
pub(super) fn rebuild_dependents<'a>(
    desired: &'a Desired,
    rebased: &'a Rebased<'_>,
    drifted: &BTreeMap<&Address, Drift<'_>>,
    changes: &mut Vec<Change<'a>>,
) {
    for change in changes.iter_mut().filter(|change| !change.conflict) {
        if let (Action::Update(alterations), Some(live)) = (&change.action, change.live)
            && cannot_be_altered(
                live,
                alterations,
                (&rebased.live, &rebased.recorded),
                change.address.target(),
            )
        {
            change.action = Action::Replace(None);
        }
    }
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
        let Cause::Replaced(base) = &cause else { continue };
        // Columns hold data: only what they compute is made anew, and their values wait while their type is.
        let context = Context { dependencies: &dependencies, live: &rebased.live, desired };
        for (address, resource) in managed() {
            let Some(declared) = desired.get(address) else { continue };
            for (column, action) in columns_making_way(base, resource, declared, &context) {
                if changes.iter().all(|change| change.address != column) {
                    if is_held(base.kind()) {
                        causes.push(Cause::Retyped(column.clone()));
                    }
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
