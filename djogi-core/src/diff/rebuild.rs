//! What rests on a replaced object, or on a column that gets another type, leaves before it and comes back after it.

use std::collections::{BTreeMap, BTreeSet};

use super::making_way::{Context, cannot_be_altered, columns_making_way, is_held, is_renewed, remade};
use super::parts::parents_of;
use super::{Action, Change, Drift, Rebased};
use crate::address::{Address, Kind};
use crate::desired::{Desired, DesiredResource};
use crate::holding::columns_under;
use crate::ident::{Ident, QualifiedName};
use crate::kind::{Alteration, ColumnAlteration, Resource, SequenceAlteration, Table, TableAlteration};
use crate::names::column_names;
use crate::plan::depend::Dependencies;

/// Why something has to make way.
#[derive(Clone, Debug)]
enum Cause {
    /// It is dropped and made anew.
    Replaced(Address),
    /// A column gets another type: only views, policies and the like are in the way.
    Retyped(Address),
    /// An index or constraint of a partitioned table goes, and its parts with it.
    Dissolved(Address),
    /// Another takes its place under the columns that hold its values, and under nothing else.
    Renewed(Address),
    /// It goes, and another routine of its name comes, which dependents do not tell from it.
    Overloaded(Address),
    /// It goes, and an object of another kind takes its name.
    Supplanted(Address),
}

impl Cause {
    fn address(&self) -> &Address {
        let (Cause::Replaced(address)
        | Cause::Retyped(address)
        | Cause::Renewed(address)
        | Cause::Dissolved(address)
        | Cause::Overloaded(address)
        | Cause::Supplanted(address)) = self;
        address
    }

    fn note(&self) -> String {
        match self {
            Cause::Replaced(address) | Cause::Renewed(address) => {
                format!("made anew because {address} is")
            }
            Cause::Retyped(address) => format!("made anew because {address} gets another type"),
            Cause::Dissolved(address) | Cause::Overloaded(address) | Cause::Supplanted(address) => {
                format!("made anew because {address} goes")
            }
        }
    }

    /// Whether a dependent of this kind has to be made anew, and can.
    fn moves(&self, kind: Kind) -> bool {
        match self {
            Cause::Retyped(_) => kind.is_code(),
            Cause::Dissolved(_) => matches!(kind, Kind::Constraint | Kind::Index),
            // Constraints and indexes wait beside an enum; what names a collation names the old one as long as it is there.
            Cause::Renewed(base) if base.kind() == Kind::Collation => {
                leaves_with_its_base(kind) || is_held(kind)
            }
            Cause::Renewed(_) => kind.is_grant() || kind.is_code() || is_held(kind),
            Cause::Replaced(base) => leaves_with_its_base(kind) || is_held(base.kind()) && is_held(kind),
            Cause::Supplanted(base) => {
                leaves_with_its_base(kind) || holds_values(base.kind()) && is_held(kind)
            }
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
            Kind::Constraint
                | Kind::Index
                | Kind::Statistics
                | Kind::ForeignServer
                | Kind::UserMapping
                | Kind::Seed
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
    replace_foreign_tables(desired, rebased, drifted, changes);
    replace_reclassed_keys(desired, rebased, drifted, changes);
    replace_keyed_tables(desired, rebased, drifted, changes);
    replace_children(desired, rebased, drifted, changes);
    let taken = names_taken(changes);
    let mut causes: Vec<Cause> = changes.iter().flat_map(|change| causes_of(change, &taken)).collect();
    let Some(target) = causes.first().map(|cause| cause.address().target().clone()) else { return };
    let renewed = causes.iter().filter(|cause| matches!(cause, Cause::Renewed(_)));
    let taken_along = renewed.flat_map(|cause| columns_under(cause.address(), &rebased.live));
    let taken_along: Vec<Cause> = taken_along.map(Cause::Retyped).collect();
    causes.extend(taken_along);
    let dependencies =
        Dependencies::new(&target, rebased.live.iter()).with_edges(rebased.dependencies.iter());
    let managed = || {
        let live = rebased.live.iter();
        live.filter(|(address, _)| rebased.recorded.resources.contains_key(*address))
    };
    // What is made anew for a column that gets another type takes along what rests on it in turn. Where there is nothing
    // of that sort, the many indexes and constraints need no look.
    let has_code = managed().any(|(address, _)| address.kind().is_code());
    let is_wide = has_code || causes.iter().any(|cause| matches!(cause, Cause::Renewed(_)));
    let may_move =
        |kind| is_wide && leaves_with_its_base(kind) || causes.iter().any(|cause| cause.moves(kind));
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
        exchanges: None,
        follows: None,
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
            if matches!(cause, Cause::Dissolved(_))
                && !(parents_of(&target, resource).contains(base)
                    && stays(resource, declared, rebased, desired))
            {
                continue;
            }
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
        let (Cause::Replaced(base) | Cause::Supplanted(base) | Cause::Renewed(base)) = &cause else {
            continue;
        };
        let is_supplanted = matches!(cause, Cause::Supplanted(_));
        // Columns hold data: only what they compute is made anew, and their values wait while their type is.
        let context = Context { dependencies: &dependencies, live: &rebased.live, desired };
        for (address, resource) in managed() {
            let Some(declared) = desired.get(address) else { continue };
            let is_new = |change: &Change<'_>| {
                change.address == *address && matches!(change.action, Action::Replace(_))
            };
            if changes.iter().any(is_new) {
                continue;
            }
            let making_way = match is_supplanted {
                true => remade(base, resource, declared, &context),
                false => columns_making_way(base, resource, declared, &context),
            };
            for (column, action) in making_way {
                if let Some(change) = changes.iter_mut().find(|change| change.address == column) {
                    drop_default_first(change, action);
                } else {
                    let is_replaced = matches!(
                        action,
                        Action::Replace(Some(Alteration::Table(TableAlteration::ReplaceColumn(_))))
                    );
                    if is_replaced {
                        causes.push(Cause::Replaced(column.clone()));
                    } else if is_supplanted || is_held(base.kind()) || matches!(cause, Cause::Renewed(_)) {
                        causes.push(Cause::Retyped(column.clone()));
                    }
                    leave_column_to(&column, &action, changes);
                    changes.push(rebuilt(&column, resource, declared, action, &cause));
                }
            }
        }
    }
}

