//! Commits a group, and finds out what became of a COMMIT whose answer was lost.

use crate::connect::{Connection, DatabaseError};
use crate::error::EngineError;
use crate::identity::OpId;
use crate::ledger::find_op;
use crate::session::Session;

/// What became of a transaction.
#[derive(Debug)]
pub(crate) enum Fate {
    Committed,
    RolledBack(DatabaseError),
}

const STATUS: &str = "SELECT pg_catalog.pg_xact_status($1::text::xid8)";

/// Commits the open transaction `xid`, which holds the ledger row `op`.
///
/// # Errors
/// When the answer was lost: [`EngineError::CommitLost`] says whether the group is committed, as a new session sees
/// it. The run lock went with the old session, so the run cannot go on in either case.
pub(crate) async fn commit(session: &Session<'_>, op: OpId, xid: u64) -> Result<Fate, EngineError> {
    crate::failpoint!("group.before_commit");
    let commit = session.connection.client().batch_execute("COMMIT");
    let Err(error) = crate::failpoint!(sent "group.commit_sent_no_reply", commit).await else {
        crate::failpoint!(infallible "group.after_commit");
        return Ok(Fate::Committed);
    };
    let error = DatabaseError::new(&error).in_statement("COMMIT");
    if !error.connection_lost() {
        return Ok(Fate::RolledBack(error));
    }
    let committed = ask_again(session, op, xid).await;
    Err(EngineError::CommitLost { op, committed: committed.ok().flatten(), error })
}

/// Whether the transaction has committed; `None` when the server does not say.
async fn ask_again(session: &Session<'_>, op: OpId, xid: u64) -> Result<Option<bool>, EngineError> {
    let connection = Connection::open(&session.parameters, &op.to_string()).await?;
    let client = connection.client();
    if find_op(client, op).await?.is_some() {
        return Ok(Some(true));
    }
    let xid = xid.to_string();
    let row = client.query_typed_one(STATUS, &[(&xid, tokio_postgres::types::Type::TEXT)]).await;
    let status: Option<String> = row.map_err(|error| EngineError::sql(&error, STATUS))?.get(0);
    Ok(match status.as_deref() {
        Some("committed") => Some(true),
        Some("aborted") => Some(false),
        _ => None,
    })
}
