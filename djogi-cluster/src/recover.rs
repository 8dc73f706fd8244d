//! `djogi recover`: what interrupted runs have left, for people to see, and the way past a sidecar that cannot be read.
//! Looks, and changes nothing but the place of a sidecar.

use djogi_core::Address;
use djogi_core::plan::{PlanOptions, Recovery};

use crate::cluster::Cluster;
use crate::error::EngineError;
use crate::event::Reporter;
use crate::inputs::{Survey, gather};
use crate::plan::read_and_look;
use crate::session::Session;
use crate::state::{Damage, QuarantinedSidecar};
use crate::sweep::pending::{list, look_at};
use crate::sweep::uniqueness;

/// Everything that is pending.
#[derive(Clone, Debug, Default)]
pub struct Recoveries {
    /// With what the next command that writes will find.
    pub recoveries: Vec<Recovery>,
    /// Row G6: until they are put aside, nothing that writes goes on.
    pub damaged: Vec<DamagedSidecar>,
    /// Sidecars of targets that this configuration does not have, in words.
    pub elsewhere: Vec<String>,
    /// What was put aside before; it is in nobody's way.
    pub quarantined: Vec<QuarantinedSidecar>,
}

/// A sidecar that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DamagedSidecar {
    /// What [`quarantine`] takes.
    pub name: String,
    pub location: String,
    /// What is wrong with it.
    pub damage: String,
}

impl From<(String, String, Damage)> for DamagedSidecar {
    fn from((name, location, damage): (String, String, Damage)) -> Self {
        Self { name, location, damage: damage.to_string() }
    }
}

/// Looks at every sidecar, and at the targets that they are about.
///
/// # Errors
/// When sidecars cannot be listed, or a target cannot be reached.
pub async fn recoveries(cluster: &Cluster, reporter: &dyn Reporter) -> Result<Recoveries, EngineError> {
    let store = cluster.store();
    let listed = list(store.as_ref()).await?;
    let damaged = listed.damaged.into_iter().map(DamagedSidecar::from);
    let elsewhere =
        listed.readable.iter().filter(|(_, sidecar)| !cluster.targets.contains_key(&sidecar.target));
    let elsewhere = elsewhere.map(|(location, sidecar)| {
        format!("`{location}` is about target `{}`, which this configuration does not have", sidecar.target)
    });
    let mut found = Recoveries {
        recoveries: Vec::new(),
        damaged: damaged.collect(),
        elsewhere: elsewhere.collect(),
        quarantined: store.quarantined_sidecars().await?,
    };
    let (snapshot, sessions, looks) = read_and_look(cluster, store.as_ref(), reporter).await?;
    let at = (store.as_ref(), &snapshot);
    let gathered = async {
        let pending = look_at(&listed.readable, &snapshot, &sessions).await?;
        let options = PlanOptions::default();
        gather(cluster, at, (&sessions, looks), pending, Survey::Undeclared, options, reporter).await
    }
    .await;
    Session::close_all(sessions).await?;
    let targets = gathered?.inputs.targets;
    found.recoveries.extend(targets.into_iter().flat_map(|target| target.recoveries));
    Ok(found)
}

/// As [`recoveries`], of what concerns `address`, with the build that is not tried again. Where nothing was interrupted,
/// no database is asked.
///
/// # Errors
/// As [`recoveries`].
pub async fn recoveries_about(
    cluster: &Cluster,
    address: &Address,
    reporter: &dyn Reporter,
) -> Result<Recoveries, EngineError> {
    let store = cluster.store();
    let listed = list(store.as_ref()).await?;
    let mut found = if listed.readable.is_empty() && listed.damaged.is_empty() {
        Recoveries::default()
    } else {
        recoveries(cluster, reporter).await?
    };
    let is_about =
        |concerned: &Address| concerned == address || concerned.table_of_member().as_ref() == Some(address);
    found.recoveries.retain(|recovery| recovery.addresses.iter().any(is_about));
    let snapshot = store.read().await?;
    found
        .recoveries
        .extend(uniqueness::untried(&snapshot).filter(|recovery| recovery.addresses.contains(address)));
    Ok(found)
}

/// Puts a sidecar aside, so that it is no longer in the way, and gives its new place. What it was about is not
/// finished: the next plan tells what is left to do.
///
/// # Errors
/// When there is no sidecar of that name.
pub async fn quarantine(cluster: &Cluster, name: &str) -> Result<String, EngineError> {
    Ok(cluster.store().quarantine_sidecar(name).await?)
}
