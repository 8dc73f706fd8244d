//! Reading a live database into a catalog.
//!
//! At most a fixed number of set-based queries over `pg_catalog`, sent together within one `REPEATABLE READ READ
//! ONLY` transaction, so that the cost is one round trip and grows with the managed objects alone. Each kind
//! has its query beside the function that reads the rows; [`assemble`] puts the rows together.
//!
//! PostgreSQL's deparsing functions are called only where an expression is stored: they are what makes a
//! dump slow. They see the newest catalog, not the snapshot, so an object that is dropped at that very moment
//! can fail the reading; nothing was done then, and it can be repeated.

mod aggregate;
mod assemble;
mod cast;
mod census;
mod collation;
mod column;
mod comment;
mod constraint;
mod conversion;
mod default_privilege;
mod dependency;
mod dependents;
mod domain;
mod enum_type;
mod error;
mod event_trigger;
mod existing;
mod extension;
mod foreign_data_wrapper;
mod foreign_option;
mod foreign_server;
mod found;
mod grant;
mod index;
mod language;
mod lookup;
mod managed_role;
mod not_null;
mod operator;
mod operator_class;
mod owner;
mod policy;
mod publication;
mod range;
mod reader;
pub(crate) mod role;
mod routine;
mod rule;
mod schema;
mod seed;
mod sequence;
mod statistics;
mod subscription;
mod table;
mod text_search;
mod transform;
mod trigger;
mod unmodelled;
mod unmodelled_global;
mod user_mapping;
mod version;

use std::collections::{BTreeMap, BTreeSet};

use djogi_core::address::Address;
use djogi_core::catalog::Catalog;
use djogi_core::ident::{Ident, QualifiedName};
use djogi_core::migration::{self, Observed};
use djogi_core::observation::{Observation, Oid, ServerVersion, TableSize};
use djogi_core::role_pattern::ManagedRoles;
use tokio_postgres::Client;

use crate::connect::Connection;
use census::Census;
use reader::Reader;

pub use column::tables_with_dropped_columns;
pub use error::IntrospectError;
pub use existing::existing_relations;
pub use extension::extension_requirements;
pub use sequence::sequence_positions;
pub use table::{hold_rows, unanalysed_sizes};

/// What of a database is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The target that the addresses name.
    pub target: Ident,
    /// The managed schemas; no other is looked at.
    pub schemas: Vec<Ident>,
    /// The managed roles of the server; no other is looked at.
    pub roles: ManagedRoles,
}

/// Some relations of a database as they are within a running transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObservedRelations {
    pub catalog: Catalog,
    pub oids: BTreeMap<Address, Oid>,
    pub sizes: BTreeMap<QualifiedName, TableSize>,
}

impl ObservedRelations {
    /// Sees the live migrations that are under way, with what they have made taken out.
    #[must_use]
    pub(crate) fn with_migrations(mut self, target: &Ident) -> Self {
        read_migrations(&mut self.catalog, &mut self.oids, target);
        self
    }
}

/// Gives back what live migrations have made, which is in the catalog no more.
fn read_migrations(
    catalog: &mut Catalog,
    oids: &mut BTreeMap<Address, Oid>,
    target: &Ident,
) -> BTreeSet<Address> {
    let Observed { found, taken_out } = migration::observe(catalog, target);
    for (address, table) in found {
        if let Some(oid) = oids.get(&table).copied() {
            oids.insert(address, oid);
        }
    }
    oids.retain(|address, _| !taken_out.contains(address));
    taken_out
}

