//! The desired catalog of one target: declarations after PostgreSQL has normalised them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::declared::Source;
use crate::ident::Ident;
use crate::kind::Resource;
use crate::observation::Unmodelled;

/// One resource that should exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DesiredResource {
    pub resource: Arc<Resource>,
    pub source: Source,
    /// The cargo package that declares it; empty for what SQL files declare.
    pub package: String,
    /// See [`Declaration::renamed_from`](crate::declared::Declaration::renamed_from).
    pub renamed_from: Option<Address>,
    /// New column name to old column name.
    pub renamed_columns: BTreeMap<Ident, Ident>,
    /// See [`Declaration::needs`](crate::declared::Declaration::needs).
    pub needs: BTreeSet<Address>,
    /// Who shall own it; where nothing is said it belongs to whom it belongs.
    pub owner: Option<Ident>,
}

/// Everything one target should hold.
pub type Desired = BTreeMap<Address, DesiredResource>;

/// An object that SQL files declare and that the catalog has no kind for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotModelled {
    pub object: Unmodelled,
    pub source: Option<Source>,
}
