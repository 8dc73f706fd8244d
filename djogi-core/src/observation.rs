//! What was read from a live database in one snapshot.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::address::{Address, Kind};
use crate::catalog::Catalog;
use crate::ident::{Ident, QualifiedName};
use crate::kind::RoleAttribute;
use crate::kind::privilege::PUBLIC;
use crate::plan::depend::Edges;

/// A PostgreSQL object identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Oid(pub u32);

/// PostgreSQL's version as `server_version_num` has it: 180004 is 18.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct ServerVersion(pub u32);

impl ServerVersion {
    /// The oldest major version that djogi works with.
    pub const OLDEST_MAJOR: u32 = 15;

    pub fn major(self) -> u32 {
        self.0 / 10_000
    }
}

impl std::fmt::Display for ServerVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.major(), self.0 % 10_000)
    }
}

/// Which database this is, however one got there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseIdentity {
    /// `pg_control_system().system_identifier`, as decimal text because JSON numbers lose 64-bit integers.
    pub system_identifier: String,
    pub database: String,
    pub server_version: ServerVersion,
}

/// Estimated size of a table, from `pg_class`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TableSize {
    /// `None` when the table was never analysed.
    pub rows: Option<u64>,
    /// By the last look of VACUUM, ANALYZE or an index build; of a table that was never analysed, exactly, where a plan
    /// changes anything.
    pub bytes: u64,
    /// Whether it holds a row, exactly; read only of tables where a plan depends on it.
    pub holds_rows: Option<bool>,
    /// What keeps it from leaving its table concurrently, or partitions from leaving it.
    pub detach_obstacle: Option<DetachObstacle>,
}

/// What keeps a partition from leaving its table concurrently, wherever the other object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DetachObstacle {
    /// Of a partition, which has to lose a constraint then.
    NotOwner,
    DefaultPartition,
    DetachPending,
    Referenced,
}

impl DetachObstacle {
    /// As the end of a sentence.
    pub fn as_str(self) -> &'static str {
        match self {
            DetachObstacle::NotOwner => "because the partition belongs to another role",
            DetachObstacle::DefaultPartition => "because PostgreSQL refuses it beside a default partition",
            DetachObstacle::DetachPending => "because the detachment of another partition is pending",
            DetachObstacle::Referenced => "because foreign keys refer to the partitioned table",
        }
    }
}

/// An object in a managed schema that the catalog has no kind for; only ever counted and listed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Unmodelled {
    /// The manual's word for it: `view`, `trigger`, `column privilege`.
    pub kind: String,
    /// As PostgreSQL describes it: `public.orders_audit on public.orders`.
    pub name: String,
}

impl Unmodelled {
    /// What has an address, told as what has none.
    pub fn of(address: &Address) -> Self {
        let name = address.names().map(ToString::to_string).collect::<Vec<_>>().join(".");
        Self { kind: address.kind().as_str().replace('_', " "), name }
    }
}

/// The roles of a server, as the role of the session sees them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roles {
    /// The role of the session, to which belongs what it makes.
    pub current: Ident,
    /// Whether it may do everything.
    pub is_superuser: bool,
    /// What else it may do with roles, and give them.
    pub attributes: BTreeSet<RoleAttribute>,
    pub known: BTreeMap<Ident, RoleRights>,
}

/// What the role of the session may do for another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RoleRights {
    /// It has the rights of the role without becoming it.
    pub inherits: bool,
    /// It may become the role, and give it what is its own.
    pub becomes: bool,
    /// It may make others its members.
    pub administers: bool,
}

impl Roles {
    /// A superuser's view of a server that has no other role.
    pub fn of_superuser(current: Ident) -> Self {
        let all = RoleRights { inherits: true, becomes: true, administers: true };
        Self {
            known: BTreeMap::from([(current.clone(), all)]),
            current,
            is_superuser: true,
            attributes: BTreeSet::new(),
        }
    }

    /// Whether there is such a role; all of them together count as one.
    pub fn knows(&self, role: &Ident) -> bool {
        role.as_str() == PUBLIC || self.known.contains_key(role)
    }

