//! `djogi state push`: puts a state from elsewhere in the place of the current one.

use super::error::SurgeryError;
use super::{Edit, Edited, Outlook, all_targets};
use crate::apply::Stop;
use crate::cluster::Cluster;
use crate::error::EngineError;
use crate::event::Reporter;
use crate::ledger::read_lease;
use crate::state::{Content, State, StoreError, check_belonging};

/// Whether a state is taken although it is of another lineage, older, of another database, or incomplete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Force {
    No,
    Yes,
}

/// Makes the content of `bytes`, a state that is called `name`, the current one, under the next serial.
///
/// # Errors
/// When it is no state, or, unless forced: of another lineage, older than the current one, or not that of these
/// databases; and as for every command that writes the state.
pub async fn push(
    cluster: &Cluster,
    (name, bytes): (&str, &[u8]),
    force: Force,
    outlook: Outlook,
    stop: &Stop,
    reporter: &dyn Reporter,
) -> Result<Edited, EngineError> {
    let pushed = State::from_bytes(bytes)
        .map_err(|damage| SurgeryError::Unreadable { name: name.to_owned(), damage })?;
    let targets = all_targets(cluster, Some(&pushed));
    let mut edit = Edit::begin_to_mend(cluster, targets, "state push", stop, reporter).await?;
    match write(&mut edit, name, pushed, force, stop, reporter).await {
        Ok(()) => edit.end(outlook, stop).await,
        Err(error) => Err(edit.give_up(error).await),
    }
}

async fn write(
    edit: &mut Edit<'_>,
    name: &str,
    pushed: State,
    force: Force,
    stop: &Stop,
    reporter: &dyn Reporter,
) -> Result<(), EngineError> {
    let current = edit.locked.snapshot.state.as_ref();
    if current.is_some_and(|current| current.lineage == pushed.lineage && current.content == pushed.content) {
        return Ok(());
    }
    if force == Force::No {
        refuse_foreign(edit, name, &pushed).await?;
    }
    let State { lineage, serial, content, .. } = pushed;
    // Whether all of a configuration is there, only an apply can tell.
    edit.write_whole((lineage, serial), Content { config_digest: None, ..content }, stop, reporter).await
}

async fn refuse_foreign(edit: &Edit<'_>, name: &str, pushed: &State) -> Result<(), EngineError> {
    let (store, name) = (edit.locked.store.as_ref(), || name.to_owned());
    let location = store.location();
    if let Some(current) = &edit.locked.snapshot.state {
        if current.lineage != pushed.lineage {
            let (found, current) = (pushed.lineage, current.lineage);
            return Err(SurgeryError::OtherLineage { name: name(), location, found, current }.into());
        }
        if pushed.serial < current.serial {
            let (found, current) = (pushed.serial, current.serial);
            return Err(SurgeryError::Older { name: name(), location, found, current }.into());
        }
        if pushed.serial == current.serial {
            return Err(SurgeryError::Forked { name: name(), location, serial: current.serial }.into());
        }
    }
    for session in &edit.locked.sessions {
        let lease = read_lease(session.connection.client(), session.target).await?;
        let identity = session.connection.identity();
        check_belonging(&name(), Some(pushed), session.target, identity, lease.as_ref())?;
    }
    refuse_incomplete(store, &name(), pushed).await
}

/// A state without its catalogs cannot tell what drift and drops are about.
pub(super) async fn refuse_incomplete(
    store: &dyn crate::state::Store,
    name: &str,
    state: &State,
) -> Result<(), EngineError> {
    for (target, recorded) in &state.content.targets {
        match store.catalog(&recorded.catalog).await {
            Ok(_) => {}
            Err(StoreError::CatalogMissing { digest, .. }) => {
                let (name, target) = (name.to_owned(), target.clone());
                return Err(SurgeryError::NoCatalog { name, target, digest }.into());
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