/// Reads everything in `scope` in one snapshot.
///
/// # Errors
/// When the server refuses a query, or the catalog holds what djogi cannot express, such as a name that is
/// longer in UTF-8 than PostgreSQL allows.
pub async fn observe(connection: &Connection, scope: &Scope) -> Result<Observation, IntrospectError> {
    let client = connection.client();
    let reader = Reader::new(client, connection.server_version(), &scope.schemas, None);
    let rest = async {
        let census = match Census::take(&reader).await {
            Ok(census) => census,
            Err(error) => {
                client.batch_execute("ROLLBACK").await.ok();
                return Err(error);
            }
        };
        // Before the transaction is sent its end: what is asked of the rows follows from what the ledger says.
        let seeds = match census.has_seeds() {
            true => seed::read(&reader, &scope.target).await,
            false => Ok(Vec::new()),
        };
        let (found, managed, unmodelled, global, dependencies, owners, roles, committed) = futures_util::join!(
            census.read(&reader),
            managed_role::read(&reader, &scope.roles),
            unmodelled::read(&reader),
            unmodelled_global::read(&reader),
            dependency::read(&reader),
            owner::read(&reader),
            role::read(&reader),
            client.batch_execute("COMMIT"),
        );
        Ok((seeds, found, managed, unmodelled, global, dependencies, owners, roles, committed))
    };
    let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
    let (begun, rest, relations) =
        futures_util::join!(client.batch_execute(begin), rest, assemble::read(&reader));
    // In the order of sending: behind a failed query the others only say that the transaction is aborted.
    begun.map_err(|error| IntrospectError::transaction(&error))?;
    let (seeds, found, managed, unmodelled, global, dependencies, owners, roles, committed) = rest?;
    let (relations, seeds) = (relations?, seeds?);
    let (found, managed, unmodelled, global, dependencies) =
        (found?, managed?, unmodelled?, global?, dependencies?);
    let (owners, roles) = (owners?, roles?);
    committed.map_err(|error| IntrospectError::transaction(&error))?;

    let mut assembled = assemble::assemble(relations, found, &scope.target, reader.version)?;
    assembled.add_seeds(seeds);
    let uses = assembled.add_managed_roles(managed);
    let mut dependents = dependents::resolve(&unmodelled, &assembled);
    dependents.extend(dependents::uses_of_roles(&scope.target, uses, &assembled));
    let mut edges = dependents::edges(&dependencies, &assembled);
    let owners = dependents::owners(owners, &assembled);
    let taken_out = read_migrations(&mut assembled.catalog, &mut assembled.oids, &scope.target);
    edges.retain(|address, _| !taken_out.contains(address));
    let mut all: Vec<_> =
        unmodelled.into_iter().filter(|row| !row.is_elsewhere()).map(|row| row.object).collect();
    all.extend(assembled.unmodelled);
    all.extend(global);
    all.sort_unstable();
    all.dedup();
    Ok(Observation {
        oids: assembled.oids,
        sizes: assembled.sizes,
        unmodelled: all,
        dependencies: edges,
        owners,
        schemas: assembled.schemas,
        unmodelled_dependents: dependents,
        ..Observation::of(connection.identity().clone(), assembled.catalog, roles)
    })
}

/// Reads the relations, types, routines and the like that have one of `names` in one of the schemas of `scope`, relations with
/// their constraints, indexes, triggers, rules and policies, as the transaction that is open on `client` sees them; extensions and the schemas
/// themselves, and managed roles always.
///
/// The session must have an empty `search_path`, as every [`Connection`] has.
///
/// # Errors
/// As [`observe`].
pub async fn observe_relations(
    client: &Client,
    version: ServerVersion,
    scope: &Scope,
    names: &[Ident],
) -> Result<ObservedRelations, IntrospectError> {
    let reader = Reader::new(client, version, &scope.schemas, Some(names));
    let found = async {
        let census = Census::take(&reader).await?;
        let seeds = match census.has_seeds() {
            true => seed::read(&reader, &scope.target).await?,
            false => Vec::new(),
        };
        Ok::<_, IntrospectError>((census.read(&reader).await?, seeds))
    };
    let managed = managed_role::read(&reader, &scope.roles);
    let (found, managed, relations) = futures_util::join!(found, managed, assemble::read(&reader));
    let (relations, (found, seeds)) = (relations?, found?);
    let mut assembled = assemble::assemble(relations, found, &scope.target, version)?;
    assembled.add_seeds(seeds);
    assembled.add_managed_roles(managed?);
    Ok(ObservedRelations { catalog: assembled.catalog, oids: assembled.oids, sizes: assembled.sizes })
}
