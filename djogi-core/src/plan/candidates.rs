//! The changes with what they need and their statements, before anything is decided about them.

use std::collections::{BTreeMap, BTreeSet};

use crate::address::{Address, Kind};
use crate::desired::Desired;
use crate::diff::family::Family;
use crate::diff::parts::shared_part;
use crate::diff::{Action, Change, Rebased};
use crate::ident::QualifiedName;
use crate::kind::{Constraint, Resource};
use crate::migration::Filling;
use crate::plan::classify::Candidate;
use crate::plan::depend::Dependencies;
use crate::plan::lower::{Lowered, Surroundings, lower};
use crate::plan::made;
use crate::plan::moving::Moving;
use crate::plan::needs::Needs;
use crate::plan::parents::Parents;
use crate::sql::{Context, Impossible, enum_dependents};

/// What the changes rest on.
pub(super) struct Sides<'a> {
    pub(super) desired: &'a Dependencies<'a>,
    pub(super) live: &'a Dependencies<'a>,
    pub(super) declared: &'a Desired,
    pub(super) rebased: &'a Rebased<'a>,
}

/// Writes the statements of all changes.
pub(super) fn candidates<'a>(
    changes: Vec<Change<'a>>,
    parents: &Parents,
    family: &Family<'_>,
    sides: &Sides<'_>,
    context: &Context<'_>,
) -> Vec<Candidate<'a>> {
    let moving = Moving::of(&changes);
    let mut inline: BTreeMap<Address, Vec<&Constraint>> = BTreeMap::new();
    let mut leaving_first: BTreeSet<Address> = BTreeSet::new();
    for change in &changes {
        if let (Action::Create, Some(parent)) = (&change.action, parents.parent(&change.address))
            && let Some(Resource::Constraint(constraint)) = change.desired.map(|declared| &*declared.resource)
            && family.worker(change).is_none()
        {
            inline.entry(parent.clone()).or_default().push(constraint);
        }
        if matches!(change.action, Action::Delete | Action::Replace(_))
            && parents.parent(&change.address).is_none()
        {
            leaving_first.insert(change.address.clone());
        }
    }
    let exchanging: BTreeMap<&Address, Address> =
        changes.iter().filter_map(|change| Some((change.exchanges?, change.address.clone()))).collect();
    let coming_back: BTreeSet<Address> =
        changes.iter().filter(|change| change.brings_back()).map(|change| change.address.clone()).collect();
    changes
        .into_iter()
        .map(|change| {
            let mut needs = Needs::of(&change, (sides.desired, sides.live), &coming_back);
            needs.desired.extend(filled_column(&change, context));
            if change.address.kind().is_code() {
                let exchanged = needs.desired.iter().filter_map(|need| exchanging.get(need));
                let exchanged: Vec<Address> = exchanged.cloned().collect();
                needs.desired.extend(exchanged);
            }
            let inline = inline.get(&change.address).map_or(&[][..], Vec::as_slice);
            let rebuild = match (&change.action, change.live) {
                (Action::Replace(_), Some(Resource::Enum(live))) => enum_dependents(live, context)
                    .into_iter()
                    .filter(|resource| {
                        let address = resource.address(context.target);
                        sides.rebased.recorded.resources.contains_key(&address)
                            && !leaving_first.contains(&address)
                    })
                    .collect(),
                (Action::Replace(_), Some(Resource::Table(table)))
                    if change.address.kind() == Kind::Table =>
                {
                    owned_and_kept(&table.qualified_name(), sides, context)
                }
                _ => Vec::new(),
            };
            let way = family.way(&change);
            let mut lowered = match parents.parent(&change.address) {
                Some(_) => Default::default(),
                None => {
                    let moves = moving.touches(&needs);
                    let around = Surroundings { inline, rebuild: &rebuild, moves, way: &way };
                    lower(&change, around, context)
                }
            };
            made::finish(&change, (sides.declared, sides.rebased), context, &mut lowered);
            if let Some(refusal) = short_of_parts(&change, sides.rebased, context) {
                lowered = Lowered { parts: Vec::new(), refusal: Some(refusal) };
            }
            Candidate { change, needs, lowered }
        })
        .collect()
}

/// The column that the step of a migration is there to fill.
fn filled_column(change: &Change<'_>, context: &Context<'_>) -> Option<Address> {
    let migration = change.address.parent_name().filter(|_| change.address.kind() == Kind::MigrationStep)?;
    let is_its_own = |filling: &Filling| filling.beside().is_some_and(|fill| fill.name == *migration);
    context.fills.iter().find(|(_, filling)| is_its_own(filling)).map(|(column, _)| column.clone())
}

/// What is made without the parts of the partitions, which are made, or are missing, as they are declared, would never get
/// those of partitions that nobody declares.
fn short_of_parts(change: &Change<'_>, rebased: &Rebased<'_>, context: &Context<'_>) -> Option<Impossible> {
    let table = shared_part(&change.desired?.resource).filter(|_| context.apart.contains(&change.address))?;
    let partition = rebased.partitions_elsewhere.get(&table)?.first()?.clone();
    Some(Impossible::PartsElsewhere { address: change.address.clone(), partition })
}

/// The sequences that columns of a live table own and that are declared.
fn owned_and_kept<'a>(table: &QualifiedName, sides: &Sides<'_>, context: &Context<'a>) -> Vec<&'a Resource> {
    let owned = context.live.iter().filter(|(address, resource)| match resource {
        Resource::Sequence(sequence) => {
            sequence.owned_by.as_ref().is_some_and(|owner| owner.table == *table)
                && sides.rebased.recorded.resources.contains_key(*address)
                && context.desired.is_some_and(|desired| desired.contains_key(*address))
        }
        _ => false,
    });
    owned.map(|(_, resource)| resource).collect()
}
