//! The row of `djogi.live`: what is written, and the knobs that any client may turn while it is.

use std::str::FromStr as _;

use djogi_core::plan::Backfill;
use djogi_core::{Digest, Ident};
use serde::Serialize;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::error::BackfillError;
use super::sql::{Parameter, optional};
use crate::error::EngineError;
use crate::identity::OpId;
use crate::ledger::{LedgerVersion, ledger_version};

/// How far a backfill is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// For transactions that are older than its trigger; its ranges are not known yet.
    Waiting,
    Running,
    Done,
}

impl State {
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "waiting" => Some(State::Waiting),
            "running" => Some(State::Running),
            "done" => Some(State::Done),
            _ => None,
        }
    }
}

/// The row.
#[derive(Clone, Debug)]
pub(super) struct Live {
    pub(super) op: OpId,
    pub(super) digest: Digest,
    pub(super) backfill: Backfill,
    pub(super) state: State,
    pub(super) chunk_ms: i32,
    pub(super) workers: i32,
}

/// The version of the ledger that has the table.
const SINCE: u32 = 3;

/// Whether the ledger of this database has live migrations.
pub(super) async fn is_there(client: &Client) -> Result<bool, EngineError> {
    Ok(matches!(ledger_version(client).await?, LedgerVersion::At(version) if version >= SINCE))
}

const FIND: &str = "
SELECT op_id, digest, definition::text, state, chunk_ms, workers
  FROM djogi.live
 WHERE target = $1 AND name = $2";

impl Live {
    /// The row of this name, if there is one.
    pub(super) async fn find(
        client: &Client,
        target: &Ident,
        name: &str,
    ) -> Result<Option<Self>, EngineError> {
        let found = optional(client, FIND, &[(&target.as_str(), Type::TEXT), (&name, Type::TEXT)]).await?;
        let Some(row) = found else { return Ok(None) };
        let bad = |value: &str| BackfillError::BadRow { name: name.to_owned(), value: value.to_owned() };
        let (op, digest, definition, state): (&str, &str, &str, &str) =
            (row.get(0), row.get(1), row.get(2), row.get(3));
        Ok(Some(Self {
            op: op.parse().map_err(|_| bad(op))?,
            digest: Digest::from_str(digest).map_err(|_| bad(digest))?,
            backfill: serde_json::from_str(definition).map_err(|_| bad(definition))?,
            state: State::parse(state).ok_or_else(|| bad(state))?,
            chunk_ms: row.get(4),
            workers: row.get(5),
        }))
    }

    /// The row of this name.
    ///
    /// # Errors
    /// [`BackfillError::Unknown`] when there is none.
    pub(super) async fn get(client: &Client, target: &Ident, name: &str) -> Result<Self, EngineError> {
        if !is_there(client).await? {
            return Err(unknown(target, name));
        }
        Self::find(client, target, name).await?.ok_or_else(|| unknown(target, name))
    }
}

fn unknown(target: &Ident, name: &str) -> EngineError {
    BackfillError::Unknown { target: target.to_string(), name: name.to_owned() }.into()
}

/// The row is for any client to change, as are `chunk_ms` and `workers`; workers see it before their next chunk.
const SET_PAUSED: &str = "
UPDATE djogi.live
   SET paused = $3 IS NOT NULL, pause_reason = $3
 WHERE target = $1 AND name = $2
RETURNING true";

/// Tells all workers to stop after their chunk, and others not to begin, for a reason; without one they may go on.
///
/// # Errors
/// [`BackfillError::Unknown`].
pub async fn set_paused(
    client: &Client,
    target: &Ident,
    name: &str,
    reason: Option<&str>,
) -> Result<(), EngineError> {
    if !is_there(client).await? {
        return Err(unknown(target, name));
    }
    let parameters: [Parameter<'_>; 3] =
        [(&target.as_str(), Type::TEXT), (&name, Type::TEXT), (&reason, Type::TEXT)];
    crate::failpoint!("backfill.before_turn");
    match optional(client, SET_PAUSED, &parameters).await? {
        Some(_) => Ok(()),
        None => Err(unknown(target, name)),
    }
}
