//! What somebody says of migrations: `[live.NAME]` in the configuration.

use std::collections::{BTreeMap, BTreeSet};

use super::names;
use crate::desired::Desired;
use crate::ident::Ident;
use crate::kind::Resource;

/// What is said of one migration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// What the rows get that have no value in the column.
    pub backfill: Option<String>,
    /// Why PostgreSQL does not take it, once it was asked.
    pub refused: Option<String>,
}

/// By the names of migrations.
pub type Rules = BTreeMap<Ident, Rule>;

/// The names that migrations of the declared tables can have.
pub fn possible_names(desired: &Desired) -> BTreeSet<Ident> {
    let tables = desired.values().filter_map(|declared| match &*declared.resource {
        Resource::Table(table) => Some(table),
        _ => None,
    });
    tables
        .flat_map(|table| {
            let name = table.qualified_name();
            table.columns.iter().map(move |column| names::of_fill(&name, &column.name))
        })
        .collect()
}
