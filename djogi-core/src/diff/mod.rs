//! Desired, recorded and live, compared: exactly one change for each address that needs one.
//!
//! The diff never produces SQL and never decides what is allowed; it says what is different, by whom it is
//! known, and by which alterations the live object becomes the declared one.

mod aside;
mod carry;
pub mod columns;
pub mod drift;
pub mod family;
pub mod fields;
pub mod inherited;
mod lookalike;
pub(crate) mod making_way;
pub mod parts;
mod rebuild;
pub mod relocate;
pub mod rename;
mod rewrite;
pub mod unmanaged;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::address::{Address, Kind};
use crate::desired::{Desired, DesiredResource};
use crate::digest::Digest;
use crate::ident::Ident;
use crate::kind::{Alteration, ColumnAlteration, Comparison, Resource, TableAlteration, TriggerAlteration};
use crate::migration::Exchanges;
use crate::recorded::RecordedResource;

use aside::Aside;
pub use columns::{ColumnPlace, PlaceColumn};
pub use drift::Drift;
pub use rename::{Rebased, rebase};
pub(crate) use rewrite::with_column_renamed;
pub use unmanaged::UnmanagedDependents;

/// What must happen to one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    Create,
    /// In place, by these alterations, in this order; none when the change is only a rename.
    Update(Vec<Alteration>),
    /// Managed from now on; nothing is done to it.
    Adopt,
    Delete,
    /// No longer managed, being gone already.
    Forget,
    /// Dropped and made anew. For a column of a table: by this alteration.
    Replace(Option<Alteration>),
}

/// What must happen to one resource, or to one column of a table.
#[derive(Clone, Debug)]
pub struct Change<'a> {
    pub address: Address,
    pub action: Action,
    /// The address it is renamed from, with its table's new name when that is renamed as well.
    pub renamed_from: Option<&'a Address>,
    /// The live resource under new names; for a column, its table.
    pub live: Option<&'a Resource>,
    /// The declaration; for a column, that of its table.
    pub desired: Option<&'a DesiredResource>,
    /// Somebody else changed or dropped it since djogi recorded it.
    pub drift: bool,
    /// The column that another takes the place of, whose code has to make way meanwhile.
    pub exchanges: Option<&'a Address>,
    /// The change of a parent that does what this one is about.
    pub follows: Option<Address>,
    /// The live object is not managed, and its adoption was not asked for.
    pub conflict: bool,
    pub notes: Vec<String>,
}

impl Change<'_> {
    /// The live columns that get another type by it, under which PostgreSQL keeps no view.
    pub fn retyped_columns(&self) -> impl Iterator<Item = Address> {
        let alterations = match &self.action {
            Action::Update(alterations) => alterations.as_slice(),
            _ => &[],
        };
        let retyped = alterations.iter().filter_map(|alteration| match alteration {
            Alteration::Table(table) if columns::changes_type(table) => columns::altered_column(alteration),
            _ => None,
        });
        let table = self.address.relation();
        retyped
            .filter_map(move |column| Some(Address::column(self.address.target(), table.as_ref()?, column)))
            .chain(self.exchanges.cloned())
    }

    /// Whether it is code, or privileges, of which others have none between the old and the new. Event triggers are away for
    /// the whole plan, so that they do not fire for it.
    pub fn goes_and_comes_back(&self) -> bool {
        let kind = self.address.kind();
        (kind.is_code() && kind != Kind::EventTrigger || kind.is_grant())
            && matches!(self.action, Action::Replace(_))
    }

    /// Whether it is a column that waits in another type while its own is made.
    pub fn brings_back(&self) -> bool {
        matches!(
            &self.action,
            Action::Replace(Some(Alteration::Table(TableAlteration::AlterColumn {
                alteration: ColumnAlteration::Remake { .. },
                ..
            })))
        )
    }
}

/// Which unmanaged objects may be taken over although they differ from their declaration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Adoption {
    #[default]
    Equal,
    These(BTreeSet<Address>),
    All,
}

