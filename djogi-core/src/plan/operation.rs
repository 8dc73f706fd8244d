//! Operations: the statements of a plan, each with what is known about it before it runs.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::backfill::{Backfill, RefusedRows};
use crate::address::Address;
use crate::digest::Digest;
use crate::ident::{Literal, QualifiedName};
use crate::kind::Index;

/// PostgreSQL's table lock modes, weakest first (manual section 13.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum LockMode {
    #[serde(rename = "ACCESS SHARE")]
    AccessShare,
    #[serde(rename = "ROW SHARE")]
    RowShare,
    #[serde(rename = "ROW EXCLUSIVE")]
    RowExclusive,
    #[serde(rename = "SHARE UPDATE EXCLUSIVE")]
    ShareUpdateExclusive,
    #[serde(rename = "SHARE")]
    Share,
    #[serde(rename = "SHARE ROW EXCLUSIVE")]
    ShareRowExclusive,
    #[serde(rename = "EXCLUSIVE")]
    Exclusive,
    #[serde(rename = "ACCESS EXCLUSIVE")]
    AccessExclusive,
}

impl LockMode {
    /// Weakest first.
    pub const ALL: [Self; 8] = [
        LockMode::AccessShare,
        LockMode::RowShare,
        LockMode::RowExclusive,
        LockMode::ShareUpdateExclusive,
        LockMode::Share,
        LockMode::ShareRowExclusive,
        LockMode::Exclusive,
        LockMode::AccessExclusive,
    ];

    pub fn as_sql(self) -> &'static str {
        match self {
            LockMode::AccessShare => "ACCESS SHARE",
            LockMode::RowShare => "ROW SHARE",
            LockMode::RowExclusive => "ROW EXCLUSIVE",
            LockMode::ShareUpdateExclusive => "SHARE UPDATE EXCLUSIVE",
            LockMode::Share => "SHARE",
            LockMode::ShareRowExclusive => "SHARE ROW EXCLUSIVE",
            LockMode::Exclusive => "EXCLUSIVE",
            LockMode::AccessExclusive => "ACCESS EXCLUSIVE",
        }
    }

    /// What `pg_locks` calls it.
    pub fn catalog_name(self) -> &'static str {
        match self {
            LockMode::AccessShare => "AccessShareLock",
            LockMode::RowShare => "RowShareLock",
            LockMode::RowExclusive => "RowExclusiveLock",
            LockMode::ShareUpdateExclusive => "ShareUpdateExclusiveLock",
            LockMode::Share => "ShareLock",
            LockMode::ShareRowExclusive => "ShareRowExclusiveLock",
            LockMode::Exclusive => "ExclusiveLock",
            LockMode::AccessExclusive => "AccessExclusiveLock",
        }
    }

    /// Whether two transactions cannot have the two on one table at the same time (manual table 13.2).
    pub fn conflicts_with(self, other: Self) -> bool {
        let (weaker, stronger) = (self.min(other), self.max(other));
        let weakest_in_conflict = match weaker {
            LockMode::AccessShare => LockMode::AccessExclusive,
            LockMode::RowShare => LockMode::Exclusive,
            LockMode::RowExclusive => LockMode::Share,
            LockMode::ShareUpdateExclusive => LockMode::ShareUpdateExclusive,
            // The only one of these that goes with itself.
            LockMode::Share | LockMode::ShareRowExclusive => LockMode::ShareRowExclusive,
            LockMode::Exclusive => LockMode::Exclusive,
            LockMode::AccessExclusive => LockMode::AccessExclusive,
        };
        stronger >= weakest_in_conflict
    }
}

/// The strongest lock that a statement takes on a relation that existed before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Lock {
    pub mode: LockMode,
    /// `schema.name` as in SQL.
    pub relation: String,
}

/// What a statement does besides taking its lock, cheapest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Catalog rows only.
    Catalog,
    /// Reads the whole table.
    Scan,
    /// Builds an index.
    Build,
    /// Writes the whole table and its indexes anew.
    Rewrite,
    /// Writes rows.
    Data,
}

/// How a group is committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum TransactionMode {
    /// With the other operations of its group.
    In,
    /// As `In`, but its effect can only be used after the commit: the group ends here.
    Barrier,
    /// PostgreSQL refuses it in a transaction.
    Outside,
    /// In many small transactions.
    Chunked,
}

/// The way back from a change, easiest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Reversibility {
    /// Undone by a statement.
    Reversible,
    /// Undone by work: an index must be built again.
    Recoverable,
    /// Values may be lost or refused.
    Narrowing,
    /// Data is gone.
    DataLoss,
}

impl Reversibility {
    /// Whether the change needs an approval under `destructive = "approve"`.
    pub fn is_destructive(self) -> bool {
        self >= Reversibility::Narrowing
    }
}

