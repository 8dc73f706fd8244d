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

/// A column gets another type through a second column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Migration {
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

/// The steps of a migration, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MigrationPhase {
    /// The helper column is there.
    Expand,
    /// Every write of one column is a write of the other.
    DualWrite,
    /// The rows from before have their new values.
    Backfill,
    /// The indexes of the column are built once more, on the helper column.
    Index,
    /// Its constraints hold for the helper column.
    Constrain,
    /// Every row was compared.
    Verify,
    /// The columns have changed their names, and what is on them.
    Cutover,
    /// What was for the migration alone is gone.
    Contract,
}

impl MigrationPhase {
    pub const ALL: [MigrationPhase; 8] = [
        MigrationPhase::Expand,
        MigrationPhase::DualWrite,
        MigrationPhase::Backfill,
        MigrationPhase::Index,
        MigrationPhase::Constrain,
        MigrationPhase::Verify,
        MigrationPhase::Cutover,
        MigrationPhase::Contract,
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
    pub(super) fn alterations(&self, desired: &Self) -> Vec<MigrationAlteration> {
        (self != desired).then_some(MigrationAlteration::Supersede).into_iter().collect()
    }
}

impl MigrationStep {
    pub(super) fn alterations(&self, desired: &Self) -> Vec<MigrationStepAlteration> {
        let Self { migration: _, phase: _, table: _, made, unfinished, referring, at: _ } = self;
        let is_same =
            *made == desired.made && *unfinished == desired.unfinished && *referring == desired.referring;
        (!is_same).then_some(MigrationStepAlteration::Complete).into_iter().collect()
    }
}
