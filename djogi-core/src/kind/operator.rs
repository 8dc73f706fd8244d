//! Operators: `CREATE OPERATOR`, manual section 36.14.

use serde::{Deserialize, Serialize};

use crate::ident::{Ident, QualifiedName};

/// An operator with a function behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operator {
    pub schema: Ident,
    pub name: Ident,
    /// The type of the operand before it; `None` for a prefix operator.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub left: Option<String>,
    pub right: String,
    /// As `regproc` prints it with an empty `search_path`.
    pub function: String,
    /// The operator with the operands the other way round. It need not be there yet: PostgreSQL keeps a place for it.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub commutator: Option<QualifiedName>,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub negator: Option<QualifiedName>,
    /// The function that estimates how many rows a condition with it leaves.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub restrict: Option<String>,
    /// The same for joins.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub join: Option<String>,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub hashes: bool,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub merges: bool,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub comment: Option<String>,
}

/// What can change on an operator in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OperatorAlteration {
    SetRestrict(Option<String>),
    SetJoin(Option<String>),
    /// What can be given once (PostgreSQL 17 and newer).
    Complete(Completion),
    SetComment(Option<String>),
}

/// Properties that an operator gets and never loses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    pub commutator: Option<QualifiedName>,
    pub negator: Option<QualifiedName>,
    pub hashes: bool,
    pub merges: bool,
}

impl Operator {
    pub fn qualified_name(&self) -> QualifiedName {
        QualifiedName::new(self.schema.clone(), self.name.clone())
    }

    /// The types of its operands, by which it is told from others of its name: `NONE, integer`.
    pub fn operands(&self) -> String {
        format!("{}, {}", self.left.as_deref().unwrap_or("NONE"), self.right)
    }

    /// `None` for another function, and when something goes that can only be given.
    pub(super) fn alterations(&self, desired: &Self) -> Option<Vec<OperatorAlteration>> {
        use OperatorAlteration as Alter;
        let Self {
            schema: _,
            name: _,
            left,
            right,
            function,
            commutator,
            negator,
            restrict,
            join,
            hashes,
            merges,
            comment,
        } = self;
        let stays =
            |live: &Option<QualifiedName>, wanted: &Option<QualifiedName>| live.is_none() || live == wanted;
        let is_same = *left == desired.left && *right == desired.right && *function == desired.function;
        if !is_same
            || !stays(commutator, &desired.commutator)
            || !stays(negator, &desired.negator)
            || *hashes && !desired.hashes
            || *merges && !desired.merges
        {
            return None;
        }
        let mut alterations = Vec::new();
        if *restrict != desired.restrict {
            alterations.push(Alter::SetRestrict(desired.restrict.clone()));
        }
        if *join != desired.join {
            alterations.push(Alter::SetJoin(desired.join.clone()));
        }
        let given = |live: &Option<QualifiedName>, wanted: &Option<QualifiedName>| {
            wanted.clone().filter(|_| live.is_none())
        };
        let completion = Completion {
            commutator: given(commutator, &desired.commutator),
            negator: given(negator, &desired.negator),
            hashes: desired.hashes && !hashes,
            merges: desired.merges && !merges,
        };
        if completion != Completion::default() {
            alterations.push(Alter::Complete(completion));
        }
        if *comment != desired.comment {
            alterations.push(Alter::SetComment(desired.comment.clone()));
        }
        Some(alterations)
    }
}
