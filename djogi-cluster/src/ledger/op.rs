//! Op rows: one for each group that committed, written in its transaction.
//!
//! The row is there or it is not, and so is the group's effect. Order is (epoch, group), never the order of ids
//! or of clocks.

use std::collections::BTreeSet;

use djogi_core::{Address, Digest, Ident};
use serde::{Deserialize, Serialize};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{GenericClient, Row};

use super::error::LedgerError;
use super::schema::ledger_version;
use crate::identity::{Epoch, OpId, RunId};

/// What a group was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OpKind {
    /// Operations in one transaction.
    Group,
    /// One statement that PostgreSQL refuses in a transaction; the row came after it.
    Concurrent,
    /// Rows that were written chunk by chunk; the row came after the last of them.
    Backfill,
    /// Existing objects taken over; no SQL but this row.
    Adopt,
}

impl OpKind {
    pub fn as_str(self) -> &'static str {
        match self {
            OpKind::Group => "group",
            OpKind::Concurrent => "concurrent",
            OpKind::Backfill => "backfill",
            OpKind::Adopt => "adopt",
        }
    }

    fn from_str(text: &str) -> Option<Self> {
        [OpKind::Group, OpKind::Concurrent, OpKind::Backfill, OpKind::Adopt]
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }
}

/// A group about to commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpRecord {
    pub op: OpId,
    pub run: RunId,
    pub target: Ident,
    pub epoch: Epoch,
    /// Position within the run, counted from 1.
    pub group_no: u32,
    pub kind: OpKind,
    pub plan_digest: Option<Digest>,
    /// What the group changes, sorted.
    pub addresses: Vec<Address>,
    /// Over the live resources before the group, by address.
    pub before_digest: Option<Digest>,
    /// Over the resources as they are to be after it.
    pub after_digest: Option<Digest>,
}

/// A committed group as the ledger has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedOp {
    pub record: OpRecord,
    /// `xid8` of the transaction, for `pg_xact_status`.
    pub xid: u64,
    /// RFC 3339, UTC; a label.
    pub committed_at: String,
}

const RECORD: &str = "
INSERT INTO djogi.op (op_id, run_id, target, epoch, group_no, kind, plan_digest, addresses, before_digest, after_digest)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
RETURNING xid::text";

/// The last statement of a group's transaction. Gives the transaction's `xid8`, which answers, through
/// `pg_xact_status`, for a COMMIT whose answer was lost.
pub async fn record_op(transaction: &impl GenericClient, record: &OpRecord) -> Result<u64, LedgerError> {
    let OpRecord {
        op,
        run,
        target,
        epoch,
        group_no,
        kind,
        plan_digest,
        addresses,
        before_digest,
        after_digest,
    } = record;
    let text = |digest: &Option<Digest>| digest.as_ref().map(Digest::to_string);
    let (op, run) = (op.to_string(), run.to_string());
    let epoch = epoch.get().cast_signed();
    let group_no = group_no.cast_signed();
    let (plan, before, after) = (text(plan_digest), text(before_digest), text(after_digest));
    let addresses: Vec<String> = addresses.iter().map(Address::to_string).collect();
    let params: [(&(dyn ToSql + Sync), Type); 10] = [
        (&op, Type::TEXT),
        (&run, Type::TEXT),
        (&target.as_str(), Type::TEXT),
        (&epoch, Type::INT8),
        (&group_no, Type::INT4),
        (&kind.as_str(), Type::TEXT),
        (&plan, Type::TEXT),
        (&addresses, Type::TEXT_ARRAY),
        (&before, Type::TEXT),
        (&after, Type::TEXT),
    ];
    let row = transaction.query_typed_one(RECORD, &params).await;
    let row = row.map_err(LedgerError::sql("write the ledger row", RECORD))?;
    let xid: &str = row.get(0);
    xid.parse().map_err(|_| LedgerError::BadRow { op, value: xid.to_owned() })
}

/// The groups that committed after a given one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Since {
    /// In the order of execution; empty when the given one is the last.
    Ops(Vec<RecordedOp>),
    /// The given one is not in the ledger: the database is older than who asks.
    Unknown,
}

