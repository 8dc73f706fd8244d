//! Parts of tables that partitioned tables share with their partitions: indexes, keys, and what comes down as they do.

use crate::address::{Address, Kind};
use crate::ident::{Ident, QualifiedName};
use crate::kind::{
    Alteration, Constraint, ConstraintAlteration, ConstraintDefinition, Index, IndexAlteration, Resource,
    Trigger,
};
use crate::model::naming;

pub(super) fn is_partition(resource: &Resource) -> bool {
    matches!(resource, Resource::Table(table) if table.is_partition())
}

/// A declared index or key of a partition, with that of the partitioned table.
pub(super) struct Part<'a> {
    pub(super) address: Address,
    pub(super) resource: &'a Resource,
    pub(super) table: QualifiedName,
    pub(super) parent_table: QualifiedName,
    pub(super) parent: Address,
}

impl Part<'_> {
    /// Whether PostgreSQL makes this very part, under this very name, with that of the partitioned table.
    pub(super) fn comes_along(&self) -> bool {
        let is_usual = match self.resource {
            Resource::Index(index) => naming::of_index(index).as_deref() == Some(index.name.as_str()),
            Resource::Constraint(constraint) => constraint.derived && has_usual_name(constraint),
            _ => false,
        };
        // Of an index it makes no key.
        is_usual && self.address.kind() == self.parent.kind()
    }
}

/// Whether PostgreSQL gives the constraint of a partition this name when it makes it after that of the partitioned table.
pub(crate) fn has_usual_name(constraint: &Constraint) -> bool {
    match &constraint.definition {
        ConstraintDefinition::ForeignKey(_) | ConstraintDefinition::Check { .. } => {
            constraint.parent.as_ref().is_some_and(|parent| parent.name == constraint.name)
        }
        ConstraintDefinition::PrimaryKey { .. }
        | ConstraintDefinition::Unique { .. }
        | ConstraintDefinition::Exclusion(_) => {
            naming::of_key(constraint).as_deref() == Some(constraint.name.as_str())
        }
    }
}

/// A foreign key that a partition has before it is taken in by that of the partitioned table.
pub(super) fn is_own_foreign_key(part: Option<&Resource>) -> bool {
    match part {
        Some(Resource::Constraint(constraint)) => {
            matches!(constraint.definition, ConstraintDefinition::ForeignKey(_)) && !constraint.derived
        }
        _ => false,
    }
}

pub(crate) fn is_attachment(alteration: &Alteration) -> bool {
    matches!(
        alteration,
        Alteration::Index(IndexAlteration::Attach(_))
            | Alteration::Constraint(ConstraintAlteration::Attach(_))
    )
}

/// Whether two indexes of one table differ in nothing but their names.
pub(super) fn is_same_build(one: &Index, other: &Index) -> bool {
    let plain = |index: &Index| Index {
        name: one.name.clone(),
        parent: None,
        comment: None,
        options: one.options.clone(),
        ..index.clone()
    };
    plain(one) == plain(other)
}

/// Whether two parts of one table say the same under different names.
pub(super) fn is_same_part(one: &Resource, other: &Resource) -> bool {
    match (one, other) {
        (Resource::Index(one), Resource::Index(other)) => is_same_build(one, other),
        (Resource::Constraint(one), Resource::Constraint(other)) => {
            one.definition == other.definition && one.deferrable == other.deferrable
        }
        _ => false,
    }
}

/// The table of an index or key: of what partitioned tables share with their partitions as a whole.
pub(crate) fn shared_part(part: &Resource) -> Option<QualifiedName> {
    match part {
        Resource::Index(index) => Some(index.table_name()),
        Resource::Constraint(constraint) if constraint.has_index() => Some(constraint.table_name()),
        _ => None,
    }
}

pub(super) fn table_of(part: &Resource) -> Option<QualifiedName> {
    match part {
        Resource::Index(_) | Resource::Constraint(_) => part.relation_name(),
        _ => None,
    }
}

/// What of a parent a part is from, by the first of these addresses under which there is something: the constraint of a
/// partition can be a part of an index.
pub(crate) fn parents_of(target: &Ident, part: &Resource) -> Vec<Address> {
    match part {
        Resource::Index(index) => index.parent.iter().map(|parent| Address::index(target, parent)).collect(),
        Resource::Trigger(Trigger { parent: Some(parent), name, .. }) => {
            vec![Address::of_relation(Kind::Trigger, target, &parent.table, name)]
        }
        Resource::Constraint(Constraint { parent: Some(parent), .. }) => {
            let index = QualifiedName::new(parent.table.schema.clone(), parent.name.clone());
            vec![Address::constraint(target, &parent.table, &parent.name), Address::index(target, &index)]
        }
        _ => Vec::new(),
    }
}
