//! How long the old values of a live migration stay after its cutover.

use std::time::Duration;

use djogi_core::kind::{MigrationPhase, Resource};
use djogi_core::plan::PlanOptions;
use djogi_core::{Catalog, Ident};
use jiff::{SignedDuration, Timestamp};

use crate::error::EngineError;

/// The old values are asked to go too soon.
#[derive(Debug, thiserror::Error)]
#[error("the old values of live migration {migration} are kept until {until}")]
pub struct Kept {
    pub migration: Ident,
    pub until: String,
}

/// # Errors
/// [`Kept`], when a migration is to be finalized whose cutover was less than the retention ago.
pub(crate) fn keep(live: &Catalog, options: &PlanOptions) -> Result<(), EngineError> {
    let cutovers = live.iter().filter_map(|(_, resource)| match resource {
        Resource::MigrationStep(step) if step.phase == MigrationPhase::Cutover => Some(step),
        _ => None,
    });
    for step in cutovers.filter(|step| options.finalize.contains(&step.migration)) {
        let Some(until) = step.at.as_deref().and_then(|at| end(at, options.retention)) else { continue };
        if Timestamp::now() < until {
            let (migration, until) = (step.migration.clone(), until.to_string());
            return Err(EngineError::Kept(Kept { migration, until }));
        }
    }
    Ok(())
}

fn end(at: &str, retention: Duration) -> Option<Timestamp> {
    let at: Timestamp = at.parse().ok()?;
    at.checked_add(SignedDuration::try_from(retention).ok()?).ok()
}
