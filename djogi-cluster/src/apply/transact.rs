//! A group that is one transaction: fence, lock, compare, run, write the ledger row, commit. Whoever is in the way of its
//! locks is waited for, and then all of it is done anew.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use djogi_core::ident::{DollarQuoted, Literal};
use djogi_core::plan::{Group, LockMode, Operation};
use djogi_core::{Address, Kind, QualifiedName};
use futures_util::future::try_join_all;
use futures_util::pin_mut;
use tokio_postgres::Client;

use super::execute::{Backing, Execution, IN_FLIGHT, Obstacle};
use super::look::observe_some;
use super::patience::{Patience, Turn};
use super::precheck::ask_rows;
use super::quiescence::nobody_since;
use crate::commit::{Fate, commit};
use crate::connect::DatabaseError;
use crate::error::EngineError;
use crate::ledger::{Fence, OpKind, fence, record_op};
use crate::refused_rows::obstacle;
use crate::session::Session;

/// A group that takes longer has the number of its transaction in the sidecar.
const XID_PATIENCE: Duration = Duration::from_millis(50);

/// How long a try for several locks waits for one of them at most, and for all after the first, where others lock the same
/// tables together, in an order of their own. It is over before PostgreSQL looks for a deadlock (`deadlock_timeout`, a second)
/// and ends one of those others.
const ENTANGLED_PATIENCE: [Duration; 2] = [Duration::from_millis(400), Duration::from_millis(900)];

impl Execution<'_> {
    pub(super) async fn transact(
        &self,
        session: &Session<'_>,
        fence: &Fence,
        number: u32,
        group: &Group,
        backing: &mut Backing<'_, '_>,
        relations: &BTreeSet<QualifiedName>,
    ) -> Result<(), Obstacle> {
        let client = session.connection.client();
        let mut patience = Patience::new(session.settings.lock_budget, group);
        let xid = loop {
            if patience.asks_rows() {
                let asked = ask_rows(client, group, self.shows_rows(&group.target, relations)).await;
                patience.has_asked_rows();
                asked?;
            }
            let wait = patience.next_wait();
            let tried = self.attempt(session, (fence, number), group, backing, relations, wait).await;
            match tried {
                Err(obstacle) if obstacle.is_contention() && patience.has_budget() => {
                    self.progress().over();
                    roll_back(client).await?;
                    match patience.wait_for_turn(self, session, group).await? {
                        Turn::Come => {}
                        Turn::Never => return Err(patience.at_its_end(obstacle)),
                    }
                }
                tried => break tried?,
            }
        };
        match commit(session, backing.armed.group(group).op_id, xid).await? {
            Fate::Committed => Ok(()),
            Fate::RolledBack(error) => Err(Obstacle::Statement { error, address: None }),
        }
    }

    /// All but the commit, each lock waited for no longer than `wait`. Gives the number of the open transaction.
    async fn attempt(
        &self,
        session: &Session<'_>,
        (fence, number): (&Fence, u32),
        group: &Group,
        backing: &mut Backing<'_, '_>,
        relations: &BTreeSet<QualifiedName>,
        wait: Duration,
    ) -> Result<u64, Obstacle> {
        let (armed, store) = (backing.armed, backing.store);
        let (client, intent) = (session.connection.client(), armed.group(group));
        let xid = self.enter(session, fence, group, relations, wait).await?;
        let row = self.op_record(OpKind::Group, fence, number, intent);
        let record = async {
            crate::failpoint!("group.before_op_row");
            record_op(client, &row).await?;
            crate::failpoint!("group.after_op_row");
            Ok::<_, Obstacle>(())
        };
        // The row is sent behind the last statement, and waits for no answer to it: both are undone together.
        let statements = self.run_statements(client, group);
        let work = async {
            if group.operations.len() <= IN_FLIGHT {
                let (done, recorded) = futures_util::join!(statements, record);
                self.progress().over();
                done.and(recorded)
            } else {
                statements.await?;
                self.progress().over();
                record.await
            }
        };
        pin_mut!(work);
        tokio::select! {
            done = &mut work => done?,
            () = tokio::time::sleep(XID_PATIENCE) => {
                // It takes a while, so that a human may want to ask the server about it.
                let noted = async {
                    match armed.with_xid(group, xid) {
                        Some(sidecar) => store.put_sidecar(&sidecar).await.map_err(EngineError::from),
                        None => Ok(()),
                    }
                };
                let (noted, done) = futures_util::join!(noted, work);
                done?;
                noted?;
            }
        }
        make_sure_of_refused(client, group).await?;
        let op = intent.op_id;
        self.spend_approvals(client, group, op).await?;
        backing.move_state(session, group, op, relations).await?;
        Ok(xid)
    }

    /// Begins the transaction, makes sure that this run may still write, takes the locks that the operations need,
    /// and only then compares, so that nobody can move an object between the comparison and its statement.
    async fn enter(
        &self,
        session: &Session<'_>,
        fenced: &Fence,
        group: &Group,
        relations: &BTreeSet<QualifiedName>,
        wait: Duration,
    ) -> Result<u64, Obstacle> {
        let client = session.connection.client();
        self.progress().locking();
        let mut locks: Vec<(String, LockMode)> = self.locks(group, relations).into_iter().collect();
        let views = if locks.is_empty() { Vec::new() } else { views_that_go(group) };
        let is_entangled =
            !views.is_empty() || group.operations.iter().any(|operation| !operation.besides.is_empty());
        let wait = match u32::try_from(locks.len() + views.len()) {
            Ok(number) if is_entangled => {
                let [each, all] = ENTANGLED_PATIENCE;
                wait.min(each).min(all / number.saturating_sub(1).max(1))
            }
            _ => wait,
        };
        // Whoever holds the last may want the first, and the other way round: no order is that of all others.
        if is_entangled && fastrand::bool() {
            locks.reverse();
        }
        let begin = format!("BEGIN; SET LOCAL lock_timeout = '{}ms'", wait.as_millis());
        // Sent together: whoever may not write any more has waited for a few locks then, and done nothing with them.
        let is_quiescent = self.quiescence().holds(&group.target);
        let (begun, xid, locked, nobody_since) = futures_util::join!(
            client.batch_execute(&begin),
            async {
                let xid = fence(client, fenced).await;
                crate::failpoint!("group.after_fence");
                Ok::<_, Obstacle>(xid?)
            },
            async {
                try_join_all(views.iter().map(|view| lock_view(client, view))).await?;
                try_join_all(locks.iter().map(|(relation, mode)| take_lock(client, group, relation, *mode)))
                    .await
            },
            async { Ok::<_, EngineError>(is_quiescent && nobody_since(client).await?) },
        );
        begun.map_err(|error| EngineError::sql(&error, &begin))?;
        crate::failpoint!("group.after_begin");
        let xid = xid?;
        self.quiescence().note(&group.target, xid);
        locked?;
        if !(nobody_since? && self.quiescence().holds(&group.target)) {
            self.quiescence().end(&group.target);
            let observed = observe_some(session, relations).await?;
            let moved = self.moved(&group.target, &observed.catalog, relations);
            if !moved.is_empty() {
                return Err(EngineError::Stale(moved).into());
            }
        }
        crate::failpoint!("group.after_compare");
        Ok(xid)
    }

    /// The strongest lock on each existing table, in the order of names, which all runs share.
    fn locks(&self, group: &Group, relations: &BTreeSet<QualifiedName>) -> BTreeMap<String, LockMode> {
        let tables = |is_there: bool| -> BTreeSet<String> {
            self.expected_of(&group.target, relations)
                .filter(|(address, digest)| address.kind() == Kind::Table && digest.is_some() == is_there)
                .filter_map(|(address, _)| address.relation())
                .map(|relation| relation.to_string())
                .collect()
        };
        let (exists, missing) = (tables(true), tables(false));
        let mut locks = BTreeMap::new();
        for lock in group.operations.iter().filter_map(|operation| operation.lock.as_ref()) {
            if exists.contains(&lock.relation) {
                let mode = locks.entry(lock.relation.clone()).or_insert(lock.mode);
                *mode = lock.mode.max(*mode);
            }
        }
        for operation in group.operations.iter().filter(|operation| !operation.besides.is_empty()) {
            // What the group itself renames has the lock under the name of before. What is not managed is there.
            for lock in operation.locks().filter(|lock| !missing.contains(&lock.relation)) {
                let mode = locks.entry(lock.relation).or_insert(lock.mode);
                *mode = lock.mode.max(*mode);
            }
        }
        locks
    }
}

