//! Reads lists into as much memory as they need: a list that grows while it is read is up to half empty, and
//! catalogs hold tens of thousands of them.

use serde::{Deserialize, Deserializer};

pub(super) fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    let mut list = Vec::deserialize(deserializer)?;
    list.shrink_to_fit();
    Ok(list)
}
