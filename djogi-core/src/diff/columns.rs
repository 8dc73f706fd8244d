//! Splits the update of a table: what could destroy data, and what renames, becomes a change of its own at the
//! column's address, so that it can be blocked or approved while the rest of the table goes on.

use std::collections::{BTreeMap, BTreeSet};

use super::{Action, Change, Drift, Rebased};
use crate::address::Address;
use crate::ident::Ident;
use crate::kind::{Alteration, ColumnAlteration, Resource, Table, TableAlteration};
use crate::plan::depend::generated_from;

/// Where the alteration of a column belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnPlace {
    /// In the update of the table.
    Table,
    /// In a change of its own, with all that alters the column.
    Column,
    /// The server cannot do it in place: the column is dropped and made anew.
    Replacement,
}

/// Judges one alteration of a column: live table, desired table, alteration.
pub type PlaceColumn<'f> = &'f dyn Fn(&Table, &Table, &TableAlteration) -> ColumnPlace;

/// Takes the changes that columns need for themselves out of the update of their table, and adds them to
/// `changes`. What is not the update of a table comes back as it is.
pub(super) fn split<'a>(
    update: Change<'a>,
    rebased: &'a Rebased<'_>,
    drifted: &BTreeMap<&Address, Drift<'_>>,
    place: PlaceColumn<'_>,
    changes: &mut Vec<Change<'a>>,
) -> Change<'a> {
    let (Action::Update(alterations), Some(Resource::Table(live)), Some(declared)) =
        (&update.action, update.live, update.desired)
    else {
        return update;
    };
    let Resource::Table(desired) = &*declared.resource else { return update };
    let name = desired.qualified_name();
    let address_of = |column: &Ident| Address::column(update.address.target(), &name, column);
    let renamed = |column: &Ident| rebased.renames.get(&address_of(column));

    let mut own: BTreeSet<&Ident> =
        live.columns.iter().map(|c| &c.name).filter(|c| renamed(c).is_some()).collect();
    let mut replaced = BTreeSet::new();
    for (column, alteration) in alterations.iter().filter_map(|a| Some((altered_column(a)?, a))) {
        let Alteration::Table(alteration) = alteration else { continue };
        match alteration {
            TableAlteration::DropColumn(_) => {
                own.insert(column);
            }
            TableAlteration::ReplaceColumn(_) => {
                replaced.insert(column);
            }
            TableAlteration::AlterColumn { .. } => match place(live, desired, alteration) {
                ColumnPlace::Table => {}
                ColumnPlace::Column => {
                    own.insert(column);
                }
                ColumnPlace::Replacement => {
                    replaced.insert(column);
                }
            },
            TableAlteration::SetLineage(_)
            | TableAlteration::AddColumn(_)
            | TableAlteration::SetProperty(_)
            | TableAlteration::SetForeignOptions(_)
            | TableAlteration::SetComment(_) => {}
        }
    }
    // PostgreSQL changes no type under a generated column, so that one leaves before and comes back after.
    for generated in &live.columns {
        let bases = generated_from(live, generated);
        let retyped = |alteration: &&Alteration| match alteration {
            Alteration::Table(alteration @ TableAlteration::AlterColumn { column, .. }) => {
                changes_type(alteration) && bases.contains(column)
            }
            _ => false,
        };
        let retyped: Vec<&Ident> = alterations.iter().filter(retyped).filter_map(altered_column).collect();
        if retyped.is_empty() {
            continue;
        }
        own.extend(retyped);
        if desired.column(&generated.name).is_some_and(|wanted| wanted.generated.is_some()) {
            replaced.insert(&generated.name);
        }
    }

    // A column that cannot be added is refused by itself; one that is computed from a column with a change of its own waits
    // for that.
    let stands_alone = |alteration: &&Alteration| match alteration {
        Alteration::Table(alteration @ TableAlteration::AddColumn(column)) => {
            let bases = generated_from(desired, column);
            bases.iter().any(|base| own.contains(base) || replaced.contains(base))
                || place(live, desired, alteration) != ColumnPlace::Table
        }
        _ => false,
    };
    let added_alone: Vec<&Alteration> = alterations.iter().filter(stands_alone).collect();

    for &column in own.union(&replaced) {
        let of_column = alterations.iter().filter(|a| altered_column(a) == Some(column));
        let action = match desired.column(column) {
            None => Action::Delete,
            Some(wanted) if replaced.contains(column) => Action::Replace(Some(Alteration::Table(
                TableAlteration::ReplaceColumn(Box::new(wanted.clone())),
            ))),
            Some(_) => Action::Update(of_column.cloned().collect()),
        };
        changes.push(Change {
            address: address_of(column),
            action,
            renamed_from: renamed(column),
            drift: update.drift && column_drifted(drifted.get(&update.address), column),
            notes: Vec::new(),
            ..update.clone()
        });
    }
    for alteration in &added_alone {
        let Alteration::Table(TableAlteration::AddColumn(column)) = alteration else { continue };
        changes.push(Change {
            address: address_of(&column.name),
            action: Action::Create,
            renamed_from: None,
            drift: false,
            notes: note_of_appended(live, desired, &[alteration]).into_iter().collect(),
            ..update.clone()
        });
    }
    let rest = alterations.iter().filter(|alteration| {
        !altered_column(alteration).is_some_and(|column| own.contains(column) || replaced.contains(column))
            && !added_alone.contains(alteration)
    });
    let rest: Vec<&Alteration> = rest.collect();
    let mut notes = update.notes.clone();
    notes.extend(note_of_appended(live, desired, &rest));
    Change { action: Action::Update(rest.into_iter().cloned().collect()), notes, ..update.clone() }
}

