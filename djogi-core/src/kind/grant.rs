//! What one grantee may do with one object, where that is another thing than what PostgreSQL lets him do unasked.

use serde::{Deserialize, Serialize};

use super::privilege::{Held, PUBLIC, Privilege, Rights, Securables, join, split};
use crate::address::{Address, Kind};
use crate::ident::{Ident, QualifiedName};

/// An object that privileges are about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Securable {
    Schema {
        name: Ident,
    },
    /// A table, a view, a foreign table.
    Table(QualifiedName),
    Sequence {
        name: QualifiedName,
        /// Where it belongs to an identity column, which makes it.
        #[serde(default, skip_serializing_if = "super::is_default")]
        table: Option<QualifiedName>,
    },
    Routine {
        name: QualifiedName,
        /// The types of its arguments, as in its address.
        arguments: String,
    },
    Type(QualifiedName),
    Language {
        name: Ident,
    },
    Wrapper {
        name: Ident,
    },
    Server {
        name: Ident,
    },
}

impl Securable {
    /// The kind of grants on it.
    pub fn grant_kind(&self) -> Kind {
        match self {
            Securable::Schema { .. } => Kind::SchemaGrant,
            Securable::Table(_) | Securable::Sequence { .. } => Kind::Grant,
            Securable::Routine { .. } => Kind::RoutineGrant,
            Securable::Type(_) => Kind::TypeGrant,
            Securable::Language { .. } => Kind::LanguageGrant,
            Securable::Wrapper { .. } => Kind::WrapperGrant,
            Securable::Server { .. } => Kind::ServerGrant,
        }
    }

    pub fn sort(&self) -> Securables {
        match self {
            Securable::Schema { .. } => Securables::Schemas,
            Securable::Table(_) => Securables::Tables,
            Securable::Sequence { .. } => Securables::Sequences,
            Securable::Routine { .. } => Securables::Functions,
            Securable::Type(_) => Securables::Types,
            Securable::Language { .. } => Securables::Languages,
            Securable::Wrapper { .. } => Securables::Wrappers,
            Securable::Server { .. } => Securables::Servers,
        }
    }

    /// The addresses that the object can have, and that of the table that makes it.
    pub fn addresses(&self, target: &Ident) -> Vec<Address> {
        let named = |kinds: &[Kind], name: &QualifiedName| {
            kinds.iter().map(|kind| Address::of_schema(*kind, target, name)).collect()
        };
        match self {
            Securable::Schema { name } => vec![Address::schema(target, name)],
            Securable::Table(name) => named(&[Kind::Table, Kind::View, Kind::MaterializedView], name),
            Securable::Sequence { table: Some(table), .. } => named(&[Kind::Table], table),
            Securable::Sequence { name, table: None } => named(&[Kind::Sequence], name),
            Securable::Routine { name, arguments } => [Kind::Function, Kind::Procedure, Kind::Aggregate]
                .into_iter()
                .map(|kind| Address::routine(kind, target, name, arguments))
                .collect(),
            Securable::Type(name) => named(&[Kind::Enum, Kind::Domain, Kind::Composite, Kind::Range], name),
            Securable::Wrapper { name } => vec![Address::of_database(Kind::ForeignDataWrapper, target, name)],
            Securable::Server { name } => vec![Address::of_database(Kind::ForeignServer, target, name)],
            Securable::Language { name } => vec![Address::of_database(Kind::Language, target, name)],
        }
    }

    /// What a grantee may do with it where nobody has said anything. Everybody may look into the `public` that a database
    /// is born with.
    pub fn usual(&self, grantee: &Ident, is_owner: bool, major: u32) -> Held {
        match self {
            Securable::Schema { name } if name.as_str() == "public" && grantee.as_str() == PUBLIC => {
                Held::from([(Privilege::Usage, false)])
            }
            _ => self.sort().usual(grantee, is_owner, major),
        }
    }

    /// Schema and name of what lives in a schema.
    pub fn qualified_name(&self) -> Option<&QualifiedName> {
        match self {
            Securable::Table(name)
            | Securable::Sequence { name, .. }
            | Securable::Routine { name, .. }
            | Securable::Type(name) => Some(name),
            Securable::Schema { .. }
            | Securable::Language { .. }
            | Securable::Wrapper { .. }
            | Securable::Server { .. } => None,
        }
    }

    /// The table or view that it is.
    pub fn relation_name(&self) -> Option<&QualifiedName> {
        match self {
            Securable::Table(name) => Some(name),
            _ => None,
        }
    }
}

/// Privileges on single columns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnGrant {
    pub name: Ident,
    pub privileges: Vec<Privilege>,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub grantable: Vec<Privilege>,
}

/// All that one grantee may do with one object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    pub on: Securable,
    /// [`PUBLIC`](super::privilege::PUBLIC) stands for all roles.
    pub grantee: Ident,
    /// Whether the grantee owns the object, and may do everything where nobody has said anything.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub of_owner: bool,
    /// Sorted; none where the usual ones were taken away.
    pub privileges: Vec<Privilege>,
    /// Those of them that may be passed on.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub grantable: Vec<Privilege>,
    /// Sorted by name.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub columns: Vec<ColumnGrant>,
}

/// What can change on a grant in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GrantAlteration {
    SetRights,
}

impl Grant {
    pub fn new(on: Securable, grantee: Ident, of_owner: bool, rights: &Rights) -> Self {
        let (privileges, grantable) = split(&rights.whole);
        let columns = rights.columns.iter().filter(|(_, held)| !held.is_empty());
        let columns = columns.map(|(name, held)| {
            let (privileges, grantable) = split(held);
            ColumnGrant { name: name.clone(), privileges, grantable }
        });
        Self { on, grantee, of_owner, privileges, grantable, columns: columns.collect() }
    }

    pub fn rights(&self) -> Rights {
        let columns = self.columns.iter();
        let columns =
            columns.map(|column| (column.name.clone(), join(&column.privileges, &column.grantable)));
        Rights { whole: join(&self.privileges, &self.grantable), columns: columns.collect() }
    }

    /// What the grantee may do where nobody has said anything.
    pub fn usual(&self, major: u32) -> Rights {
        self.on.usual(&self.grantee, self.of_owner, major).into()
    }

    pub(super) fn alterations(&self, desired: &Self) -> Option<Vec<GrantAlteration>> {
        let Self { on, grantee: _, of_owner: _, privileges, grantable, columns } = self;
        if *on != desired.on {
            return None;
        }
        let is_same = *privileges == desired.privileges
            && *grantable == desired.grantable
            && *columns == desired.columns;
        Some(if is_same { Vec::new() } else { vec![GrantAlteration::SetRights] })
    }
}
