//! Columns: parts of a table's resource, compared one by one.

use serde::{Deserialize, Serialize};

use super::expression::Expression;
use super::lineage::ColumnOrigin;
use super::not_null::{NotNull, NotNullAlteration};
use super::properties::{ColumnProperties, ColumnPropertyAlteration};
use super::sequence::SequenceOptions;
use crate::ident::{Ident, QualifiedName};
use crate::model::naming::object_name;

/// A table column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    pub name: Ident,
    /// The type as `format_type` prints it with an empty `search_path`: `numeric(12,2)`, `public.mood[]`.
    #[serde(rename = "type")]
    pub data_type: String,
    /// `None` is the collation of the type.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub collation: Option<QualifiedName>,
    /// Not compared: it follows from what the parents of the table have.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub origin: ColumnOrigin,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub not_null: bool,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub not_null_constraint: NotNull,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub default: Option<Expression>,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub identity: Option<Identity>,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub generated: Option<Generated>,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub properties: ColumnProperties,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub comment: Option<String>,
}

/// When an identity column accepts explicit values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentityMode {
    Always,
    ByDefault,
}

/// `GENERATED ... AS IDENTITY` (manual section 5.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    pub mode: IdentityMode,
    pub options: SequenceOptions,
    /// What its sequence is called. `None` is the name that PostgreSQL chooses, see [`Identity::default_sequence`].
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub sequence: Option<Ident>,
    /// On the sequence.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub comment: Option<String>,
}

impl Identity {
    /// What PostgreSQL calls the sequence of a column. It does not follow later renames.
    pub fn default_sequence(table: &Ident, column: &Ident) -> Ident {
        let name = object_name(table.as_str(), column.as_str(), "seq");
        Ident::new(name).expect("object_name keeps within the limits of its table's name")
    }

    /// The name that its sequence has on `column` of `table`.
    pub fn sequence_on(&self, table: &Ident, column: &Ident) -> Ident {
        self.sequence.clone().unwrap_or_else(|| Self::default_sequence(table, column))
    }

    /// Gives its sequence a name, which is not said if PostgreSQL would choose it on `column` of `table`.
    #[must_use]
    pub fn called(self, name: Ident, table: &Ident, column: &Ident) -> Self {
        Self { sequence: (name != Self::default_sequence(table, column)).then_some(name), ..self }
    }
}

/// Whether a generated column's values are stored or computed when read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GeneratedStorage {
    Stored,
    /// PostgreSQL 18 and newer.
    Virtual,
}

/// `GENERATED ALWAYS AS (...)` (manual section 5.4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Generated {
    pub expression: Expression,
    pub storage: GeneratedStorage,
}

/// What can change on one column without losing the column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColumnAlteration {
    /// Type or collation. `from` is what the live column has.
    SetType {
        from: String,
        to: String,
        collation: Option<QualifiedName>,
    },
    SetNotNull,
    DropNotNull,
    AlterNotNull(NotNullAlteration),
    /// What the parents have becomes the column's own as well.
    KeepNotNull,
    SetDefault(Expression),
    DropDefault,
    AddIdentity(Identity),
    SetIdentity {
        from: Identity,
        to: Identity,
    },
    DropIdentity,
    /// PostgreSQL 17 and newer; older servers need the column replaced.
    SetGenerated(Generated),
    /// Its type is made anew: meanwhile the values are of the type `through`, and then of that type again. For a domain,
    /// `values` is the type that it is over then.
    Remake {
        through: String,
        values: Option<String>,
        attributes: Option<Vec<Option<Ident>>>,
    },
    /// The first half of it. Where a composite gets other attributes, `attributes` are those that its values have then, of
    /// those that they have; nothing stands for new ones.
    SetAside {
        through: String,
        attributes: Option<Vec<Option<Ident>>>,
    },
    /// A stored generated column becomes a plain one and keeps its values.
    DropGenerated,
    SetProperty(ColumnPropertyAlteration),
    SetComment(Option<String>),
}

/// How a live column becomes the desired one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColumnComparison {
    InPlace(Vec<ColumnAlteration>),
    /// Plain to generated, or stored to virtual and back: PostgreSQL has no such ALTER.
    Replace,
}

impl Column {
    /// Its type and expressions.
    pub fn texts(&self) -> Vec<&str> {
        let expressions = self.default.iter().chain(self.generated.as_ref().map(|g| &g.expression));
        std::iter::once(self.data_type.as_str()).chain(expressions.map(|e| e.as_str())).collect()
    }

