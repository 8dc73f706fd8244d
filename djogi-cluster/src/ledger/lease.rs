//! The lease: one row a target with the lineage it belongs to and the epoch of its last lock holder.
//!
//! Each holder increments the epoch in a transaction of its own. Each group compares it in its transaction,
//! under a row lock, so a holder that slept through a takeover fails there, before anything commits.

use std::collections::BTreeSet;

use djogi_core::Ident;
use tokio_postgres::GenericClient;
use tokio_postgres::types::Type;

use super::error::LedgerError;
use super::holder::Holder;
use super::schema::ledger_version;
use crate::identity::{Epoch, Lineage, OpId};

/// The row of one target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    pub lineage: Lineage,
    pub epoch: Epoch,
    /// Who has bumped the epoch last; not necessarily still at work. `None` when a newer djogi wrote it.
    pub holder: Option<Holder>,
    /// The group that was committed last, in the order of execution; `None` before the first.
    pub last_op: Option<OpId>,
}

const READ: &str = "
SELECT lineage::text, epoch, holder::text,
       (SELECT o.op_id FROM djogi.op o WHERE o.target = $1 ORDER BY o.epoch DESC, o.group_no DESC LIMIT 1)
  FROM djogi.lease
 WHERE target = $1";

/// The lease of `target`; `None` when it has none yet. Reads only.
pub async fn read_lease(client: &impl GenericClient, target: &Ident) -> Result<Option<Lease>, LedgerError> {
    if ledger_version(client).await?.is_blank() {
        return Ok(None);
    }
    let row = client.query_typed_opt(READ, &[(&target.as_str(), Type::TEXT)]).await;
    let Some(row) = row.map_err(LedgerError::sql("read the lease", READ))? else { return Ok(None) };
    let (lineage, epoch, holder): (&str, i64, &str) = (row.get(0), row.get(1), row.get(2));
    let last_op: Option<&str> = row.get(3);
    let bad = || LedgerError::BadRow { op: format!("lease {target}"), value: format!("{lineage}, {epoch}") };
    Ok(Some(Lease {
        lineage: lineage.parse().map_err(|_| bad())?,
        epoch: Epoch::new(u64::try_from(epoch).map_err(|_| bad())?),
        holder: serde_json::from_str(holder).ok(),
        last_op: last_op.map(str::parse).transpose().map_err(|_| bad())?,
    }))
}

const LINEAGES: &str = "SELECT DISTINCT lineage::text FROM djogi.lease";

/// The states that targets in this database belong to. Reads only.
pub async fn read_lineages(client: &impl GenericClient) -> Result<BTreeSet<Lineage>, LedgerError> {
    if ledger_version(client).await?.is_blank() {
        return Ok(BTreeSet::new());
    }
    let rows =
        client.query_typed(LINEAGES, &[]).await.map_err(LedgerError::sql("read the leases", LINEAGES))?;
    let lineage = |text: &str| {
        let bad = |_| LedgerError::BadRow { op: "lease".to_owned(), value: text.to_owned() };
        text.parse().map_err(bad)
    };
    rows.iter().map(|row| lineage(row.get(0))).collect()
}

const BUMP: &str = "
INSERT INTO djogi.lease AS lease (target, lineage, epoch, holder)
VALUES ($1, $2::text::uuid, 1, $3::text::jsonb)
    ON CONFLICT (target) DO UPDATE
   SET epoch = lease.epoch + 1, holder = excluded.holder
 WHERE lease.lineage = excluded.lineage
RETURNING epoch";

/// Makes the caller the holder: the epoch is one more than any before, committed at once. For holders of the run
/// lock, after [`super::ensure_ledger`].
///
/// # Errors
/// [`LedgerError::OtherLineage`] when the target belongs to another state; nothing has changed then.
pub async fn bump_epoch(
    client: &impl GenericClient,
    target: &Ident,
    lineage: Lineage,
    holder: &Holder,
) -> Result<Epoch, LedgerError> {
    let (ours, holder) = (lineage.to_string(), holder.to_json());
    let params: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 3] =
        [(&target.as_str(), Type::TEXT), (&ours, Type::TEXT), (&holder, Type::TEXT)];
    let row =
        client.query_typed_opt(BUMP, &params).await.map_err(LedgerError::sql("take the lease", BUMP))?;
    match row {
        Some(row) => {
            let epoch: i64 = row.get(0);
            Ok(Epoch::new(epoch.unsigned_abs()))
        }
        None => {
            let found = read_lease(client, target).await?;
            let ledger = found.map_or(lineage, |lease| lease.lineage);
            Err(LedgerError::OtherLineage { target: target.clone(), ours: lineage, ledger })
        }
    }
}

/// What a group needs to know that it may still write: made when the epoch is taken, compared in every group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fence {
    pub target: Ident,
    pub lineage: Lineage,
    pub epoch: Epoch,
    /// The server process that holds the run lock. A transaction in another one is not protected by it.
    pub backend_pid: i32,
}

const FENCE: &str = "
SELECT epoch, pg_catalog.pg_backend_pid(), pg_catalog.pg_current_xact_id()::text
  FROM djogi.lease
 WHERE target = $1 AND lineage = $2::text::uuid
   FOR SHARE";

/// The first statement of every group's transaction: a takeover waits for the group, or the group fails here. Gives the
/// number of the transaction (`xid8`).
///
/// # Errors
/// [`LedgerError::Fenced`], [`LedgerError::OtherBackend`]: roll back and write nothing more.
pub async fn fence(transaction: &impl GenericClient, fence: &Fence) -> Result<u64, LedgerError> {
    let lineage = fence.lineage.to_string();
    let params: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 2] =
        [(&fence.target.as_str(), Type::TEXT), (&lineage, Type::TEXT)];
    let row = transaction.query_typed_opt(FENCE, &params).await;
    let row = row.map_err(LedgerError::sql("compare the epoch", FENCE))?;
    let Fence { target, lineage: _, epoch, backend_pid } = fence;
    let found = row.as_ref().map(|row| Epoch::new(row.get::<_, i64>(0).unsigned_abs()));
    if found != Some(*epoch) {
        return Err(LedgerError::Fenced { target: target.clone(), ours: *epoch, found });
    }
    let Some(row) = row else {
        return Err(LedgerError::Fenced { target: target.clone(), ours: *epoch, found });
    };
    let (now, xid): (i32, &str) = (row.get(1), row.get(2));
    if now != *backend_pid {
        return Err(LedgerError::OtherBackend { locked: *backend_pid, now });
    }
    xid.parse().map_err(|_| LedgerError::BadRow { op: format!("lease {target}"), value: xid.to_owned() })
}
