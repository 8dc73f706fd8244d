//! Privileges: `GRANT`, manual section 5.8, and what every role has where nobody has said anything.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ident::Ident;

/// The grantee that stands for all roles. No role can have the name.
pub const PUBLIC: &str = "public";

macro_rules! privileges {
    ($($variant:ident $sql:literal)*) => {
        /// What a role may do with an object.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Privilege {
            $(#[serde(rename = $sql)] $variant,)*
        }

        impl Privilege {
            pub fn as_sql(self) -> &'static str {
                match self { $(Privilege::$variant => $sql,)* }
            }

            /// By the word that `aclexplode` has for it.
            pub fn of_sql(word: &str) -> Option<Self> {
                match word { $($sql => Some(Privilege::$variant),)* _ => None }
            }
        }
    };
}

privileges! {
    Select "SELECT"
    Insert "INSERT"
    Update "UPDATE"
    Delete "DELETE"
    Truncate "TRUNCATE"
    References "REFERENCES"
    Trigger "TRIGGER"
    Maintain "MAINTAIN"
    Usage "USAGE"
    Create "CREATE"
    Execute "EXECUTE"
}

/// The sorts of objects that PostgreSQL tells apart by what can be done with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Securables {
    /// Views and foreign tables too.
    Tables,
    Sequences,
    /// Procedures and aggregates too.
    Functions,
    Types,
    Schemas,
    Languages,
    Wrappers,
    Servers,
    LargeObjects,
}

impl Securables {
    /// `None` for the word of no sort.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sort| sort.word() == word)
    }

    const ALL: [Self; 9] = [
        Self::Tables,
        Self::Sequences,
        Self::Functions,
        Self::Types,
        Self::Schemas,
        Self::Languages,
        Self::Wrappers,
        Self::Servers,
        Self::LargeObjects,
    ];

    /// As in addresses and in `ALTER DEFAULT PRIVILEGES`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Tables => "tables",
            Self::Sequences => "sequences",
            Self::Functions => "functions",
            Self::Types => "types",
            Self::Schemas => "schemas",
            Self::Languages => "languages",
            Self::Wrappers => "wrappers",
            Self::Servers => "servers",
            Self::LargeObjects => "large_objects",
        }
    }

    /// All that can be done with an object, which its owner may do by himself. What a server of an older version than
    /// 17 does not have is not asked of it.
    pub fn all(self, major: u32) -> Held {
        use Privilege as P;
        let all: &[P] = match self {
            Self::Tables => &[
                P::Select,
                P::Insert,
                P::Update,
                P::Delete,
                P::Truncate,
                P::References,
                P::Trigger,
                P::Maintain,
            ],
            Self::Sequences => &[P::Select, P::Update, P::Usage],
            Self::Functions => &[P::Execute],
            Self::Types | Self::Languages | Self::Wrappers | Self::Servers => &[P::Usage],
            Self::Schemas => &[P::Usage, P::Create],
            Self::LargeObjects => &[P::Select, P::Update],
        };
        let has = |privilege: &P| *privilege != P::Maintain || major >= 17;
        all.iter().copied().filter(has).map(|privilege| (privilege, false)).collect()
    }

    /// What PostgreSQL lets everybody do with a new object of its own accord.
    pub fn of_public(self) -> Held {
        match self {
            Self::Functions => Held::from([(Privilege::Execute, false)]),
            Self::Types | Self::Languages => Held::from([(Privilege::Usage, false)]),
            Self::Tables
            | Self::Sequences
            | Self::Schemas
            | Self::Wrappers
            | Self::Servers
            | Self::LargeObjects => Held::new(),
        }
    }

    /// What a grantee has where nobody has said anything.
    pub fn usual(self, grantee: &Ident, is_owner: bool, major: u32) -> Held {
        match is_owner {
            true => self.all(major),
            false if grantee.as_str() == PUBLIC => self.of_public(),
            false => Held::new(),
        }
    }
}

/// Privileges, and of each whether its holder may pass it on.
pub type Held = BTreeMap<Privilege, bool>;

/// All that one grantee may do with one object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    pub whole: Held,
    /// Besides, with single columns.
    pub columns: BTreeMap<Ident, Held>,
}

impl From<Held> for Rights {
    fn from(whole: Held) -> Self {
        Self { whole, columns: BTreeMap::new() }
    }
}

/// `held` as documents have it: all privileges, and those that may be passed on.
pub fn split(held: &Held) -> (Vec<Privilege>, Vec<Privilege>) {
    let grantable = held.iter().filter(|(_, grantable)| **grantable);
    (held.keys().copied().collect(), grantable.map(|(privilege, _)| *privilege).collect())
}

/// The reverse of [`split`].
pub fn join(privileges: &[Privilege], grantable: &[Privilege]) -> Held {
    privileges.iter().map(|privilege| (*privilege, grantable.contains(privilege))).collect()
}
