//! The process environment as a value, so that what depends on a variable can be tested without setting one.

use std::collections::BTreeMap;
use std::ffi::OsString;

/// Where environment variables are looked up.
#[derive(Debug, Clone)]
pub struct Environment(Variables);

#[derive(Debug, Clone)]
enum Variables {
    Process,
    Fixed(BTreeMap<String, OsString>),
}

impl Environment {
    /// The variables of this process.
    pub fn process() -> Self {
        Self(Variables::Process)
    }

    /// Exactly these variables and no others.
    pub fn fixed<K: Into<String>, V: Into<OsString>>(variables: impl IntoIterator<Item = (K, V)>) -> Self {
        Self(Variables::Fixed(
            variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
        ))
    }

    /// The value of a variable, if it is set; it may be empty or not UTF-8.
    pub fn get(&self, name: &str) -> Option<OsString> {
        match &self.0 {
            Variables::Process => std::env::var_os(name),
            Variables::Fixed(variables) => variables.get(name).cloned(),
        }
    }

    /// The value of a variable that is set, not empty and UTF-8.
    pub fn text(&self, name: &str) -> Option<String> {
        self.get(name)?.into_string().ok().filter(|value| !value.is_empty())
    }
}
