//! Executes a group that PostgreSQL refuses in a transaction: compare, run its one statement, look at the outcome, and
//! only then write the ledger row.
//!
//! Nothing rolls such a statement back. Of a build that fails an invalid index is left, of a drop an index that is no
//! longer used; neither is touched here, because only a sweep that knows who made it may do so.

use std::collections::BTreeSet;

use djogi_core::kind::{Lineage, Resource, Table};
use djogi_core::observation::Oid;
use djogi_core::plan::{ConcurrentVerb, Concurrently, Group, Operation, PlanDiagnostic, Severity};
use djogi_core::{Address, QualifiedName};

use tokio_postgres::Client;

use super::execute::{Backing, Execution, Obstacle};
use super::look::observe_all_of;
use crate::error::EngineError;
use crate::event::{Event, Failure, TransactionFate};
use crate::introspect::ObservedRelations;
use crate::ledger::{Fence, OpKind};
use crate::left_constraint::{Bounds, Left, find_left};
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
        let bounds = leaving(client, concurrently, &before).await?;
        let statement = (operation, concurrently, bounds.as_ref().map(|(_, bounds)| bounds));
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
        let left = match &bounds {
            Some((oid, bounds)) => {
                find_left(client, *oid, bounds.digest, bounds.checks.values().copied()).await?
            }
            None => Left::Nothing,
        };
        let besides = match &left {
            Left::Constraint(sql) => Some(sql.as_str()),
            Left::Nothing => None,
            Left::Unknown(name) => {
                self.reporter().report(&Event::Diagnostic(not_dropped(&operation.address, name)));
                None
            }
        };
        let note = (number, OpKind::Concurrent, besides);
        self.note_after(session, fenced, note, group, backing, relations).await
    }

    async fn has_done(
        &self,
        session: &Session<'_>,
        Concurrently { verb, object, .. }: &Concurrently,
        relations: &BTreeSet<QualifiedName>,
    ) -> Result<bool, EngineError> {
        let observed = observe_all_of(session, relations).await?;
        let found = observed.catalog.get(object);
        Ok(match verb {
            ConcurrentVerb::IndexCreate | ConcurrentVerb::Reindex => {
                matches!(found, Some(Resource::Index(index)) if index.valid)
            }
            ConcurrentVerb::IndexDrop => found.is_none(),
            ConcurrentVerb::Detach => {
                matches!(found, Some(Resource::Table(table)) if table.lineage == Lineage::None)
            }
        })
    }
}

fn not_dropped(table: &Address, constraint: &str) -> PlanDiagnostic {
    PlanDiagnostic {
        code: "constraint_left".to_owned(),
        severity: Severity::Warning,
        address: Some(table.clone()),
        message: format!(
            "constraint {constraint} is on it since it has left, and not what PostgreSQL was to leave"
        ),
        help: Some("if nobody wants it, drop it by hand".to_owned()),
    }
}

/// The partition that is about to leave, and what is known of it.
///
/// # Errors
/// When something has come that the plan did not know, because of which it cannot leave like this.
async fn leaving(
    client: &Client,
    Concurrently { object, from, .. }: &Concurrently,
    before: &ObservedRelations,
) -> Result<Option<(Oid, Bounds)>, Obstacle> {
    let Some(parent) = from.as_ref().and_then(Address::relation) else { return Ok(None) };
    let (Some(name), Some(oid)) = (object.relation(), before.oids.get(object)) else { return Ok(None) };
    let facts = [&name, &parent].map(|table| before.sizes.get(table));
    if let Some(obstacle) = facts.into_iter().flatten().find_map(|facts| facts.detach_obstacle) {
        let moved = format!("{object} cannot leave {parent} concurrently, {}", obstacle.as_str());
        return Err(EngineError::Stale(vec![moved]).into());
    }
    Ok(Bounds::of(client, object.target(), &name, *oid).await?.map(|bounds| (*oid, bounds)))
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
    let Some(Concurrently { verb, object, .. }) =
        group.operations.first().and_then(|operation| operation.concurrently.as_ref())
    else {
        return;
    };
    // Only words of the message depend on it.
    let Ok(observed) = observe_all_of(session, relations).await else {
        if *verb == ConcurrentVerb::Detach {
            failure.hint = Some("it may be half detached; the next apply goes on with it".to_owned());
        }
        return;
    };
    failure.hint = match observed.catalog.get(object) {
        Some(Resource::Index(index)) if !index.valid => {
            let name = index.qualified_name();
            match verb {
                ConcurrentVerb::IndexCreate => Some(format!(
                    "it left {name}, which costs every write and serves no query; djogi drops it, at once or in the next apply"
                )),
                ConcurrentVerb::IndexDrop => {
                    Some(format!("{name} serves no query any more; the next apply goes on with it"))
                }
                ConcurrentVerb::Reindex => {
                    Some(format!("{name} is as invalid as it was; the next apply tries again"))
                }
                ConcurrentVerb::Detach => None,
            }
        }
        Some(Resource::Table(Table {
            lineage: Lineage::Partition { of, detach_pending: true, .. }, ..
        })) => Some(format!(
            "it is half detached: {of} does not show its rows any more; djogi goes on, at once or in the next apply"
        )),
        _ => return,
    };
}