/// What is to be known of new columns that are declared before others that are there: the order in which columns stand is
/// no difference, since PostgreSQL can only append.
fn note_of_appended(live: &Table, desired: &Table, alterations: &[&Alteration]) -> Option<String> {
    let is_there = |name: &Ident| live.column(name).is_some();
    let stands_before = |name: &&Ident| {
        let behind = desired.columns.iter().skip_while(|column| column.name != **name);
        behind.skip(1).any(|column| is_there(&column.name))
    };
    let added = alterations.iter().filter_map(|alteration| match alteration {
        Alteration::Table(TableAlteration::AddColumn(column)) => Some(&column.name),
        _ => None,
    });
    let names: Vec<String> = added.filter(stands_before).map(|name| format!("`{name}`")).collect();
    let (last, others) = names.split_last()?;
    let (names, are, stand) = match others {
        [] => (last.clone(), "is", "stands"),
        _ => (format!("{} and {last}", others.join(", ")), "are", "stand"),
    };
    Some(format!("{names} {are} declared further up, and {stand} last: PostgreSQL appends new columns"))
}

/// The existing column that an alteration of a table is about.
pub fn altered_column(alteration: &Alteration) -> Option<&Ident> {
    match alteration {
        Alteration::Table(
            TableAlteration::AlterColumn { column, .. } | TableAlteration::DropColumn(column),
        ) => Some(column),
        Alteration::Table(TableAlteration::ReplaceColumn(column)) => Some(&column.name),
        _ => None,
    }
}

/// Whether an alteration gives the column another type or collation.
pub fn changes_type(alteration: &TableAlteration) -> bool {
    matches!(alteration, TableAlteration::AlterColumn { alteration: ColumnAlteration::SetType { .. }, .. })
}

fn column_drifted(drift: Option<&Drift<'_>>, column: &Ident) -> bool {
    let in_table = |resource: Option<&Resource>| match resource {
        Some(Resource::Table(table)) => table.column(column).cloned(),
        _ => None,
    };
    drift.is_some_and(|drift| drift.recorded.is_none() || in_table(drift.recorded) != in_table(drift.live))
}