macro_rules! select_ops {
    ($condition:literal) => {
        concat!(
            "SELECT op_id, run_id, target, epoch, group_no, kind, plan_digest, addresses, before_digest, ",
            "after_digest, xid::text, pg_catalog.to_char(committed_at AT TIME ZONE 'UTC', ",
            "'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"') FROM djogi.op WHERE ",
            $condition
        )
    };
}

const ALL: &str = select_ops!("target = $1 ORDER BY epoch, group_no");

const SINCE: &str = select_ops!(
    "target = $1 AND (epoch, group_no) >= (SELECT o.epoch, o.group_no FROM djogi.op o WHERE o.op_id = $2 AND o.target = $1) \
     ORDER BY epoch, group_no"
);

const FIND: &str = select_ops!("op_id = $1");

/// What was committed to `target` after `last`, or ever when it is `None`. Reads only.
pub async fn ops_since(
    client: &impl GenericClient,
    target: &Ident,
    last: Option<OpId>,
) -> Result<Since, LedgerError> {
    if ledger_version(client).await?.is_blank() {
        return Ok(last.map_or(Since::Ops(Vec::new()), |_| Since::Unknown));
    }
    let Some(last) = last else {
        let rows = client.query_typed(ALL, &[(&target.as_str(), Type::TEXT)]).await;
        let rows = rows.map_err(LedgerError::sql("read the ledger", ALL))?;
        return rows.iter().map(from_row).collect::<Result<_, _>>().map(Since::Ops);
    };
    let id = last.to_string();
    let params: [(&(dyn ToSql + Sync), Type); 2] = [(&target.as_str(), Type::TEXT), (&id, Type::TEXT)];
    let rows =
        client.query_typed(SINCE, &params).await.map_err(LedgerError::sql("read the ledger", SINCE))?;
    let mut ops = rows.iter().map(from_row).collect::<Result<Vec<_>, _>>()?;
    if ops.iter().any(|op| op.record.op == last) {
        ops.retain(|op| op.record.op != last);
        Ok(Since::Ops(ops))
    } else {
        Ok(Since::Unknown)
    }
}

/// The row of one group: present exactly when the group has committed. Reads only.
pub async fn find_op(client: &impl GenericClient, op: OpId) -> Result<Option<RecordedOp>, LedgerError> {
    if ledger_version(client).await?.is_blank() {
        return Ok(None);
    }
    let row = client.query_typed_opt(FIND, &[(&op.to_string(), Type::TEXT)]).await;
    row.map_err(LedgerError::sql("read the ledger", FIND))?.as_ref().map(from_row).transpose()
}

const GOES_ON: &str = "SELECT EXISTS (SELECT FROM djogi.op WHERE target = $1 AND epoch >= $2)";

/// Whether the ledger has a group of `epoch` or a later one. Reads only.
pub async fn goes_on(client: &impl GenericClient, target: &Ident, epoch: Epoch) -> Result<bool, LedgerError> {
    if ledger_version(client).await?.is_blank() {
        return Ok(false);
    }
    let number = epoch.get().cast_signed();
    let params: [(&(dyn ToSql + Sync), Type); 2] = [(&target.as_str(), Type::TEXT), (&number, Type::INT8)];
    let row = client.query_typed_one(GOES_ON, &params).await;
    Ok(row.map_err(LedgerError::sql("read the ledger", GOES_ON))?.get(0))
}

const FIND_SOME: &str = "SELECT op_id FROM djogi.op WHERE op_id = ANY ($1)";

/// Those of `ops` that have committed. Reads only.
pub async fn committed_ops(client: &impl GenericClient, ops: &[OpId]) -> Result<BTreeSet<OpId>, LedgerError> {
    if ops.is_empty() || ledger_version(client).await?.is_blank() {
        return Ok(BTreeSet::new());
    }
    let ids: Vec<String> = ops.iter().map(OpId::to_string).collect();
    let rows = client.query_typed(FIND_SOME, &[(&ids, Type::TEXT_ARRAY)]).await;
    let rows = rows.map_err(LedgerError::sql("read the ledger", FIND_SOME))?;
    let id = |text: &str| {
        text.parse().map_err(|_| LedgerError::BadRow { op: text.to_owned(), value: text.to_owned() })
    };
    rows.iter().map(|row| id(row.get(0))).collect()
}

