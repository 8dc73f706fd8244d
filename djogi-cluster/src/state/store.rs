//! The contract of every state backend: read, compare-and-swap, catalogs by digest, history, sidecars and
//! approvals.
//!
//! `tests/state/contract.rs` holds what each backend must pass. What a backend promises after a crash: the
//! state is the one before or the one after a swap. A catalog is stored before the state that names it.

use std::collections::BTreeSet;

use async_trait::async_trait;
use djogi_core::Digest;

use super::approval::{Approval, StoredApproval};
use super::catalog::RecordedCatalog;
use super::document::{Serial, State};
use super::error::StoreError;
use super::postgres::StateRow;
use super::sidecar::{QuarantinedSidecar, Sidecar, StoredSidecar};
use crate::connect::Connection;
use crate::identity::{OpId, RunId};

/// How many superseded revisions a store keeps.
pub const HISTORY_LENGTH: usize = 20;

/// The revision that a run started from; what [`Store::swap`] compares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    head: Option<(Serial, Digest)>,
}

impl Version {
    /// No state yet.
    pub const ABSENT: Version = Version { head: None };

    /// The version of a state with this serial and digest.
    pub fn of(serial: Serial, digest: Digest) -> Self {
        Self { head: Some((serial, digest)) }
    }

    /// `None` when there is no state.
    pub fn serial(&self) -> Option<Serial> {
        self.head.map(|(serial, _)| serial)
    }

    /// Digest of the whole state; `None` when there is none.
    pub fn digest(&self) -> Option<Digest> {
        self.head.map(|(_, digest)| digest)
    }

    /// Whether `next` is what follows this version; every backend asks before it writes.
    pub(super) fn check_successor(&self, next: &State) -> Result<(), StoreError> {
        let serial = self.serial().map_or(Ok(Serial::FIRST), Serial::next)?;
        if next.serial == serial {
            Ok(())
        } else {
            Err(StoreError::NotASuccessor { expected: self.clone(), next: next.serial })
        }
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.head {
            Some((serial, digest)) => write!(f, "serial {serial} ({digest})"),
            None => f.write_str("no state"),
        }
    }
}

/// What a swap does with the stored catalogs that neither the new state nor a revision or copy that is kept refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnusedCatalogs {
    Keep,
    /// Nobody misses one: whoever has stored a catalog for a state after the expected one cannot publish it any more,
    /// and who begins from the new state stores it anew.
    Remove,
}

/// A state as read, with the version to swap against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// `None` when the store holds no state. That means "new" only where no target has a ledger: see
    /// [`super::check_belonging`].
    pub state: Option<State>,
    pub version: Version,
}

/// Where states live.
#[async_trait]
pub trait Store: std::fmt::Debug + Send + Sync {
    /// Where the state is, for humans: a path, never a connection string with a password.
    fn location(&self) -> String;

    /// Reads the current state. Writes nothing, waits for nobody.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when what is there is not a state; never mistaken for an absent one.
    async fn read(&self) -> Result<Snapshot, StoreError>;

    /// Replaces the state that `expected` names by `next`, durably, and keeps the old one as backup and in the
    /// history. `next` must be the first state or the successor of the expected one.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the current state is another one; nothing is written then. A catalog that cannot be
    /// removed stays, and is no error.
    async fn swap(
        &self,
        expected: &Version,
        next: &State,
        unused: UnusedCatalogs,
    ) -> Result<Version, StoreError>;

    /// The state's row as a transaction of `connection` can move it; `None` where the state is elsewhere, or the role of
    /// that session may not move it.
    ///
    /// # Errors
    /// When a database cannot be asked.
    async fn row_in(&self, _connection: &Connection) -> Result<Option<StateRow>, StoreError> {
        Ok(None)
    }

    /// The stored catalogs that neither the state nor a revision or copy that is kept refers to. Reads only.
    async fn unused_catalogs(&self) -> Result<BTreeSet<Digest>, StoreError>;

    /// Makes sure, before any effect on a database, that a state can be written afterwards. Leaves the state
    /// as it is.
    ///
    /// # Errors
    /// [`StoreError::NotWritable`], [`StoreError::NoSpace`] or what else stands in the way.
    async fn preflight_writable(&self) -> Result<(), StoreError>;

