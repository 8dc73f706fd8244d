//! Renames are never inferred: the tools that guess destroy data. But when one object goes and one of the same
//! shape comes, the plan says which line would make it a rename.

use std::collections::BTreeMap;

use super::{Action, Change};
use crate::address::{Address, Kind};
use crate::ident::Ident;
use crate::kind::{Alteration, Column, Resource, Table, TableAlteration};

/// Adds a note to each pair of a deletion and a creation that looks like a rename. `changes` are sorted.
pub(super) fn note_lookalikes(changes: &mut [Change<'_>]) {
    let mut notes: Vec<(usize, String)> = Vec::new();
    let deleted: Vec<usize> = (0..changes.len()).filter(|&i| changes[i].action == Action::Delete).collect();
    let created = if deleted.is_empty() { BTreeMap::new() } else { created_tables(changes) };
    for &gone in &deleted {
        let found = match changes[gone].address.kind() {
            Kind::Table => new_table_like(changes, &created, gone),
            Kind::Column => new_column_like(changes, gone),
            _ => None,
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

/// The columns of a table, sorted.
type Shape = Vec<(Ident, String)>;

fn shape(table: &Table) -> Shape {
    let mut shape: Shape = table.columns.iter().map(|c| (c.name.clone(), c.data_type.clone())).collect();
    shape.sort();
    shape
}

fn created_tables(changes: &[Change<'_>]) -> BTreeMap<Shape, Vec<usize>> {
    let mut created: BTreeMap<Shape, Vec<usize>> = BTreeMap::new();
    for (index, change) in changes.iter().enumerate().filter(|(_, change)| change.action == Action::Create) {
        if change.address.kind() == Kind::Table
            && let Some(Resource::Table(table)) = change.desired.map(|declared| &*declared.resource)
        {
            created.entry(shape(table)).or_default().push(index);
        }
    }
    created
}

/// The only created table with the columns of the deleted one.
fn new_table_like(
    changes: &[Change<'_>],
    created: &BTreeMap<Shape, Vec<usize>>,
    gone: usize,
) -> Option<(usize, String)> {
    let Some(Resource::Table(old)) = changes[gone].live else { return None };
    match created.get(&shape(old)).map(Vec::as_slice) {
        Some([index]) => Some((*index, changes[*index].address.name().as_str().to_owned())),
        _ => None,
    }
}

/// The only added column of the table that is like the deleted one.
fn new_column_like(changes: &[Change<'_>], gone: usize) -> Option<(usize, String)> {
    let Some(Resource::Table(table)) = changes[gone].live else { return None };
    let old = table.column(changes[gone].address.name())?;
    let owner: Address = changes[gone].address.table_of_member()?;
    let is_alike = |column: &Column| column.data_type == old.data_type && column.not_null == old.not_null;
    let mut alike = Vec::new();
    for (index, change) in changes.iter().enumerate() {
        match (&change.action, change.desired.map(|declared| &*declared.resource)) {
            (Action::Update(alterations), _) if change.address == owner => {
                alike.extend(alterations.iter().filter_map(|alteration| match alteration {
                    Alteration::Table(TableAlteration::AddColumn(column)) if is_alike(column) => {
                        Some((index, column.name.as_str().to_owned()))
                    }
                    _ => None,
                }));
            }
            // One that cannot be added with the others.
            (Action::Create, Some(Resource::Table(table)))
                if change.address.kind() == Kind::Column
                    && change.address.table_of_member().as_ref() == Some(&owner) =>
            {
                let column = table.column(change.address.name()).filter(|column| is_alike(column));
                alike.extend(column.map(|column| (index, column.name.as_str().to_owned())));
            }
            _ => {}
        }
    }
    let found = alike.pop()?;
    alike.is_empty().then_some(found)
}
