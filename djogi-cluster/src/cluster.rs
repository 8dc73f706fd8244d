//! A configuration as the engine needs it: the targets, what is declared for them, and where their state is.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use djogi_core::address_pattern::Ignored;
use djogi_core::declared::Declarations;
use djogi_core::elsewhere;
use djogi_core::observation::Observation;
use djogi_core::plan::classify::DestructivePolicy;
use djogi_core::role_pattern::ManagedRoles;
use djogi_core::{Address, Ident, Kind};

use crate::approvals::ApprovalRules;
use crate::connect::ConnectParameters;
use crate::declared::Declared;
pub use crate::desired::LoadedSides;
use crate::identity::Actor;
use crate::introspect::Scope;
use crate::server::BinarySearch;
use crate::state::{LocalStore, PostgresStore, Store};

/// Everything a command works with.
#[derive(Debug)]
pub struct Cluster {
    /// The name of the configuration.
    pub name: String,
    /// Holds the embedded server of the chosen environment, and its state when that is local: `.djogi/` or
    /// `.djogi/env/<name>/`.
    pub state_dir: PathBuf,
    pub state: StateSettings,
    /// Holds what can always be made again; shared by all environments.
    pub cache_dir: PathBuf,
    pub targets: BTreeMap<Ident, TargetSettings>,
    pub declared: Declared,
    pub actor: Actor,
    /// Whether the actor was named by `--as`, and not by the environment.
    pub actor_is_chosen: bool,
    pub approvals: ApprovalRules,
    /// How long to wait for another run's lock.
    pub lock_patience: Duration,
    /// Where PostgreSQL programs come from, for embedded and scratch servers.
    pub search: BinarySearch,
    /// The server that `--scratch-url` names: every scratch database is made there.
    pub scratch: Option<Box<ConnectParameters>>,
    /// What SQL files have come to so far.
    pub loaded: LoadedSides,
}

/// Where the state of the chosen environment is.
#[derive(Clone, Debug)]
pub enum StateSettings {
    /// In [`Cluster::state_dir`].
    Local,
    /// In a database, under a name of its own.
    Postgres { parameters: Box<ConnectParameters>, name: String },
}

/// One logical database.
#[derive(Clone, Debug)]
pub struct TargetSettings {
    pub server: ServerSettings,
    /// The namespaces djogi may manage.
    pub schemas: Vec<Ident>,
    /// The roles of the server that djogi may manage.
    pub roles: ManagedRoles,
    /// How long one statement may wait for a lock, and others behind it.
    pub lock_timeout: Duration,
    /// For how long a group is tried whose locks others have; zero: once.
    pub lock_budget: Duration,
    pub destructive: DestructivePolicy,
    /// What of them is none of djogi's business.
    pub ignore: Ignored,
    /// Whether partitions that are not declared belong to somebody else.
    pub partitions_elsewhere: bool,
    /// Whether scratch databases are made on the target's own server.
    pub scratch_on_target: bool,
}

impl TargetSettings {
    /// What of `target` is read.
    pub(crate) fn scope(&self, target: &Ident) -> Scope {
        Scope { target: target.clone(), schemas: self.schemas.clone(), roles: self.roles.clone() }
    }

    /// Takes the partitions out of `live` that somebody else makes and drops: those that are not among what `is_kept`.
    pub(crate) fn set_partitions_aside(
        &self,
        target: &Ident,
        live: &mut Observation,
        is_kept: &dyn Fn(&Address) -> bool,
    ) {
        if self.partitions_elsewhere {
            elsewhere::set_aside(target, live, is_kept);
        }
    }
}

/// Where a target's server is.
#[derive(Clone, Debug)]
pub enum ServerSettings {
    Url(Box<ConnectParameters>),
    /// A server of djogi's own, with this database; `major` when one version was asked for.
    Embedded {
        database: String,
        major: Option<u32>,
    },
}

/// A declared move that leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoveError {
    #[error("`{to}` is declared nowhere, so nothing can be moved to it")]
    NotDeclared { to: Address },
    #[error("`{from}` cannot become `{to}`: a move keeps the kind and the target")]
    OtherKind { from: Address, to: Address },
    #[error(
        "schema `{}` cannot become `{}` as a whole; move what is in it: `renamed_from = \"{}.NAME\"` at each model, enum \
         and sequence, or a move for each",
        from.name(), to.name(), from.name()
    )]
    Schema { from: Address, to: Address },
    #[error(
        "a role keeps its name: rename it by hand (ALTER ROLE {} RENAME TO {}), declare the new name, and import it", from.name(), to.name()
    )]
    Role { from: Address, to: Address },
    #[error("an extension keeps its name: create `{}` and drop `{}`", to.name(), from.name())]
    Extension { from: Address, to: Address },
}

impl Cluster {
    /// The store of the chosen environment's state.
    pub fn store(&self) -> Box<dyn Store> {
        self.store_of(&self.state)
    }

    /// The store that `settings` lead to.
    pub fn store_of(&self, settings: &StateSettings) -> Box<dyn Store> {
        match settings {
            StateSettings::Local => Box::new(LocalStore::new(&self.state_dir)),
            StateSettings::Postgres { parameters, name } => {
                Box::new(PostgresStore::new(parameters.as_ref().clone(), name))
            }
        }
    }

    /// Whether a command has to start a server before it can look at a target.
    pub fn has_embedded_server(&self) -> bool {
        self.targets.values().any(|target| matches!(target.server, ServerSettings::Embedded { .. }))
    }

    /// Where the embedded server of the chosen environment keeps its data.
    pub fn embedded_dir(&self) -> PathBuf {
        self.state_dir.join("postgres")
    }
}

/// Notes a `[[moved]]` entry of the configuration on the declaration it leads to.
///
/// # Errors
/// When nothing is declared under `to`, or it is of another kind.
pub fn declare_move(declarations: &mut Declarations, from: &Address, to: &Address) -> Result<(), MoveError> {
    if from.kind() != to.kind() || from.target() != to.target() {
        return Err(MoveError::OtherKind { from: from.clone(), to: to.clone() });
    }
    match from.kind() {
        Kind::Schema => return Err(MoveError::Schema { from: from.clone(), to: to.clone() }),
        Kind::Extension => return Err(MoveError::Extension { from: from.clone(), to: to.clone() }),
        Kind::Role | Kind::RoleGrant => {
            return Err(MoveError::Role { from: from.clone(), to: to.clone() });
        }
        _ => {}
    }
    let not_declared = || MoveError::NotDeclared { to: to.clone() };
    if to.kind() == Kind::Column {
        let table = to.table_of_member().ok_or_else(not_declared)?;
        let table = declarations.resources.get_mut(&table).ok_or_else(not_declared)?;
        table.renamed_columns.insert(to.name().clone(), from.name().clone());
    } else {
        let declaration = declarations.resources.get_mut(to).ok_or_else(not_declared)?;
        declaration.renamed_from = Some(from.clone());
    }
    Ok(())
}
