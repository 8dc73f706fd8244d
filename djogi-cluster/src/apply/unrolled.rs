//! What is around a group that is no transaction, and that nothing rolls back: before it the comparison, after it the row
//! of the ledger.

use std::collections::BTreeSet;

use djogi_core::QualifiedName;
use djogi_core::plan::Group;

use super::execute::{Backing, Execution, Obstacle};
use super::look::observe_all_of;
use crate::commit::{Fate, commit};
use crate::error::EngineError;
use crate::introspect::ObservedRelations;
use crate::ledger::{Fence, OpKind, fence, record_op};
use crate::session::Session;

impl Execution<'_> {
    /// Makes sure that this run may still write and that nothing has moved. Gives what there is, what live migrations have
    /// made among it.
    pub(super) async fn compare_before(
        &self,
        session: &Session<'_>,
        fenced: &Fence,
        group: &Group,
        relations: &BTreeSet<QualifiedName>,
    ) -> Result<ObservedRelations, Obstacle> {
        fence(session.connection.client(), fenced).await?;
        let before = observe_all_of(session, relations).await?;
        let seen = before.clone().with_migrations(&group.target);
        let moved = self.moved(&group.target, &seen.catalog, relations);
        if moved.is_empty() { Ok(before) } else { Err(EngineError::Stale(moved).into()) }
    }

    /// Writes the row of a group whose work is done, with the approvals that it spends, in one transaction with the statement
    /// `besides`.
    pub(super) async fn note_after(
        &self,
        session: &Session<'_>,
        fenced: &Fence,
        (number, kind, besides): (u32, OpKind, Option<&str>),
        group: &Group,
        backing: &mut Backing<'_, '_>,
        relations: &BTreeSet<QualifiedName>,
    ) -> Result<(), Obstacle> {
        const BEGIN: &str = "BEGIN";
        let client = session.connection.client();
        client.batch_execute(BEGIN).await.map_err(|error| EngineError::sql(&error, BEGIN))?;
        fence(client, fenced).await?;
        if let Some(sql) = besides {
            crate::failpoint!("concurrent.before_left_constraint");
            client.batch_execute(sql).await.map_err(|error| EngineError::sql(&error, sql))?;
        }
        crate::failpoint!("concurrent.before_op_row");
        let intent = backing.armed.group(group);
        let op = intent.op_id;
        let xid = record_op(client, &self.op_record(kind, fenced, number, intent)).await?;
        self.spend_approvals(client, group, op).await?;
        backing.move_state(session, group, op, relations).await?;
        crate::failpoint!("concurrent.after_op_row");
        match commit(session, op, xid).await? {
            Fate::Committed => Ok(()),
            Fate::RolledBack(error) => Err(Obstacle::Statement { error, address: None }),
        }
    }
}