/// One statement of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Operation {
    /// The change it belongs to.
    pub address: Address,
    pub sql: String,
    /// `None` when only new objects are locked.
    pub lock: Option<Lock>,
    /// Tables that it changes besides that of `lock`. All are locked alike, before the first statement.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub besides: Vec<QualifiedName>,
    pub effect: Effect,
    /// Estimated rows touched; `None` when unknown or none.
    pub rows: Option<u64>,
    /// Estimated bytes read or written; `None` when unknown or none.
    pub bytes: Option<u64>,
    /// What a reviewer must know, one sentence each.
    pub hazards: Vec<String>,
    /// What is asked of the rows before the statement is sent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub precheck: Option<Precheck>,
    /// Of a statement that PostgreSQL refuses in a transaction: what it does to which object.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub concurrently: Option<Concurrently>,
    /// Of rows that are written in many small transactions: which, and what. `sql` is then what one chunk runs.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub backfill: Option<Backfill>,
    /// What it takes out of the way of a foreign key.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub refused: Option<RefusedRows>,
    /// Whose placeholders stand in `sql`, in their order; the values are nowhere in a plan.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub secrets: Vec<Secret>,
}

impl Operation {
    /// The locks that are taken before it.
    pub fn locks(&self) -> impl Iterator<Item = Lock> {
        let others = self.lock.iter().flat_map(|lock| {
            self.besides.iter().map(|other| Lock { mode: lock.mode, relation: other.to_string() })
        });
        self.lock.iter().cloned().chain(others)
    }

    /// The statement with values in the place of the placeholders; one without a value stays, and is no SQL.
    pub fn with_secrets<'v>(&self, value: impl Fn(&Secret) -> Option<&'v str>) -> String {
        let (mut sql, mut rest) = (String::with_capacity(self.sql.len()), self.sql.as_str());
        for secret in &self.secrets {
            let placeholder = secret.to_string();
            let Some(at) = rest.find(&placeholder) else { continue };
            sql.push_str(&rest[..at]);
            match value(secret) {
                Some(value) => sql.push_str(&Literal(value).to_string()),
                None => sql.push_str(&placeholder),
            }
            rest = &rest[at + placeholder.len()..];
        }
        sql.push_str(rest);
        sql
    }
}

/// A question for rows that stand in the way of a statement: they would be bound by it, or make a later one fail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Precheck {
    /// The columns that tell the rows apart, as in SQL.
    pub key: String,
    /// The query that gives the key of each such row as text.
    pub rows: String,
    /// The rule that can say what becomes of such rows: `[live.users_email_fill] backfill`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rule: Option<String>,
}

/// A secret value that a statement needs, and a plan does not hold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Secret {
    /// The name of the option.
    pub option: String,
    /// What the value is known by.
    pub digest: Digest,
}

/// The placeholder: PostgreSQL takes it nowhere, so it never ends up in a database.
impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<secret {}>", &self.digest.hex()[..12])
    }
}

/// What cannot be rolled back, told apart without reading the statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Concurrently {
    pub verb: ConcurrentVerb,
    /// The object that the statement names; while an index is exchanged, it has a name that nobody declared.
    pub object: Address,
    /// The index that is built, where the change that it belongs to does not say.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<serde_json::Value>"))]
    pub builds: Option<Box<Index>>,
    /// The table that a partition is detached from.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub from: Option<Address>,
}

impl Concurrently {
    /// What is done to `object`, with nothing besides.
    pub fn of(verb: ConcurrentVerb, object: Address) -> Self {
        Self { verb, object, builds: None, from: None }
    }
}

/// The statements with `CONCURRENTLY`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ConcurrentVerb {
    IndexCreate,
    IndexDrop,
    Reindex,
    Detach,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_conflict_as_the_manual_says() {
        // Table 13.2, a row and a column for each mode, weakest first.
        let table =
            [".......X", "......XX", "....XXXX", "...XXXXX", "..XX.XXX", "..XXXXXX", ".XXXXXXX", "XXXXXXXX"];
        for (mode, row) in LockMode::ALL.into_iter().zip(table) {
            let found: String = LockMode::ALL
                .into_iter()
                .map(|other| if mode.conflicts_with(other) { 'X' } else { '.' })
                .collect();
            assert_eq!(found, row, "{}", mode.as_sql());
        }
    }

    #[test]
    fn the_catalog_calls_modes_as_sql_does_in_other_letters() {
        for mode in LockMode::ALL {
            let letters = mode.as_sql().replace(' ', "") + "LOCK";
            assert_eq!(mode.catalog_name().to_uppercase(), letters);
        }
    }
}
