//! `djogi state rm`: forgets resources. The objects stay in the database, and are nobody's business any more.

use std::collections::BTreeSet;

use djogi_core::{Address, Ident};

use super::select::Selection;
use super::{Edit, Edited, Outlook, no_state};
use crate::apply::Stop;
use crate::cluster::Cluster;
use crate::error::EngineError;
use crate::event::Reporter;
use crate::interrupt::until_stopped;

/// What is managed no more.
#[derive(Debug)]
pub struct Forgotten {
    pub forgotten: BTreeSet<Address>,
    pub edited: Edited,
}

/// Forgets what `selection` names, each table with its constraints, indexes and own sequences.
///
/// # Errors
/// When an address or a package names nothing that is managed, and as for every command that writes the state; nothing
/// is forgotten then.
pub async fn rm(
    cluster: &Cluster,
    selection: &Selection,
    outlook: Outlook,
    stop: &Stop,
    reporter: &dyn Reporter,
) -> Result<Forgotten, EngineError> {
    let targets = until_stopped(stop, concerned(cluster, selection)).await?;
    let mut edit = Edit::begin(cluster, targets.clone(), "state rm", stop, reporter).await?;
    match write(&mut edit, &targets, selection, stop, reporter).await {
        Ok(forgotten) => Ok(Forgotten { forgotten, edited: edit.end(outlook, stop).await? }),
        Err(error) => Err(edit.give_up(error).await),
    }
}

/// The targets to lock, by the state as it is before the locks.
async fn concerned(cluster: &Cluster, selection: &Selection) -> Result<BTreeSet<Ident>, EngineError> {
    let store = cluster.store();
    let Some(state) = store.read().await?.state else { return Err(no_state(&store.location())) };
    selection.resolve(&state, store.as_ref()).await?;
    Ok(selection.targets(&state))
}

async fn write(
    edit: &mut Edit<'_>,
    targets: &BTreeSet<Ident>,
    selection: &Selection,
    stop: &Stop,
    reporter: &dyn Reporter,
) -> Result<BTreeSet<Address>, EngineError> {
    let state = edit.state()?;
    let store = edit.locked.store.as_ref();
    let forgotten = selection.resolve(state, store).await?;
    edit.refuse_unrecorded(targets).await?;
    let (lineage, mut content) = (state.lineage, state.content.clone());
    for (name, target) in &mut content.targets {
        let before = target.resources.len();
        target.resources.retain(|address, _| !forgotten.contains(address));
        if target.resources.len() == before {
            continue;
        }
        let mut catalog = store.catalog(&target.catalog).await?;
        catalog.resources.retain(|address, _| !forgotten.contains(address));
        target.catalog = store.put_catalog(&catalog).await?;
        content.config_digest = None;
        debug_assert!(targets.contains(name), "{name} was locked");
    }
    // A target that is configured stays: its record says which database it is.
    let is_over = |target: &Ident| edit.unlocked.contains(target);
    content.targets.retain(|name, target| !target.resources.is_empty() || !is_over(name));
    edit.write(lineage, content, stop, reporter).await?;
    Ok(forgotten)
}