    /// Stores a catalog durably and gives its digest. One that is there already is verified and, when damaged,
    /// written anew.
    async fn put_catalog(&self, catalog: &RecordedCatalog) -> Result<Digest, StoreError>;

    /// # Errors
    /// [`StoreError::CatalogMissing`], [`StoreError::CatalogDamaged`]: `djogi refresh` writes it anew.
    async fn catalog(&self, digest: &Digest) -> Result<RecordedCatalog, StoreError>;

    /// The serials that [`Store::revision`] can give, oldest first, the current one last.
    async fn history(&self) -> Result<Vec<Serial>, StoreError>;

    /// # Errors
    /// [`StoreError::NoSuchRevision`] when it was never there or is no longer kept.
    async fn revision(&self, serial: Serial) -> Result<State, StoreError>;

    /// Stores a sidecar durably, in place of the one with the same op id. Work begins when this has returned.
    async fn put_sidecar(&self, sidecar: &Sidecar) -> Result<(), StoreError>;

    /// All sidecars, oldest first by op id; those that cannot be read are among them, by name.
    ///
    /// # Errors
    /// When they cannot be listed, which is never "there is none".
    async fn sidecars(&self) -> Result<Vec<StoredSidecar>, StoreError>;

    /// Removes a sidecar durably, once the outcome of its work is durable. One that is gone is no error.
    async fn retire_sidecar(&self, op: OpId) -> Result<(), StoreError>;

    /// Puts aside a sidecar that [`Store::sidecars`] has named, for a human to look at; gives the place. It is
    /// never overwritten there.
    ///
    /// # Errors
    /// [`StoreError::NoSuchSidecar`].
    async fn quarantine_sidecar(&self, name: &str) -> Result<String, StoreError>;

    /// The sidecars that were put aside and that nobody has removed since. Reads only.
    ///
    /// # Errors
    /// When they cannot be listed.
    async fn quarantined_sidecars(&self) -> Result<Vec<QuarantinedSidecar>, StoreError>;

    /// Stores an approval durably, in place of the one with the same id.
    async fn put_approval(&self, approval: &Approval) -> Result<(), StoreError>;

    /// All approvals, oldest first by id; those that cannot be read are among them, by name.
    ///
    /// # Errors
    /// When they cannot be listed.
    async fn approvals(&self) -> Result<Vec<StoredApproval>, StoreError>;

    /// Keeps a copy of `state` under a name of its own until somebody removes it: `<serial>-<run>`, where `run` is
    /// the run that is about to replace it. Durable when it returns. Gives the place, for humans.
    async fn save_backup(&self, state: &State, run: RunId) -> Result<String, StoreError>;

    /// The names of all copies that [`Store::save_backup`] made, in their order.
    async fn saved_backups(&self) -> Result<Vec<String>, StoreError>;

    /// # Errors
    /// [`StoreError::NoSuchBackup`] when there is none of that name; [`StoreError::Damaged`] when it is not what was
    /// saved.
    async fn saved_backup(&self, name: &str) -> Result<State, StoreError>;

    /// Makes a store without a state one that holds `head` and `history`, the revisions before it, oldest first: how a
    /// state moves from one store to another with its lineage and serial. Catalogs and the rest are put before.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when there is a state; nothing is written then.
    async fn take_over(&self, head: &State, history: &[State]) -> Result<Version, StoreError>;

    /// Puts `next` in the place of a state that cannot be read, whose bytes are kept; gives the place of these, for humans.
    /// Its serial is raised above every revision that is kept.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the current state can be read, or there is none; nothing is written then.
    async fn replace_damaged(&self, next: State) -> Result<(Snapshot, String), StoreError>;

    /// Gives everything in the store another place, where no command looks; the store has no state then. Gives the
    /// place, for humans. The state goes first: killed in between, what is left has none.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the current state is not the `expected` one; nothing is moved then.
    async fn put_aside(&self, expected: &Version) -> Result<String, StoreError>;

    /// The state before the current one; `None` when there was none.
    async fn backup(&self) -> Result<Option<State>, StoreError> {
        let serials = self.history().await?;
        match serials.iter().rev().nth(1) {
            Some(serial) => self.revision(*serial).await.map(Some),
            None => Ok(None),
        }
    }
}
