//! Operator families and classes: what an index method does with a type, manual section 36.16.

use serde::{Deserialize, Serialize};

use crate::ident::{Ident, QualifiedName};

/// An operator family with the members that belong to none of its classes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperatorFamily {
    pub schema: Ident,
    pub name: Ident,
    pub method: Ident,
    /// Sorted.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub members: Vec<FamilyMember>,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub comment: Option<String>,
}

/// An operator or support function of a family or class.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FamilyMember {
    /// What it is known by: `OPERATOR 1 (integer, bigint)`, `FUNCTION 1 (integer, bigint)`.
    pub name: String,
    /// What it is: `app.<(integer, bigint)`, `app.compare(integer, bigint)`, with `FOR ORDER BY` where there is one.
    pub value: String,
}

/// What can change on an operator family in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OperatorFamilyAlteration {
    DropMember(FamilyMember),
    AddMember(FamilyMember),
    SetComment(Option<String>),
}

impl OperatorFamily {
    pub fn qualified_name(&self) -> QualifiedName {
        QualifiedName::new(self.schema.clone(), self.name.clone())
    }

    pub(super) fn alterations(&self, desired: &Self) -> Vec<OperatorFamilyAlteration> {
        use OperatorFamilyAlteration as Alter;
        let Self { schema: _, name: _, method: _, members, comment } = self;
        let gone = members.iter().filter(|member| !desired.members.contains(member));
        let new = desired.members.iter().filter(|member| !members.contains(member));
        let mut alterations: Vec<_> = gone.cloned().map(Alter::DropMember).collect();
        alterations.extend(new.cloned().map(Alter::AddMember));
        if *comment != desired.comment {
            alterations.push(Alter::SetComment(desired.comment.clone()));
        }
        alterations
    }
}

/// An operator class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperatorClass {
    pub schema: Ident,
    pub name: Ident,
    pub method: Ident,
    pub family: QualifiedName,
    /// The type it is for.
    #[serde(rename = "type")]
    pub data_type: String,
    /// Whether indexes on the type take it when nothing is said.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub default: bool,
    /// The type of what an index stores, where it is another.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub storage: Option<String>,
    /// Sorted.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub members: Vec<FamilyMember>,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub comment: Option<String>,
}

/// What can change on an operator class in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OperatorClassAlteration {
    SetComment(Option<String>),
}

impl OperatorClass {
    pub fn qualified_name(&self) -> QualifiedName {
        QualifiedName::new(self.schema.clone(), self.name.clone())
    }

    /// `None` for anything but another comment.
    pub(super) fn alterations(&self, desired: &Self) -> Option<Vec<OperatorClassAlteration>> {
        let Self { schema: _, name: _, method: _, family, data_type, default, storage, members, comment } =
            self;
        if *family != desired.family
            || *data_type != desired.data_type
            || *default != desired.default
            || *storage != desired.storage
            || *members != desired.members
        {
            return None;
        }
        let alteration = OperatorClassAlteration::SetComment(desired.comment.clone());
        Some((*comment != desired.comment).then_some(alteration).into_iter().collect())
    }
}
