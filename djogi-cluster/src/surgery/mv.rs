//! `djogi state mv`: the record follows an object that somebody has renamed.

use std::collections::{BTreeMap, BTreeSet};

use djogi_core::Address;
use djogi_core::diff::relocate::{Relocated, relocate};

use super::error::SurgeryError;
use super::{Edit, Edited, Outlook};
use crate::apply::Stop;
use crate::cluster::Cluster;
use crate::error::EngineError;
use crate::event::Reporter;
use crate::state::{Mark, RecordedCatalog, TargetState};

/// What is recorded under other addresses now.
#[derive(Debug)]
pub struct Moved {
    /// Old and new address.
    pub moved: BTreeMap<Address, Address>,
    pub edited: Edited,
}

/// Records under `to` what is recorded under `from`, with its members and with everything that refers to it.
///
/// # Errors
/// When `from` is not managed, something is managed as `to`, or PostgreSQL knows no such rename; and as for every
/// command that writes the state.
pub async fn mv(
    cluster: &Cluster,
    from: &Address,
    to: &Address,
    outlook: Outlook,
    stop: &Stop,
    reporter: &dyn Reporter,
) -> Result<Moved, EngineError> {
    let targets = BTreeSet::from([from.target().clone()]);
    let mut edit = Edit::begin(cluster, targets.clone(), "state mv", stop, reporter).await?;
    match write(&mut edit, &targets, (from, to), stop, reporter).await {
        Ok(moved) => Ok(Moved { moved, edited: edit.end(outlook, stop).await? }),
        Err(error) => Err(edit.give_up(error).await),
    }
}

async fn write(
    edit: &mut Edit<'_>,
    targets: &BTreeSet<djogi_core::Ident>,
    (from, to): (&Address, &Address),
    stop: &Stop,
    reporter: &dyn Reporter,
) -> Result<BTreeMap<Address, Address>, EngineError> {
    let state = edit.state()?;
    let (lineage, mut content) = (state.lineage, state.content.clone());
    let not_managed = || SurgeryError::NotManaged { address: from.clone(), serial: state.serial };
    let target = content.targets.get_mut(from.target()).ok_or_else(not_managed)?;
    edit.refuse_unrecorded(targets).await?;
    let store = edit.locked.store.as_ref();
    let recorded = target.recorded(store.catalog(&target.catalog).await?);
    let relocated =
        relocate(from.target(), target.server_version, &recorded, from, to).map_err(SurgeryError::from)?;
    let Relocated { recorded, moved } = relocated;
    let catalog = store.put_catalog(&RecordedCatalog::from(&recorded)).await?;
    let origins: BTreeMap<&Address, &Address> = moved.iter().map(|(old, new)| (new, old)).collect();
    let mark = |address: &Address| {
        let origin = origins.get(address).copied().unwrap_or(address);
        target.resources.get(origin).map_or(Mark::APPLIED, |resource| Mark {
            status: resource.status,
            conditions: resource.conditions.clone(),
            op: resource.op,
        })
    };
    let (identity, epoch, last_op) = (target.identity(), target.epoch, target.last_op);
    *target = TargetState::from_recorded(&identity, epoch, last_op, catalog, &recorded, mark);
    content.config_digest = None;
    edit.write(lineage, content, stop, reporter).await?;
    // A column has no record of its own.
    let moved = if moved.is_empty() { BTreeMap::from([(from.clone(), to.clone())]) } else { moved };
    Ok(moved)
}
