//! Domains: `CREATE DOMAIN`, manual section 8.18.

use serde::{Deserialize, Serialize};

use super::expression::Expression;
use super::not_null::{NotNull, NotNullAlteration};
use crate::ident::{Ident, QualifiedName};

/// A domain: a type with constraints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Domain {
    pub schema: Ident,
    pub name: Ident,
    /// The underlying type as `format_type` prints it.
    #[serde(rename = "type")]
    pub data_type: String,
    /// `None` is the collation of the type.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub collation: Option<QualifiedName>,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub not_null: bool,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub not_null_constraint: NotNull,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub default: Option<Expression>,
    /// Sorted by name.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub constraints: Vec<DomainConstraint>,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub comment: Option<String>,
}

/// A check of a domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DomainConstraint {
    pub name: Ident,
    pub expression: Expression,
    /// `false` for `NOT VALID`.
    #[serde(default = "super::holds", skip_serializing_if = "super::is_true")]
    pub validated: bool,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub comment: Option<String>,
}

/// What can change on a domain in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DomainAlteration {
    DropConstraint(Ident),
    SetDefault(Option<Expression>),
    SetNotNull(bool),
    AlterNotNull(NotNullAlteration),
    AddConstraint(DomainConstraint),
    ValidateConstraint(Ident),
    SetConstraintComment { constraint: Ident, comment: Option<String> },
    SetComment(Option<String>),
}

impl Domain {
    pub fn qualified_name(&self) -> QualifiedName {
        QualifiedName::new(self.schema.clone(), self.name.clone())
    }

    /// `None` for another underlying type.
    pub(super) fn alterations(&self, desired: &Self) -> Option<Vec<DomainAlteration>> {
        use DomainAlteration as Alter;
        let Self {
            schema: _,
            name: _,
            data_type,
            collation,
            not_null,
            not_null_constraint,
            default,
            constraints,
            comment,
        } = self;
        if *data_type != desired.data_type || *collation != desired.collation {
            return None;
        }
        let mut alterations = Vec::new();
        let find = |constraints: &[DomainConstraint], name: &Ident| {
            constraints.iter().find(|constraint| constraint.name == *name).cloned()
        };
        let stays = |live: &DomainConstraint, wanted: &DomainConstraint| {
            live.expression == wanted.expression && (!live.validated || wanted.validated)
        };
        for live in constraints {
            if !find(&desired.constraints, &live.name).is_some_and(|wanted| stays(live, &wanted)) {
                alterations.push(Alter::DropConstraint(live.name.clone()));
            }
        }
        if *default != desired.default {
            alterations.push(Alter::SetDefault(desired.default.clone()));
        }
        if *not_null != desired.not_null {
            alterations.push(Alter::SetNotNull(desired.not_null));
        } else if *not_null {
            match not_null_constraint.alterations(&desired.not_null_constraint) {
                Some(steps) => alterations.extend(steps.into_iter().map(Alter::AlterNotNull)),
                None => alterations.extend([Alter::SetNotNull(false), Alter::SetNotNull(true)]),
            }
        }
        for wanted in &desired.constraints {
            let live = find(constraints, &wanted.name).filter(|live| stays(live, wanted));
            let Some(live) = live else {
                alterations.push(Alter::AddConstraint(wanted.clone()));
                continue;
            };
            if live.validated != wanted.validated {
                alterations.push(Alter::ValidateConstraint(wanted.name.clone()));
            }
            if live.comment != wanted.comment {
                alterations.push(Alter::SetConstraintComment {
                    constraint: wanted.name.clone(),
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
