//! Live migrations: changes that are made beside readers and writers, in steps (RFC 0015).
//!
//! What is there of one is read from the catalog: a migration from the comment on its helper column, a step from what it
//! has made. Neither is ever declared; the plan adds what a change needs.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::constraint::Constraint;
use super::expression::Expression;
use crate::ident::{Ident, QualifiedName};

/// What is changed beside readers and writers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Migration {
    Retype(Retype),
    Fill(Fill),
}

/// A column gets another type through a second column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retype {
    pub name: Ident,
    pub table: QualifiedName,
    pub column: Ident,
    /// The type that the column has before.
    pub from: String,
    /// The type that it has in the end.
    pub to: String,
    /// What it has in the end; `None` is the collation of the type.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub collation: Option<QualifiedName>,
    /// The new value, of the columns of the row as they are called before the cutover.
    pub up: Expression,
    /// The old value, of the columns of the row as they are called after the cutover. Without one there is no way back from there.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub down: Option<Expression>,
}

/// The rows that have no value in a column get one, in place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fill {
    pub name: Ident,
    pub table: QualifiedName,
    pub column: Ident,
    /// What they get, of the other columns of the row.
    pub value: Expression,
    /// Whether the column is `NOT NULL` in the end.
    pub not_null: bool,
    /// Whether the column comes with it.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub adds: bool,
}

/// The steps of a migration, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MigrationPhase {
    /// The helper column is there.
    Expand,
    /// Every write of one column is a write of the other; of a column that is filled, every row that is written has a value.
    DualWrite,
    /// The rows from before have their new values.
    Backfill,
    /// The indexes of the column are built once more, on the helper column.
    Index,
    /// Its constraints hold for the helper column; a column that is filled is `NOT NULL`.
    Constrain,
    /// Every row was compared.
    Verify,
    /// The columns have changed their names, and what is on them.
    Cutover,
    /// What was for the migration alone is gone.
    Contract,
    /// The column is filled, and what was for that alone is gone.
    Finish,
}

impl MigrationPhase {
    pub const ALL: [MigrationPhase; 9] = [
        MigrationPhase::Expand,
        MigrationPhase::DualWrite,
        MigrationPhase::Backfill,
        MigrationPhase::Index,
        MigrationPhase::Constrain,
        MigrationPhase::Verify,
        MigrationPhase::Cutover,
        MigrationPhase::Contract,
        MigrationPhase::Finish,
    ];

    /// As in the addresses of steps.
    pub fn as_str(self) -> &'static str {
        match self {
            MigrationPhase::Expand => "expand",
            MigrationPhase::DualWrite => "dual_write",
            MigrationPhase::Backfill => "backfill",
            MigrationPhase::Index => "index",
            MigrationPhase::Constrain => "constrain",
            MigrationPhase::Verify => "verify",
            MigrationPhase::Cutover => "cutover",
            MigrationPhase::Contract => "contract",
            MigrationPhase::Finish => "finish",
        }
    }

    /// Whether it waits for an operator: running programs notice it, or there is no way back.
    pub fn is_gated(self) -> bool {
        matches!(self, MigrationPhase::Cutover | MigrationPhase::Contract)
    }
}

impl fmt::Display for MigrationPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One step of a migration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MigrationStep {
    pub migration: Ident,
    pub phase: MigrationPhase,
    pub table: QualifiedName,
    /// The indexes or constraints that it makes.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub made: BTreeSet<Ident>,
    /// What interrupted work has left of them; of a declared step nothing.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub unfinished: BTreeSet<Ident>,
    /// The foreign keys of other columns to the helper column, in the order of their tables and names: of `constrain` those
    /// that take the place of the ones to the column, of `cutover` what interrupted work has left. No part of the digest,
    /// because whoever looks at the table alone does not see them.
    #[serde(skip)]
    pub referring: Vec<Constraint>,
    /// Of the cutover, when it was, by the clock of the server (RFC 3339). Not compared: nobody declares it.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub at: Option<String>,
    /// Of the cutover, what it has taken from the old column and given another to the new one. Not compared either.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub taken: Option<TakenFromColumn>,
}

/// What a column loses when it is put aside, for the way back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TakenFromColumn {
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub default: Option<Expression>,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub comment: Option<String>,
}

/// What can differ between a migration under way and the one that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MigrationAlteration {
    /// It leads to something else.
    Supersede,
}

/// What can be left to do of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MigrationStepAlteration {
    Complete,
}

impl Migration {
    pub fn name(&self) -> &Ident {
        match self {
            Migration::Retype(retype) => &retype.name,
            Migration::Fill(fill) => &fill.name,
        }
    }

    pub fn table(&self) -> &QualifiedName {
        match self {
            Migration::Retype(retype) => &retype.table,
            Migration::Fill(fill) => &fill.table,
        }
    }

    pub fn column(&self) -> &Ident {
        match self {
            Migration::Retype(retype) => &retype.column,
            Migration::Fill(fill) => &fill.column,
        }
    }

    /// Its steps, in their order.
    pub fn phases(&self) -> &'static [MigrationPhase] {
        use MigrationPhase::{
            Backfill, Constrain, Contract, Cutover, DualWrite, Expand, Finish, Index, Verify,
        };
        match self {
            Migration::Retype(_) => {
                &[Expand, DualWrite, Backfill, Index, Constrain, Verify, Cutover, Contract]
            }
            Migration::Fill(Fill { not_null: true, .. }) => &[DualWrite, Backfill, Constrain, Finish],
            Migration::Fill(_) => &[DualWrite, Backfill, Finish],
        }
    }

    /// For the parts of names, which change with those of others.
    pub(crate) fn names_mut(&mut self) -> (&mut Ident, &mut QualifiedName, &mut Ident) {
        match self {
            Migration::Retype(Retype { name, table, column, .. })
            | Migration::Fill(Fill { name, table, column, .. }) => (name, table, column),
        }
    }

    pub(super) fn alterations(&self, desired: &Self) -> Vec<MigrationAlteration> {
        (self != desired).then_some(MigrationAlteration::Supersede).into_iter().collect()
    }
}

impl MigrationStep {
    /// One that has made nothing yet.
    pub(crate) fn of(migration: &Migration, phase: MigrationPhase) -> Self {
        Self {
            migration: migration.name().clone(),
            phase,
            table: migration.table().clone(),
            made: BTreeSet::new(),
            unfinished: BTreeSet::new(),
            referring: Vec::new(),
            at: None,
            taken: None,
        }
    }

    pub(super) fn alterations(&self, desired: &Self) -> Vec<MigrationStepAlteration> {
        let Self { migration: _, phase: _, table: _, made, unfinished, referring, at: _, taken: _ } = self;
        let is_same =
            *made == desired.made && *unfinished == desired.unfinished && *referring == desired.referring;
        (!is_same).then_some(MigrationStepAlteration::Complete).into_iter().collect()
    }
}
