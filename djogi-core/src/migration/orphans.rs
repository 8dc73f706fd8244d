//! What becomes of rows that refer to nothing, when a foreign key comes that would refuse them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::names;
use super::rules::Rules;
use crate::address::Address;
use crate::catalog::Catalog;
use crate::desired::Desired;
use crate::ident::{Ident, QualifiedName};
use crate::kind::{Constraint, ConstraintDefinition, Resource};
use crate::plan::{RefusedRows, Reversibility};

/// The policy of one foreign key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnOrphan {
    /// They stay, and the foreign key does not come: the rows are named.
    Fail,
    /// Their columns get null.
    Null,
    /// They go.
    Delete,
    /// They go into a table of their own.
    Quarantine,
}

impl OnOrphan {
    pub const ALL: [Self; 4] = [OnOrphan::Fail, OnOrphan::Null, OnOrphan::Delete, OnOrphan::Quarantine];

    /// As in declarations.
    pub fn as_str(self) -> &'static str {
        match self {
            OnOrphan::Fail => "fail",
            OnOrphan::Null => "null",
            OnOrphan::Delete => "delete",
            OnOrphan::Quarantine => "quarantine",
        }
    }

    /// The way back from there.
    pub(crate) fn reversibility(self) -> Reversibility {
        match self {
            OnOrphan::Fail => Reversibility::Reversible,
            OnOrphan::Quarantine => Reversibility::Recoverable,
            OnOrphan::Null | OnOrphan::Delete => Reversibility::DataLoss,
        }
    }

    /// Whether the table has fewer rows then.
    pub(crate) fn takes_rows(self) -> bool {
        matches!(self, OnOrphan::Delete | OnOrphan::Quarantine)
    }
}

/// What is said of one foreign key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Orphans {
    /// Of the rule.
    pub name: Ident,
    pub policy: OnOrphan,
    /// Why it cannot be done: another foreign key has a rule of the same name, so that nobody can tell which of them is
    /// meant, or the database was asked and has said so.
    pub refused: Option<String>,
}

/// What the database has to be asked, because no plan sees all of it: whether anything refers to the rows, or has rows of its
/// own among them, in whatever schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrphansQuestion {
    /// Of the rule.
    pub name: Ident,
    /// By the names of now.
    pub rows: RefusedRows,
}

/// Of the foreign keys of which something is said, and which do not hold yet.
pub fn orphans_to_ask_for(
    target: &Ident,
    desired: &Desired,
    live: &Catalog,
    rules: &Rules,
) -> Vec<OrphansQuestion> {
    let mut questions = Vec::new();
    for (address, declared) in desired {
        let Resource::Constraint(constraint) = &*declared.resource else { continue };
        let ConstraintDefinition::ForeignKey(key) = &constraint.definition else { continue };
        let Some(name) = name_of(constraint) else { continue };
        let policy = rules.get(&name).and_then(|rule| rule.on_orphan);
        let Some(policy) = policy.filter(|policy| *policy != OnOrphan::Fail) else { continue };
        let there = declared.renamed_from.as_ref().unwrap_or(address);
        if matches!(live.get(there), Some(Resource::Constraint(found)) if found.validated && found.enforced) {
            continue;
        }
        let (own, other) = (constraint.table_name(), &key.references);
        let now = |table: &QualifiedName, columns: &[Ident]| names_now(target, desired, table, columns);
        let nulls = if key.on_delete_columns.is_empty() { &key.columns } else { &key.on_delete_columns };
        let nulls = if policy == OnOrphan::Null { now(&own, nulls).1 } else { Vec::new() };
        let ((table, columns), (references, referenced_columns)) =
            (now(&own, &key.columns), now(other, &key.referenced_columns));
        let partitioned = live.table(target, &table).is_some_and(|table| table.partition_by.is_some());
        let foreign_key = constraint.name.clone();
        let into = (policy == OnOrphan::Quarantine).then(|| names::quarantine(&name));
        let rows = RefusedRows {
            table,
            foreign_key,
            columns,
            references,
            referenced_columns,
            nulls,
            into,
            partitioned,
        };
        questions.push(OrphansQuestion { name, rows });
    }
    questions
}

/// What a declared table and its columns are called as long as the plan has not renamed them.
fn names_now(
    target: &Ident,
    desired: &Desired,
    table: &QualifiedName,
    columns: &[Ident],
) -> (QualifiedName, Vec<Ident>) {
    let declared = desired.get(&Address::table(target, table));
    let renamed = declared.and_then(|declared| declared.renamed_from.as_ref()?.relation());
    let old = |column: &Ident| declared?.renamed_columns.get(column).cloned();
    let columns = columns.iter().map(|column| old(column).unwrap_or_else(|| column.clone()));
    (renamed.unwrap_or_else(|| table.clone()), columns.collect())
}

/// The foreign keys of `desired` of whose orphans something is said that changes rows, by their addresses.
pub(super) fn said(desired: &Desired, rules: &Rules) -> BTreeMap<Address, Orphans> {
    let changes_rows = |policy: &Option<OnOrphan>| policy.is_some_and(|policy| policy != OnOrphan::Fail);
    if !rules.values().any(|rule| changes_rows(&rule.on_orphan)) {
        return BTreeMap::new();
    }
    let mut said: BTreeMap<Address, Orphans> = BTreeMap::new();
    let mut by_name: BTreeMap<Ident, Address> = BTreeMap::new();
    for (address, declared) in desired {
        let Resource::Constraint(constraint) = &*declared.resource else { continue };
        let Some(name) = name_of(constraint) else { continue };
        let Some(rule) = rules.get(&name) else { continue };
        let Some(policy) = rule.on_orphan.filter(|policy| *policy != OnOrphan::Fail) else { continue };
        let ambiguous = || "several foreign keys have a rule of this name".to_owned();
        let other = by_name.insert(name.clone(), address.clone());
        if let Some(other) = other.as_ref().and_then(|other| said.get_mut(other)) {
            other.refused = Some(ambiguous());
        }
        let refused = other.map(|_| ambiguous()).or_else(|| rule.refused.clone());
        said.insert(address.clone(), Orphans { name, policy, refused });
    }
    said
}

/// What a rule about the rows that a foreign key would refuse is called; `None` of other constraints, and of those that come
/// from a partitioned table.
pub(crate) fn name_of(constraint: &Constraint) -> Option<Ident> {
    match &constraint.definition {
        ConstraintDefinition::ForeignKey(key) if constraint.parent.is_none() => {
            Some(names::of_orphans(&constraint.table_name(), &names::joined(&key.columns)))
        }
        _ => None,
    }
}