const IN_PROGRESS: &str = "
SELECT x.xid
  FROM pg_catalog.unnest($1) AS x (xid)
 WHERE EXISTS (SELECT FROM pg_catalog.pg_locks l
                WHERE l.locktype = 'transactionid' AND l.granted AND l.mode = 'ExclusiveLock'
                  AND l.transactionid::text::bigint = x.xid & 4294967295)";

/// Those of the transactions (`xid8`) that have not ended: each holds a lock on its own number for as long as it
/// lives, a prepared one too. Reads only.
pub async fn in_progress(client: &impl GenericClient, xids: &[u64]) -> Result<BTreeSet<u64>, LedgerError> {
    if xids.is_empty() {
        return Ok(BTreeSet::new());
    }
    let numbers: Vec<i64> = xids.iter().map(|xid| xid.cast_signed()).collect();
    let rows = client.query_typed(IN_PROGRESS, &[(&numbers, Type::INT8_ARRAY)]).await;
    let rows = rows.map_err(LedgerError::sql("look for transactions", IN_PROGRESS))?;
    Ok(rows.iter().map(|row| row.get::<_, i64>(0).cast_unsigned()).collect())
}

const FIND_PLAN: &str = "SELECT run_id FROM djogi.op WHERE target = $1 AND plan_digest = $2 LIMIT 1";

/// The run that has applied a plan to `target`, in part at least. Reads only.
pub async fn find_plan(
    client: &impl GenericClient,
    target: &Ident,
    plan: Digest,
) -> Result<Option<RunId>, LedgerError> {
    if ledger_version(client).await?.is_blank() {
        return Ok(None);
    }
    let plan = plan.to_string();
    let params: [(&(dyn ToSql + Sync), Type); 2] = [(&target.as_str(), Type::TEXT), (&plan, Type::TEXT)];
    let row = client.query_typed_opt(FIND_PLAN, &params).await;
    let Some(row) = row.map_err(LedgerError::sql("read the ledger", FIND_PLAN))? else { return Ok(None) };
    let run: &str = row.get(0);
    let bad = |_| LedgerError::BadRow { op: plan.clone(), value: run.to_owned() };
    run.parse().map(Some).map_err(bad)
}

fn from_row(row: &Row) -> Result<RecordedOp, LedgerError> {
    let id: &str = row.get(0);
    let bad =
        |value: &dyn std::fmt::Display| LedgerError::BadRow { op: id.to_owned(), value: value.to_string() };
    let text = |at: usize| row.get::<_, &str>(at);
    let digest = |at: usize| {
        let value: Option<&str> = row.get(at);
        value.map(|value| value.parse::<Digest>().map_err(|_| bad(&value))).transpose()
    };
    let addresses: Vec<&str> = row.get(7);
    let addresses =
        addresses.into_iter().map(|a| a.parse::<Address>().map_err(|_| bad(&a))).collect::<Result<_, _>>()?;
    let (epoch, group_no): (i64, i32) = (row.get(3), row.get(4));
    let record = OpRecord {
        op: id.parse().map_err(|_| bad(&id))?,
        run: text(1).parse().map_err(|_| bad(&text(1)))?,
        target: Ident::new(text(2)).map_err(|_| bad(&text(2)))?,
        epoch: Epoch::new(u64::try_from(epoch).map_err(|_| bad(&epoch))?),
        group_no: u32::try_from(group_no).map_err(|_| bad(&group_no))?,
        kind: OpKind::from_str(text(5)).ok_or_else(|| bad(&text(5)))?,
        plan_digest: digest(6)?,
        addresses,
        before_digest: digest(8)?,
        after_digest: digest(9)?,
    };
    let xid = text(10).parse().map_err(|_| bad(&text(10)))?;
    Ok(RecordedOp { record, xid, committed_at: row.get(11) })
}
