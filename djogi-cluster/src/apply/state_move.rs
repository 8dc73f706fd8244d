//! The state moves in the transaction of each group, where both are in one database: nothing is left to be recorded after
//! a crash, and a group whose state was moved by somebody else is not committed.
//!
//! What the group has done is observed before its commit, and the state is the last that it writes.

use djogi_core::plan::Group;

use super::execute::Obstacle;
use super::record::{Record, Settled, TargetRecord};
use crate::event::{Event, Reporter};
use crate::identity::OpId;
use crate::locked::Locked;
use crate::session::Session;
use crate::state::{Snapshot, StateRow};

/// A larger state, in bytes, moves between groups only: all of it is written each time, while the group has its locks.
const LARGEST: usize = 256 * 1024;

/// What a group needs to move the state, and what has come of it.
pub(super) struct StateMove<'m, 'a> {
    record: &'m Record<'a>,
    locked: &'m Locked<'m>,
    row: &'m StateRow,
    moved: Option<Moved<'a>>,
}

/// A state that counts once its group is committed.
pub(super) struct Moved<'a> {
    record: TargetRecord<'a>,
    settled: Settled,
    snapshot: Snapshot,
}

impl<'m, 'a> StateMove<'m, 'a> {
    pub(super) fn new(record: &'m Record<'a>, locked: &'m Locked<'m>, row: &'m StateRow) -> Self {
        Self { record, locked, row, moved: None }
    }

    /// In the open transaction that holds the row of `op`: the state as it is when that is committed.
    pub(super) async fn write(
        &mut self,
        session: &Session<'_>,
        group: &Group,
        op: OpId,
        relations: std::collections::BTreeSet<djogi_core::QualifiedName>,
    ) -> Result<(), Obstacle> {
        let Snapshot { state, version } = &self.locked.snapshot;
        let Some(state) = state else { return Ok(()) };
        let (record, settled) = self.record.foresee(session, group, op, relations).await?;
        let content = self.record.content(self.locked, Some(&record)).await?;
        let next =
            state.successor(content, self.locked.written_by()).map_err(crate::state::StoreError::from)?;
        if next.to_bytes().len() > LARGEST {
            return Ok(());
        }
        let version = self.row.swap(session.connection.client(), version, &next).await?;
        self.moved = Some(Moved { record, settled, snapshot: Snapshot { state: Some(next), version } });
        Ok(())
    }

    /// What the committed group has moved.
    pub(super) fn into_moved(self) -> Option<Moved<'a>> {
        self.moved
    }
}

impl<'a> Moved<'a> {
    /// Takes over what is committed.
    pub(super) fn take(
        self,
        record: &mut Record<'a>,
        locked: &mut Locked<'_>,
        reporter: &dyn Reporter,
    ) -> Settled {
        record.take_published(self.record);
        locked.snapshot = self.snapshot;
        let version = &locked.snapshot.version;
        if let (Some(serial), Some(digest)) = (version.serial(), version.digest()) {
            reporter.report(&Event::StateWritten { serial, digest });
        }
        self.settled
    }
}
