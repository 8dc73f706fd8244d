//! How far the live migrations of all targets are. Reads only.

use std::collections::BTreeMap;

use djogi_core::Ident;
use djogi_core::kind::{Migration, MigrationPhase, MigrationStep, Resource};

use crate::backfill::{LiveProgress, State, observe};
use crate::cluster::Cluster;
use crate::error::EngineError;
use crate::event::Reporter;
use crate::identity::RunId;
use crate::introspect;
use crate::session::Session;

/// A migration, or rows that are written for one.
#[derive(Clone, Debug)]
pub struct LiveMigration {
    pub target: Ident,
    pub name: String,
    /// `None` for rows that no migration in the catalog is about.
    pub migration: Option<Migration>,
    /// What it is at: the first step that is not done.
    pub phase: MigrationPhase,
    /// Since when the old values are kept, by the clock of the server.
    pub cut_over_at: Option<String>,
    /// Its rows, once they are being written.
    pub rows: Option<LiveProgress>,
}

impl LiveMigration {
    /// The command that opens the gate it waits at.
    pub fn gate(&self) -> Option<String> {
        self.phase.is_gated().then(|| format!("djogi live finalize {}", self.name))
    }
}

/// All migrations of each target, in the order of their names.
///
/// # Errors
/// When a target cannot be read.
pub async fn status(cluster: &Cluster, reporter: &dyn Reporter) -> Result<Vec<LiveMigration>, EngineError> {
    let sessions = Session::open_all(cluster, RunId::generate(), reporter).await?;
    let mut found = Vec::new();
    for session in &sessions {
        let scope = session.settings.scope(session.target);
        let catalog = introspect::observe(&session.connection, &scope).await?.catalog;
        let rows = observe(session.connection.client(), session.target).await?;
        let mut rows: BTreeMap<String, LiveProgress> =
            rows.into_iter().map(|rows| (rows.name.clone(), rows)).collect();
        for (_, resource) in catalog.iter() {
            let Resource::Migration(migration) = resource else { continue };
            let steps: Vec<&MigrationStep> = catalog
                .iter()
                .filter_map(|(_, resource)| match resource {
                    Resource::MigrationStep(step) if step.migration == *migration.name() => Some(step),
                    _ => None,
                })
                .collect();
            let is_done = |phase: &MigrationPhase| {
                steps.iter().any(|step| step.phase == *phase && step.unfinished.is_empty())
            };
            let phase = migration.phases().iter().copied().find(|phase| !is_done(phase));
            let name = migration.name().as_str().to_owned();
            found.push(LiveMigration {
                target: session.target.clone(),
                migration: Some(migration.clone()),
                phase: phase.unwrap_or(MigrationPhase::Contract),
                cut_over_at: steps.iter().find_map(|step| step.at.clone()),
                rows: rows.remove(&name),
                name,
            });
        }
        found.extend(rows.into_iter().map(|(name, rows)| LiveMigration {
            target: session.target.clone(),
            name,
            migration: None,
            phase: match rows.state {
                State::Waiting | State::Running => MigrationPhase::Backfill,
                State::Done => MigrationPhase::Index,
            },
            cut_over_at: None,
            rows: Some(rows),
        }));
    }
    Session::close_all(sessions).await?;
    Ok(found)
}