/// That the rows could go which have, while the locks keep it so.
async fn make_sure_of_refused(client: &Client, group: &Group) -> Result<(), Obstacle> {
    for operation in &group.operations {
        let Some(rows) = &operation.refused else { continue };
        if let Some(why) = obstacle(client, rows).await? {
            let message = format!("the rows that {} would refuse stay: {why}", rows.foreign_key);
            let hint = Some("djogi plan says what can be done");
            return Err(Obstacle::Outcome { message, hint, address: operation.address.clone() });
        }
    }
    Ok(())
}

/// What makes room for another try.
async fn roll_back(client: &Client) -> Result<(), Obstacle> {
    let rolled_back = client.batch_execute("ROLLBACK").await;
    rolled_back.map_err(|error| statement_failed(&error, "ROLLBACK", None))
}

/// The views that the group drops, in that order, which is that of whoever reads them: a view comes before what it is made of.
fn views_that_go(group: &Group) -> Vec<&Operation> {
    let goes = |operation: &&Operation| {
        operation.address.kind() == Kind::View && operation.sql.starts_with("DROP VIEW ")
    };
    group.operations.iter().filter(goes).collect()
}

/// `LOCK TABLE` would lock the tables as well that a view is made of; a new owner that is the old one changes nothing.
async fn lock_view(client: &Client, drop: &Operation) -> Result<(), Obstacle> {
    let Some(view) = drop.address.relation() else { return Ok(()) };
    let (name, to) = (view.to_string(), format!("ALTER VIEW {view} OWNER TO "));
    let body = format!(
        "DECLARE owner name; BEGIN \
         SELECT pg_catalog.pg_get_userbyid(relowner) INTO owner FROM pg_catalog.pg_class \
         WHERE oid = pg_catalog.to_regclass({}); \
         IF FOUND THEN EXECUTE {} || pg_catalog.quote_ident(owner); END IF; END",
        Literal(&name),
        Literal(&to)
    );
    let sql = format!("DO {}", DollarQuoted(&body));
    client.batch_execute(&sql).await.map_err(|error| statement_failed(&error, &drop.sql, Some(&drop.address)))
}

async fn take_lock(client: &Client, group: &Group, relation: &str, mode: LockMode) -> Result<(), Obstacle> {
    let sql = format!("LOCK TABLE {relation} IN {} MODE", mode.as_sql());
    let is_for = |operation: &&Operation| operation.locks().any(|lock| lock.relation == relation);
    let address = group.operations.iter().find(is_for).map(|operation| &operation.address);
    client.batch_execute(&sql).await.map_err(|error| statement_failed(&error, &sql, address))
}

fn statement_failed(error: &tokio_postgres::Error, sql: &str, address: Option<&Address>) -> Obstacle {
    Obstacle::Statement { error: DatabaseError::new(error).in_statement(sql), address: address.cloned() }
}
