//! Executes one group, and tells what came of it. Most are one transaction, see [`transact`](super::transact): after a
//! crash at any point PostgreSQL has either all of it, with the ledger row, or none. What PostgreSQL refuses in one goes
//! to [`concurrent`](super::concurrent), rows that are written chunk by chunk to [`backfill`](super::backfill).
//!
//! Nowhere else does djogi change an object of a target.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use djogi_core::disposition::Reason;
use djogi_core::plan::{Group, Operation, PlanDocument, TransactionMode};
use djogi_core::{Address, Catalog, Digest, Ident, Kind, QualifiedName};
use futures_util::{StreamExt, pin_mut, stream};
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use super::Stop;
use super::arm::Armed;
use super::concurrent::tell_what_is_left;
use super::holders::tell_who_waited;
use super::kin::Kin;
use super::patience::Spent;
use super::progress::Progress;
use super::quiescence::Quiescence;
use super::record::Settled;
use super::state_move::StateMove;
use super::work::Work;
use crate::approvals::Spending;
use crate::connect::DatabaseError;
use crate::error::EngineError;
use crate::event::{Event, Failure, Reporter, TransactionFate, millis_since};
use crate::identity::{OpId, RunId};
use crate::ledger::{Fence, LedgerError, OpKind, OpRecord};
use crate::secrets::Secrets;
use crate::session::Session;
use crate::state::{SidecarGroup, Store};
pub(super) use crate::sweep::intent::digest_in;

/// Statements sent ahead of the answers: enough to hide the way to the server, few enough to stop soon.
pub(super) const IN_FLIGHT: usize = 32;

/// How soon a statement is cancelled that has begun after the cancellation before.
const CANCEL_AGAIN: Duration = Duration::from_millis(100);

const APPLY_AS_OWNER: &str =
    "apply as a role that owns the objects, or that is a member of the role that does";

/// What the groups of one plan have in common.
pub(super) struct Execution<'a> {
    document: &'a PlanDocument,
    work: &'a Work<'a>,
    run: RunId,
    reporter: &'a dyn Reporter,
    stop: Stop,
    progress: Progress,
    quiescence: &'a Quiescence,
    kin: Kin,
    /// Of the group that failed last.
    last_sqlstate: Option<String>,
    /// A step of a live migration found rows that are not as they must be before it goes on.
    has_failed_checkpoint: bool,
    spendings: Vec<Spending>,
    secrets: Secrets,
    /// What every object that the plan speaks of must be like when its turn comes, by target and relation; `None`: not
    /// there.
    expected: BTreeMap<&'a Ident, BTreeMap<QualifiedName, BTreeMap<&'a Address, Option<Digest>>>>,
}

/// What a group is executed with, besides its session.
pub(super) struct Backing<'b, 'a> {
    /// What was announced of it.
    pub(super) armed: &'b Armed,
    pub(super) store: &'b dyn Store,
    /// `None` where the state is not in the database of the group.
    pub(super) state: Option<StateMove<'b, 'a>>,
}

impl Backing<'_, '_> {
    /// In the open transaction that holds the row of `op`, as its last effect.
    pub(super) async fn move_state(
        &mut self,
        session: &Session<'_>,
        group: &Group,
        op: OpId,
        relations: &BTreeSet<QualifiedName>,
    ) -> Result<(), Obstacle> {
        match &mut self.state {
            Some(state) => state.write(session, group, op, relations.clone()).await,
            None => Ok(()),
        }
    }
}

/// A group that is not.
pub(super) enum GroupError {
    /// It was reported; what does not depend on it can go on. With what stood in the way, when it was no error.
    RolledBack(Option<Reason>),
    /// Nothing can go on.
    Fatal(EngineError),
}

impl From<EngineError> for GroupError {
    fn from(error: EngineError) -> Self {
        GroupError::Fatal(error)
    }
}

