//! Executes a group that PostgreSQL refuses in a transaction: compare, run its one statement, look at the outcome, and
//! only then write the ledger row.
//!
//! Nothing rolls such a statement back. Of a build that fails an invalid index is left, of a drop an index that is no
//! longer used; neither is touched here, because only a sweep that knows who made it may do so.

use std::collections::BTreeSet;

use djogi_core::QualifiedName;
use djogi_core::kind::Resource;
use djogi_core::plan::{ConcurrentVerb, Concurrently, Group, Operation};

use super::execute::{Backing, Execution, Obstacle};
use super::look::observe_all_of;
use crate::error::EngineError;
use crate::event::{Failure, TransactionFate};
use crate::ledger::{Fence, OpKind};
use crate::session::Session;

impl Execution<'_> {
    /// The session waits for locks as long as it takes: its `lock_timeout` is 0, and one would also end the waiting for
    /// older transactions, in the middle of the work.
    pub(super) async fn run_concurrently(
        &self,
        session: &Session<'_>,
        fenced: &Fence,
        number: u32,
        group: &Group,
        backing: &mut Backing<'_, '_>,
        relations: &BTreeSet<QualifiedName>,
    ) -> Result<(), Obstacle> {
        let (armed, store) = (backing.armed, backing.store);
        let client = session.connection.client();
        let [operation @ Operation { concurrently: Some(concurrently), .. }] = group.operations.as_slice()
        else {
            let what =
                format!("group {} is to run outside a transaction, but says not what it does", group.id);
            return Err(EngineError::Stale(vec![what]).into());
        };
        let before = self.compare_before(session, fenced, group, relations).await?;
        let statement = (operation, concurrently);
        if let Some(sidecar) =
            armed.statement(self.document(), self.changes(), group, statement, &before.oids)
        {
            store.put_sidecar(&sidecar).await?;
        }
        crate::failpoint!("concurrent.before_statement");
        let statement = self.run_statements(client, group);
        crate::failpoint!(sent "concurrent.statement_sent", statement).await?;
        self.progress().over();
        if !self.has_done(session, concurrently, relations).await? {
            let message = format!("`{}` has no error, and not the outcome it should have", operation.sql);
            return Err(Obstacle::Outcome { message, hint: None, address: operation.address.clone() });
        }
        let note = (number, OpKind::Concurrent);
        self.note_after(session, fenced, note, group, backing, relations).await
    }

    async fn has_done(
        &self,
        session: &Session<'_>,
        Concurrently { verb, object, builds: _ }: &Concurrently,
        relations: &BTreeSet<QualifiedName>,
    ) -> Result<bool, EngineError> {
        let observed = observe_all_of(session, relations).await?;
        let found = observed.catalog.get(object);
        Ok(match verb {
            ConcurrentVerb::IndexCreate | ConcurrentVerb::Reindex => {
                matches!(found, Some(Resource::Index(index)) if index.valid)
            }
            ConcurrentVerb::IndexDrop => found.is_none(),
        })
    }
}

/// Says what a failed group of this kind has left behind.
pub(super) async fn tell_what_is_left(
    session: &Session<'_>,
    group: &Group,
    relations: &BTreeSet<QualifiedName>,
    failure: &mut Failure,
) {
    if failure.transaction == TransactionFate::RolledBack {
        failure.transaction = TransactionFate::Outside;
    }
    let Some(Concurrently { verb, object, builds: _ }) =
        group.operations.first().and_then(|operation| operation.concurrently.as_ref())
    else {
        return;
    };
    // Only words of the message depend on it.
    let Ok(observed) = observe_all_of(session, relations).await else { return };
    let Some(Resource::Index(index)) = observed.catalog.get(object) else { return };
    if index.valid {
        return;
    }
    let name = index.qualified_name();
    failure.hint = Some(match verb {
        ConcurrentVerb::IndexCreate => format!(
            "it left {name}, which costs every write and serves no query; djogi drops it, at once or in the next apply"
        ),
        ConcurrentVerb::IndexDrop => {
            format!("{name} serves no query any more; the next apply goes on with it")
        }
        ConcurrentVerb::Reindex => format!("{name} is as invalid as it was; the next apply tries again"),
    });
}