    /// Whether the session can do what `role` may.
    pub fn acts_as(&self, role: &Ident) -> bool {
        self.is_superuser || self.known.get(role).is_some_and(|rights| rights.inherits)
    }

    /// Whether the session can make others members of `role`, and change it.
    pub fn administers(&self, role: &Ident) -> bool {
        self.is_superuser || self.known.get(role).is_some_and(|rights| rights.administers)
    }

    /// Whether the role of the session has the attribute, or needs none.
    pub fn has(&self, attribute: RoleAttribute) -> bool {
        self.is_superuser || self.attributes.contains(&attribute)
    }

    /// Whether the session can make `role` the owner of something that it owns itself.
    pub fn gives_to(&self, role: &Ident) -> bool {
        self.is_superuser || self.known.get(role).is_some_and(|rights| rights.becomes)
    }
}

/// How far a sequence has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SequencePosition {
    pub last_value: i64,
    /// Whether the last value has been given out: a new sequence has not, nor has one after `setval(..., false)`.
    pub is_called: bool,
}

/// The live side of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    pub identity: DatabaseIdentity,
    pub catalog: Catalog,
    pub oids: BTreeMap<Address, Oid>,
    pub sizes: BTreeMap<QualifiedName, TableSize>,
    /// All schemas of the database, as far as that has been read; those that are managed are in the catalog.
    pub schemas: BTreeSet<Ident>,
    pub unmodelled: Vec<Unmodelled>,
    /// What views, routines, triggers and the like need, columns included, from `pg_depend`. Tables and their parts say
    /// it themselves.
    pub dependencies: Edges,
    /// The owners of objects that do not belong to the role of the session.
    pub owners: BTreeMap<Address, Ident>,
    pub roles: Roles,
    /// Where sequences stand whose bounds are to be narrowed, also those of identity columns, which have the address of
    /// the column. Read only then; what may not be read is missing.
    pub sequence_positions: BTreeMap<Address, SequencePosition>,
    /// What the extensions that come or go need of others, by their control files. Read only when one does.
    pub extension_requirements: BTreeMap<Ident, Vec<Ident>>,
    /// `dependent -> what it needs`, from `pg_depend`, for objects that the catalog does not model.
    pub unmodelled_dependents: BTreeMap<Address, Vec<Unmodelled>>,
    /// What is there, in no catalog, and left to others: what the target is told to leave alone.
    pub left_alone: BTreeSet<Address>,
    /// The partitions among it, by the table of which they are partitions, or partitions of partitions.
    pub partitions_elsewhere: BTreeMap<QualifiedName, BTreeSet<QualifiedName>>,
}

impl Observation {
    /// A database of which no more is known than its catalog, and who looks at it.
    pub fn of(identity: DatabaseIdentity, catalog: Catalog, roles: Roles) -> Self {
        Self {
            identity,
            catalog,
            oids: BTreeMap::new(),
            sizes: BTreeMap::new(),
            schemas: BTreeSet::new(),
            unmodelled: Vec::new(),
            dependencies: Edges::default(),
            owners: BTreeMap::new(),
            roles,
            sequence_positions: BTreeMap::new(),
            extension_requirements: BTreeMap::new(),
            unmodelled_dependents: BTreeMap::new(),
            left_alone: BTreeSet::new(),
            partitions_elsewhere: BTreeMap::new(),
        }
    }

    /// Takes `objects` out of the catalog. That they rest on other objects, as `resting` says, stays known: these cannot be
    /// dropped under them.
    pub fn leave_alone(&mut self, objects: BTreeSet<Address>, resting: Vec<(Address, Unmodelled)>) {
        for address in &objects {
            self.catalog.remove(address);
            self.oids.remove(address);
            self.dependencies.remove(address);
            self.owners.remove(address);
        }
        self.left_alone.extend(objects);
        for (need, object) in resting.into_iter().filter(|(need, _)| need.kind() != Kind::Schema) {
            let dependents = self.unmodelled_dependents.entry(need).or_default();
            if !dependents.contains(&object) {
                dependents.push(object);
            }
        }
    }
}
