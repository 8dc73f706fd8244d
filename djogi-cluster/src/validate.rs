//! `djogi validate`: lets PostgreSQL itself judge the declarations, without any target.

use djogi_core::Ident;
use djogi_core::observation::ServerVersion;

use crate::cluster::{Cluster, ServerSettings, TargetSettings};
use crate::connect::Connection;
use crate::desired::{check_queries, desired};
use crate::error::EngineError;
use crate::event::Reporter;
use crate::seeds;
use crate::server::{BinarySearch, ServerError};

/// What was judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judged {
    /// Everything, SQL expressions included.
    Everything,
    /// No PostgreSQL is at hand, so SQL expressions were taken as they are.
    ModelsOnly,
}

/// Has the SQL expressions of all declarations tried in a scratch database, of the version that the embedded server of
/// a target would have.
///
/// # Errors
/// Every declaration that PostgreSQL refuses.
pub async fn validate(cluster: &Cluster, reporter: &dyn Reporter) -> Result<Judged, EngineError> {
    let configured = cluster.declared.get()?;
    let has_raw = |target: &Ident| {
        let declared = configured.declarations.resources.iter();
        configured.sql_files.contains_key(target)
            || configured.queries.contains_key(target)
            || configured.seeds.contains_key(target)
            || declared
                .filter(|(address, _)| address.target() == target)
                .any(|(_, declaration)| declaration.raw)
    };
    let mut judged = Judged::Everything;
    for (target, settings) in cluster.targets.iter().filter(|(target, _)| has_raw(target)) {
        let Some(version) = version_at_hand(cluster, settings, reporter).await? else {
            judged = Judged::ModelsOnly;
            continue;
        };
        let mut side = desired(cluster, (target, settings), version, reporter).await?;
        seeds::declare(cluster, (target, settings), version, &mut side.resources, reporter).await?;
        check_queries(cluster, (target, settings), version, reporter).await?;
    }
    Ok(judged)
}

/// The version of the server that would read what is declared; `None` when there is none.
///
/// # Errors
/// When the server that is named cannot be asked.
pub(crate) async fn version_at_hand(
    cluster: &Cluster,
    settings: &TargetSettings,
    reporter: &dyn Reporter,
) -> Result<Option<ServerVersion>, EngineError> {
    if let Some(named) = &cluster.scratch {
        let connection = Connection::open(named, "validate").await?;
        let version = connection.server_version();
        connection.close().await;
        return Ok(Some(version));
    }
    let major = match settings.server {
        ServerSettings::Embedded { major, .. } => major,
        ServerSettings::Url(_) => None,
    };
    let search = BinarySearch { major, ..cluster.search.clone() };
    match search.find(&|event| crate::session::report(reporter, &event)) {
        Ok(found) => Ok(Some(ServerVersion(found.major * 10_000))),
        Err(ServerError::NoBinaries { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
