//! Views: `CREATE VIEW`, manual section 41.2.

use serde::{Deserialize, Serialize};

use super::expression::Expression;
use super::parameters::{ParameterChange, Parameters};
use crate::ident::{Ident, QualifiedName};

/// A view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct View {
    pub schema: Ident,
    pub name: Ident,
    /// What the query gives; PostgreSQL derives them from it.
    #[serde(deserialize_with = "super::exact::list")]
    pub columns: Vec<ViewColumn>,
    /// The query as `pg_get_viewdef` prints it with an empty `search_path`, without the semicolon.
    pub definition: Expression,
    /// `security_invoker`, `security_barrier`, `check_option`.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub options: Parameters,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub comment: Option<String>,
}

/// A column of a view or materialized view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ViewColumn {
    pub name: Ident,
    #[serde(rename = "type")]
    pub data_type: String,
    /// `None` is the collation of the type.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub collation: Option<QualifiedName>,
    /// What an `INSERT` into the view puts where it says nothing.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub default: Option<Expression>,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub comment: Option<String>,
}

/// What can change on a view in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ViewAlteration {
    /// `CREATE OR REPLACE`, with the options.
    Redefine,
    SetOptions(ParameterChange),
    SetColumnDefault {
        column: Ident,
        default: Option<Expression>,
    },
    SetColumnComment {
        column: Ident,
        comment: Option<String>,
    },
    SetComment(Option<String>),
}

impl View {
    pub fn qualified_name(&self) -> QualifiedName {
        QualifiedName::new(self.schema.clone(), self.name.clone())
    }

    /// `None` when a column would have to go, or become another: `CREATE OR REPLACE VIEW` only adds some at the end.
    pub(super) fn alterations(&self, desired: &Self) -> Option<Vec<ViewAlteration>> {
        let Self { schema: _, name: _, columns, definition, options, comment } = self;
        let mut alterations = Vec::new();
        let same = |(live, wanted): (&ViewColumn, &ViewColumn)| {
            live.name == wanted.name
                && live.data_type == wanted.data_type
                && live.collation == wanted.collation
        };
        if columns.len() > desired.columns.len() || !columns.iter().zip(&desired.columns).all(same) {
            return None;
        }
        if *definition != desired.definition || columns.len() != desired.columns.len() {
            alterations.push(ViewAlteration::Redefine);
        } else {
            alterations
                .extend(ParameterChange::between(options, &desired.options).map(ViewAlteration::SetOptions));
        }
        for (at, wanted) in desired.columns.iter().enumerate() {
            let live = columns.get(at);
            if live.and_then(|live| live.default.as_ref()) != wanted.default.as_ref() {
                alterations.push(ViewAlteration::SetColumnDefault {
                    column: wanted.name.clone(),
                    default: wanted.default.clone(),
                });
            }
            if live.and_then(|live| live.comment.as_ref()) != wanted.comment.as_ref() {
                alterations.push(ViewAlteration::SetColumnComment {
                    column: wanted.name.clone(),
                    comment: wanted.comment.clone(),
                });
            }
        }
        if *comment != desired.comment {
            alterations.push(ViewAlteration::SetComment(desired.comment.clone()));
        }
        Some(alterations)
    }
}
