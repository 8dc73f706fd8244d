//! A database for a moment, on a server that somebody else runs.

use async_trait::async_trait;
use djogi_core::Ident;
use tokio_postgres::types::Type;
use ulid::Ulid;

use super::error::ScratchError;
use crate::connect::{ConnectParameters, Connection, DatabaseError};
use crate::introspect::role::STUB;

/// Where scratch databases can be made; asked only when one is needed, so a provider may start a server then.
#[async_trait]
pub trait ScratchProvider: Send + Sync {
    /// A server of the target's major version and a role that may create databases on it. The database that
    /// the parameters name is only connected to.
    async fn server(&self) -> Result<ConnectParameters, ScratchError>;

    /// What may be done with roles there, which are those of all its databases.
    fn role_use(&self) -> RoleUse {
        RoleUse::Stubs
    }
}

/// What may be done with the roles of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoleUse {
    /// Everything: it is thrown away.
    Everything,
    /// Roles that are not there may be made, without any right, and are dropped again.
    Stubs,
    /// Nothing: it is the target.
    Nothing,
}

/// A server that runs already is its own provider.
#[async_trait]
impl ScratchProvider for ConnectParameters {
    async fn server(&self) -> Result<ConnectParameters, ScratchError> {
        Ok(self.clone())
    }
}

/// An empty database called `djogi_scratch_<ulid>`. A killed process leaves it behind, empty or with tables
/// without rows, never with anything of the user's; the next one drops it.
#[derive(Debug)]
pub struct ScratchDatabase {
    connection: Connection,
    owner: Connection,
    name: String,
}

impl ScratchDatabase {
    /// Creates the database from `template0`, copying files, which on an idle server is the fastest way.
    ///
    /// # Errors
    /// When the server cannot be reached or the role may not create databases.
    pub async fn create(server: &ConnectParameters) -> Result<Self, ScratchError> {
        let ulid = Ulid::generate();
        let name = format!("djogi_scratch_{}", ulid.to_string().to_lowercase());
        let run = format!("scratch/{ulid}");
        let owner = Connection::open(server, &run).await?;
        sweep(server, &owner, &run).await;
        let sql = format!("CREATE DATABASE {name} TEMPLATE template0 STRATEGY file_copy");
        owner.client().batch_execute(&sql).await.map_err(|error| {
            let error = DatabaseError::new(&error).in_statement(sql.as_str());
            if error.sqlstate.as_deref() == Some("42501") {
                ScratchError::NoPrivilege { role: owner.endpoint().user.clone() }
            } else {
                ScratchError::Database { doing: "create", error }
            }
        })?;
        match Connection::open(&server.with_database(&name), &run).await {
            Ok(connection) => Ok(Self { connection, owner, name }),
            Err(error) => {
                // The error that there is no session is the one to report.
                let _ = drop_database(&owner, &name).await;
                Err(error.into())
            }
        }
    }

    pub fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Drops the database.
    ///
    /// # Errors
    /// When the server does not.
    pub async fn remove(self) -> Result<(), ScratchError> {
        self.end().await.map(drop)
    }

    /// Drops the database, and then the stubs of roles that nobody makes use of.
    ///
    /// # Errors
    /// When the server does not drop the database.
    pub async fn remove_with_stubs(self) -> Result<(), ScratchError> {
        let owner = self.end().await?;
        let stubs = owner.client().query_typed(STUBS, &[(&STUB, Type::TEXT)]).await.unwrap_or_default();
        for row in stubs {
            if let Some(role) = row.try_get::<_, &str>(0).ok().and_then(|name| Ident::new(name).ok()) {
                let _ = owner.client().batch_execute(&format!("DROP ROLE IF EXISTS {role}")).await;
            }
        }
        Ok(())
    }

    async fn end(self) -> Result<Connection, ScratchError> {
        let Self { connection, owner, name } = self;
        drop_subscriptions(&connection).await;
        drop(connection);
        drop_database(&owner, &name).await?;
        Ok(owner)
    }
}

/// Also those that killed processes have left.
const STUBS: &str = "
SELECT r.rolname::pg_catalog.text
  FROM pg_catalog.pg_roles r
 WHERE pg_catalog.shobj_description(r.oid, 'pg_authid') = $1";

/// What killed processes left: databases of this role in which nobody is, and whose owner has no session any more. An
/// owner is there before its database, and it is known by the name of its session in every database of the server.
const ABANDONED: &str = "
SELECT d.datname,
       EXISTS (SELECT FROM pg_catalog.pg_subscription s WHERE s.subdbid = d.oid)
  FROM pg_catalog.pg_database d
 WHERE d.datname ~ '^djogi_scratch_[0-9a-z]{26}$'
   AND d.datdba = (SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname = current_user)
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_activity a
                    WHERE a.datname = d.datname
                       OR a.application_name = 'djogi/scratch/' || pg_catalog.upper(pg_catalog.right(d.datname, 26)))";

/// Drops what was abandoned. What cannot be dropped, because somebody is faster or looks into it, is left to the next.
async fn sweep(server: &ConnectParameters, owner: &Connection, run: &str) {
    let abandoned = owner.client().query_typed(ABANDONED, &[]).await.unwrap_or_default();
    for row in abandoned {
        let (Ok(name), Ok(subscribes)) = (row.try_get::<_, &str>(0), row.try_get::<_, bool>(1)) else {
            continue;
        };
        if subscribes && let Ok(inside) = Connection::open(&server.with_database(name), run).await {
            drop_subscriptions(&inside).await;
            inside.close().await;
        }
        // The names are made of letters and digits. Without FORCE: whoever is in it keeps it.
        let _ = owner.client().batch_execute(&format!("DROP DATABASE IF EXISTS {name}")).await;
    }
}

/// PostgreSQL drops no database that has subscriptions. Those that files make have never reached a publisher, and none is
/// reached here.
async fn drop_subscriptions(inside: &Connection) {
    let names = inside.client().query_typed(SUBSCRIPTIONS, &[]).await.unwrap_or_default();
    for row in names {
        if let Some(name) = row.try_get::<_, &str>(0).ok().and_then(|name| Ident::new(name).ok()) {
            let sql = format!("ALTER SUBSCRIPTION {name} SET (slot_name = NONE); DROP SUBSCRIPTION {name}");
            // Where it cannot be done, the database cannot be dropped, which says why.
            let _ = inside.client().batch_execute(&sql).await;
        }
    }
}

const SUBSCRIPTIONS: &str = "
SELECT s.subname
  FROM pg_catalog.pg_subscription s
  JOIN pg_catalog.pg_database     d ON d.oid = s.subdbid
 WHERE d.datname = pg_catalog.current_database()";

/// The session in the database may still be ending, hence `FORCE`.
async fn drop_database(owner: &Connection, name: &str) -> Result<(), ScratchError> {
    let sql = format!("DROP DATABASE {name} WITH (FORCE)");
    let dropped = owner.client().batch_execute(&sql).await;
    dropped.map_err(|error| ScratchError::Database {
        doing: "drop",
        error: DatabaseError::new(&error).in_statement(sql),
    })
}
