//! `djogi dump`: the statements that make what a target holds, or should hold. Takes no lock and writes nothing.

use std::collections::BTreeSet;

use djogi_core::observation::{Observation, ServerVersion, Unmodelled};
use djogi_core::plan::PlanError;
use djogi_core::write::{Script, resources_of, write_script};
use djogi_core::{Address, Ident, Kind};

use crate::cluster::{Cluster, TargetSettings};
use crate::desired::desired;
use crate::error::EngineError;
use crate::event::Reporter;
use crate::identity::RunId;
use crate::introspect::observe;
use crate::session::Session;
use crate::sql_files::DesiredSide;
use crate::validate::version_at_hand;

/// Which catalog is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What the database holds, whatever djogi manages of it.
    Live,
    /// What is declared; no target is asked.
    Desired,
}

/// A catalog as statements.
#[derive(Clone, Debug)]
pub struct Dumped {
    pub target: Ident,
    pub version: ServerVersion,
    pub script: Script,
    /// What is there, and of a kind that djogi cannot write.
    pub not_modelled: Vec<Unmodelled>,
}

/// The statements that make `chosen`, with all that these consist of; everything when nothing is chosen.
///
/// # Errors
/// When there are several targets, one cannot be read, or it has not what is chosen.
pub async fn dump(
    cluster: &Cluster,
    side: Side,
    chosen: &[Address],
    reporter: &dyn Reporter,
) -> Result<Dumped, EngineError> {
    let (target, settings) = only_target(cluster)?;
    let mut left_alone = BTreeSet::new();
    let (catalog, version, not_modelled) = match side {
        Side::Live => {
            let live = look(cluster, (target, settings), reporter).await?;
            let resources = resources_of(&live);
            left_alone = live.left_alone;
            (resources, live.identity.server_version, live.unmodelled)
        }
        Side::Desired => {
            let version = version_at_hand(cluster, settings, reporter).await?.unwrap_or(NEWEST);
            let DesiredSide { resources, not_modelled } =
                desired(cluster, (target, settings), version, reporter).await?;
            (resources, version, not_modelled.into_iter().map(|found| found.object).collect())
        }
    };
    if let Some(absent) = chosen.iter().find(|address| !catalog.contains_key(*address)) {
        return Err(match side {
            Side::Live if left_alone.contains(absent) => EngineError::LeftAlone(absent.clone()),
            Side::Live => EngineError::NotLive(absent.clone()),
            Side::Desired => PlanError::UnknownAddress(absent.clone()).into(),
        });
    }
    let script = write_script(target, version, &catalog, &|address| is_chosen(chosen, address))?;
    // Whoever chooses by name has not asked for anything else.
    let not_modelled = if chosen.is_empty() { not_modelled } else { Vec::new() };
    Ok(Dumped { target: target.clone(), version, script, not_modelled })
}

/// What is declared without a PostgreSQL at hand has no SQL in it that differs between versions.
const NEWEST: ServerVersion = ServerVersion(180_000);

/// Whether `address` is among `chosen`, which is everything when it is empty; a schema stands for what is in it.
pub fn is_chosen(chosen: &[Address], address: &Address) -> bool {
    let holds = |schema: &Address| {
        schema.kind() == Kind::Schema
            && schema.target() == address.target()
            && address.schema_name() == Some(schema.name())
    };
    chosen.is_empty() || chosen.iter().any(|one| one == address || holds(one))
}

/// The target of a command that works on one.
///
/// # Errors
/// When there are several.
pub fn only_target(cluster: &Cluster) -> Result<(&Ident, &TargetSettings), EngineError> {
    let mut targets = cluster.targets.iter();
    match (targets.next(), targets.next()) {
        (Some(only), None) => Ok(only),
        _ => Err(EngineError::SeveralTargets(cluster.targets.keys().cloned().collect())),
    }
}

async fn look(
    cluster: &Cluster,
    (target, settings): (&Ident, &TargetSettings),
    reporter: &dyn Reporter,
) -> Result<Observation, EngineError> {
    let session = Session::open(cluster, target, settings, RunId::generate(), reporter).await?;
    let scope = settings.scope(target);
    let observed = observe(&session.connection, &scope).await;
    session.close().await?;
    let mut live = observed?;
    settings.ignore.strip(target, &mut live);
    if settings.partitions_elsewhere {
        let state = cluster.store().read().await?.state;
        let managed = state.as_ref().and_then(|state| state.content.targets.get(target));
        let is_managed =
            |address: &Address| managed.is_some_and(|managed| managed.resources.contains_key(address));
        settings.set_partitions_aside(target, &mut live, &is_managed);
    }
    Ok(live)
}