/// A column that changes for itself lets go of what its default calls, and has the default again in the end.
fn drop_default_first(change: &mut Change<'_>, action: Action) {
    let Action::Replace(Some(Alteration::Table(TableAlteration::AlterColumn { column, alteration }))) =
        action
    else {
        return;
    };
    let (Action::Update(alterations), ColumnAlteration::SetDefault(_)) = (&mut change.action, &alteration)
    else {
        return;
    };
    let of_column =
        |alteration| Alteration::Table(TableAlteration::AlterColumn { column: column.clone(), alteration });
    let (drop, set) = (of_column(ColumnAlteration::DropDefault), of_column(alteration));
    if !alterations.contains(&drop) {
        alterations.retain(|alteration| *alteration != set);
        alterations.insert(0, drop);
        alterations.push(set);
    }
}

/// A column that comes back has its default with it, which the change of its table need not set; one that is made anew has
/// all of it.
fn leave_column_to(column: &Address, action: &Action, changes: &mut Vec<Change<'_>>) {
    let table = column.table_of_member();
    let is_new =
        matches!(action, Action::Replace(Some(Alteration::Table(TableAlteration::ReplaceColumn(_)))));
    let sets_it = |alteration: &Alteration| {
        use ColumnAlteration::{DropDefault, SetDefault};
        match alteration {
            Alteration::Table(TableAlteration::AlterColumn { column: name, alteration }) => {
                name == column.name() && (is_new || matches!(alteration, SetDefault(_) | DropDefault))
            }
            _ => false,
        }
    };
    changes.retain_mut(|change| match &mut change.action {
        Action::Update(alterations) if Some(&change.address) == table.as_ref() => {
            alterations.retain(|alteration| !sets_it(alteration));
            !alterations.is_empty()
        }
        _ => true,
    });
}

/// Whether the table of a part is a child of the same parents all the while, and the part is to be there after it.
fn stays(part: &Resource, declared: &DesiredResource, rebased: &Rebased<'_>, desired: &Desired) -> bool {
    let Some(name) = part.relation_name() else { return false };
    let Some((address, _)) = rebased
        .live
        .iter()
        .find(|(_, resource)| matches!(resource, Resource::Table(table) if table.qualified_name() == name))
    else {
        return false;
    };
    let table = |resource: &Resource| match resource {
        Resource::Table(table) => Some(table.lineage.clone()),
        _ => None,
    };
    let before = rebased.live.get(address).and_then(table);
    let after = desired.get(address).and_then(|declared| table(&declared.resource));
    before.is_some() && before == after && declared.resource.relation_name() == Some(name)
}

/// A server that is made anew takes along its foreign tables, which hold no rows.
fn replace_foreign_tables<'a>(
    desired: &'a Desired,
    rebased: &'a Rebased<'_>,
    drifted: &BTreeMap<&Address, Drift<'_>>,
    changes: &mut Vec<Change<'a>>,
) {
    let replaced = changes.iter().filter(|change| {
        change.address.kind() == Kind::ForeignServer
            && matches!(change.action, Action::Replace(_))
            && !change.conflict
    });
    let replaced: Vec<Address> = replaced.map(|change| change.address.clone()).collect();
    for server in &replaced {
        for (address, live) in rebased.live.iter() {
            let Resource::Table(Table { foreign: Some(source), .. }) = live else { continue };
            let is_managed = rebased.recorded.resources.contains_key(address);
            let Some((address, declared)) = desired.get_key_value(address) else { continue };
            if source.server == *server.name() && is_managed {
                changes.retain(|change| change.address != *address);
                let cause = Cause::Replaced(server.clone());
                changes.push(made_anew(address, live, declared, rebased, drifted, &cause));
            }
        }
    }
}

