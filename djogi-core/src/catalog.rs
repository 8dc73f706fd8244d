//! A database as a value: every resource by its address.
//!
//! The same type serves the desired, the recorded and the live catalog, so that they can be compared.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::address::{Address, Kind};
use crate::ident::{Ident, QualifiedName};
use crate::kind::{Resource, Table};

/// The resources of one target, sorted by address. They are shared: what a run observes is also what it records.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Catalog {
    resources: BTreeMap<Address, Arc<Resource>>,
}

impl Catalog {
    /// Adds a resource under its own address; gives back what stood there.
    pub fn insert(&mut self, target: &Ident, resource: impl Into<Arc<Resource>>) -> Option<Arc<Resource>> {
        let resource = resource.into();
        self.resources.insert(resource.address(target), resource)
    }

    pub fn get(&self, address: &Address) -> Option<&Resource> {
        self.resources.get(address).map(|resource| &**resource)
    }

    /// The same, to be kept beyond this catalog.
    pub fn get_shared(&self, address: &Address) -> Option<&Arc<Resource>> {
        self.resources.get(address)
    }

    pub fn remove(&mut self, address: &Address) -> Option<Arc<Resource>> {
        self.resources.remove(address)
    }

    pub fn contains(&self, address: &Address) -> bool {
        self.resources.contains_key(address)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Address, &Resource)> {
        self.resources.iter().map(|(address, resource)| (address, &**resource))
    }

    /// The same, to be kept beyond this catalog.
    pub fn iter_shared(&self) -> impl Iterator<Item = (&Address, &Arc<Resource>)> {
        self.resources.iter()
    }

    /// Those of one kind, which takes no look at the others.
    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = (&Address, &Resource)> {
        let rest = self.resources.range(Address::first_of(kind)..);
        let same = rest.take_while(move |(address, _)| address.kind() == kind);
        same.map(|(address, resource)| (address, &**resource))
    }

    pub fn len(&self) -> usize {
        self.resources.len()
    }

    pub fn is_empty(&self) -> bool {
        self.resources.is_empty()
    }

    pub fn table(&self, target: &Ident, name: &QualifiedName) -> Option<&Table> {
        match self.get(&Address::table(target, name)) {
            Some(Resource::Table(table)) => Some(table),
            _ => None,
        }
    }
}

impl<R: Into<Arc<Resource>>> FromIterator<(Address, R)> for Catalog {
    fn from_iter<I: IntoIterator<Item = (Address, R)>>(resources: I) -> Self {
        let mut catalog = Self::default();
        catalog.extend(resources);
        catalog
    }
}

impl<R: Into<Arc<Resource>>> Extend<(Address, R)> for Catalog {
    fn extend<I: IntoIterator<Item = (Address, R)>>(&mut self, resources: I) {
        self.resources.extend(resources.into_iter().map(|(address, resource)| (address, resource.into())));
    }
}

impl IntoIterator for Catalog {
    type Item = (Address, Arc<Resource>);
    type IntoIter = std::collections::btree_map::IntoIter<Address, Arc<Resource>>;

    fn into_iter(self) -> Self::IntoIter {
        self.resources.into_iter()
    }
}
