//! Spent approvals: one row each, written in the transaction of what was approved.

use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{GenericClient, Row};

use super::error::LedgerError;
use super::schema::ledger_version;
use crate::identity::{ApprovalId, OpId, RunId};

/// A spent approval as the ledger has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovalUse {
    pub approval: ApprovalId,
    /// The group that spent it.
    pub op: OpId,
    /// The run that it belonged to.
    pub run: RunId,
    /// Who had given it.
    pub actor: String,
    pub reason: String,
    /// RFC 3339, UTC; a label.
    pub used_at: String,
}

const SPEND: &str = "
INSERT INTO djogi.approval_use (approval_id, op_id, actor, reason)
VALUES ($1, $2, $3, $4)
    ON CONFLICT (approval_id) DO NOTHING
RETURNING approval_id";

/// Spends `approval` in the open transaction, which holds the row of `op` already. Another transaction that spends it at
/// the same time is waited for.
///
/// # Errors
/// [`LedgerError::ApprovalSpent`] when it is spent: the transaction must be rolled back.
pub async fn spend_approval(
    transaction: &impl GenericClient,
    approval: ApprovalId,
    op: OpId,
    actor: &str,
    reason: &str,
) -> Result<(), LedgerError> {
    let (id, op) = (approval.to_string(), op.to_string());
    let params: [(&(dyn ToSql + Sync), Type); 4] =
        [(&id, Type::TEXT), (&op, Type::TEXT), (&actor, Type::TEXT), (&reason, Type::TEXT)];
    let row = transaction.query_typed_opt(SPEND, &params).await;
    let row = row.map_err(LedgerError::sql("spend the approval", SPEND))?;
    row.map(drop).ok_or(LedgerError::ApprovalSpent { approval })
}

const USES: &str = "
SELECT u.approval_id, u.op_id, u.actor, u.reason,
       pg_catalog.to_char(u.used_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'), o.run_id
  FROM djogi.approval_use u
  JOIN djogi.op o USING (op_id)
 ORDER BY u.approval_id";

/// All approvals that were spent in this database. Reads only.
pub async fn approval_uses(client: &impl GenericClient) -> Result<Vec<ApprovalUse>, LedgerError> {
    if ledger_version(client).await?.is_blank() {
        return Ok(Vec::new());
    }
    let rows = client.query_typed(USES, &[]).await.map_err(LedgerError::sql("read the ledger", USES))?;
    rows.iter().map(from_row).collect()
}

fn from_row(row: &Row) -> Result<ApprovalUse, LedgerError> {
    let (approval, op, run): (&str, &str, &str) = (row.get(0), row.get(1), row.get(5));
    let bad = |value: &str| LedgerError::BadRow { op: op.to_owned(), value: value.to_owned() };
    Ok(ApprovalUse {
        approval: approval.parse().map_err(|_| bad(approval))?,
        op: op.parse().map_err(|_| bad(op))?,
        run: run.parse().map_err(|_| bad(run))?,
        actor: row.get(2),
        reason: row.get(3),
        used_at: row.get(4),
    })
}
