//! What becomes of each change now: the gates a change must pass, and what a closed gate means for others.
//!
//! Order of precedence: left out by `--only`, interrupted work, a foreign object in the way, what the server cannot do, what
//! others depend on, readers and writers that would wait, data that needs an approval, then whatever these keep from being
//! applied.

mod downtime;
mod migration;
mod only;
mod rights;

pub use downtime::Downtime;

use std::collections::{BTreeMap, BTreeSet};

use crate::address::{Address, Kind};
use crate::catalog::Catalog;
use crate::diff::columns::changes_type;
use crate::diff::making_way::is_renewed;
use crate::diff::{Action, Change, Rebased, UnmanagedDependents};
use crate::disposition::{Disposition, Reason};
use crate::ident::Ident;
use crate::kind::{
    Alteration, ColumnAlteration, ConstraintDefinition, MigrationPhase, Resource, TableAlteration,
};
use crate::migration::Filling;
use crate::order::identity;
use crate::order::rules::relation_names;
use crate::plan::RecoveryGates;
use crate::plan::approval::{Standing, needs_approval};
use crate::plan::lower::{Lowered, Phase};
use crate::plan::needs::Needs;
use crate::plan::parents::Parents;
use crate::sql::Impossible;

/// What a target allows to be destroyed (`destructive` in `djogi.toml`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DestructivePolicy {
    /// Each such change needs an approval.
    #[default]
    Approve,
    Allow,
    Deny,
}

/// A change with everything known about it.
#[derive(Debug)]
pub struct Candidate<'a> {
    pub change: Change<'a>,
    pub needs: Needs,
    pub lowered: Lowered,
}

/// What classification must know besides the candidates.
#[derive(Debug)]
pub struct Gates<'a> {
    pub policy: DestructivePolicy,
    pub downtime: &'a Downtime,
    /// Migrations whose next gate is open.
    pub finalize: &'a [Ident],
    /// Migrations that are to be undone.
    pub abandon: &'a [Ident],
    /// See [`Postponed::obstacles`](crate::migration::Postponed::obstacles).
    pub obstacles: &'a BTreeMap<Address, Vec<String>>,
    /// See [`Postponed::unfilled`](crate::migration::Postponed::unfilled).
    pub unfilled: &'a BTreeMap<Address, Vec<String>>,
    /// See [`Postponed::waits`](crate::migration::Postponed::waits).
    pub waits: &'a BTreeMap<Address, BTreeSet<Address>>,
    /// See [`Postponed::fills`](crate::migration::Postponed::fills).
    pub fills: &'a BTreeMap<Address, Filling>,
    /// For each candidate that destroys something under [`DestructivePolicy::Approve`].
    pub standings: &'a [Option<Standing<'a>>],
    /// Empty means everything.
    pub only: &'a [Address],
    /// Interrupted work that comes first.
    pub recoveries: &'a RecoveryGates<'a>,
    pub parents: &'a Parents,
    pub unmanaged: &'a UnmanagedDependents<'a>,
    /// Addresses of the live catalog that are neither recorded nor desired.
    pub foreign: &'a BTreeSet<&'a Address>,
    pub live: &'a Catalog,
    /// Who owns what is live.
    pub rebased: &'a Rebased<'a>,
    /// Roles that this plan makes.
    pub new_roles: &'a BTreeSet<&'a Ident>,
    /// Managed live objects that rest on an address; columns where they have a change of their own.
    pub live_dependents: &'a BTreeMap<Address, Vec<Address>>,
}

/// A disposition, with what the reader must know about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    pub disposition: Disposition,
    pub notes: Vec<String>,
    /// What resolves it, where that is another thing than for its reason in general.
    pub way_out: Option<String>,
}

impl From<Disposition> for Judgement {
    fn from(disposition: Disposition) -> Self {
        Self { disposition, notes: Vec::new(), way_out: None }
    }
}

impl Reason {
    fn because(self, notes: Vec<String>) -> Judgement {
        Judgement { disposition: self.disposition(), notes, way_out: None }
    }
}