impl Adoption {
    fn covers(&self, address: &Address) -> bool {
        match self {
            Adoption::Equal => false,
            Adoption::These(addresses) => addresses.contains(address),
            Adoption::All => true,
        }
    }
}

/// All changes of one target, sorted by address. Those in `anew` are made anew, those of `exchanges` exchange columns.
pub fn diff<'a>(
    desired: &'a Desired,
    rebased: &'a Rebased<'_>,
    drifted: &BTreeMap<&Address, Drift<'_>>,
    (adoption, anew): (&Adoption, &BTreeSet<Address>),
    exchanges: &'a Exchanges,
    place: PlaceColumn<'_>,
) -> Vec<Change<'a>> {
    let recorded = &rebased.recorded.resources;
    let mut changes = Vec::new();
    for (address, declared) in desired {
        let live = rebased.live.get(address);
        let record = recorded.get(address);
        let drift = drifted.contains_key(address) || record.is_some_and(|record| record.drifted);
        let renamed_from = rebased.renames.get(address);
        let owner = live.and_then(|live| new_owner(address, live, declared, rebased));
        let change = |action| Change {
            address: address.clone(),
            action,
            renamed_from,
            live,
            desired: Some(declared),
            drift,
            exchanges: None,
            follows: None,
            conflict: false,
            notes: Vec::new(),
        };
        match (record, live) {
            (None, None) => changes.push(note_missed_rename(change(Action::Create), rebased)),
            (Some(_), None) => {
                let note = "it was dropped behind djogi's back".to_owned();
                changes.push(Change { notes: vec![note], ..change(Action::Create) });
            }
            (None, Some(live)) => match with_owner(live.compare(&declared.resource), owner) {
                Comparison::InPlace(alterations) if alterations.is_empty() => {
                    changes.push(change(Action::Adopt));
                }
                // What is there of a migration was read from what only djogi makes.
                comparison if adoption.covers(address) || address.kind().is_of_migration() => {
                    compared(comparison, change, rebased, drifted, place, &mut changes);
                }
                comparison => {
                    changes.push(Change { conflict: true, ..change(action_of(comparison)) });
                }
            },
            (Some(record), Some(live)) => {
                let carried = rebased.carried.tables.get(address);
                if rebased.carried.aside.contains(address) {
                    let comparison = with_owner(compare_apart(live, &declared.resource), owner);
                    compared(comparison, change, rebased, drifted, place, &mut changes);
                    continue;
                }
                // A table has its column renames in changes of their own.
                if owner.is_none()
                    && (live == &*declared.resource
                        && carried.is_none()
                        && renamed_from.is_none()
                        && declared.renamed_columns.is_empty()
                        || carried.is_none()
                            // Its digest does not tell all of it.
                            && !address.kind().is_of_migration()
                            && is_settled(record, &declared.resource, live))
                {
                    if drift {
                        changes.push(change(Action::Adopt));
                    }
                    continue;
                }
                if let Some(carried) = carried {
                    rest_of_carried(live, carried, change, rebased, drifted, place, &mut changes);
                    continue;
                }
                let comparison = with_owner(live.compare(&declared.resource), owner);
                if leaves_its_parent(live, &declared.resource)
                    && comparison == Comparison::InPlace(Vec::new())
                {
                    changes.push(change(Action::Update(Vec::new())));
                    continue;
                }
                compared(comparison, change, rebased, drifted, place, &mut changes);
            }
        }
    }
    for address in recorded.keys().filter(|address| !desired.contains_key(*address)) {
        let live = rebased.live.get(address);
        let note = match live {
            Some(_) => None,
            None if rebased.is_left_alone(address) => {
                Some("it stays as it is, and is left to others from now on")
            }
            None => Some("it is gone already"),
        };
        changes.push(Change {
            address: address.clone(),
            action: if live.is_some() { Action::Delete } else { Action::Forget },
            renamed_from: None,
            live,
            desired: None,
            drift: drifted.contains_key(address),
            exchanges: None,
            follows: None,
            conflict: false,
            notes: note.map(str::to_owned).into_iter().collect(),
        });
    }
    tear_apart(desired, rebased, drifted, &mut changes);
    aside::step_aside(&Aside { desired, rebased, drifted, place }, &mut changes);
    for change in changes.iter_mut().filter(|change| anew.contains(&change.address)) {
        change.action = Action::Replace(None);
        change.notes.push("made anew because what it used goes before what it uses comes".to_owned());
    }
    for change in changes.iter_mut() {
        change.exchanges = exchanges.get(&change.address);
    }
    rebuild::rebuild_dependents(desired, rebased, drifted, &mut changes);
    give_back(desired, rebased, drifted, &mut changes);
    follow_parents(rebased, &mut changes);
    note_partitions_elsewhere(rebased, &mut changes);
    note_partition_keys(&mut changes);
    changes.sort_by(|a, b| a.address.cmp(&b.address));
    lookalike::note_lookalikes(&mut changes);
    changes
}