/// A key of a table and a partition key are built with the default operator class of the type, which their definitions do
/// not name: where that comes or goes, they are built anew.
fn replace_reclassed_keys<'a>(
    desired: &'a Desired,
    rebased: &'a Rebased<'_>,
    drifted: &BTreeMap<&Address, Drift<'_>>,
    changes: &mut Vec<Change<'a>>,
) {
    let comes_or_goes = |change: &&Change<'_>| {
        change.address.kind() == Kind::OperatorClass
            && matches!(change.action, Action::Create | Action::Delete)
            && !change.conflict
    };
    let classes: Vec<Address> =
        changes.iter().filter(comes_or_goes).map(|change| change.address.clone()).collect();
    for class in &classes {
        for (address, live) in rebased.live.iter() {
            if !matches!(live.kind(), Kind::Constraint | Kind::Table) {
                continue;
            }
            let is_managed = rebased.recorded.resources.contains_key(address);
            let Some((address, declared)) = desired.get_key_value(address).filter(|_| is_managed) else {
                continue;
            };
            let before = rebased.dependencies.get(address).is_some_and(|needs| needs.contains(class));
            if before == declared.needs.contains(class) {
                continue;
            }
            let known = changes.iter().find(|change| change.address == *address);
            if known.is_some_and(|change| matches!(change.action, Action::Replace(_) | Action::Delete)) {
                continue;
            }
            changes.retain(|change| change.address != *address);
            let note = format!("made anew because {class} {}", if before { "goes" } else { "comes" });
            let cause = Cause::Replaced(class.clone());
            let change = made_anew(address, live, declared, rebased, drifted, &cause);
            changes.push(Change { notes: vec![note], ..change });
        }
    }
}

/// A type that is made anew takes along the partitioned tables that are divided by its values, with all that they are
/// partitions of: PostgreSQL changes no type of a partition key.
fn replace_keyed_tables<'a>(
    desired: &'a Desired,
    rebased: &'a Rebased<'_>,
    drifted: &BTreeMap<&Address, Drift<'_>>,
    changes: &mut Vec<Change<'a>>,
) {
    let is_replaced = |change: &&Change<'_>| {
        let kind = change.address.kind();
        (is_renewed(kind) || is_held(kind)) && matches!(change.action, Action::Replace(_)) && !change.conflict
    };
    let types: Vec<Address> =
        changes.iter().filter(is_replaced).map(|change| change.address.clone()).collect();
    for data_type in &types {
        let columns: BTreeSet<Address> = columns_under(data_type, &rebased.live).into_iter().collect();
        for (_, live) in rebased.live.iter() {
            let Resource::Table(table) = live else { continue };
            let Some(key) = &table.partition_by else { continue };
            let name = table.qualified_name();
            let is_key =
                |column: Ident| columns.contains(&Address::column(data_type.target(), &name, &column));
            if !column_names(key.elements.as_str()).into_iter().any(is_key) {
                continue;
            }
            let root = root_of(table, data_type.target(), rebased);
            let address = Address::table(data_type.target(), &root.qualified_name());
            let is_managed = rebased.recorded.resources.contains_key(&address);
            let known = changes.iter().find(|change| change.address == address);
            if !is_managed || known.is_some_and(|c| matches!(c.action, Action::Replace(_) | Action::Delete)) {
                continue;
            }
            let (Some((address, declared)), Some(live)) =
                (desired.get_key_value(&address), rebased.live.get(&address))
            else {
                continue;
            };
            changes.retain(|change| change.address != *address);
            let cause = Cause::Replaced(data_type.clone());
            changes.push(made_anew(address, live, declared, rebased, drifted, &cause));
        }
    }
}

/// The partitioned table that is no partition itself.
fn root_of<'r>(table: &'r Table, target: &Ident, rebased: &'r Rebased<'_>) -> &'r Table {
    match table.lineage.parents().first().filter(|_| table.is_partition()) {
        Some(parent) => match rebased.live.get(&Address::table(target, parent)) {
            Some(Resource::Table(parent)) => root_of(parent, target, rebased),
            _ => table,
        },
        None => table,
    }
}