/// Why a transaction was not committed.
pub(super) enum Obstacle {
    Statement {
        error: DatabaseError,
        address: Option<Address>,
    },
    /// A lock that was not to be had until the budget was spent.
    Contended {
        error: DatabaseError,
        address: Option<Address>,
        spent: Spent,
    },
    /// Somebody wanted the run to end while nothing of it was under way.
    Ended,
    /// Rows stand in the way.
    Rows {
        message: String,
        /// The way out.
        hint: String,
        address: Address,
    },
    /// No error of a statement: one that cannot be rolled back did not do what it is for, or an approval was spent.
    Outcome {
        message: String,
        /// The way out.
        hint: Option<&'static str>,
        address: Address,
    },
    Engine(EngineError),
}

impl<E: Into<EngineError>> From<E> for Obstacle {
    fn from(error: E) -> Self {
        Obstacle::Engine(error.into())
    }
}

impl Obstacle {
    /// Whether a lock of somebody else was in the way, so that another try may succeed.
    pub(super) fn is_contention(&self) -> bool {
        match self {
            Obstacle::Statement { error, .. } | Obstacle::Contended { error, .. } => error.is_contention(),
            Obstacle::Engine(error) => error.is_contention(),
            Obstacle::Rows { .. } | Obstacle::Outcome { .. } | Obstacle::Ended => false,
        }
    }
}

