//! Moves of the configuration that lead to what SQL files declare.

use djogi_core::declared::Source;
use djogi_core::{Address, Ident, Kind};

use super::{DesiredSide, Rejected};
use crate::normalise::NormaliseError;

/// A `[[moved]]` entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    pub from: Address,
    pub to: Address,
    /// The entry.
    pub source: Source,
}

/// Notes the moves of `target` on the objects that they lead to.
///
/// # Errors
/// Every one that leads nowhere.
pub(crate) fn declare(
    mut side: DesiredSide,
    moves: &[Move],
    target: &Ident,
) -> Result<DesiredSide, NormaliseError> {
    let mut wrong = Vec::new();
    for one in moves.iter().filter(|one| one.to.target() == target) {
        let Move { from, to, source } = one;
        if matches!(to.kind(), Kind::Role | Kind::RoleGrant) {
            wrong.push(Rejected::role_move(from, to, source));
            continue;
        }
        let owner = match to.kind() {
            Kind::Column => to.table_of_member(),
            _ => Some(to.clone()),
        };
        match owner.and_then(|owner| side.resources.get_mut(&owner)) {
            Some(table) if to.kind() == Kind::Column => {
                table.renamed_columns.insert(to.name().clone(), from.name().clone());
            }
            Some(declared) => declared.renamed_from = Some(from.clone()),
            None => wrong.push(Rejected::bad_move(to, source)),
        }
    }
    if wrong.is_empty() { Ok(side) } else { Err(NormaliseError::Rejected(wrong)) }
}
