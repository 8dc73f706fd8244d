//! Table constraints: primary key, unique, check, foreign key, exclusion (manual section 5.5).
//! `NOT NULL` belongs to its column.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::expression::Expression;
use super::index::{Index, IndexElement, IndexKey};
use super::lineage::ParentConstraint;
use super::parameters::{ParameterChange, Parameters};
use crate::ident::{Ident, QualifiedName};

/// A constraint of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Constraint {
    pub schema: Ident,
    pub table: Ident,
    pub name: Ident,
    pub definition: ConstraintDefinition,
    /// Of a partition, or of a table that inherits: the constraint that it comes and goes with.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub parent: Option<ParentConstraint>,
    /// Of a key, or of the foreign key of a partition: PostgreSQL made it after that of a partitioned table, rather than
    /// took in what the partition had (`pg_constraint.connoinherit`). It outlasts the parent. Compared only where
    /// a new one costs nothing.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub derived: bool,
    pub deferrable: Deferrable,
    /// `false` for `NOT VALID`: rows that were there before are unchecked.
    #[serde(default = "super::holds", skip_serializing_if = "super::is_true")]
    pub validated: bool,
    /// `false` for `NOT ENFORCED`, which PostgreSQL 18 brought: no row is ever checked. It counts as validated.
    #[serde(default = "super::holds", skip_serializing_if = "super::is_true")]
    pub enforced: bool,
    /// Whether the last column of a key is `WITHOUT OVERLAPS`, or that of a foreign key a `PERIOD` (PostgreSQL 18).
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub period: bool,
    /// Storage parameters of the constraint's index.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub options: Parameters,
    /// Of the constraint's index; `None` is that of the database.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub tablespace: Option<Ident>,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub comment: Option<String>,
    /// On the constraint's index, which has one of its own.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub index_comment: Option<String>,
}

/// When a constraint is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deferrable {
    NotDeferrable,
    InitiallyImmediate,
    InitiallyDeferred,
}

/// What a constraint demands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ConstraintDefinition {
    PrimaryKey { columns: Vec<Ident>, include: Vec<Ident> },
    Unique { columns: Vec<Ident>, include: Vec<Ident>, nulls_not_distinct: bool },
    Check { expression: Expression, no_inherit: bool },
    ForeignKey(ForeignKey),
    Exclusion(Exclusion),
}

/// A foreign key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForeignKey {
    pub columns: Vec<Ident>,
    pub references: QualifiedName,
    pub referenced_columns: Vec<Ident>,
    pub on_delete: ReferentialAction,
    pub on_update: ReferentialAction,
    /// The columns that `SET NULL` or `SET DEFAULT` on delete touches; empty means all of them.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub on_delete_columns: Vec<Ident>,
    pub match_type: MatchType,
}

/// What happens to referencing rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReferentialAction {
    NoAction,
    Restrict,
    Cascade,
    SetNull,
    SetDefault,
}

impl ReferentialAction {
    pub fn as_sql(self) -> &'static str {
        match self {
            ReferentialAction::NoAction => "NO ACTION",
            ReferentialAction::Restrict => "RESTRICT",
            ReferentialAction::Cascade => "CASCADE",
            ReferentialAction::SetNull => "SET NULL",
            ReferentialAction::SetDefault => "SET DEFAULT",
        }
    }
}

/// How a multi-column key with some NULLs matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MatchType {
    Simple,
    Full,
}

/// An exclusion constraint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exclusion {
    pub method: Ident,
    pub elements: Vec<ExclusionElement>,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub predicate: Option<Expression>,
}

/// One `element WITH operator` of an exclusion constraint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExclusionElement {
    pub element: IndexElement,
    /// As PostgreSQL prints it: `&&`, or `OPERATOR(app.&&)` outside the system schema.
    pub operator: String,
}

/// What can change on a constraint in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConstraintAlteration {
    /// Foreign keys only.
    SetDeferrable(Deferrable),
    /// The key of a partition becomes a part of this one, of the partitioned table.
    Attach(ParentConstraint),
    /// Foreign keys only.
    SetEnforced(bool),
    Validate,
    SetOptions(ParameterChange),
    SetTablespace(Option<Ident>),
    SetComment(Option<String>),
    SetIndexComment(Option<String>),
}

impl Constraint {
    pub fn table_name(&self) -> QualifiedName {
        QualifiedName::new(self.schema.clone(), self.table.clone())
    }

