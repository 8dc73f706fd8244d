//! Aggregate functions: `CREATE AGGREGATE`, manual section 36.12.

use serde::{Deserialize, Serialize};

use crate::ident::{Ident, QualifiedName};

/// An aggregate function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Aggregate {
    pub schema: Ident,
    pub name: Ident,
    /// The types of the arguments, separated by `, `: with the name what calls are resolved by.
    pub arguments: String,
    /// As `pg_get_function_arguments` prints them: `*`, or with `ORDER BY` for an ordered-set aggregate.
    pub parameters: String,
    pub returns: String,
    /// `normal`, `ordered set` or `hypothetical set`.
    pub sort: String,
    /// `SFUNC`, `STYPE` and the rest in the order of the manual, each with its value as SQL.
    pub options: Vec<(String, Option<String>)>,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub comment: Option<String>,
}

/// What can change on an aggregate in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AggregateAlteration {
    /// `CREATE OR REPLACE`.
    Redefine,
    SetComment(Option<String>),
}

impl Aggregate {
    pub fn qualified_name(&self) -> QualifiedName {
        QualifiedName::new(self.schema.clone(), self.name.clone())
    }

    /// `None` when PostgreSQL would not replace it: it gives another type, or takes its arguments otherwise.
    pub(super) fn alterations(&self, desired: &Self) -> Option<Vec<AggregateAlteration>> {
        let Self { schema: _, name: _, arguments: _, parameters, returns, sort, options, comment } = self;
        if *parameters != desired.parameters || *returns != desired.returns || *sort != desired.sort {
            return None;
        }
        let mut alterations = Vec::new();
        if *options != desired.options {
            alterations.push(AggregateAlteration::Redefine);
        }
        if *comment != desired.comment {
            alterations.push(AggregateAlteration::SetComment(desired.comment.clone()));
        }
        Some(alterations)
    }
}
