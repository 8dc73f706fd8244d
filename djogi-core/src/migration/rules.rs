//! What somebody says of migrations: `[live.NAME]` in the configuration.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::names;
use super::orphans::{OnOrphan, name_of};
use crate::desired::Desired;
use crate::ident::Ident;
use crate::kind::Resource;

/// What is said of one migration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rule {
    /// What the rows get that have no value in the column.
    pub backfill: Option<String>,
    /// What becomes of a value of the column that gets another type.
    pub up: Option<String>,
    /// What becomes of it on the way back.
    pub down: Option<String>,
    /// What becomes of the rows that a foreign key would refuse.
    #[serde(skip_serializing_if = "crate::kind::is_default")]
    pub on_orphan: Option<OnOrphan>,
    /// Why PostgreSQL does not take it, once it was asked.
    #[serde(skip)]
    pub refused: Option<String>,
}

/// By the names of migrations.
pub type Rules = BTreeMap<Ident, Rule>;

/// The names that migrations of the declared tables can have.
pub fn possible_names(desired: &Desired) -> BTreeSet<Ident> {
    let names = desired.values().flat_map(|declared| match &*declared.resource {
        Resource::Table(table) => {
            let name = table.qualified_name();
            let of = |column: &Ident| [names::of_fill(&name, column), names::of_retype(&name, column)];
            table.columns.iter().flat_map(|column| of(&column.name)).collect()
        }
        Resource::Constraint(constraint) => name_of(constraint).into_iter().collect(),
        _ => Vec::new(),
    });
    names.collect()
}
