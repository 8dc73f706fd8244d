//! Publishing: the one way by which a run's result becomes the state.
//!
//! A run that changes nothing writes nothing, so the file keeps every byte, its serial included.

use super::document::{Content, State, WrittenBy};
use super::error::StoreError;
use super::store::{HISTORY_LENGTH, Snapshot, Store, UnusedCatalogs};
use crate::identity::Lineage;

/// What [`publish`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Published {
    /// The content is what the state had already.
    Unchanged(Snapshot),
    /// A new revision was written.
    Written(Snapshot),
}

impl Published {
    /// What is in the store now; the base of the next [`publish`].
    pub fn into_snapshot(self) -> Snapshot {
        match self {
            Published::Unchanged(snapshot) | Published::Written(snapshot) => snapshot,
        }
    }
}

/// Makes `content` the current state if `base` still is, and if it changes anything. `lineage` becomes that of
/// the first state; later ones keep theirs.
///
/// # Errors
/// Those of [`Store::swap`].
pub async fn publish(
    store: &dyn Store,
    base: &Snapshot,
    lineage: Lineage,
    content: Content,
    written_by: WrittenBy,
) -> Result<Published, StoreError> {
    let lineage = base.state.as_ref().map_or(lineage, |state| state.lineage);
    publish_under(store, base, lineage, content, written_by, UnusedCatalogs::Keep).await
}

/// As [`publish`], and the state becomes one of `lineage`, whichever it was of: for who puts another project's state
/// in its place and has said so; and with a say in what becomes of `unused` catalogs.
///
/// # Errors
/// Those of [`Store::swap`].
pub async fn publish_under(
    store: &dyn Store,
    base: &Snapshot,
    lineage: Lineage,
    content: Content,
    written_by: WrittenBy,
    unused: UnusedCatalogs,
) -> Result<Published, StoreError> {
    let next = match &base.state {
        Some(state) if state.content == content && state.lineage == lineage => {
            return Ok(Published::Unchanged(base.clone()));
        }
        Some(state) => State { lineage, ..state.successor(content, written_by)? },
        None => State::first(lineage, content, written_by),
    };
    crate::failpoint!("state.cas_lost");
    // Revisions fall out of the history one by one; to look through all of it each time would cost more than it gives.
    let is_due = next.serial.get() % HISTORY_LENGTH as u64 == 0;
    let version =
        store.swap(&base.version, &next, if is_due { UnusedCatalogs::Remove } else { unused }).await?;
    Ok(Published::Written(Snapshot { state: Some(next), version }))
}
