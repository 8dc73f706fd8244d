//! Materialized views: `CREATE MATERIALIZED VIEW`, manual section 41.3. Whether one is populated is not compared: it
//! says when it was refreshed last, not what it is.

use serde::{Deserialize, Serialize};

use super::expression::Expression;
use super::parameters::{ParameterChange, Parameters};
use super::view::ViewColumn;
use crate::ident::{Ident, QualifiedName};

/// A materialized view. Its indexes are resources of their own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaterializedView {
    pub schema: Ident,
    pub name: Ident,
    #[serde(deserialize_with = "super::exact::list")]
    pub columns: Vec<ViewColumn>,
    /// As of a [`View`](super::view::View).
    pub definition: Expression,
    /// Storage parameters.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub options: Parameters,
    /// `None` is `heap`.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub access_method: Option<Ident>,
    /// `None` is that of the database.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub tablespace: Option<Ident>,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub comment: Option<String>,
}

/// What can change on a materialized view in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MaterializedViewAlteration {
    SetOptions(ParameterChange),
    SetAccessMethod(Option<Ident>),
    SetTablespace(Option<Ident>),
    SetColumnComment { column: Ident, comment: Option<String> },
    SetComment(Option<String>),
}

impl MaterializedView {
    pub fn qualified_name(&self) -> QualifiedName {
        QualifiedName::new(self.schema.clone(), self.name.clone())
    }

    /// `None` when the query differs.
    pub(super) fn alterations(&self, desired: &Self) -> Option<Vec<MaterializedViewAlteration>> {
        use MaterializedViewAlteration as Alter;
        let Self { schema: _, name: _, columns, definition, options, access_method, tablespace, comment } =
            self;
        let bare = |columns: &[ViewColumn]| -> Vec<ViewColumn> {
            columns.iter().map(|column| ViewColumn { comment: None, ..column.clone() }).collect()
        };
        if *definition != desired.definition || bare(columns) != bare(&desired.columns) {
            return None;
        }
        let mut alterations = Vec::new();
        if *access_method != desired.access_method {
            alterations.push(Alter::SetAccessMethod(desired.access_method.clone()));
        }
        if *tablespace != desired.tablespace {
            alterations.push(Alter::SetTablespace(desired.tablespace.clone()));
        }
        alterations.extend(ParameterChange::between(options, &desired.options).map(Alter::SetOptions));
        for (live, wanted) in columns.iter().zip(&desired.columns) {
            if live.comment != wanted.comment {
                alterations.push(Alter::SetColumnComment {
                    column: wanted.name.clone(),
                    comment: wanted.comment.clone(),
                });
            }
        }
        if *comment != desired.comment {
            alterations.push(Alter::SetComment(desired.comment.clone()));
        }
        Some(alterations)
    }
}
