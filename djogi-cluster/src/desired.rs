//! The desired side of a target: what its models and SQL files declare, in PostgreSQL's own words.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use djogi_core::address_pattern::{AddressPattern, Ignored};
use djogi_core::observation::{Observation, ServerVersion};
use djogi_core::seed::{DeclaredSeed, QueryRows};
use djogi_core::{Address, Ident, Kind, QualifiedName};
use tokio::sync::OnceCell;

use crate::cluster::{Cluster, TargetSettings};
use crate::declared::Configured;
use crate::error::EngineError;
use crate::event::Reporter;
use crate::normalise::{NormaliseError, normalise};
use crate::scratch::Scratch;
use crate::sql_files::{self, DesiredSide, Rejected, SqlFiles, queries, seed_queries};

/// What came of loading, once for all who ask.
type Side = Arc<OnceCell<Result<Arc<DesiredSide>, NormaliseError>>>;

/// What SQL files have come to in this process, by target and major version.
#[derive(Debug, Default)]
pub struct LoadedSides {
    sides: Mutex<BTreeMap<(Ident, u32), Side>>,
}

impl LoadedSides {
    fn of(&self, target: &Ident, version: ServerVersion) -> Side {
        let mut sides = self.sides.lock().unwrap_or_else(PoisonError::into_inner);
        sides.entry((target.clone(), version.major())).or_default().clone()
    }
}

/// What `target` should hold, for a server of `version`.
///
/// # Errors
/// When what is declared cannot be read, PostgreSQL refuses it, or there is no scratch database.
pub(crate) async fn desired(
    cluster: &Cluster,
    (target, settings): (&Ident, &TargetSettings),
    version: ServerVersion,
    reporter: &dyn Reporter,
) -> Result<DesiredSide, EngineError> {
    let configured = cluster.declared.get()?;
    let mut side = match side_of_files(cluster, (target, settings), version, reporter).await? {
        Some(side) => side.as_ref().clone(),
        None => {
            let scratch = Scratch::new(cluster, target.clone(), version, reporter);
            let (declarations, cache) = (&configured.declarations, scratch.cache());
            let resources = normalise(declarations, target, version, &scratch, &cache).await?;
            DesiredSide { resources, not_modelled: Vec::new() }
        }
    };
    let unmanaged = Unmanaged::of(configured, target);
    side.resources.retain(|address, declared| !unmanaged.has(address, declared.resource.owner_name()));
    refuse_ignored(&side, target, settings)?;
    Ok(side)
}

/// What models say is somebody else's.
pub(crate) struct Unmanaged<'a> {
    declared: BTreeSet<&'a Address>,
}

impl<'a> Unmanaged<'a> {
    pub(crate) fn of(configured: &'a Configured, target: &Ident) -> Self {
        let declared = configured.declarations.unmanaged(target).map(|(address, _)| address);
        Self { declared: declared.collect() }
    }

    fn has(&self, address: &Address, table: Option<QualifiedName>) -> bool {
        let table = table.map(|table| Address::table(address.target(), &table));
        self.declared.contains(address) || table.is_some_and(|table| self.declared.contains(&table))
    }

    /// The tables in schemas that are not managed.
    pub(crate) fn unseen_tables(&self, settings: &TargetSettings) -> Vec<QualifiedName> {
        let tables = self.declared.iter().filter(|address| address.kind() == Kind::Table);
        tables.filter(|address| is_unseen(address, settings)).filter_map(|table| table.relation()).collect()
    }

    /// Takes it out of `live`, where it is for others to refer to; `existing` are those of the tables that nobody has looked
    /// at which are there.
    pub(crate) fn set_aside(
        &self,
        (target, settings): (&Ident, &TargetSettings),
        existing: &BTreeSet<QualifiedName>,
        live: &mut Observation,
    ) {
        // A schema is only its place.
        let objects = self.declared.iter().filter(|address| address.kind() != Kind::Schema);
        Ignored::new(objects.clone().map(|address| AddressPattern::exactly(address)).collect())
            .strip(target, live);
        // Where nobody looks all but tables is taken to be.
        let is_there = |address: &&&Address| {
            address.kind() != Kind::Table || address.relation().is_some_and(|name| existing.contains(&name))
        };
        let unseen = objects.filter(|address| is_unseen(address, settings)).filter(is_there);
        live.left_alone.extend(unseen.map(|address| (*address).clone()));
    }
}