/// How a table becomes the declared one, where a partition leaves before all else and joins again after it.
fn compare_apart(live: &Resource, desired: &Resource) -> Comparison {
    match (live, desired) {
        (Resource::Table(live), Resource::Table(desired)) => {
            live.alterations_apart(desired).map_or(Comparison::Replace, |alterations| {
                Comparison::InPlace(alterations.into_iter().map(Alteration::Table).collect())
            })
        }
        (live, desired) => live.compare(desired),
    }
}

/// The role that an object shall belong to and does not. A sequence of a column belongs to whom the table belongs.
fn new_owner(
    address: &Address,
    live: &Resource,
    declared: &DesiredResource,
    rebased: &Rebased<'_>,
) -> Option<Ident> {
    let wanted = declared.owner.as_ref().filter(|wanted| rebased.owner(address) != *wanted)?;
    let follows = matches!(live, Resource::Sequence(sequence) if sequence.owned_by.is_some());
    (!follows).then(|| wanted.clone())
}

/// A new owner comes last: whoever loses an object may not change it any more.
fn with_owner(comparison: Comparison, owner: Option<Ident>) -> Comparison {
    match comparison {
        Comparison::InPlace(mut alterations) => {
            alterations.extend(owner.map(Alteration::Owner));
            Comparison::InPlace(alterations)
        }
        Comparison::Replace => Comparison::Replace,
    }
}

/// Whether state proves that the live object is what this very declaration came to, whatever the texts say:
/// PostgreSQL rewrites expressions.
fn is_settled(record: &RecordedResource, desired: &Resource, live: &Resource) -> bool {
    record.desired.is_some_and(|digest| digest == Digest::of(desired)) && record.observed == Digest::of(live)
}

fn action_of(comparison: Comparison) -> Action {
    match comparison {
        Comparison::InPlace(alterations) => Action::Update(alterations),
        Comparison::Replace => Action::Replace(None),
    }
}

/// Adds what a comparison of a managed (or adopted) object with its declaration comes to.
fn compared<'a>(
    comparison: Comparison,
    change: impl Fn(Action) -> Change<'a>,
    rebased: &'a Rebased<'_>,
    drifted: &BTreeMap<&Address, Drift<'_>>,
    place: PlaceColumn<'_>,
    changes: &mut Vec<Change<'a>>,
) {
    let before = changes.len();
    let change = match comparison {
        Comparison::InPlace(alterations) => {
            let whole = change(Action::Update(alterations));
            columns::split(whole, rebased, drifted, place, changes)
        }
        Comparison::Replace => change(Action::Replace(None)),
    };
    let nothing = matches!(&change.action, Action::Update(alterations) if alterations.is_empty());
    let recorded = rebased.recorded.resources.get(&change.address);
    let is_news = match (change.live, recorded) {
        (Some(_), None) => true,
        // A change of one of its columns records the whole table.
        (Some(_), Some(_)) if changes.len() > before => false,
        (Some(live), Some(record)) => change.drift || record.observed != Digest::of(live),
        (None, _) => false,
    };
    match (nothing, change.renamed_from, is_news) {
        (true, None, true) => changes.push(Change { action: Action::Adopt, ..change }),
        (true, None, false) => {}
        _ => changes.push(change),
    }
}