impl<'a> Execution<'a> {
    pub(super) fn new(
        document: &'a PlanDocument,
        work: &'a Work<'a>,
        (spendings, secrets): (Vec<Spending>, Secrets),
        (quiescence, kin): (&'a Quiescence, Kin),
        run: RunId,
        reporter: &'a dyn Reporter,
        stop: Stop,
    ) -> Self {
        let progress = Progress::default();
        let mut expected: BTreeMap<_, BTreeMap<_, BTreeMap<_, _>>> = BTreeMap::new();
        for (address, digest) in &document.preconditions {
            if let Some(relation) = address.relation().or_else(|| table_of_rows(document, address)) {
                let relations = expected.entry(address.target()).or_default();
                relations.entry(relation).or_default().insert(address, *digest);
            }
        }
        let last_sqlstate = None;
        Self {
            document,
            work,
            run,
            reporter,
            stop,
            progress,
            quiescence,
            kin,
            last_sqlstate,
            has_failed_checkpoint: false,
            spendings,
            secrets,
            expected,
        }
    }

    /// Takes note of what committed groups have left.
    pub(super) fn expect(&mut self, settled: Option<Settled>) {
        let Some(Settled { target, observed, relations }) = settled else { return };
        let Some(expected) = self.expected.get_mut(&target) else { return };
        for relation in &relations {
            for (address, expected) in expected.get_mut(relation).into_iter().flatten() {
                *expected = digest_in(&observed.catalog, address);
            }
        }
    }

    /// What the objects of `relations` must be like now.
    pub(super) fn expected_of(
        &self,
        target: &Ident,
        relations: &BTreeSet<QualifiedName>,
    ) -> impl Iterator<Item = (&Address, Option<Digest>)> {
        let expected = self.expected.get(target);
        let objects = relations.iter().filter_map(move |relation| expected?.get(relation)).flatten();
        objects.map(|(address, digest)| (*address, *digest))
    }

    pub(super) async fn execute(
        &mut self,
        session: &Session<'_>,
        fence: &Fence,
        number: u32,
        group: &Group,
        backing: &mut Backing<'_, '_>,
    ) -> Result<OpId, GroupError> {
        let (began, op) = (Instant::now(), backing.armed.group(group).op_id);
        let (target, name) = (group.target.clone(), group.id.clone());
        let operations = group.operations.len();
        self.reporter.report(&Event::GroupStarted { target, group: name, op, operations });
        let relations = self.relations(group);
        self.progress.begin();
        let ended = {
            let work = self.work(session, fence, number, group, backing, &relations);
            let work = self.progress.watched(work, session, group, self.reporter);
            pin_mut!(work);
            let mut stop = self.stop.clone();
            tokio::select! {
                ended = &mut work => ended,
                Ok(_) = stop.wait_for(Option::is_some) => {
                    // What the statement makes of it is told by the transaction itself.
                    loop {
                        // One that arrives between two statements is lost, so it is sent until the transaction is over.
                        let _ = session.connection.canceller().cancel().await;
                        tokio::select! {
                            ended = &mut work => break ended,
                            () = tokio::time::sleep(CANCEL_AGAIN) => {}
                        }
                    }
                }
            }
        };
        let (target, name, elapsed_ms) = (group.target.clone(), group.id.clone(), millis_since(began));
        match ended {
            Ok(()) => {
                self.reporter.report(&Event::GroupCommitted { target, group: name, op, elapsed_ms });
                Ok(op)
            }
            Err(obstacle) => {
                // A lost connection rolls back by itself, and takes the run lock with it.
                let rolled_back = session.connection.client().batch_execute("ROLLBACK").await;
                if rolled_back.is_err() {
                    crate::failpoint!(infallible "lock.connection_lost");
                }
                if let Obstacle::Rows { address, .. } = &obstacle {
                    self.has_failed_checkpoint |= address.kind().is_of_migration();
                }
                let (mut failure, fatal, spent) = tell(obstacle);
                self.secrets.hide_rows(&group.target, &relations, &mut failure);
                let waited = spent.is_some()
                    || failure.sqlstate.as_deref() == Some(SqlState::LOCK_NOT_AVAILABLE.code());
                if failure.sqlstate.as_deref() == Some(SqlState::INSUFFICIENT_PRIVILEGE.code()) {
                    failure.hint.get_or_insert_with(|| APPLY_AS_OWNER.to_owned());
                }
                if group.transaction == TransactionMode::Outside {
                    tell_what_is_left(session, group, &relations, &mut failure).await;
                } else if waited {
                    tell_who_waited(session, group, &relations, spent, &mut failure).await;
                }
                self.last_sqlstate.clone_from(&failure.sqlstate);
                self.reporter.report(&Event::GroupFailed { target, group: name, op, failure, elapsed_ms });
                let reason = waited.then_some(Reason::LockBudgetExceeded);
                Err(fatal.map_or(GroupError::RolledBack(reason), GroupError::Fatal))
            }
        }
    }

    async fn work(
        &self,
        session: &Session<'_>,
        fence: &Fence,
        number: u32,
        group: &Group,
        backing: &mut Backing<'_, '_>,
        relations: &BTreeSet<QualifiedName>,
    ) -> Result<(), Obstacle> {
        match group.transaction {
            TransactionMode::In | TransactionMode::Barrier => {
                self.transact(session, fence, number, group, backing, relations).await
            }
            TransactionMode::Outside => {
                self.run_concurrently(session, fence, number, group, backing, relations).await
            }
            TransactionMode::Chunked => {
                self.run_in_chunks(session, fence, number, group, backing, relations).await
            }
        }
    }

    /// What the ledger says of a group: what was announced of it.
    pub(super) fn op_record(
        &self,
        kind: OpKind,
        fence: &Fence,
        number: u32,
        intent: &SidecarGroup,
    ) -> OpRecord {
        OpRecord {
            op: intent.op_id,
            run: self.run,
            target: fence.target.clone(),
            epoch: fence.epoch,
            group_no: number,
            kind,
            plan_digest: Some(self.document.digest),
            addresses: intent.addresses.clone(),
            before_digest: intent.before_digest,
            after_digest: intent.after_digest,
        }
    }

    /// What the group that failed last has failed with.
    pub(super) fn last_sqlstate(&self) -> Option<&str> {
        self.last_sqlstate.as_deref()
    }

    /// Whether rows were found that keep a live migration from its next step.
    pub(super) fn has_failed_checkpoint(&self) -> bool {
        self.has_failed_checkpoint
    }

    pub(super) fn document(&self) -> &PlanDocument {
        self.document
    }

    pub(super) fn changes(&self) -> &Work<'_> {
        self.work
    }

