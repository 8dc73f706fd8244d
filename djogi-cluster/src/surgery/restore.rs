//! `djogi state restore`: the content of an earlier revision becomes the current one, under a new serial.
//!
//! The database is not touched: the next plan and the next refresh observe what it holds by now.

use super::error::SurgeryError;
use super::push::refuse_incomplete;
use super::{Edit, Edited, Outlook, all_targets};
use crate::apply::Stop;
use crate::cluster::Cluster;
use crate::error::EngineError;
use crate::event::Reporter;
use crate::state::{Content, Serial, State, Store};

/// Where the earlier revision is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// In the history.
    Revision(Serial),
    /// A copy in the store, by its name.
    Backup(String),
    /// The text of a state, and what it is called.
    Text(String, Vec<u8>),
}

/// Brings the content of `source` back.
///
/// # Errors
/// When it cannot be read or is of another lineage, and as for every command that writes the state.
pub async fn restore(
    cluster: &Cluster,
    source: &Source,
    outlook: Outlook,
    stop: &Stop,
    reporter: &dyn Reporter,
) -> Result<Edited, EngineError> {
    let (name, restored) = read(cluster.store().as_ref(), source).await?;
    let targets = all_targets(cluster, Some(&restored));
    let mut edit = Edit::begin_to_mend(cluster, targets, "state restore", stop, reporter).await?;
    match write(&mut edit, &name, restored, stop, reporter).await {
        Ok(()) => edit.end(outlook, stop).await,
        Err(error) => Err(edit.give_up(error).await),
    }
}

async fn read(store: &dyn Store, source: &Source) -> Result<(String, State), EngineError> {
    Ok(match source {
        Source::Revision(serial) => (format!("serial {serial}"), store.revision(*serial).await?),
        Source::Backup(name) => (name.clone(), store.saved_backup(name).await?),
        Source::Text(name, bytes) => {
            let state = State::from_bytes(bytes);
            let unreadable = |damage| SurgeryError::Unreadable { name: name.clone(), damage };
            (name.clone(), state.map_err(unreadable)?)
        }
    })
}

async fn write(
    edit: &mut Edit<'_>,
    name: &str,
    restored: State,
    stop: &Stop,
    reporter: &dyn Reporter,
) -> Result<(), EngineError> {
    let State { lineage: found, ref content, .. } = restored;
    let store = edit.locked.store.as_ref();
    if let Some(current) = &edit.locked.snapshot.state {
        if current.lineage != found {
            let (name, location, current) = (name.to_owned(), store.location(), current.lineage);
            return Err(SurgeryError::OtherLineage { name, location, found, current }.into());
        }
        if current.content == *content {
            return Ok(());
        }
    }
    refuse_incomplete(store, name, &restored).await?;
    // Whether all of a configuration is there, only an apply can tell.
    let content = Content { config_digest: None, ..restored.content };
    edit.write_whole((found, restored.serial), content, stop, reporter).await
}