    /// The table that a foreign key refers to.
    pub fn referred(&self) -> Option<&QualifiedName> {
        match &self.definition {
            ConstraintDefinition::ForeignKey(key) => Some(&key.references),
            _ => None,
        }
    }

    /// The columns of the table that the constraint names, expressions aside.
    pub fn columns(&self) -> Vec<&Ident> {
        match &self.definition {
            ConstraintDefinition::PrimaryKey { columns, include }
            | ConstraintDefinition::Unique { columns, include, .. } => {
                columns.iter().chain(include).collect()
            }
            ConstraintDefinition::Check { .. } => Vec::new(),
            ConstraintDefinition::ForeignKey(key) => key.columns.iter().collect(),
            ConstraintDefinition::Exclusion(exclusion) => {
                exclusion.elements.iter().filter_map(|e| e.element.column()).collect()
            }
        }
    }

    /// Whether PostgreSQL keeps an index of the constraint's name for it.
    pub fn has_index(&self) -> bool {
        match self.definition {
            ConstraintDefinition::PrimaryKey { .. }
            | ConstraintDefinition::Unique { .. }
            | ConstraintDefinition::Exclusion(_) => true,
            ConstraintDefinition::Check { .. } | ConstraintDefinition::ForeignKey(_) => false,
        }
    }

    /// The index that a primary key or unique constraint can be made of, under its name; `None` where there is no such
    /// index: with `WITHOUT OVERLAPS` it has another method, and an exclusion constraint is made of none.
    pub fn index(&self) -> Option<Index> {
        let (columns, include, nulls_not_distinct) = match &self.definition {
            ConstraintDefinition::PrimaryKey { columns, include } => (columns, include, false),
            ConstraintDefinition::Unique { columns, include, nulls_not_distinct } => {
                (columns, include, *nulls_not_distinct)
            }
            ConstraintDefinition::Check { .. }
            | ConstraintDefinition::ForeignKey(_)
            | ConstraintDefinition::Exclusion(_) => return None,
        };
        let element = |column: &Ident| IndexElement {
            key: IndexKey::Column(column.clone()),
            collation: None,
            operator_class: None,
            descending: false,
            nulls_first: false,
        };
        (!self.period).then(|| Index {
            schema: self.schema.clone(),
            name: self.name.clone(),
            table: self.table.clone(),
            parent: None,
            unique: true,
            nulls_not_distinct,
            method: Ident::new("btree").expect("it is an identifier"),
            elements: columns.iter().map(element).collect(),
            include: include.clone(),
            predicate: None,
            options: self.options.clone(),
            tablespace: self.tablespace.clone(),
            statistics: BTreeMap::new(),
            valid: true,
            comment: None,
        })
    }

    /// `None` when only a new constraint will do.
    pub(super) fn alterations(&self, desired: &Self) -> Option<Vec<ConstraintAlteration>> {
        use ConstraintAlteration as Alter;
        let Self {
            schema: _,
            table: _,
            name: _,
            definition,
            parent,
            derived: _,
            deferrable,
            validated,
            enforced,
            period,
            options,
            tablespace,
            comment,
            index_comment,
        } = self;
        if *definition != desired.definition || *period != desired.period || *validated && !desired.validated
        {
            return None;
        }
        let alters = matches!(definition, ConstraintDefinition::ForeignKey(_));
        if !alters && (*deferrable != desired.deferrable || *enforced != desired.enforced) {
            return None;
        }
        let mut alterations = Vec::new();
        if *deferrable != desired.deferrable {
            alterations.push(Alter::SetDeferrable(desired.deferrable));
        }
        if *enforced != desired.enforced {
            alterations.push(Alter::SetEnforced(desired.enforced));
        }
        if !validated && desired.validated && desired.enforced {
            alterations.push(Alter::Validate);
        }
        alterations.extend(ParameterChange::between(options, &desired.options).map(Alter::SetOptions));
        if *tablespace != desired.tablespace {
            alterations.push(Alter::SetTablespace(desired.tablespace.clone()));
        }
        if let (None, Some(to), true) = (parent, &desired.parent, self.has_index()) {
            alterations.push(ConstraintAlteration::Attach(to.clone()));
        }
        if *comment != desired.comment {
            alterations.push(Alter::SetComment(desired.comment.clone()));
        }
        if *index_comment != desired.index_comment {
            alterations.push(Alter::SetIndexComment(desired.index_comment.clone()));
        }
        Some(alterations)
    }
}