/// Gives each candidate its disposition, in the same order.
pub fn classify(candidates: &[Candidate<'_>], gates: &Gates<'_>) -> Vec<Judgement> {
    let index: BTreeMap<&Address, usize> =
        candidates.iter().enumerate().map(|(at, candidate)| (&candidate.change.address, at)).collect();
    let leaving = names_leaving(candidates);
    let requires: Vec<Vec<usize>> = candidates
        .iter()
        .map(|candidate| {
            let mut requires = requirements(candidate, &index, candidates, gates);
            requires.extend(names_in_the_way(&candidate.change, &leaving));
            requires
        })
        .collect();
    let targeted = only::targeted(candidates, gates, &requires);
    let mut judged: Vec<Judgement> = candidates
        .iter()
        .zip(&targeted)
        .zip(gates.standings)
        .map(|((candidate, targeted), standing)| {
            if *targeted {
                own_gates(candidate, standing.as_ref(), &index, candidates, gates)
            } else {
                Reason::NotTargeted.disposition().into()
            }
        })
        .collect();
    propagate(&mut judged, &requires, candidates);
    judged
}

/// The gates that a change meets by itself.
fn own_gates(
    candidate: &Candidate<'_>,
    standing: Option<&Standing<'_>>,
    index: &BTreeMap<&Address, usize>,
    candidates: &[Candidate<'_>],
    gates: &Gates<'_>,
) -> Judgement {
    let Candidate { change, needs, lowered } = candidate;
    let interrupted = std::iter::once(&change.address).chain(change.renamed_from);
    if let Some((reason, recovery)) = interrupted.filter_map(|address| gates.recoveries.of(address)).next() {
        let way_out = Some(&recovery.way_out).filter(|way_out| !way_out.is_empty());
        let found = format!("{} ({})", recovery.observed, recovery.row);
        return Judgement { way_out: way_out.cloned(), ..reason.because(vec![found]) };
    }
    if change.conflict {
        return Reason::UnmanagedConflict.disposition().into();
    }
    if let Some(refusal) = &lowered.refusal {
        let notes =
            vec![refusal.to_string(), refusal.remedy()].into_iter().chain(migration::missed(change, gates));
        let notes = notes.collect();
        return match refusal {
            Impossible::NeedsNewerServer { .. } => Reason::NeedsNewerServer.because(notes),
            Impossible::NeedsNewColumn { .. }
            | Impossible::NoCast { .. }
            | Impossible::NotConverted { .. }
            | Impossible::OrphansStay { .. }
            | Impossible::NoValueForRows { .. }
            | Impossible::UsedByGenerated { .. }
            | Impossible::OutOfBounds { .. }
            | Impossible::FixedName { .. }
            | Impossible::NamedOtherwise { .. }
            | Impossible::NewerInstalled { .. }
            | Impossible::PartsElsewhere { .. }
            | Impossible::TypeInUse { .. } => Reason::NoWayInPlace.because(notes),
        };
    }
    if removes_or_retypes(change) {
        let dependents = gates.unmanaged.of(&change.address);
        if !dependents.is_empty() {
            let notes = dependents.into_iter().map(|name| format!("{name} depends on it")).collect();
            return Reason::UnmanagedDependent.because(notes);
        }
    }
    if matches!(change.action, Action::Create | Action::Update(_) | Action::Replace(_)) {
        let notes: Vec<_> = needs.desired.iter().filter_map(|need| missing(need, index, gates)).collect();
        if !notes.is_empty() {
            return Reason::DependencyNotApplied.because(notes);
        }
    }
    if let Some(judgement) = rights::gate(candidate, gates) {
        return judgement;
    }
    let notes = still_needed(candidate, index, candidates, gates);
    if !notes.is_empty() {
        return Reason::DependencyNotApplied.because(notes);
    }
    if gates.parents.parent(&change.address).is_some() {
        return Reason::OwnedByParent.disposition().into();
    }
    if let Some(mut judgement) = gates.downtime.gate(candidate) {
        judgement.notes.extend(migration::missed(change, gates));
        return judgement;
    }
    if let Some(judgement) = migration::unfilled(change, gates) {
        return judgement;
    }
    if let Some(judgement) = migration::gate(candidate, candidates, gates) {
        return judgement;
    }
    if lowered.reversibility().is_destructive() {
        let needs_approval = needs_approval(change.address.kind(), lowered.reversibility());
        if needs_approval || gates.policy == DestructivePolicy::Deny {
            return destruction(standing, gates.policy);
        }
    }
    Disposition::Applied.into()
}

fn destruction(standing: Option<&Standing<'_>>, policy: DestructivePolicy) -> Judgement {
    match (policy, standing) {
        (DestructivePolicy::Allow, _) => Disposition::Applied.into(),
        (DestructivePolicy::Approve, Some(Standing::Present(given))) => Judgement {
            disposition: Disposition::Applied,
            notes: vec![format!("approved by {}: {}", given.approver, given.reason)],
            way_out: None,
        },
        (DestructivePolicy::Approve, Some(Standing::Stale(given, moved))) => {
            let by = format!("{} approved it: {}", given.approver, given.reason);
            Reason::ApprovalStale.because(std::iter::once(by).chain(moved.iter().cloned()).collect())
        }
        (DestructivePolicy::Approve, Some(Standing::Rejected(given, rejection))) => Reason::ApprovalRequired
            .because(vec![format!("the approval by {} does not count: {rejection}", given.approver)]),
        (DestructivePolicy::Approve | DestructivePolicy::Deny, _) => {
            Reason::ApprovalRequired.disposition().into()
        }
    }
}

/// Whether the change takes something away that others may rest on.
fn removes_or_retypes(change: &Change<'_>) -> bool {
    match &change.action {
        Action::Delete | Action::Replace(_) => true,
        Action::Update(alterations) => {
            let retypes = |a: &Alteration| matches!(a, Alteration::Table(a) if changes_type(a));
            change.address.kind() == Kind::Column && alterations.iter().any(retypes)
        }
        Action::Create | Action::Adopt | Action::Forget => false,
    }
}

/// The managed objects that rest on a deleted one and go on doing so.
fn still_needed(
    candidate: &Candidate<'_>,
    index: &BTreeMap<&Address, usize>,
    candidates: &[Candidate<'_>],
    gates: &Gates<'_>,
) -> Vec<String> {
    let address = &candidate.change.address;
    let dependents = gates.live_dependents.get(address).into_iter().flatten();
    match candidate.change.action {
        Action::Delete => {}
        // Whatever is not dropped with it, or before it, would be in the way.
        Action::Replace(_) if is_dropped_alone(address.kind()) => {
            let stays = |dependent: &&Address| {
                let other = index.get(*dependent).map(|&at| &candidates[at]);
                other.is_none_or(|other| {
                    gates.parents.parent(dependent).is_none()
                        && !goes_with_that_above(&other.change)
                        && other.lowered.refusal.is_none()
                        && other.lowered.parts.iter().all(|(phase, _)| *phase != Phase::Down)
                })
            };
            let blocked = dependents.filter(stays);
            return blocked.map(|dependent| format!("{dependent} needs it, and stays")).collect();
        }
        _ => return Vec::new(),
    }
    let needs_it = |dependent: &&Address| match index.get(*dependent).map(|&at| &candidates[at]) {
        None => true,
        Some(other) => {
            let keeps =
                || other.needs.desired.contains(address) || keeps_owner(&other.change, address, gates);
            other.change.desired.is_some() && keeps()
        }
    };
    dependents.filter(needs_it).map(|dependent| format!("{dependent} needs it")).collect()
}

/// Whether it is the trigger of a partition, which goes when that of the partitioned table does.
fn goes_with_that_above(change: &Change<'_>) -> bool {
    let comes_from_above =
        matches!(change.live, Some(Resource::Trigger(trigger)) if trigger.parent.is_some());
    comes_from_above && matches!(change.action, Action::Replace(_) | Action::Delete | Action::Update(_))
}

/// Whether the object goes on belonging to the role, since nobody is said to own it.
fn keeps_owner(change: &Change<'_>, role: &Address, gates: &Gates<'_>) -> bool {
    role.kind() == Kind::Role
        && change.desired.is_some_and(|declared| declared.owner.is_none())
        && gates.rebased.owner(&change.address) == role.name()
}

/// Whether an object of this kind can only be replaced when nothing that holds data needs it.
fn is_dropped_alone(kind: Kind) -> bool {
    kind.is_code()
        || matches!(kind, Kind::ForeignDataWrapper | Kind::ForeignServer)
        || kind.is_type() && !is_renewed(kind)
}

/// Why a need cannot be met whatever this plan does.
fn missing(need: &Address, index: &BTreeMap<&Address, usize>, gates: &Gates<'_>) -> Option<String> {
    if index.contains_key(need) {
        return None;
    }
    match need.kind() {
        // It is there, and somebody else's to keep.
        Kind::Table if gates.rebased.is_left_alone(need) => None,
        Kind::Table if gates.foreign.contains(need) => Some(format!("{need} is not managed by djogi")),
        Kind::Schema if gates.rebased.observation.schemas.contains(need.name()) => None,
        Kind::Table | Kind::Schema | Kind::Extension if !gates.live.contains(need) => {
            Some(format!("{need} does not exist"))
        }
        _ => None,
    }
}

/// The candidates without which this one must not run.
fn requirements(
    candidate: &Candidate<'_>,
    index: &BTreeMap<&Address, usize>,
    candidates: &[Candidate<'_>],
    gates: &Gates<'_>,
) -> Vec<usize> {
    let change = &candidate.change;
    let mut requires: Vec<usize> =
        gates.parents.parent(&change.address).and_then(|p| index.get(p)).into_iter().copied().collect();
    match &change.action {
        Action::Create | Action::Update(_) | Action::Replace(_) | Action::Adopt => {
            let needs = candidate.needs.desired.iter().chain(&candidate.needs.owner);
            let found = needs.filter_map(|need| index.get(need).copied());
            requires.extend(found.filter(|&at| !live_suffices(candidate, &candidates[at])));
        }
        Action::Delete | Action::Forget => {}
    }
    if let Some(fill) = gates.fills.get(&change.address).and_then(Filling::beside) {
        let step = Address::migration_step(change.address.target(), &fill.name, MigrationPhase::Backfill);
        requires.extend(index.get(&step).copied());
        let end = Address::migration_step(change.address.target(), &fill.name, MigrationPhase::Finish);
        requires.extend(index.get(&end).copied());
    }
    requires.extend(keys_in_the_way(change, candidates));
    requires.extend(generated_in_the_way(change, candidates));
    requires.extend(code_in_the_way(change, candidates));
    let is_altered_under_its_users = is_renewed(change.address.kind()) && change.action != Action::Delete;
    if matches!(change.action, Action::Delete | Action::Replace(_)) && !is_altered_under_its_users {
        // Whoever rests on it must have let go of it.
        let dependents = gates.live_dependents.get(&change.address).into_iter().flatten();
        let found = dependents.filter_map(|dependent| index.get(dependent).copied());
        let parent = |at: usize| gates.parents.parent(&candidates[at].change.address);
        requires.extend(found.filter(|&at| parent(at) != Some(&change.address)));
    }
    requires
}

/// The names that objects give up, each with the candidate that does it.
fn names_leaving(candidates: &[Candidate<'_>]) -> BTreeMap<String, usize> {
    let all = candidates.iter().enumerate().filter(|(_, candidate)| {
        candidate.change.address.kind() != Kind::Column
            && (candidate.change.action == Action::Delete || candidate.change.renamed_from.is_some())
    });
    all.flat_map(|(at, Candidate { change, .. })| {
        let live = change.live;
        let names = match (change.renamed_from, live) {
            (Some(old), Some(live)) => relation_names(Some(&live.renamed(old))),
            _ => relation_names(live),
        };
        names.into_iter().map(move |name| (name, at))
    })
    .chain(candidates.iter().enumerate().flat_map(|(at, candidate)| {
        let freed = identity::freed(&candidate.change).into_iter();
        freed.map(move |(_, name)| (name, at))
    }))
    .collect()
}

/// What must have given up the names that a new object takes.
fn names_in_the_way(change: &Change<'_>, leaving: &BTreeMap<String, usize>) -> Vec<usize> {
    if leaving.is_empty() {
        return Vec::new();
    }
    let mut names: Vec<String> = identity::taken(change).into_iter().map(|(_, name)| name).collect();
    if change.action == Action::Create && change.address.kind() != Kind::Column {
        names.extend(relation_names(change.desired.map(|declared| &*declared.resource)));
    }
    names.iter().filter_map(|name| leaving.get(name).copied()).collect()
}

/// The departing primary keys that hold columns to NOT NULL which are to become nullable.
fn keys_in_the_way(change: &Change<'_>, candidates: &[Candidate<'_>]) -> Vec<usize> {
    let Action::Update(alterations) = &change.action else { return Vec::new() };
    let loosened: Vec<_> = alterations
        .iter()
        .filter_map(|alteration| match alteration {
            Alteration::Table(TableAlteration::AlterColumn {
                column,
                alteration: ColumnAlteration::DropNotNull,
            }) => Some(column),
            _ => None,
        })
        .collect();
    let is_in_the_way = |candidate: &Candidate<'_>| match (candidate.change.live, &candidate.change.action) {
        (Some(Resource::Constraint(key)), Action::Delete | Action::Replace(_)) => {
            matches!(key.definition, ConstraintDefinition::PrimaryKey { .. })
                && Some(key.table_name()) == change.address.relation()
                && key.columns().iter().any(|column| loosened.contains(column))
        }
        _ => false,
    };
    if loosened.is_empty() {
        return Vec::new();
    }
    (0..candidates.len()).filter(|&at| is_in_the_way(&candidates[at])).collect()
}

/// The generated columns that leave because the type of a column changes from which they are computed.
fn generated_in_the_way(change: &Change<'_>, candidates: &[Candidate<'_>]) -> Vec<usize> {
    let Action::Update(alterations) = &change.action else { return Vec::new() };
    let retypes = alterations.iter().any(|a| matches!(a, Alteration::Table(a) if changes_type(a)));
    if change.address.kind() != Kind::Column || !retypes {
        return Vec::new();
    }
    let is_computed_from_it = |candidate: &Candidate<'_>| {
        candidate.change.address.kind() == Kind::Column
            && matches!(candidate.change.action, Action::Delete | Action::Replace(_))
            && candidate.needs.live.contains(&change.address)
    };
    (0..candidates.len()).filter(|&at| is_computed_from_it(&candidates[at])).collect()
}

/// The views and the like that leave because the type of a column changes that they use.
fn code_in_the_way(change: &Change<'_>, candidates: &[Candidate<'_>]) -> Vec<usize> {
    let retyped: Vec<Address> = change.retyped_columns().collect();
    if retyped.is_empty() {
        return Vec::new();
    }
    let uses_it = |candidate: &Candidate<'_>| {
        candidate.change.address.kind().is_code()
            && matches!(candidate.change.action, Action::Delete | Action::Replace(_))
            && candidate.needs.live.iter().any(|need| retyped.contains(need))
    };
    (0..candidates.len()).filter(|&at| uses_it(&candidates[at])).collect()
}