/// Adds what is to be done on a table besides what comes down to it from its parents, which leave it as `carried`.
fn rest_of_carried<'a>(
    live: &'a Resource,
    carried: &'a Resource,
    change: impl Fn(Action) -> Change<'a>,
    rebased: &'a Rebased<'_>,
    drifted: &BTreeMap<&Address, Drift<'_>>,
    place: PlaceColumn<'_>,
    changes: &mut Vec<Change<'a>>,
) {
    let whole = change(Action::Adopt);
    let Some(declared) = whole.desired else { return };
    match carried.compare(&declared.resource) {
        Comparison::InPlace(alterations) if alterations.is_empty() => {
            let Comparison::InPlace(all) = live.compare(&declared.resource) else { return };
            changes.push(Change { action: Action::Update(all), ..whole });
        }
        comparison => {
            let change = |action| Change { live: Some(carried), ..change(action) };
            compared(comparison, change, rebased, drifted, place, changes);
        }
    }
}

/// Whether what is declared is no part of a parent's any more, or of another.
fn leaves_its_parent(live: &Resource, desired: &Resource) -> bool {
    match (live, desired) {
        (Resource::Constraint(live), Resource::Constraint(desired)) => {
            // What is taken in without a statement of its own is news as well.
            (live.parent.is_some() || !live.has_index()) && live.parent != desired.parent
        }
        (Resource::Index(live), Resource::Index(desired)) => {
            live.parent.is_some() && live.parent != desired.parent
        }
        _ => false,
    }
}

/// Indexes and keys of partitioned tables that no partition can leave, and one shall: they are made anew.
fn tear_apart<'a>(
    desired: &'a Desired,
    rebased: &'a Rebased<'_>,
    drifted: &BTreeMap<&Address, Drift<'_>>,
    changes: &mut Vec<Change<'a>>,
) {
    let Some(target) = desired.keys().next().map(Address::target) else { return };
    let torn = family::Family::of(target, desired, &rebased.live, changes, &BTreeSet::new()).torn();
    for address in torn.iter().filter(|address| rebased.recorded.resources.contains_key(*address)) {
        changes.retain(|change| change.address != *address);
        let Some((address, declared)) = desired.get_key_value(address) else { continue };
        changes.push(Change {
            address: address.clone(),
            action: Action::Replace(None),
            renamed_from: rebased.renames.get(address),
            live: rebased.live.get(address),
            desired: Some(declared),
            drift: drifted.contains_key(address),
            exchanges: None,
            follows: None,
            conflict: false,
            notes: vec!["made anew because partitions shall have other parts of it".to_owned()],
        });
    }
}

/// Triggers of partitions get back what they have for themselves, where it goes with a change of another object.
fn give_back<'a>(
    desired: &'a Desired,
    rebased: &'a Rebased<'_>,
    drifted: &BTreeMap<&Address, Drift<'_>>,
    changes: &mut Vec<Change<'a>>,
) {
    let Some(target) = desired.keys().next().map(Address::target) else { return };
    let is_one = |live: &Resource| matches!(live, Resource::Trigger(trigger) if trigger.parent.is_some());
    if !rebased.live.iter().any(|(_, live)| is_one(live)) {
        return;
    }
    let taken = family::Family::of(target, desired, &rebased.live, changes, &BTreeSet::new()).taken_along();
    for address in taken.iter().filter(|address| rebased.recorded.resources.contains_key(*address)) {
        let Some((address, declared)) = desired.get_key_value(address) else { continue };
        let Resource::Trigger(trigger) = &*declared.resource else { continue };
        let firing = Alteration::Trigger(TriggerAlteration::SetFiring(trigger.firing));
        let comment = trigger.comment.clone().map(|text| TriggerAlteration::SetComment(Some(text)));
        changes.push(Change {
            address: address.clone(),
            action: Action::Update([firing].into_iter().chain(comment.map(Alteration::Trigger)).collect()),
            renamed_from: rebased.renames.get(address),
            live: rebased.live.get(address),
            desired: Some(declared),
            drift: drifted.contains_key(address),
            exchanges: None,
            follows: None,
            conflict: false,
            notes: vec!["a change of its partition, or of its partitioned table, takes it along".to_owned()],
        });
    }
}

