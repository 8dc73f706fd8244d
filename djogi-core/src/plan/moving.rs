//! What this plan changes under the indexes that use it.

use std::collections::BTreeSet;

use crate::address::{Address, Kind};
use crate::diff::{Action, Change};
use crate::kind::{Alteration, TableAlteration};
use crate::plan::needs::Needs;

/// Columns and types that are not the same before and after the plan. An index on one of them cannot be built
/// before, and must not be there while it changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Moving(BTreeSet<Address>);

impl Moving {
    pub(super) fn of(changes: &[Change<'_>]) -> Self {
        let mut moving = BTreeSet::new();
        for change in changes {
            let address = &change.address;
            match (&change.action, address.kind()) {
                (
                    Action::Replace(_),
                    Kind::Column | Kind::Collation | Kind::Enum | Kind::MaterializedView,
                ) => {
                    moving.insert(address.clone());
                }
                (Action::Update(alterations), Kind::Column) if !alterations.is_empty() => {
                    moving.insert(address.clone());
                }
                (Action::Update(alterations), Kind::Table) => {
                    let columns = alterations.iter().filter_map(altered_column);
                    let table = address.relation();
                    let addresses = columns.zip(table.iter().cycle());
                    moving.extend(
                        addresses.map(|(column, table)| Address::column(address.target(), table, column)),
                    );
                }
                (
                    Action::Create
                    | Action::Update(_)
                    | Action::Adopt
                    | Action::Delete
                    | Action::Forget
                    | Action::Replace(_),
                    _,
                ) => {}
            }
        }
        Self(moving)
    }

    /// Whether something with these needs is among it.
    pub(super) fn touches(&self, needs: &Needs) -> bool {
        needs.live.iter().chain(&needs.desired).any(|need| self.0.contains(need))
    }
}

fn altered_column(alteration: &Alteration) -> Option<&crate::ident::Ident> {
    match alteration {
        Alteration::Table(TableAlteration::AlterColumn { column, .. }) => Some(column),
        Alteration::Table(TableAlteration::ReplaceColumn(column)) => Some(&column.name),
        _ => None,
    }
}
