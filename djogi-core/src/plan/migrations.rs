//! Whether the migrations that are to be finalized or abandoned can be.

use super::{ActionVerb, PlanError, PlanOptions, ResourceChange};
use crate::address::Kind;
use crate::disposition::Verdict;
use crate::ident::Ident;
use crate::kind::MigrationPhase;

/// # Errors
/// [`PlanError::NotAtItsGate`], for the first that cannot.
pub(super) fn at_their_gates(changes: &[ResourceChange], options: &PlanOptions) -> Result<(), PlanError> {
    for migration in &options.finalize {
        let cutover = changes.iter().find(|change| is_cutover(change, migration));
        match (ends(changes, migration), cutover) {
            (true, _) => {}
            (false, Some(cutover)) if cutover.disposition == Verdict::Applied => {}
            (false, Some(cutover)) => return Err(refused(migration, "finalized", &cutover.notes)),
            (false, None) => return Err(refused(migration, "finalized", &[])),
        }
    }
    match options.abandon.iter().find(|migration| !ends(changes, migration)) {
        Some(migration) => Err(refused(migration, "abandoned", &[])),
        None => Ok(()),
    }
}

fn is_cutover(change: &ResourceChange, migration: &Ident) -> bool {
    change.kind == Kind::MigrationStep
        && change.address.parent_name() == Some(migration)
        && change.name == MigrationPhase::Cutover.as_str()
}

/// Whether the plan ends the migration, in one way or the other, or says what that waits for.
fn ends(changes: &[ResourceChange], migration: &Ident) -> bool {
    changes.iter().any(|change| {
        change.kind == Kind::Migration
            && change.address.name() == migration
            && change.change.actions.contains(&ActionVerb::Delete)
    })
}

fn refused(migration: &Ident, what: &'static str, notes: &[String]) -> PlanError {
    let why =
        if notes.is_empty() { "there is none of this name under way".to_owned() } else { notes.join("; ") };
    PlanError::NotAtItsGate { migration: migration.clone(), what, why }
}
