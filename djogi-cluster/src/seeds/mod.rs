//! Seeds of a target: read from their files, and compared with the rows that are there.
//!
//! A seed whose rows are those that were written, by the digest of its file and by that of the rows, is not looked at
//! any further.

mod casts;
mod compare;

use std::collections::BTreeMap;
use std::sync::Arc;

use djogi_core::desired::{Desired, DesiredResource};
use djogi_core::kind::{Resource, Seed};
use djogi_core::observation::{Observation, ServerVersion};
use djogi_core::seed::{Compared, DeclaredSeed, SeedFormat, SeedRows, SeedWork};
use djogi_core::{Address, Ident, Kind};

use crate::cluster::{Cluster, TargetSettings};
use crate::connect::Connection;
use crate::desired::compute_seeds;
use crate::error::EngineError;
use crate::event::Reporter;
use crate::normalise::NormaliseError;
use crate::sql_files::Rejected;

/// The rows of each seed.
pub(crate) type Rows = BTreeMap<Address, Arc<SeedRows>>;

/// Reads the seeds of `target` and adds them to what is `desired`.
///
/// # Errors
/// Every seed that the declared tables cannot hold.
pub(crate) async fn declare(
    cluster: &Cluster,
    (target, settings): (&Ident, &TargetSettings),
    version: ServerVersion,
    desired: &mut Desired,
    reporter: &dyn Reporter,
) -> Result<Rows, EngineError> {
    let (mut rows, mut wrong) = (Rows::new(), Vec::new());
    let queries: Vec<&DeclaredSeed> =
        seeds_of(cluster, target)?.iter().filter(|seed| seed.format == SeedFormat::Sql).collect();
    let computed = match queries.is_empty() {
        true => BTreeMap::new(),
        false => compute_seeds(cluster, (target, settings), version, &queries, reporter).await?,
    };
    for seed in seeds_of(cluster, target)? {
        match seed.read(target, desired, computed.get(&seed.name)) {
            Ok(read) => drop(rows.insert(address(target, seed), Arc::new(read))),
            Err(error) => wrong.push(Rejected::seed(seed, error.line, &error.message)),
        }
    }
    if !wrong.is_empty() {
        return Err(NormaliseError::Rejected(wrong).into());
    }
    for seed in seeds_of(cluster, target)? {
        let address = address(target, seed);
        let Some(read) = rows.get(&address) else { continue };
        let resource = DesiredResource {
            resource: Arc::new(Resource::Seed(read.resource())),
            source: seed.source.clone(),
            package: String::new(),
            renamed_from: None,
            renamed_columns: BTreeMap::new(),
            needs: Default::default(),
            owner: None,
        };
        desired.insert(address, resource);
    }
    Ok(rows)
}

/// Compares `rows` with those that are there.
///
/// # Errors
/// A value that is none of its column, and when the target cannot be read.
pub(crate) async fn compare(
    cluster: &Cluster,
    connection: &Connection,
    (target, desired, live): (&Ident, &Desired, &Observation),
    rows: Rows,
) -> Result<BTreeMap<Address, SeedWork>, EngineError> {
    let mut work = BTreeMap::new();
    for seed in seeds_of(cluster, target)? {
        let address = address(target, seed);
        let Some(declared) = rows.get(&address) else { continue };
        let compared = if is_as_written(&declared.resource(), live.catalog.get(&address)) {
            Compared::Same
        } else {
            let tables = compare::Tables::of(target, declared, desired, live);
            let written = match live.catalog.get(&address) {
                Some(Resource::Seed(written)) => Some(written),
                _ => None,
            };
            compare::compare(connection.client(), (target, seed, declared), &tables, written).await?
        };
        work.insert(address, SeedWork { declared: declared.clone(), compared });
    }
    Ok(work)
}

fn is_as_written(declared: &Seed, live: Option<&Resource>) -> bool {
    matches!(live, Some(Resource::Seed(live)) if live == declared)
}

fn seeds_of<'c>(cluster: &'c Cluster, target: &Ident) -> Result<&'c [DeclaredSeed], EngineError> {
    Ok(cluster.declared.get()?.seeds.get(target).map(Vec::as_slice).unwrap_or_default())
}

fn address(target: &Ident, seed: &DeclaredSeed) -> Address {
    Address::of_database(Kind::Seed, target, &seed.name)
}
