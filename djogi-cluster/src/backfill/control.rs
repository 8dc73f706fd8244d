//! What `djogi live` does with the backfills of all targets: shows them, turns their knobs, works on them.
//!
//! None of it takes the run lock: an apply may be waiting for the very rows that a worker writes.

use djogi_core::Ident;
use djogi_core::plan::PlanDiagnostic;

use super::error::BackfillError;
use super::notice::Notice;
use super::observe::{LiveProgress, observe};
use super::row::{State, set_paused};
use super::run::{Limits, Outcome, run};
use crate::apply::Stop;
use crate::cluster::Cluster;
use crate::error::EngineError;
use crate::event::{Event, Reporter};
use crate::identity::RunId;
use crate::session::Session;

/// Those of this name, or all.
async fn find<'a>(
    sessions: &[Session<'a>],
    name: Option<&str>,
) -> Result<Vec<(&'a Ident, LiveProgress)>, EngineError> {
    let mut found = Vec::new();
    for session in sessions {
        let live = observe(session.connection.client(), session.target).await?;
        let wanted = live.into_iter().filter(|live| name.is_none_or(|name| live.name == name));
        found.extend(wanted.map(|live| (session.target, live)));
    }
    Ok(found)
}

/// Pauses the backfill `name` for a reason, or lets it go on when there is none. Gives the target that has it.
///
/// # Errors
/// [`BackfillError::Unknown`]; [`EngineError::SeveralTargets`] when several have one of this name.
pub async fn pause_or_resume(
    cluster: &Cluster,
    name: &str,
    paused: Option<&str>,
    reporter: &dyn Reporter,
) -> Result<Ident, EngineError> {
    let sessions = Session::open_all(cluster, RunId::generate(), reporter).await?;
    let found = find(&sessions, Some(name)).await?;
    let target = match found.as_slice() {
        [(target, _)] => *target,
        [] => return Err(unknown(cluster, name)),
        several => {
            return Err(EngineError::SeveralTargets(
                several.iter().map(|(target, _)| (*target).clone()).collect(),
            ));
        }
    };
    for session in sessions.iter().filter(|session| session.target == target) {
        let client = session.connection.client();
        set_paused(client, target, name, paused).await?;
    }
    let target = target.clone();
    Session::close_all(sessions).await?;
    Ok(target)
}

fn unknown(cluster: &Cluster, name: &str) -> EngineError {
    let targets = cluster.targets.keys().map(Ident::as_str).collect::<Vec<_>>().join("`, `");
    BackfillError::Unknown { target: targets, name: name.to_owned() }.into()
}

/// Works on the backfill `name`, or on all that are not done, one after the other. Gives what each came to.
///
/// # Errors
/// [`BackfillError`]s, and when a target cannot be reached.
pub async fn work_on_all(
    cluster: &Cluster,
    name: Option<&str>,
    limits: &Limits,
    stop: &Stop,
    reporter: &dyn Reporter,
) -> Result<Vec<(Ident, String, Outcome)>, EngineError> {
    let sessions = Session::open_all(cluster, RunId::generate(), reporter).await?;
    let found = find(&sessions, name).await?;
    if let Some(name) = name
        && found.is_empty()
    {
        return Err(unknown(cluster, name));
    }
    let mut outcomes = Vec::new();
    for (target, live) in found.into_iter().filter(|(_, live)| name.is_some() || live.state != State::Done) {
        if let Some(foreign_key) = live.foreign_key {
            if name.is_some() {
                return Err(BackfillError::OfApply { name: live.name, foreign_key }.into());
            }
            continue;
        }
        let session = sessions.iter().find(|session| session.target == target).expect("it was found there");
        let tell = |notice: &Notice| {
            if let Some(warning) = notice.warning() {
                let message = format!("{}: {}", live.name, warning.message);
                reporter.report(&Event::Diagnostic(PlanDiagnostic { message, ..warning }));
            }
        };
        let outcome = run(&session.parameters, target, &live.name, limits, stop.clone(), &tell).await?;
        let is_stopped = outcome == Outcome::Stopped;
        outcomes.push((target.clone(), live.name, outcome));
        if is_stopped {
            break;
        }
    }
    Session::close_all(sessions).await?;
    Ok(outcomes)
}
