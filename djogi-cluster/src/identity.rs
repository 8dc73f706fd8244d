//! Who and which: actors, runs, committed groups, lineages and epochs.
//!
//! Each is a type of its own, so that none can be passed for another. Ids are made here and nowhere else; no
//! decision depends on their order or on a clock.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use ulid::Ulid;
use uuid::Uuid;

/// A text that is not what its type promises.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {expected}")]
pub struct IdentityError {
    text: String,
    expected: &'static str,
}

impl IdentityError {
    fn new(text: &str, expected: &'static str) -> Self {
        Self { text: text.chars().take(80).collect(), expected }
    }
}

macro_rules! ulid_newtype {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[cfg_attr(feature = "schema", schemars(extend("pattern" = "^[0-9A-HJKMNP-TV-Z]{26}$")))]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Ulid);

        impl $name {
            /// A new one, unlike any other.
            pub fn generate() -> Self {
                Self(Ulid::generate())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = IdentityError;

            fn from_str(text: &str) -> Result<Self, IdentityError> {
                text.parse().map(Self).map_err(|_| IdentityError::new(text, "a ULID of 26 characters"))
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdentityError;

            fn try_from(text: String) -> Result<Self, IdentityError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }
    };
}

ulid_newtype! {
    /// One execution of a command that may write.
    RunId
}

ulid_newtype! {
    /// One group as executed: one row in the ledger.
    OpId
}

ulid_newtype! {
    /// One approval: its file, and its row in the ledger once it is spent.
    ApprovalId
}

/// The identity of a state, made with it and never changed; the ledger and every sidecar carry it too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(extend("pattern" = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")))]
#[serde(try_from = "String", into = "String")]
pub struct Lineage(Uuid);

impl Lineage {
    pub fn generate() -> Self {
        Self(Uuid::new_v4())
    }
}

impl fmt::Display for Lineage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0.hyphenated(), f)
    }
}

impl FromStr for Lineage {
    type Err = IdentityError;

    fn from_str(text: &str) -> Result<Self, IdentityError> {
        text.parse().map(Self).map_err(|_| IdentityError::new(text, "a UUID"))
    }
}

impl TryFrom<String> for Lineage {
    type Error = IdentityError;

    fn try_from(text: String) -> Result<Self, IdentityError> {
        text.parse()
    }
}

impl From<Lineage> for String {
    fn from(lineage: Lineage) -> Self {
        lineage.to_string()
    }
}

/// The fencing number of a lock holder: each one's is greater than those of all before it. 0: nobody yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Epoch(u64);

impl Epoch {
    pub fn new(number: u64) -> Self {
        Self(number)
    }

    pub fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Who runs djogi, as recorded in state, ledger and approvals: `user@host`, or what `--as` says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "String", into = "String")]
pub struct Actor(String);

impl Actor {
    const EXPECTED: &str = "an actor: 1 to 200 characters, none of them a control character";

    /// # Errors
    /// When the name is empty, longer than 200 characters, or holds a control character (it is shown in
    /// terminals and written to logs).
    pub fn new(name: impl Into<String>) -> Result<Self, IdentityError> {
        let name = name.into();
        let name = name.trim();
        if name.is_empty() || name.chars().count() > 200 || name.chars().any(char::is_control) {
            return Err(IdentityError::new(name, Self::EXPECTED));
        }
        Ok(Self(name.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Actor {
    type Error = IdentityError;

    fn try_from(name: String) -> Result<Self, IdentityError> {
        Self::new(name)
    }
}

impl From<Actor> for String {
    fn from(actor: Actor) -> Self {
        actor.0
    }
}

/// The name this machine gives itself.
pub fn host_name() -> String {
    let name = rustix::system::uname();
    let name = name.nodename().to_string_lossy();
    if name.is_empty() { "localhost".to_owned() } else { name.chars().filter(|c| !c.is_control()).collect() }
}

/// The time as RFC 3339 in UTC, to the millisecond: a label for humans.
pub fn timestamp() -> String {
    format!("{:.3}", jiff::Timestamp::now())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_survive_their_text_form() {
        let (run, lineage) = (RunId::generate(), Lineage::generate());
        assert_eq!(run.to_string().parse(), Ok(run));
        assert_eq!(lineage.to_string().parse(), Ok(lineage));
        assert_eq!(run.to_string().len(), 26);
        assert!("01J".parse::<OpId>().is_err());
        assert!("not-a-uuid".parse::<Lineage>().is_err());
    }

    #[test]
    fn an_actor_cannot_smuggle_control_characters_into_a_terminal() {
        assert!(Actor::new("ana\x1b[2J").is_err());
        assert!(Actor::new("  ").is_err());
        assert!(Actor::new("x".repeat(201)).is_err());
        assert_eq!(Actor::new(" ana@ci ").unwrap().as_str(), "ana@ci");
    }

    #[test]
    fn timestamps_are_rfc_3339_to_the_millisecond() {
        let now = timestamp();
        assert_eq!((now.len(), &now[now.len() - 1..]), (24, "Z"), "{now}");
    }
}