    /// Whether it is `NOT NULL`, and every row was looked at for that.
    pub fn has_no_nulls(&self) -> bool {
        self.not_null && self.not_null_constraint.validated
    }

    /// Whether it is `NOT NULL` because a column of a parent is.
    pub fn has_inherited_not_null(&self) -> bool {
        self.not_null && self.not_null_constraint.origin.is_inherited()
    }

    /// Whether the `NOT NULL` is another than that of a partition becomes while it is one.
    pub(super) fn has_other_not_null(&self, table: &Ident, desired: &Self) -> bool {
        let (live, wanted) = (&self.not_null_constraint, &desired.not_null_constraint);
        let name = |constraint: &NotNull| constraint.name_on(table, &self.name);
        self.has_inherited_not_null()
            && desired.has_inherited_not_null()
            && (name(live) != name(wanted)
                || (live.origin, wanted.origin) == (ColumnOrigin::Merged, ColumnOrigin::Inherited))
    }

    /// `is_apart` says whether the table joins a partitioned table after all that is done on it.
    pub fn compare(&self, desired: &Self, is_apart: bool) -> ColumnComparison {
        let Self {
            name: _,
            data_type,
            collation,
            origin: _,
            not_null,
            not_null_constraint,
            default,
            identity,
            generated,
            properties,
            comment,
        } = self;
        let mut alterations = Vec::new();
        match (generated, &desired.generated) {
            (Some(old), Some(new)) if old.storage != new.storage => return ColumnComparison::Replace,
            (None, Some(_)) => return ColumnComparison::Replace,
            (Some(Generated { storage: GeneratedStorage::Virtual, .. }), None) => {
                return ColumnComparison::Replace;
            }
            (Some(_), None) => alterations.push(ColumnAlteration::DropGenerated),
            (Some(old), Some(new)) if old != new => {
                alterations.push(ColumnAlteration::SetGenerated(new.clone()));
            }
            (Some(_), Some(_)) | (None, None) => {}
        }
        // What would stand in the way of the rest goes first: an identity or default of the old type.
        if identity.is_some() && desired.identity.is_none() {
            alterations.push(ColumnAlteration::DropIdentity);
        }
        if default.is_some() && desired.default.is_none() {
            alterations.push(ColumnAlteration::DropDefault);
        }
        let retyped = *data_type != desired.data_type || *collation != desired.collation;
        if retyped {
            alterations.push(ColumnAlteration::SetType {
                from: data_type.clone(),
                to: desired.data_type.clone(),
                collation: desired.collation.clone(),
            });
        }
        match (not_null, desired.not_null) {
            (false, true) => alterations.push(ColumnAlteration::SetNotNull),
            (true, false) => alterations.push(ColumnAlteration::DropNotNull),
            // What is inherited is changed with that of the parents.
            (true, true)
                if !is_apart && self.has_inherited_not_null() && desired.has_inherited_not_null() =>
            {
                if not_null_constraint.comment != desired.not_null_constraint.comment {
                    let comment = desired.not_null_constraint.comment.clone();
                    alterations.push(ColumnAlteration::AlterNotNull(NotNullAlteration::SetComment(comment)));
                }
            }
            (true, true) => match not_null_constraint.alterations(&desired.not_null_constraint) {
                Some(steps) => alterations.extend(steps.into_iter().map(ColumnAlteration::AlterNotNull)),
                None => alterations.extend([ColumnAlteration::DropNotNull, ColumnAlteration::SetNotNull]),
            },
            (false, false) => {}
        }
        if desired.not_null
            && desired.not_null_constraint.origin == ColumnOrigin::Merged
            && (is_apart || not_null_constraint.origin == ColumnOrigin::Inherited)
        {
            alterations.push(ColumnAlteration::KeepNotNull);
        }
        if let Some(wanted) = &desired.default
            && default.as_ref() != Some(wanted)
        {
            alterations.push(ColumnAlteration::SetDefault(wanted.clone()));
        }
        match (identity, &desired.identity) {
            (None, Some(wanted)) => alterations.push(ColumnAlteration::AddIdentity(wanted.clone())),
            (Some(live), Some(wanted)) if live != wanted => {
                alterations.push(ColumnAlteration::SetIdentity { from: live.clone(), to: wanted.clone() });
            }
            (Some(_), Some(_) | None) | (None, None) => {}
        }
        let properties = properties.alterations(&desired.properties, retyped).into_iter();
        alterations.extend(properties.map(ColumnAlteration::SetProperty));
        if *comment != desired.comment {
            alterations.push(ColumnAlteration::SetComment(desired.comment.clone()));
        }
        ColumnComparison::InPlace(alterations)
    }
}
