//! `WITH (name = value, ...)`: the storage parameters of tables, the options of views.

use std::collections::BTreeMap;

/// Parameters by name, with their values as `reloptions` has them.
pub type Parameters = BTreeMap<String, String>;

/// How some parameters become others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterChange {
    pub set: Parameters,
    pub reset: Vec<String>,
}

impl ParameterChange {
    /// `None` when nothing differs.
    pub(super) fn between(live: &Parameters, desired: &Parameters) -> Option<Self> {
        let set = desired.iter().filter(|(name, value)| live.get(*name) != Some(value));
        let set: Parameters = set.map(|(name, value)| (name.clone(), value.clone())).collect();
        let reset: Vec<String> = live.keys().filter(|name| !desired.contains_key(*name)).cloned().collect();
        (!set.is_empty() || !reset.is_empty()).then_some(Self { set, reset })
    }
}