/// Says of tables that only what their parents do changes which change that is.
fn follow_parents(rebased: &Rebased<'_>, changes: &mut [Change<'_>]) {
    let known: BTreeSet<Address> = changes.iter().map(|change| change.address.clone()).collect();
    for change in changes.iter_mut() {
        let (Some(Resource::Table(table)), Some(carried)) =
            (change.live, rebased.carried.tables.get(&change.address))
        else {
            continue;
        };
        let Action::Update(alterations) = &change.action else { continue };
        if change.live == Some(carried) || aside::leaves(alterations) {
            continue;
        }
        let target = change.address.target().clone();
        let columns: Vec<&Ident> = alterations.iter().filter_map(columns::altered_column).collect();
        let candidates = table.lineage.parents().iter().flat_map(|parent| {
            let of_columns = columns.iter().map(|column| Address::column(&target, parent, column));
            of_columns.chain([Address::table(&target, parent)]).collect::<Vec<_>>()
        });
        change.follows = candidates.into_iter().find(|address| known.contains(address));
    }
}

/// Says of tables that are made anew for their partitioning that this is why.
fn note_partition_keys(changes: &mut [Change<'_>]) {
    for change in changes.iter_mut().filter(|change| matches!(change.action, Action::Replace(None))) {
        let (Some(Resource::Table(live)), Some(Resource::Table(wanted))) =
            (change.live, change.desired.map(|declared| &*declared.resource))
        else {
            continue;
        };
        let note = match (&live.partition_by, &wanted.partition_by) {
            (Some(old), Some(new)) if old != new => {
                "PostgreSQL gives a partitioned table no other partition key"
            }
            (Some(_), None) => "PostgreSQL makes no ordinary table of a partitioned one",
            (None, Some(_)) => "PostgreSQL makes no partitioned table of an ordinary one",
            (Some(_), Some(_)) if live.has_retyped_key(wanted) => {
                "PostgreSQL gives no other type to a column of the partition key"
            }
            _ => continue,
        };
        change.notes.push(format!("made anew because {note}"));
    }
}

/// Says of partitioned tables that go, or are made anew, which partitions go with them that nobody has declared.
fn note_partitions_elsewhere(rebased: &Rebased<'_>, changes: &mut [Change<'_>]) {
    for change in changes.iter_mut().filter(|change| change.address.kind() == Kind::Table) {
        let goes = matches!(change.action, Action::Delete | Action::Replace(_));
        let partitions = change.address.relation().and_then(|table| rebased.partitions_elsewhere.get(&table));
        let Some(partitions) = partitions.filter(|_| goes) else { continue };
        let names: Vec<String> = partitions.iter().map(ToString::to_string).collect();
        let note = "drops the partitions that are managed elsewhere, with their rows";
        change.notes.push(format!("{note}: {}", names.join(", ")));
    }
}

/// A declared rename that was not taken because the old object is not djogi's.
fn note_missed_rename<'a>(mut change: Change<'a>, rebased: &Rebased<'_>) -> Change<'a> {
    if let Some(old) = change.desired.and_then(|declared| declared.renamed_from.as_ref())
        && rebased.live.contains(old)
        && !rebased.recorded.resources.contains_key(old)
    {
        let note =
            format!("`renamed_from` names {old}, which djogi does not manage: djogi import {old} first");
        change.notes.push(note);
    }
    change
}
