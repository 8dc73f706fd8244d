//! The gates of live migrations: what waits for an operator, for a later step, or for a decision between two declarations.

use super::{Candidate, Gates, Judgement};
use crate::address::{Address, Kind};
use crate::diff::{Action, Change};
use crate::disposition::Reason;
use crate::kind::{Alteration, Fill, Migration, MigrationPhase, Resource, Retype, TableAlteration};
use crate::migration::is_for_filled;

/// The migration that a step belongs to.
pub(super) fn of_step(address: &Address) -> Option<Address> {
    let name = address.parent_name().filter(|_| address.kind() == Kind::MigrationStep)?;
    Some(Address::migration(address.target(), name))
}

/// `None` for what is no part of a migration, and for a step that can be made now.
pub(super) fn gate(
    candidate: &Candidate<'_>,
    candidates: &[Candidate<'_>],
    gates: &Gates<'_>,
) -> Option<Judgement> {
    let Change { address, action, .. } = &candidate.change;
    match (address.kind(), action, candidate.change.desired.map(|declared| &*declared.resource)) {
        (Kind::Migration, Action::Create, _) => Some(Reason::CompositeDigest.disposition().into()),
        (Kind::Migration, Action::Update(_), _) => Some(superseded(&candidate.change)),
        (Kind::Migration, Action::Delete, _) => {
            let asked = [gates.finalize, gates.abandon].iter().any(|asked| asked.contains(address.name()));
            if !asked {
                return Some(superseded(&candidate.change));
            }
            if !gates.abandon.contains(address.name()) {
                return None;
            }
            let obstacles = gates.obstacles.get(address);
            let in_the_way = obstacles.map(|obstacles| Reason::NoWayInPlace.because(obstacles.clone()));
            in_the_way.or_else(|| waits(address, gates))
        }
        (Kind::MigrationStep, Action::Create, Some(Resource::MigrationStep(step)))
            if step.phase.is_gated() =>
        {
            gated(address, step.phase, candidates, gates)
        }
        (Kind::MigrationStep, Action::Create | Action::Update(_), _)
            if candidate.lowered.parts.is_empty() =>
        {
            Some(Reason::CompositeDigest.disposition().into())
        }
        _ => None,
    }
}

fn gated(
    address: &Address,
    phase: MigrationPhase,
    candidates: &[Candidate<'_>],
    gates: &Gates<'_>,
) -> Option<Judgement> {
    let migration = address.parent_name()?;
    if let Some(obstacles) = gates.obstacles.get(address) {
        return Some(Reason::NoWayInPlace.because(obstacles.clone()));
    }
    let to_come = candidates.iter().filter_map(|other| match &*other.change.desired?.resource {
        Resource::MigrationStep(step) if step.migration == *migration && step.phase < phase => {
            Some(step.phase)
        }
        _ => None,
    });
    if let Some(before) = to_come.max() {
        return Some(Reason::LaterPhase.because(vec![format!("comes after {before}")]));
    }
    if let Some(waiting) = waits(address, gates) {
        return Some(waiting);
    }
    if phase == MigrationPhase::Cutover && gates.finalize.contains(migration) {
        return None;
    }
    let what = match (phase, gates.live.get(&Address::migration(address.target(), migration))) {
        (
            MigrationPhase::Cutover,
            Some(Resource::Migration(Migration::Retype(Retype { down: None, .. }))),
        ) => "programs read and write the new column from then on, and there is no way back from there",
        (MigrationPhase::Cutover, _) => "programs read and write the new column from then on",
        _ => "the old values go then, and with them the way back",
    };
    let way_out = Some(format!("djogi live finalize {migration}"));
    Some(Judgement { way_out, ..Reason::OperatorGate.because(vec![what.to_owned()]) })
}

/// A foreign key is on the column of another migration, which comes first.
fn waits(address: &Address, gates: &Gates<'_>) -> Option<Judgement> {
    let before = gates.waits.get(address)?;
    let first = before.first()?;
    let names: Vec<String> = before.iter().map(Address::to_string).collect();
    let note = format!("comes after the end of {}, whose column refers to this one", names.join(", "));
    let way_out = Some(format!("djogi live finalize {}", first.name()));
    Some(Judgement { way_out, ..Reason::LaterPhase.because(vec![note]) })
}

fn superseded(change: &Change<'_>) -> Judgement {
    let (live, wanted) = match (change.live, change.desired.map(|declared| &*declared.resource)) {
        (
            Some(Resource::Migration(Migration::Retype(live))),
            Some(Resource::Migration(Migration::Retype(wanted))),
        ) => (live, wanted),
        (
            Some(Resource::Migration(Migration::Fill(live))),
            Some(Resource::Migration(Migration::Fill(wanted))),
        ) => return other_value(live, wanted),
        _ => return Reason::BackfillSuperseded.disposition().into(),
    };
    if live.to == wanted.to && live.from == wanted.from {
        return other_conversion(live, wanted);
    }
    let found =
        format!("it leads {} from {} to {}, and {} is declared", live.column, live.from, live.to, wanted.to);
    let way_out = Some(format!(
        "djogi live abandon {} leads back to {}; or declare {}, and djogi live finalize {} goes on with it",
        live.name, live.from, live.to, live.name
    ));
    Judgement { way_out, ..Reason::BackfillSuperseded.because(vec![found]) }
}

fn other_conversion(live: &Retype, wanted: &Retype) -> Judgement {
    let said = |migration: &Retype| match &migration.down {
        Some(down) => format!("up = {:?}, down = {:?}", migration.up.as_str(), down.as_str()),
        None => format!("up = {:?}", migration.up.as_str()),
    };
    let found = format!("it was begun with {}, and {} is said now", said(live), said(wanted));
    let way_out = Some(format!(
        "djogi live abandon {} leads back to {}; or say [live.{}] {} again, and djogi apply goes on",
        live.name,
        live.from,
        live.name,
        said(live)
    ));
    Judgement { way_out, ..Reason::BackfillSuperseded.because(vec![found]) }
}

fn other_value(live: &Fill, wanted: &Fill) -> Judgement {
    let found = format!(
        "{} is being filled with {}, and {} is declared",
        live.column,
        live.value,
        if live.value == wanted.value { "another column" } else { wanted.value.as_str() }
    );
    let way_out = Some(format!(
        "djogi live abandon {} lets the rows be; or declare [live.{}] backfill = {:?} again, and djogi apply goes on",
        live.name,
        live.name,
        live.value.as_str()
    ));
    Judgement { way_out, ..Reason::BackfillSuperseded.because(vec![found]) }
}

/// The change of a column whose rows were to get a value first, and cannot.
pub(super) fn unfilled(change: &Change<'_>, gates: &Gates<'_>) -> Option<Judgement> {
    let obstacles = gates.unfilled.get(&change.address)?;
    let is_for_filled = |alteration: &Alteration| match alteration {
        Alteration::Table(TableAlteration::AlterColumn { alteration, .. }) => is_for_filled(alteration),
        _ => false,
    };
    match &change.action {
        Action::Create => {}
        Action::Update(alterations) if alterations.iter().any(is_for_filled) => {}
        _ => return None,
    }
    let notes = vec![format!(
        "its rows cannot get a value while others write, no live migration: {}",
        obstacles.join("; ")
    )];
    let way_out = Some(format!("djogi apply --accept-downtime {}", change.address));
    Some(Judgement { way_out, ..Reason::OfflineOnly.because(notes) })
}

/// Why a column that would be written anew has no migration.
pub(super) fn missed(change: &Change<'_>, gates: &Gates<'_>) -> Vec<String> {
    let table = change.address.relation();
    let all = gates.obstacles.iter().chain(gates.unfilled);
    let own = all.filter(|(address, _)| {
        address.kind() == Kind::Column
            && (**address == change.address
                || change.address.kind() == Kind::Table && address.relation() == table)
    });
    own.map(|(address, why)| format!("no live migration of {}: {}", address.name(), why.join("; "))).collect()
}
