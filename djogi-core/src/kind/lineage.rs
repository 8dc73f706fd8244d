//! What tables are to each other: partitioned tables with their keys, partitions with their bounds (manual section 5.12),
//! and tables that inherit (section 5.11).

use std::slice;

use serde::{Deserialize, Serialize};

use super::expression::Expression;
use crate::ident::{Ident, QualifiedName};

/// How a partitioned table finds the partition of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartitionStrategy {
    Range,
    List,
    Hash,
}

impl PartitionStrategy {
    pub fn as_sql(self) -> &'static str {
        match self {
            PartitionStrategy::Range => "RANGE",
            PartitionStrategy::List => "LIST",
            PartitionStrategy::Hash => "HASH",
        }
    }
}

/// `PARTITION BY`: what makes a table a partitioned one, which holds no rows itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartitionKey {
    pub strategy: PartitionStrategy,
    /// Columns and expressions, separated by commas, with collations and operator classes where they are not the usual
    /// ones: as `pg_get_partkeydef` prints them.
    pub elements: Expression,
}

impl PartitionKey {
    /// Reads what `pg_get_partkeydef` prints: `RANGE (at, lower(name))`.
    pub fn read(text: &str) -> Option<Self> {
        let (word, rest) = text.split_once(' ')?;
        let strategies = [PartitionStrategy::Range, PartitionStrategy::List, PartitionStrategy::Hash];
        let strategy = strategies.into_iter().find(|strategy| strategy.as_sql() == word)?;
        let elements = rest.strip_prefix('(')?.strip_suffix(')')?;
        Some(Self { strategy, elements: Expression::new(elements) })
    }

    /// What stands behind `PARTITION BY`.
    pub fn as_sql(&self) -> String {
        format!("{} ({})", self.strategy.as_sql(), self.elements)
    }
}

/// Which rows a partition takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartitionBound {
    /// Those that no other partition takes.
    Default,
    /// What stands between `FOR VALUES` and the end, as PostgreSQL prints it: `IN ('a', 'b')`, `FROM (1) TO (10)`,
    /// `WITH (modulus 4, remainder 0)`.
    Values(String),
}

impl PartitionBound {
    /// Reads what `pg_get_expr` prints of `relpartbound`.
    pub fn read(text: &str) -> Option<Self> {
        match text.strip_prefix("FOR VALUES ") {
            Some(values) => Some(Self::Values(values.to_owned())),
            None => (text == "DEFAULT").then_some(Self::Default),
        }
    }

    /// Whether some row could be taken by a partition of either bound, as far as the texts tell: ranges that neither begin nor
    /// end alike are taken for apart.
    pub fn may_meet(&self, other: &Self) -> bool {
        match (self, other) {
            (PartitionBound::Values(one), PartitionBound::Values(other)) => {
                match (one.split_once(" TO "), other.split_once(" TO ")) {
                    (Some((from, to)), Some((other_from, other_to))) => from == other_from || to == other_to,
                    _ => true,
                }
            }
            (PartitionBound::Default, _) | (_, PartitionBound::Default) => true,
        }
    }

    pub fn as_sql(&self) -> String {
        match self {
            PartitionBound::Default => "DEFAULT".to_owned(),
            PartitionBound::Values(values) => format!("FOR VALUES {values}"),
        }
    }
}

/// Of which other tables a table is a part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lineage {
    #[default]
    None,
    /// `PARTITION OF`.
    Partition {
        of: QualifiedName,
        bound: PartitionBound,
        /// Somebody's `DETACH PARTITION ... CONCURRENTLY` was interrupted (`inhdetachpending`): the partitioned table does
        /// not show its rows any more and takes none for it. Nobody declares that.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        detach_pending: bool,
    },
    /// `INHERITS`, in this order.
    Inherits(Vec<QualifiedName>),
}

impl Lineage {
    /// As it is declared.
    pub fn partition(of: QualifiedName, bound: PartitionBound) -> Self {
        Lineage::Partition { of, bound, detach_pending: false }
    }

    pub fn parents(&self) -> &[QualifiedName] {
        match self {
            Lineage::None => &[],
            Lineage::Partition { of, .. } => slice::from_ref(of),
            Lineage::Inherits(parents) => parents,
        }
    }

    pub fn parents_mut(&mut self) -> &mut [QualifiedName] {
        match self {
            Lineage::None => &mut [],
            Lineage::Partition { of, .. } => slice::from_mut(of),
            Lineage::Inherits(parents) => parents,
        }
    }

    /// As [`alterations`](Self::alterations), where the table leaves its parents in any case.
    pub(super) fn around(&self, desired: &Self) -> Vec<LineageAlteration> {
        match self {
            Lineage::Partition { of, .. } if self == desired => {
                let mut steps = vec![LineageAlteration::Detach(of.clone())];
                steps.extend(Lineage::None.alterations(desired));
                steps
            }
            Lineage::Inherits(parents) if self == desired => {
                let leave = parents.iter().cloned().map(LineageAlteration::NoInherit);
                leave.chain(parents.iter().cloned().map(LineageAlteration::Inherit)).collect()
            }
            Lineage::Partition { .. } | Lineage::Inherits(_) | Lineage::None => self.alterations(desired),
        }
    }