    /// The approvals that `group` spends.
    pub(super) fn spendings(&self, group: &Group) -> impl Iterator<Item = &Spending> {
        self.spendings.iter().filter(|spending| spending.is_of(group))
    }

    /// Within the transaction that holds the row of `op`: what is spent already allows nothing.
    pub(super) async fn spend_approvals(
        &self,
        client: &Client,
        group: &Group,
        op: OpId,
    ) -> Result<(), Obstacle> {
        for spending in self.spendings(group) {
            match spending.spend(client, op).await {
                Err(error @ LedgerError::ApprovalSpent { .. }) => {
                    let (message, address) = (error.to_string(), spending.address.clone());
                    return Err(Obstacle::Outcome { message, hint: None, address });
                }
                spent => spent?,
            }
        }
        Ok(())
    }

    pub(super) fn reporter(&self) -> &dyn Reporter {
        self.reporter
    }

    /// Whether what rows of `relations` hold may be said.
    pub(super) fn shows_rows(&self, target: &Ident, relations: &BTreeSet<QualifiedName>) -> bool {
        self.secrets.sensitive_among(target, relations).is_none()
    }

    /// Ends what waits for it.
    pub(super) fn stop(&self) -> Stop {
        self.stop.clone()
    }

    pub(super) fn progress(&self) -> &Progress {
        &self.progress
    }

    pub(super) fn quiescence(&self) -> &Quiescence {
        self.quiescence
    }

    pub(super) async fn run_statements(&self, client: &Client, group: &Group) -> Result<(), Obstacle> {
        let sent = stream::iter(&group.operations).map(|operation| async {
            let sql = self.secrets.statement(operation);
            client.batch_execute(&sql).await
        });
        let answers = sent.buffered(IN_FLIGHT);
        pin_mut!(answers);
        for (number, operation) in (1..).zip(&group.operations) {
            let began = Instant::now();
            let Operation { address, sql, .. } = operation;
            let (target, name) = (group.target.clone(), group.id.clone());
            // Once for each, however often the group is tried.
            if self.progress.starts(number) {
                self.reporter.report(&Event::OperationStarted {
                    target: target.clone(),
                    group: name.clone(),
                    address: address.clone(),
                    number,
                    sql: sql.clone(),
                });
            }
            self.progress.executing(number, operation);
            let answer = answers.next().await.unwrap_or(Ok(()));
            answer.map_err(|error| self.operation_failed(&error, sql, address))?;
            crate::failpoint!("group.after_statement");
            if self.progress.finishes(number) {
                self.reporter.report(&Event::OperationFinished {
                    target,
                    group: name,
                    address: address.clone(),
                    number,
                    elapsed_ms: millis_since(began),
                });
            }
        }
        Ok(())
    }

    fn operation_failed(&self, error: &tokio_postgres::Error, sql: &str, address: &Address) -> Obstacle {
        let error = self.secrets.masked(DatabaseError::new(error).in_statement(sql));
        Obstacle::Statement { error, address: Some(address.clone()) }
    }

    /// The relations that the group's changes are about or depend on, by their old and new names, and those of their
    /// families that the plan speaks of; with what is migrated all that refers to it.
    pub(super) fn relations(&self, group: &Group) -> BTreeSet<QualifiedName> {
        let changes = self.work.of(group).iter();
        let addresses = changes.flat_map(|change| {
            std::iter::once(&change.address).chain(&change.previous_address).chain(&change.depends_on)
        });
        let besides = group.operations.iter().flat_map(|operation| &operation.besides).cloned();
        // What a statement that nothing rolls back was about is known by its oids.
        let left = group.operations.iter().filter_map(|operation| operation.concurrently.as_ref());
        let left = left.filter_map(|concurrently| concurrently.from.as_ref()?.relation());
        let mut named: BTreeSet<QualifiedName> = addresses
            .filter(|address| address.target() == &group.target)
            .filter_map(Address::relation)
            .chain(besides)
            .chain(left)
            .collect();
        let referring: Vec<QualifiedName> = self.kin.referring_to(&group.target, &named).cloned().collect();
        named.extend(referring);
        let expected = self.expected.get(&group.target);
        let is_expected = |name: &QualifiedName| expected.is_some_and(|of| of.contains_key(name));
        let mut all = self.kin.with_families(&group.target, named.clone());
        all.retain(|name| named.contains(name) || is_expected(name));
        all
    }

