//! `OPTIONS (name 'value')` of foreign data: which are secret, and how some become others.
//!
//! Of a secret value a catalog holds a digest and nothing else. The value itself is in the declarations, from where a
//! run takes it when it executes the statement.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;

/// One option, with its value or with the digest of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForeignOption {
    pub name: String,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub value: Option<String>,
    /// Of a secret value, see [`secret_digest`].
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub secret: Option<Digest>,
}

/// Options in the order in which PostgreSQL keeps them, which means nothing.
pub type ForeignOptions = Vec<ForeignOption>;

/// Whose values are secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrecy {
    /// Those that look like it by name or value.
    ByLook,
    /// All: what a user mapping holds is there to log in with.
    All,
}

/// Parts of the names of options with secret values.
const SECRET_NAMES: [&str; 9] =
    ["pass", "pwd", "secret", "token", "key", "credential", "private", "auth", "conninfo"];

/// Parts of names in which a key is one of a table, or where keys are, and no key to anything.
const KEYS_OF_TABLES: [&str; 15] = [
    "primary_key",
    "primarykey",
    "partition_key",
    "partitionkey",
    "foreign_key",
    "foreignkey",
    "sort_key",
    "row_key",
    "rowkey",
    "keyspace",
    "key_column",
    "keycolumn",
    "key_field",
    "key_type",
    "keytype",
];

/// Values that switch something, and give nothing away.
const SWITCHES: [&str; 6] = ["true", "false", "on", "off", "yes", "no"];

impl ForeignOption {
    pub fn new(name: impl Into<String>, value: impl Into<String>, secrecy: Secrecy) -> Self {
        let (name, value) = (name.into(), value.into());
        if secrecy == Secrecy::All || is_secret(&name, &value) {
            let secret = Some(secret_digest(&name, &value));
            Self { name, value: None, secret }
        } else {
            Self { name, value: Some(value), secret: None }
        }
    }

    /// From `name=value`, as PostgreSQL's catalogs have it.
    pub fn of_catalog(text: &str, secrecy: Secrecy) -> Self {
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        Self::new(name, value, secrecy)
    }
}

/// Whether an option has a secret value by its name, or by a value that holds a password.
fn is_secret(name: &str, value: &str) -> bool {
    let (mut name, value) = (name.to_ascii_lowercase(), value.to_ascii_lowercase());
    if SWITCHES.contains(&value.as_str()) {
        return false;
    }
    for harmless in KEYS_OF_TABLES {
        name = name.replace(harmless, "");
    }
    let has_login = value.split_once("://").is_some_and(|(_, rest)| {
        rest.split('/')
            .next()
            .and_then(|host| host.split_once('@'))
            .is_some_and(|(login, _)| login.contains(':'))
    });
    SECRET_NAMES.iter().any(|part| name.contains(part))
        || has_login
        || ["password=", "password =", "passwd=", "pwd="].iter().any(|part| value.contains(part))
}

/// The digest of a secret value: that of another option with the same value is another one.
pub fn secret_digest(option: &str, value: &str) -> Digest {
    Digest::of_parts([b"djogi secret\0".as_slice(), option.as_bytes(), b"\0", value.as_bytes()])
}

/// What is done to one option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OptionChange {
    Add(ForeignOption),
    Set(ForeignOption),
    Drop(String),
}

/// How `live` becomes `desired`, in one list; nothing when they say the same. Where something is done anyway, the order
/// becomes the declared one too.
pub(crate) fn changes(live: &ForeignOptions, desired: &ForeignOptions) -> Vec<OptionChange> {
    let find =
        |options: &ForeignOptions, name: &str| options.iter().find(|option| option.name == name).cloned();
    let is_same = live.len() == desired.len()
        && desired.iter().all(|option| find(live, &option.name).as_ref() == Some(option));
    if is_same {
        return Vec::new();
    }
    let mut changes: Vec<OptionChange> = Vec::new();
    // What stays keeps its place as long as it is followed by nothing that should stand before it.
    let mut kept = live.iter().filter(|option| find(desired, &option.name).is_some()).peekable();
    let mut in_order = Vec::new();
    for wanted in desired {
        match kept.peek() {
            Some(option) if option.name == wanted.name => {
                in_order.push(wanted.name.as_str());
                kept.next();
            }
            _ => break,
        }
    }
    for option in live {
        match find(desired, &option.name) {
            Some(wanted) if in_order.contains(&option.name.as_str()) => {
                if wanted != *option {
                    changes.push(OptionChange::Set(wanted));
                }
            }
            Some(_) | None => changes.push(OptionChange::Drop(option.name.clone())),
        }
    }
    let added = desired.iter().filter(|option| !in_order.contains(&option.name.as_str()));
    changes.extend(added.cloned().map(OptionChange::Add));
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(texts: &[&str]) -> ForeignOptions {
        texts.iter().map(|text| ForeignOption::of_catalog(text, Secrecy::ByLook)).collect()
    }

    #[test]
    fn a_secret_value_is_nowhere_but_in_its_digest() {
        for text in
            ["password=hush", "sslkey=hush", "API_TOKEN=hush", "uri=mongodb://me:hush@host/x", "dsn=pwd=hush"]
        {
            let option = ForeignOption::of_catalog(text, Secrecy::ByLook);
            assert!(option.secret.is_some() && option.value.is_none(), "{text}");
            assert!(!serde_json::to_string(&option).unwrap().contains("hush"));
        }
        assert_eq!(options(&["host=db.example"])[0].value.as_deref(), Some("db.example"));
        assert_eq!(options(&["uri=https://host:443/a@b"])[0].secret, None);
        assert!(ForeignOption::of_catalog("user=me", Secrecy::All).secret.is_some());
        assert_ne!(secret_digest("a", "x"), secret_digest("b", "x"));
    }

    #[test]
    fn keys_of_tables_and_switches_are_no_secrets() {
        for text in ["key=true", "use_auth=off", "partition_key=id", "keyspace=shop", "PrimaryKey=id"] {
            assert_eq!(ForeignOption::of_catalog(text, Secrecy::ByLook).secret, None, "{text}");
        }
        for text in ["key=4711", "secret_key_column=x", "access_key=partition"] {
            assert!(ForeignOption::of_catalog(text, Secrecy::ByLook).secret.is_some(), "{text}");
        }
    }

    #[test]
    fn another_order_alone_is_no_change() {
        assert_eq!(changes(&options(&["a=1", "b=2"]), &options(&["b=2", "a=1"])), []);
    }

    #[test]
    fn what_changes_ends_in_the_declared_order() {
        for (live, desired) in [
            (vec!["a=1", "b=2", "c=3"], vec!["a=1", "c=4"]),
            (vec!["a=1"], vec!["b=2", "a=1"]),
            (vec!["a=1", "b=2"], vec!["b=3", "a=1", "c=5"]),
            (vec![], vec!["a=1"]),
            (vec!["a=1"], vec![]),
        ] {
            let (mut result, desired) = (options(&live), options(&desired));
            for change in changes(&result.clone(), &desired) {
                match change {
                    OptionChange::Add(option) => result.push(option),
                    OptionChange::Set(option) => {
                        let place = result.iter_mut().find(|other| other.name == option.name);
                        *place.expect("an option that is there") = option;
                    }
                    OptionChange::Drop(name) => result.retain(|option| option.name != name),
                }
            }
            assert_eq!(result, desired);
        }
    }
}