    /// What leads from `self`, being live, to `desired`: leaving comes before joining.
    pub(super) fn alterations(&self, desired: &Self) -> Vec<LineageAlteration> {
        use LineageAlteration as Alter;
        if self == desired {
            return Vec::new();
        }
        let (kept, wanted) = match (self, desired) {
            (Lineage::Inherits(live), Lineage::Inherits(wanted)) => (kept(live, wanted), wanted.as_slice()),
            _ => (&[][..], desired.parents()),
        };
        let mut alterations = Vec::new();
        match self {
            Lineage::None => {}
            Lineage::Partition { of, detach_pending: true, .. } => {
                alterations.push(Alter::FinalizeDetach(of.clone()));
            }
            Lineage::Partition { of, .. } => alterations.push(Alter::Detach(of.clone())),
            Lineage::Inherits(live) => {
                alterations.extend(live.iter().filter(|p| !kept.contains(p)).cloned().map(Alter::NoInherit));
            }
        }
        match desired {
            Lineage::None => {}
            Lineage::Partition { of, bound, .. } => {
                alterations.push(Alter::Attach { to: of.clone(), bound: bound.clone() });
            }
            Lineage::Inherits(_) => {
                alterations.extend(wanted.iter().filter(|p| !kept.contains(p)).cloned().map(Alter::Inherit));
            }
        }
        alterations
    }
}

/// The parents with which `wanted` begins and that `live` has in this order: new ones can only be appended.
fn kept<'a>(live: &[QualifiedName], wanted: &'a [QualifiedName]) -> &'a [QualifiedName] {
    let mut rest = live.iter();
    let count = wanted.iter().take_while(|parent| rest.any(|live| live == *parent)).count();
    &wanted[..count]
}

/// A step of a table from one parent to another. Its rows stay where they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineageAlteration {
    Detach(QualifiedName),
    /// Of a detachment that is pending.
    FinalizeDetach(QualifiedName),
    NoInherit(QualifiedName),
    Attach {
        to: QualifiedName,
        bound: PartitionBound,
    },
    Inherit(QualifiedName),
}

impl LineageAlteration {
    /// Whether the table leaves a parent rather than joins one.
    pub fn leaves(&self) -> bool {
        match self {
            LineageAlteration::Detach(_)
            | LineageAlteration::FinalizeDetach(_)
            | LineageAlteration::NoInherit(_) => true,
            LineageAlteration::Attach { .. } | LineageAlteration::Inherit(_) => false,
        }
    }
}

/// Where a column is from, or its `NOT NULL`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnOrigin {
    #[default]
    Own,
    /// It comes and goes with those of the parents.
    Inherited,
    /// Parents have it, and the table has it besides.
    Merged,
}

impl ColumnOrigin {
    pub fn is_inherited(self) -> bool {
        self != ColumnOrigin::Own
    }
}

/// The constraint of a parent from which a constraint is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParentConstraint {
    pub table: QualifiedName,
    pub name: Ident,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(name: &str) -> QualifiedName {
        QualifiedName::new(Ident::new("public").unwrap(), Ident::new(name).unwrap())
    }

    #[test]
    fn what_postgresql_prints_is_read_and_written_alike() {
        for text in ["RANGE (at, lower(name))", "LIST (region COLLATE \"C\" text_pattern_ops)", "HASH (id)"] {
            assert_eq!(PartitionKey::read(text).unwrap().as_sql(), text);
        }
        assert_eq!(PartitionKey::read("CIRCLE (id)"), None);
        for text in ["DEFAULT", "FOR VALUES IN ('a', NULL)", "FOR VALUES FROM (1) TO (MAXVALUE)"] {
            assert_eq!(PartitionBound::read(text).unwrap().as_sql(), text);
        }
        assert_eq!(PartitionBound::read("FOR EVER"), None);
    }

    #[test]
    fn another_bound_is_left_and_joined() {
        let partition =
            |values: &str| Lineage::partition(name("events"), PartitionBound::Values(values.to_owned()));
        let steps = partition("IN (1)").alterations(&partition("IN (2)"));
        assert_eq!(steps.iter().map(LineageAlteration::leaves).collect::<Vec<_>>(), [true, false]);
        assert_eq!(partition("IN (1)").alterations(&partition("IN (1)")), []);
    }

    #[test]
    fn parents_are_appended_and_left_alone_where_their_order_allows_it() {
        let inherits = |names: &[&str]| Lineage::Inherits(names.iter().map(|n| name(n)).collect());
        let steps = |live: &[&str], wanted: &[&str]| -> Vec<(bool, String)> {
            let step = |step: &LineageAlteration| match step {
                LineageAlteration::NoInherit(parent) | LineageAlteration::Inherit(parent) => {
                    (step.leaves(), parent.name.to_string())
                }
                other => panic!("{other:?}"),
            };
            inherits(live).alterations(&inherits(wanted)).iter().map(step).collect()
        };
        assert_eq!(steps(&["a"], &["a", "b"]), [(false, "b".into())]);
        assert_eq!(steps(&["a", "b"], &["b"]), [(true, "a".into())]);
        assert_eq!(steps(&["a", "b"], &["b", "a"]), [(true, "a".into()), (false, "a".into())]);
    }
}
