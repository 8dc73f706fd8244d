//! Recorded catalogs: the managed resources of one target as observed, content-addressed.
//!
//! A catalog is stored under the digest of its bytes and never changed, so a state and twenty older ones can
//! share it; it is written and synced before the state that names it.

use std::collections::BTreeMap;
use std::sync::Arc;

use djogi_core::recorded::Recorded;
use djogi_core::{Address, Digest, Resource};
use serde::{Deserialize, Serialize};

use super::text::to_lines;

/// The format written by this version, and the only one it reads.
pub const RECORDED_FORMAT: &str = "djogi-recorded/1";

/// The content of one catalog file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedCatalog {
    format: Format,
    pub resources: BTreeMap<Address, RecordedEntry>,
}

/// One resource as observed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedEntry {
    /// The cargo package that declared it, where known.
    pub package: Option<String>,
    pub resource: Arc<Resource>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Format {
    #[serde(rename = "djogi-recorded/1")]
    V1,
}

impl Default for RecordedCatalog {
    fn default() -> Self {
        Self { format: Format::V1, resources: BTreeMap::new() }
    }
}

impl From<&Recorded> for RecordedCatalog {
    fn from(recorded: &Recorded) -> Self {
        let entry = |(address, resource): (&Address, &Arc<Resource>)| {
            let package = recorded.resources.get(address).and_then(|r| r.package.clone());
            (address.clone(), RecordedEntry { package, resource: resource.clone() })
        };
        Self { resources: recorded.catalog.iter_shared().map(entry).collect(), ..Self::default() }
    }
}

impl RecordedCatalog {
    /// The bytes that are stored, one line a resource, and the digest they are stored under.
    pub fn to_bytes(&self) -> (Vec<u8>, Digest) {
        const RESOURCES: usize = 2;
        let bytes = to_lines(self, RESOURCES);
        let digest = Digest::of_bytes(&bytes);
        (bytes, digest)
    }

    /// Reads what [`Self::to_bytes`] gave, verified against its digest. The error says what is wrong.
    pub(super) fn from_bytes(bytes: &[u8], digest: &Digest) -> Result<Self, String> {
        let found = Digest::of_bytes(bytes);
        if found != *digest {
            return Err(format!("its digest is {found}"));
        }
        serde_json::from_slice(bytes).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use djogi_core::Ident;
    use djogi_core::kind::Schema;

    use super::*;

    #[test]
    fn a_catalog_is_one_line_a_resource_and_reads_back() {
        let (target, name) = (Ident::new("main").unwrap(), Ident::new("app").unwrap());
        let mut catalog = RecordedCatalog::default();
        let resource = Resource::Schema(Schema { name: name.clone(), comment: None }).into();
        let entry = RecordedEntry { package: Some("shop".into()), resource };
        catalog.resources.insert(Address::schema(&target, &name), entry);
        let (bytes, digest) = catalog.to_bytes();
        let text = String::from_utf8(bytes.clone()).unwrap();
        assert!(text.contains("\n\"schema.main.app\":{\"package\":\"shop\","), "{text}");
        assert_eq!(serde_json::from_slice::<RecordedCatalog>(&bytes).unwrap(), catalog);
        assert_eq!(digest, Digest::of_bytes(&bytes));
    }

    #[test]
    fn the_format_constant_is_what_is_written() {
        let (bytes, _) = RecordedCatalog::default().to_bytes();
        assert!(String::from_utf8(bytes).unwrap().contains(RECORDED_FORMAT));
    }
}