    /// What is no longer as the plan has seen it, in words.
    pub(super) fn moved(
        &self,
        target: &Ident,
        live: &Catalog,
        relations: &BTreeSet<QualifiedName>,
    ) -> Vec<String> {
        self.expected_of(target, relations)
            .filter_map(|(address, expected)| describe_move(address, expected, digest_in(live, address)))
            .collect()
    }
}

/// The table that a seed or a migration is about, which its address does not say.
fn table_of_rows(document: &PlanDocument, address: &Address) -> Option<QualifiedName> {
    let change = document.resource_changes.iter().find(|change| change.address == *address);
    let needs = &change.filter(|change| change.kind.is_about_rows())?.depends_on;
    needs.iter().find(|need| need.kind() == Kind::Table).and_then(Address::relation)
}

/// `None` when nothing has moved.
pub(super) fn describe_move(
    address: &Address,
    expected: Option<Digest>,
    found: Option<Digest>,
) -> Option<String> {
    match (expected, found) {
        (expected, found) if expected == found => None,
        (None, Some(_)) => Some(format!("`{address}` exists by now")),
        (Some(_), None) => Some(format!("`{address}` is gone")),
        (_, _) => Some(format!("`{address}` was changed")),
    }
}

/// The way out where a foreign key meets rows that it refuses.
const ORPHANS: &str = "mend the rows, or say what becomes of them by [live.<table>_<columns>_orphans] on_orphan, then djogi apply; \
    where that is said, a trigger or a rule of the table has kept them";

/// What is reported of an obstacle, the error when nothing can go on after it, and what was spent on waiting.
fn tell(obstacle: Obstacle) -> (Failure, Option<EngineError>, Option<Spent>) {
    match obstacle {
        Obstacle::Statement { mut error, address } => {
            let is_of_orphans = error.sqlstate.as_deref() == Some(SqlState::FOREIGN_KEY_VIOLATION.code());
            if is_of_orphans && address.as_ref().is_some_and(|address| address.kind() == Kind::Constraint) {
                error.hint.get_or_insert_with(|| ORPHANS.to_owned());
            }
            let fatal = error.connection_lost().then(|| EngineError::Sql(error.clone()));
            (Failure { address, ..Failure::from(error) }, fatal, None)
        }
        Obstacle::Contended { error, address, spent } => {
            (Failure { address, ..Failure::from(error) }, None, Some(spent))
        }
        Obstacle::Ended => {
            let message = "the run was ended while the group waited for its locks".to_owned();
            (Failure { message, ..Failure::default() }, None, None)
        }
        Obstacle::Rows { message, hint, address } => {
            let failure = Failure { message, hint: Some(hint), address: Some(address), ..Failure::default() };
            (failure, None, None)
        }
        Obstacle::Outcome { message, hint, address } => {
            let hint = hint.map(str::to_owned);
            (Failure { message, hint, address: Some(address), ..Failure::default() }, None, None)
        }
        Obstacle::Engine(error) => {
            let transaction = match &error {
                EngineError::CommitLost { committed: Some(true), .. } => TransactionFate::Committed,
                EngineError::CommitLost { committed: None, .. } => TransactionFate::Unknown,
                _ => TransactionFate::RolledBack,
            };
            (Failure { message: error.to_string(), transaction, ..Failure::default() }, Some(error), None)
        }
    }
}
