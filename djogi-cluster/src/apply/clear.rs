//! What a concurrent build or detachment leaves that failed before our eyes is cleared away at once, as the next sweep
//! would do it.
//!
//! Nothing depends on it: where it does not come to its end, the sidecar stays, and the next run goes on.

use djogi_core::Ident;
use tokio_postgres::error::SqlState;

use super::Stop;
use crate::error::EngineError;
use crate::event::{Event, Reporter};
use crate::identity::OpId;
use crate::ledger::Fence;
use crate::locked::Locked;
use crate::state::{FailedBuild, OutsideOperation, RecoveryEntry};
use crate::sweep::act::{Actor, outcome};
use crate::sweep::pending::{Pending, list};
use crate::sweep::statement::Ended;
use crate::sweep::table::Row;
use crate::sweep::{Treatment, statement};

/// Clears away what the failed statement `op` on `target` has left. Gives what is to be remembered of it, when nothing
/// is left to do.
///
/// # Errors
/// When the leftover could not be dropped or looked at.
pub(super) async fn clear_away(
    locked: &Locked<'_>,
    (target, fence): (&Ident, &Fence),
    (op, sqlstate, build): (OpId, Option<&str>, Option<FailedBuild>),
    stop: &Stop,
    reporter: &dyn Reporter,
) -> Result<Option<RecoveryEntry>, EngineError> {
    let listed = list(locked.store.as_ref()).await?;
    let sidecar = listed.readable.into_iter().find(|(_, sidecar)| sidecar.op_id == op);
    let Some((_, sidecar)) = sidecar else { return Ok(None) };
    let at = locked.sessions.iter().position(|session| session.target == target);
    // A half detached partition takes no rows, and its table shows none of it, until somebody goes on.
    let is_cleared =
        matches!(sidecar.operation, Some(OutsideOperation::IndexCreate | OutsideOperation::Detach));
    let Some(at) = at.filter(|_| is_cleared) else {
        return Ok(None);
    };
    let session = &locked.sessions[at];
    let is_not_unique = sqlstate == Some(SqlState::UNIQUE_VIOLATION.code());
    let ended = if is_not_unique { Ended::NotUnique } else { Ended::Unknown };
    let finding = statement::find(session, &sidecar, &[], ended).await?;
    let mut pending = Pending::of_statement(sidecar, finding);
    let actor = Actor {
        session,
        lock: &locked.locks[at],
        fence,
        store: locked.store.as_ref(),
        run: locked.run,
        actor: &locked.cluster.actor,
        stop: Some(stop.clone()),
    };
    actor.finish_statement(&mut pending, ended).await?;
    let found = pending.found.first().filter(|found| found.finding.treatment == Treatment::Retire);
    Ok(found.map(|found| {
        let (row, outcome) = (found.finding.row.code().to_owned(), outcome(&found.finding));
        let event = Event::Recovered {
            target: target.clone(),
            op,
            row: row.clone(),
            addresses: found.addresses.clone(),
            outcome: outcome.clone(),
        };
        reporter.report(&event);
        let build = build.filter(|_| found.finding.row == Row::I7);
        RecoveryEntry { build, op, outcome, row, run: locked.run }
    }))
}