/// Whether it is in a schema that the target does not manage.
fn is_unseen(address: &Address, settings: &TargetSettings) -> bool {
    address.schema_name().is_some_and(|schema| !settings.schemas.contains(schema))
}

/// What is declared cannot be left alone.
fn refuse_ignored(
    side: &DesiredSide,
    target: &Ident,
    settings: &TargetSettings,
) -> Result<(), NormaliseError> {
    let contradicted = settings.ignore.contradicted(&side.resources);
    let rejected: Vec<Rejected> = contradicted
        .map(|(address, declared, pattern)| Rejected::ignored(address, &declared.source, target, pattern))
        .collect();
    if rejected.is_empty() { Ok(()) } else { Err(NormaliseError::Rejected(rejected)) }
}

/// Has the queries of the applications of `target` prepared beside what it should hold.
///
/// # Errors
/// Every query that PostgreSQL would refuse there; else as [`desired`].
pub(crate) async fn check_queries(
    cluster: &Cluster,
    (target, settings): (&Ident, &TargetSettings),
    version: ServerVersion,
    reporter: &dyn Reporter,
) -> Result<(), EngineError> {
    let configured = cluster.declared.get()?;
    let Some(queries) = configured.queries.get(target) else { return Ok(()) };
    let no_files = SqlFiles::default();
    let declared = declared_of(configured, (target, settings), &no_files);
    let scratch = Scratch::new(cluster, target.clone(), version, reporter);
    Ok(queries::check(queries, declared, version, &scratch, &scratch.cache()).await?)
}

/// Has the queries among `seeds` computed beside what `target` should hold.
///
/// # Errors
/// Every query that PostgreSQL refuses there; else as [`desired`].
pub(crate) async fn compute_seeds(
    cluster: &Cluster,
    (target, settings): (&Ident, &TargetSettings),
    version: ServerVersion,
    seeds: &[&DeclaredSeed],
    reporter: &dyn Reporter,
) -> Result<BTreeMap<Ident, QueryRows>, EngineError> {
    let configured = cluster.declared.get()?;
    let no_files = SqlFiles::default();
    let declared = declared_of(configured, (target, settings), &no_files);
    let scratch = Scratch::new(cluster, target.clone(), version, reporter);
    Ok(seed_queries::compute(seeds, declared, version, &scratch, &scratch.cache()).await?)
}

/// What a scratch database is loaded with.
fn declared_of<'c>(
    configured: &'c Configured,
    (target, settings): (&'c Ident, &'c TargetSettings),
    no_files: &'c SqlFiles,
) -> sql_files::Declared<'c> {
    sql_files::Declared {
        target,
        schemas: &settings.schemas,
        roles: &settings.roles,
        files: configured.sql_files.get(target).unwrap_or(no_files),
        models: &configured.declarations,
        models_digest: configured.models_digest,
    }
}

/// Begins with what takes time, while others wait for the target: what is wrong is told by who asks for the result.
pub(crate) async fn prepare(
    cluster: &Cluster,
    target: (&Ident, &TargetSettings),
    version: ServerVersion,
    reporter: &dyn Reporter,
) {
    let _ = side_of_files(cluster, target, version, reporter).await;
}

/// `None` when the target has no SQL files, and no tables of which PostgreSQL makes more than is declared.
async fn side_of_files(
    cluster: &Cluster,
    (target, settings): (&Ident, &TargetSettings),
    version: ServerVersion,
    reporter: &dyn Reporter,
) -> Result<Option<Arc<DesiredSide>>, EngineError> {
    let configured = cluster.declared.get()?;
    let is_loaded = configured.sql_files.contains_key(target) || configured.declarations.has_children(target);
    if !is_loaded {
        return Ok(None);
    }
    let no_files = SqlFiles::default();
    let declared = declared_of(configured, (target, settings), &no_files);
    let load = async {
        let scratch = Scratch::new(cluster, target.clone(), version, reporter);
        let cache = scratch.cache();
        let side = sql_files::desired(declared, version, &scratch, &cache, reporter).await?;
        sql_files::moves::declare(side, &configured.moves, target).map(Arc::new)
    };
    Ok(Some(cluster.loaded.of(target, version).get_or_init(|| load).await.clone()?))
}
