//! What the sweep does in a database: it finishes statements that were interrupted, and writes the ledger rows of those
//! that had ended.
//!
//! After each effect it looks again and decides anew. A crash at any point leaves the sidecar, and the next sweep
//! begins where this one has ended.

use djogi_core::observation::Oid;
use djogi_core::{Address, Digest, QualifiedName};
use tokio_postgres::Client;

use super::backend::this_backend;
use super::finding::{Finding, Treatment};
use super::pending::{Pending, op_record};
use super::statement::{self, Ended, index_named};
use super::table::Row;
use crate::apply::Stop;
use crate::connect::Connection;
use crate::error::EngineError;
use crate::identity::{OpId, RunId, host_name, timestamp};
use crate::ledger::{Fence, Holder, bump_epoch, ensure_ledger, fence, find_op, record_op, spend_approval};
use crate::left_constraint::{Left, find_left};
use crate::lock::RunLock;
use crate::session::Session;
use crate::state::{FenceClass, OutsideOperation, Sidecar, Store};

/// Who acts, and on what.
pub(crate) struct Actor<'a> {
    pub(crate) session: &'a Session<'a>,
    pub(crate) lock: &'a RunLock,
    pub(crate) fence: &'a Fence,
    pub(crate) store: &'a dyn Store,
    pub(crate) run: RunId,
    pub(crate) actor: &'a crate::identity::Actor,
    pub(crate) stop: Option<Stop>,
}

