//! Renames are never inferred: the tools that guess destroy data. But when one object goes and one of the same
//! shape comes, the plan says which line would make it a rename.

use super::{Action, Change};
use crate::address::{Address, Kind};
use crate::kind::{Column, Resource, Table, TableAlteration};

/// Adds a note to each pair of a deletion and a creation that looks like a rename.
pub(super) fn note_lookalikes(changes: &mut [Change<'_>]) {
    let mut notes: Vec<(usize, String)> = Vec::new();
    let deleted: Vec<usize> = (0..changes.len()).filter(|&i| changes[i].action == Action::Delete).collect();
    for &gone in &deleted {
        let found = match changes[gone].address.kind() {
            Kind::Table => new_table_like(changes, gone),
            Kind::Column => new_column_like(changes, gone),
            Kind::Schema | Kind::Extension | Kind::Enum | Kind::Sequence | Kind::Constraint | Kind::Index => {
                None
            }
        };
        let Some((come, new_name)) = found else { continue };
        let old = &changes[gone].address;
        let (attribute, old_name) = match old.kind() {
            Kind::Column => ("field", old.name().as_str()),
            _ => ("model", old.name().as_str()),
        };
        let note = format!(
            "`{old_name}` goes and `{new_name}` of the same shape comes; if this is a rename, add \
             #[{attribute}(renamed_from = {old_name:?})] to `{new_name}`"
        );
        notes.push((gone, note.clone()));
        notes.push((come, note));
    }
    for (index, note) in notes {
        changes[index].notes.push(note);
    }
}

/// The only created table with the columns of the deleted one.
fn new_table_like(changes: &[Change<'_>], gone: usize) -> Option<(usize, String)> {
    let Some(Resource::Table(old)) = changes[gone].live else { return None };
    let mut alike = changes.iter().enumerate().filter(|(_, change)| {
        change.action == Action::Create
            && change.address.target() == changes[gone].address.target()
            && matches!(change.desired.map(|d| &d.resource), Some(Resource::Table(new)) if same_columns(old, new))
    });
    let (index, change) = alike.next()?;
    alike.next().is_none().then(|| (index, change.address.name().as_str().to_owned()))
}

fn same_columns(old: &Table, new: &Table) -> bool {
    let shape = |column: &Column| (column.name.clone(), column.data_type.clone());
    let mut old: Vec<_> = old.columns.iter().map(shape).collect();
    let mut new: Vec<_> = new.columns.iter().map(shape).collect();
    old.sort();
    new.sort();
    !old.is_empty() && old == new
}

/// The only added column of the table that is like the deleted one.
fn new_column_like(changes: &[Change<'_>], gone: usize) -> Option<(usize, String)> {
    let Some(Resource::Table(table)) = changes[gone].live else { return None };
    let old = table.column(changes[gone].address.name())?;
    let owner: Address = changes[gone].address.table_of_member()?;
    let (index, update) = changes.iter().enumerate().find(|(_, change)| change.address == owner)?;
    let Action::Update(alterations) = &update.action else { return None };
    let mut alike = alterations.iter().filter_map(|alteration| match alteration {
        crate::kind::Alteration::Table(TableAlteration::AddColumn(column))
            if column.data_type == old.data_type && column.not_null == old.not_null =>
        {
            Some(column.name.as_str().to_owned())
        }
        _ => None,
    });
    let name = alike.next()?;
    alike.next().is_none().then_some((index, name))
}
