//! What state says djogi last made and observed in one target.

use std::collections::BTreeMap;

use crate::address::Address;
use crate::catalog::Catalog;
use crate::digest::Digest;
use crate::observation::Oid;

/// The record of one managed resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedResource {
    /// Digest of the desired resource that was last applied; `None` when it was only adopted or observed.
    pub desired: Option<Digest>,
    /// Digest of the resource as last observed.
    pub observed: Digest,
    pub oid: Oid,
    /// Whether it was recorded as changed by somebody else.
    pub drifted: bool,
    /// The cargo package that declared it, where known.
    pub package: Option<String>,
}

/// The managed resources of one target. Whatever is not in here is not djogi's to change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    pub resources: BTreeMap<Address, RecordedResource>,
    /// The observed catalog of the managed resources, needed only to show what drift changed.
    pub catalog: Catalog,
}
