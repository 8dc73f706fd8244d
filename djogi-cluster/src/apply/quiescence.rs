//! Whether anybody else has written to a server since its catalogs were read.
//!
//! PostgreSQL numbers the transactions that write, in the order in which they begin to. While nobody was writing when
//! the catalogs were read, and all the numbers given out since then are ours, nobody else can have changed them: what
//! was read holds, without being read again. On a server at work this is soon over, and everything is looked at.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use djogi_core::Ident;
use tokio_postgres::Client;

use crate::error::EngineError;
use crate::locked::Locked;

/// One counter for each server: targets may share it.
#[derive(Debug)]
pub(super) struct Quiescence {
    servers: BTreeMap<Ident, String>,
    /// The number that the next transaction gets if nobody else writes; `None` once somebody has.
    next: Mutex<BTreeMap<String, Option<u64>>>,
}

const NOBODY_SINCE: &str =
    "SELECT pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot()) = pg_catalog.pg_current_xact_id()";

impl Quiescence {
    /// Of all targets, each of which has taken its epoch, in one transaction, since it was looked at.
    pub(super) fn of(locked: &Locked<'_>) -> Self {
        let mut next: BTreeMap<String, Option<u64>> = BTreeMap::new();
        let mut servers = BTreeMap::new();
        for session in &locked.sessions {
            let server = session.connection.identity().system_identifier.to_string();
            let first = locked.next_transactions.get(session.target).copied().flatten();
            next.entry(server.clone())
                .and_modify(|next| *next = next.zip(first).map(|(next, first)| next.min(first)))
                .or_insert(first);
            servers.insert(session.target.clone(), server);
        }
        for (server, next) in &mut next {
            let epochs = servers.values().filter(|other| *other == server).count() as u64;
            *next = next.map(|next| next + epochs);
        }
        Self { servers, next: Mutex::new(next) }
    }

    /// Whether nobody else has written to the server of `target` so far.
    pub(super) fn holds(&self, target: &Ident) -> bool {
        let next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        self.servers.get(target).is_some_and(|server| next.get(server).copied().flatten().is_some())
    }

    /// Takes note that a transaction of ours has the number `xid`.
    pub(super) fn note(&self, target: &Ident, xid: u64) {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(next) = self.servers.get(target).and_then(|server| next.get_mut(server)) {
            *next = next.filter(|next| *next == xid).map(|next| next + 1);
        }
    }

    /// Takes note that work of ours uses numbers that we do not get to know.
    pub(super) fn end(&self, target: &Ident) {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(next) = self.servers.get(target).and_then(|server| next.get_mut(server)) {
            *next = None;
        }
    }
}

/// Whether no transaction that began to write after the open one has ended.
///
/// # Errors
/// What the server said.
pub(super) async fn nobody_since(client: &Client) -> Result<bool, EngineError> {
    let row = client.query_typed_one(NOBODY_SINCE, &[]).await;
    Ok(row.map_err(|error| EngineError::sql(&error, NOBODY_SINCE))?.get(0))
}
