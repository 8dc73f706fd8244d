//! An object that one row describes completely.

use djogi_core::Resource;

use super::lookup::ObjectId;

/// A resource with what decides whether it is ours.
pub(super) struct Found {
    pub(super) object: ObjectId,
    /// The table or view that it is a part of.
    pub(super) relation: Option<u32>,
    pub(super) resource: Resource,
}

impl Found {
    pub(super) fn whole(class: u32, oid: u32, resource: Resource) -> Self {
        Self { object: ObjectId { class, oid }, relation: None, resource }
    }

    /// A part of a table or view.
    pub(super) fn part(class: u32, oid: u32, relation: u32, resource: Resource) -> Self {
        Self { relation: Some(relation), ..Self::whole(class, oid, resource) }
    }
}
