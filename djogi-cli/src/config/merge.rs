//! Applies an environment: its tables are laid over those of the file, before anything is typed.
//!
//! Keys and values keep their places in the file, so a mistake in an override is shown where it was written.

use toml::de::{DeTable, DeValue};

/// Keys of which only one may be given. An override of one replaces the other.
const EXCLUSIVE: [(&str, [&str; 2]); 2] = [("models", ["package", "catalog"]), ("state", ["target", "url"])];

/// Lays `over` on `base`: tables are merged key by key, anything else is replaced.
pub(super) fn overlay<'i>(base: &mut DeTable<'i>, over: DeTable<'i>) {
    for (key, value) in over {
        let table = key.get_ref().clone();
        match (base.get_mut(&*table).map(|below| below.get_mut()), value.get_ref()) {
            (Some(DeValue::Table(below)), DeValue::Table(above)) => {
                for (_, [one, other]) in EXCLUSIVE.iter().filter(|(name, _)| *name == table) {
                    if above.contains_key(*one) {
                        below.remove(*other);
                    }
                    if above.contains_key(*other) {
                        below.remove(*one);
                    }
                }
                overlay(below, above.clone());
            }
            _ => {
                base.remove(&*table);
                base.insert(key, value);
            }
        }
    }
}