/// Whether the dependent gets by with the dependency as it is in the database now.
fn live_suffices(dependent: &Candidate<'_>, dependency: &Candidate<'_>) -> bool {
    let Change { action, renamed_from, conflict, live, desired, .. } = &dependency.change;
    if *conflict || renamed_from.is_some() || live.is_none() {
        return false;
    }
    let has_it = matches!(dependent.change.action, Action::Update(_))
        && dependent.needs.live.contains(&dependency.change.address);
    match action {
        Action::Adopt | Action::Forget => true,
        Action::Create => false,
        // It is not dropped while it is needed.
        Action::Delete => has_it,
        Action::Update(_) | Action::Replace(_) => {
            has_it || has_all_labels(*live, desired.map(|declared| &*declared.resource))
        }
    }
}

fn has_all_labels(live: Option<&Resource>, desired: Option<&Resource>) -> bool {
    match (live, desired) {
        (Some(Resource::Enum(live)), Some(Resource::Enum(desired))) => {
            desired.labels.iter().all(|label| live.labels.contains(label))
        }
        _ => false,
    }
}

/// Blocks whatever requires something that is not applied.
fn propagate(judged: &mut [Judgement], requires: &[Vec<usize>], candidates: &[Candidate<'_>]) {
    let mut required_by: Vec<Vec<usize>> = vec![Vec::new(); judged.len()];
    for (at, requirements) in requires.iter().enumerate() {
        for &requirement in requirements {
            required_by[requirement].push(at);
        }
    }
    let goes_on = |judgement: &Judgement| {
        matches!(judgement.disposition, Disposition::Applied | Disposition::Derived(_))
    };
    let mut queue: Vec<usize> = (0..judged.len()).filter(|&at| !goes_on(&judged[at])).collect();
    while let Some(at) = queue.pop() {
        for &dependent in &required_by[at] {
            if goes_on(&judged[dependent]) {
                let note = format!("waits for {}", candidates[at].change.address);
                judged[dependent] = Reason::DependencyNotApplied.because(vec![note]);
                queue.push(dependent);
            }
        }
    }
}

#[cfg(test)]
mod tests;