impl Actor<'_> {
    fn client(&self) -> &Client {
        self.session.connection.client()
    }

    /// Finishes what `pending`, the sidecar of a statement, speaks of. Gives the first row that fitted: what was found.
    ///
    /// # Errors
    /// When a statement fails or the run is fenced; the sidecar stays.
    pub(crate) async fn finish_statement(
        &self,
        pending: &mut Pending,
        ended: Ended,
    ) -> Result<(), EngineError> {
        if pending.sidecar.class != FenceClass::N {
            return Ok(());
        }
        let mut first = None;
        while let Some(found) = pending.found.first().map(|found| found.finding.clone()) {
            let (row, told) = (found.row, found.told.clone());
            if !found.has_effect() {
                if found.treatment == Treatment::RollForward {
                    self.write_ledger_row(&pending.sidecar).await?;
                }
                break;
            }
            self.perform(&pending.sidecar, &found).await?;
            crate::failpoint!("sweep.after_effect");
            let again = statement::find(self.session, &pending.sidecar, &[], ended).await?;
            if again == found {
                // What was done has not changed anything: doing it again would not either.
                pending.decide(Finding::new(row, format!("{told}; it is still so"), Treatment::Keep));
                return Ok(());
            }
            pending.decide(again);
            first.get_or_insert((row, told));
        }
        // The row that was acted on is the one to be told, with the end it has come to.
        if let (Some((row, told)), Some(last)) = (first, pending.found.first_mut()) {
            let told = format!("{told}; then {}", last.finding.told);
            last.finding = Finding { row, told, ..last.finding.clone() };
        }
        Ok(())
    }

    async fn perform(&self, sidecar: &Sidecar, finding: &Finding) -> Result<(), EngineError> {
        self.lock.verify(self.client()).await?;
        fence(self.client(), self.fence).await?;
        match &finding.treatment {
            Treatment::DropIndex { index, oid } => {
                if sidecar.operation == Some(OutsideOperation::IndexDrop) {
                    // Its own sidecar speaks of this very drop.
                    self.drop_index(index, *oid).await
                } else {
                    self.drop_leftover(sidecar, index, *oid).await
                }
            }
            Treatment::Finalize { table, partition } => self.finalize(sidecar, table, partition).await,
            Treatment::ClaimDatabase { database } => self.claim_database(sidecar, database).await,
            Treatment::DropDatabase { database } => {
                let sql = format!("DROP DATABASE {}", quoted(database));
                self.run_cancellable(&sql).await
            }
            Treatment::Retire
            | Treatment::RollForward
            | Treatment::Discard
            | Treatment::Keep
            | Treatment::Wait => Ok(()),
        }
    }

    /// Drops a leftover of our own under a sidecar of its own, so that a crash in the middle is known for what it is.
    async fn drop_leftover(&self, of: &Sidecar, index: &QualifiedName, oid: Oid) -> Result<(), EngineError> {
        let address = Address::index(self.session.target, index);
        let op_id = OpId::generate();
        let sidecar = Sidecar {
            addresses: vec![address.clone()],
            after_digest: None,
            approval_id: None,
            backend: Some(this_backend(self.client()).await?),
            before_digest: None,
            before_oids: [(address, oid)].into(),
            class: FenceClass::N,
            database: None,
            djogi: env!("CARGO_PKG_VERSION").to_owned(),
            epoch: self.fence.epoch,
            groups: Vec::new(),
            lineage: self.fence.lineage,
            op_id,
            operation: Some(OutsideOperation::IndexDrop),
            plan_digest: of.plan_digest,
            run_id: self.run,
            state: of.state,
            statement_digest: Some(Digest::of_bytes(drop_sql(index).as_bytes())),
            target: self.session.target.clone(),
            xid: None,
        };
        self.store.put_sidecar(&sidecar).await?;
        crate::failpoint!("carcass.before_drop");
        self.drop_index(index, oid).await?;
        crate::failpoint!("carcass.after_drop");
        Ok(self.store.retire_sidecar(op_id).await?)
    }

    async fn drop_index(&self, index: &QualifiedName, oid: Oid) -> Result<(), EngineError> {
        // Between the decision and the statement nobody else with our lock can have come; others can.
        match index_named(self.client(), index).await? {
            Some(found) if found.oid == oid && !found.valid => self.run_cancellable(&drop_sql(index)).await,
            Some(_) | None => Ok(()),
        }
    }

    async fn finalize(
        &self,
        sidecar: &Sidecar,
        table: &QualifiedName,
        partition: &QualifiedName,
    ) -> Result<(), EngineError> {
        let sql = format!("ALTER TABLE {table} DETACH PARTITION {partition} FINALIZE");
        self.in_transaction(sidecar, &sql).await
    }

    async fn claim_database(&self, sidecar: &Sidecar, database: &str) -> Result<(), EngineError> {
        let parameters = self.session.parameters.with_database(database);
        let connection = Connection::open(&parameters, &self.run.to_string()).await?;
        let claimed = async {
            let client = connection.client();
            ensure_ledger(client).await?;
            let holder = Holder {
                actor: self.actor.clone(),
                host: host_name(),
                pid: std::process::id(),
                run: self.run,
                command: "recover".to_owned(),
                since: timestamp(),
                backend_pid: connection.backend_pid(),
            };
            bump_epoch(client, &sidecar.target, sidecar.lineage, &holder).await
        }
        .await;
        connection.close().await;
        claimed.map(|_| ()).map_err(EngineError::from)
    }

    /// Runs `sql` and writes the ledger row in one transaction.
    async fn in_transaction(&self, sidecar: &Sidecar, sql: &str) -> Result<(), EngineError> {
        crate::failpoint!("sweep.before_finalize");
        let client = self.client();
        let failed = |error: tokio_postgres::Error| EngineError::sql(&error, sql);
        client.batch_execute("BEGIN").await.map_err(failed)?;
        let done = async {
            fence(client, self.fence).await?;
            self.run_cancellable(sql).await?;
            self.record(sidecar).await
        }
        .await;
        let end = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
        let ended = client.batch_execute(end).await.map_err(|error| EngineError::sql(&error, end));
        done.and(ended)
    }

    /// Writes the ledger row of a statement that had ended before its row was written.
    async fn write_ledger_row(&self, sidecar: &Sidecar) -> Result<(), EngineError> {
        if sidecar.groups.is_empty() || find_op(self.client(), sidecar.op_id).await?.is_some() {
            return Ok(());
        }
        crate::failpoint!("sweep.before_op_row");
        let client = self.client();
        client.batch_execute("BEGIN").await.map_err(|error| EngineError::sql(&error, "BEGIN"))?;
        let done = async {
            fence(client, self.fence).await?;
            self.record(sidecar).await
        }
        .await;
        let end = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
        let ended = client.batch_execute(end).await.map_err(|error| EngineError::sql(&error, end));
        done.and(ended)
    }

    async fn record(&self, sidecar: &Sidecar) -> Result<(), EngineError> {
        let Some(record) = op_record(sidecar) else { return Ok(()) };
        let client = self.client();
        if sidecar.operation == Some(OutsideOperation::Detach)
            && let (Some(partition), Some(digest)) = (sidecar.addresses.first(), sidecar.after_digest)
            && let Some(oid) = sidecar.before_oids.get(partition)
            && let Left::Constraint(sql) =
                find_left(client, *oid, digest, sidecar.before_oids.values().copied()).await?
        {
            self.run_cancellable(&sql).await?;
        }
        record_op(client, &record).await?;
        if let Some(spent) = sidecar.approval_id {
            let approvals = self.store.approvals().await?;
            let mut known = approvals.into_iter().filter_map(|stored| stored.approval.ok());
            if let Some(approval) = known.find(|known| known.id == spent) {
                let approver = approval.approver.as_str();
                spend_approval(client, approval.id, sidecar.op_id, approver, &approval.reason).await?;
            }
        }
        Ok(())
    }

    /// Runs a statement that a signal cancels.
    async fn run_cancellable(&self, sql: &str) -> Result<(), EngineError> {
        crate::failpoint!("sweep.before_effect");
        let work = self.client().batch_execute(sql);
        let failed = |error: tokio_postgres::Error| EngineError::sql(&error, sql);
        let Some(mut stop) = self.stop.clone() else { return work.await.map_err(failed) };
        tokio::pin!(work);
        tokio::select! {
            done = &mut work => done.map_err(failed),
            Ok(_) = stop.wait_for(Option::is_some) => {
                // What the statement makes of it is told by the statement itself.
                let _ = self.session.connection.canceller().cancel().await;
                work.await.map_err(failed)
            }
        }
    }
}

fn drop_sql(index: &QualifiedName) -> String {
    format!("DROP INDEX CONCURRENTLY {index}")
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// What `recoveries` of the state says of a row.
pub(crate) fn outcome(finding: &Finding) -> String {
    let end = match finding.treatment {
        Treatment::Retire if finding.row == Row::T3 => "nothing was left to do",
        Treatment::Retire if finding.row == Row::A2 => "kept",
        Treatment::Retire => "planned again",
        Treatment::RollForward => "recorded",
        Treatment::Discard => "removed",
        Treatment::Keep => "kept",
        Treatment::Wait => "waited for",
        Treatment::DropIndex { .. }
        | Treatment::Finalize { .. }
        | Treatment::ClaimDatabase { .. }
        | Treatment::DropDatabase { .. } => "finished",
    };
    format!("{}: {end}", finding.told)
}