/// A table that is made anew takes along the partitions that it shall have again, and sheds the changes of its columns.
/// The sequences that its columns own stay, and are owned again.
fn replace_children<'a>(
    desired: &'a Desired,
    rebased: &'a Rebased<'_>,
    drifted: &BTreeMap<&Address, Drift<'_>>,
    changes: &mut Vec<Change<'a>>,
) {
    let is_replaced = |change: &&Change<'_>| {
        change.address.kind() == Kind::Table && matches!(change.action, Action::Replace(_))
    };
    let mut replaced: Vec<Address> =
        changes.iter().filter(is_replaced).filter(|c| !c.conflict).map(|c| c.address.clone()).collect();
    let mut next = 0;
    while let Some(parent) = replaced.get(next).cloned() {
        next += 1;
        for (address, live) in rebased.live.iter() {
            let (Resource::Table(live_table), Some(declared)) = (live, desired.get(address)) else {
                continue;
            };
            let Resource::Table(wanted) = &*declared.resource else { continue };
            let is_child = |table: &Table| {
                table.lineage.parents().iter().any(|name| Address::table(parent.target(), name) == parent)
            };
            let is_managed = rebased.recorded.resources.contains_key(address);
            if !is_managed || replaced.contains(address) || !is_child(live_table) || !is_child(wanted) {
                continue;
            }
            changes.retain(|change| change.address != *address);
            let (address, declared) = desired.get_key_value(address).unwrap_or((address, declared));
            let change = Cause::Replaced(parent.clone());
            changes.push(made_anew(address, live, declared, rebased, drifted, &change));
            replaced.push(address.clone());
        }
    }
    changes.retain(|change| {
        change.address.kind() != Kind::Column
            || !change.address.table_of_member().is_some_and(|table| replaced.contains(&table))
    });
    for (address, resource) in rebased.live.iter().filter(|_| !replaced.is_empty()) {
        let (Resource::Sequence(sequence), Some(declared)) = (resource, desired.get(address)) else {
            continue;
        };
        let Resource::Sequence(wanted) = &*declared.resource else { continue };
        let Some(owner) = &sequence.owned_by else { continue };
        let table = Address::table(address.target(), &owner.table);
        if !replaced.contains(&table) || !rebased.recorded.resources.contains_key(address) {
            continue;
        }
        let again = Alteration::Sequence(SequenceAlteration::SetOwner(wanted.owned_by.clone()));
        match changes.iter_mut().find(|change| change.address == *address) {
            Some(Change { action: Action::Update(alterations), .. }) => {
                if !alterations
                    .iter()
                    .any(|a| matches!(a, Alteration::Sequence(SequenceAlteration::SetOwner(_))))
                {
                    alterations.push(again);
                }
            }
            Some(_) => {}
            None => changes.push(Change {
                action: Action::Update(vec![again]),
                ..made_anew(address, resource, declared, rebased, drifted, &Cause::Replaced(table))
            }),
        }
    }
}

fn made_anew<'a>(
    address: &Address,
    live: &'a Resource,
    declared: &'a DesiredResource,
    rebased: &'a Rebased<'_>,
    drifted: &BTreeMap<&Address, Drift<'_>>,
    cause: &Cause,
) -> Change<'a> {
    Change {
        address: address.clone(),
        action: Action::Replace(None),
        renamed_from: rebased.renames.get(address),
        live: Some(live),
        desired: Some(declared),
        drift: drifted.contains_key(address),
        exchanges: None,
        follows: None,
        conflict: false,
        notes: vec![cause.note()],
    }
}

/// Whether columns can be of such an object: each relation is a type as well.
fn holds_values(kind: Kind) -> bool {
    kind.is_type() || kind.is_relation()
}

/// The names of relations and types that come.
fn names_taken(changes: &[Change<'_>]) -> BTreeSet<QualifiedName> {
    let comes = |change: &&Change<'_>| {
        change.action == Action::Create && !change.conflict && holds_values(change.address.kind())
    };
    changes.iter().filter(comes).filter_map(|change| change.address.relation()).collect()
}

fn causes_of(change: &Change<'_>, taken: &BTreeSet<QualifiedName>) -> Vec<Cause> {
    let address = &change.address;
    match &change.action {
        _ if change.conflict => Vec::new(),
        Action::Replace(_) if is_renewed(address.kind()) => vec![Cause::Renewed(address.clone())],
        Action::Replace(_) => vec![Cause::Replaced(address.clone())],
        Action::Delete if matches!(address.kind(), Kind::Constraint | Kind::Index) => {
            vec![Cause::Dissolved(address.clone())]
        }
        Action::Delete
            if holds_values(address.kind())
                && address.relation().is_some_and(|name| taken.contains(&name)) =>
        {
            vec![Cause::Supplanted(address.clone())]
        }
        Action::Delete if address.kind().is_routine() => vec![Cause::Overloaded(address.clone())],
        _ => change.retyped_columns().map(Cause::Retyped).collect(),
    }
}
