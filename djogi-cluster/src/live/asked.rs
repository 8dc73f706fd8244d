//! What is asked of a migration that an interrupted run has already come to.
//!
//! Whoever repeats a killed `djogi live finalize` means the gate that it was about, not the next one, behind which there is
//! no way back.

use std::collections::BTreeSet;

use djogi_core::kind::{Migration, MigrationPhase, Resource, Retype};
use djogi_core::plan::PlanOptions;
use djogi_core::{Address, Ident};

use crate::inputs::Gathered;
use crate::state::{Snapshot, Store};

/// The migrations of which `options` ask something, when the groups that `snapshot` does not know of have done all of it.
pub(crate) async fn already_done(
    options: &PlanOptions,
    gathered: &Gathered,
    (store, snapshot): (&dyn Store, &Snapshot),
) -> Option<Vec<Address>> {
    let mut done = Vec::new();
    for name in &options.finalize {
        done.push(find(name, gathered, (store, snapshot), Asked::Gate).await?);
    }
    for name in &options.abandon {
        done.push(find(name, gathered, (store, snapshot), Asked::WayBack).await?);
    }
    (!done.is_empty()).then_some(done)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    Gate,
    WayBack,
}

async fn find(
    name: &Ident,
    gathered: &Gathered,
    (store, snapshot): (&dyn Store, &Snapshot),
    asked: Asked,
) -> Option<Address> {
    let state = snapshot.state.as_ref()?;
    for inputs in &gathered.inputs.targets {
        let target = &inputs.target;
        let live = &inputs.live.catalog;
        let ops = &gathered.overtaken.get(target)?.ops;
        let changed: BTreeSet<&Address> = ops.iter().flat_map(|op| &op.record.addresses).collect();
        let Some(state) = state.content.targets.get(target) else { continue };
        let migration = Address::migration(target, name);
        let cutover = Address::migration_step(target, name, MigrationPhase::Cutover);
        // A way back that was interrupted changes the step too.
        let is_cut_over =
            changed.contains(&cutover) && live.contains(&cutover) && !state.resources.contains_key(&cutover);
        let is_over = changed.contains(&migration) && !live.contains(&migration);
        let has_come = match asked {
            Asked::Gate if is_cut_over => true,
            Asked::Gate | Asked::WayBack if is_over => {
                // A catalog that cannot be read says nothing; then what is asked is answered as ever.
                let recorded = store.catalog(&state.catalog).await.ok()?;
                let known = recorded.resources.get(&migration).map(|entry| &*entry.resource);
                let Some(Resource::Migration(Migration::Retype(retype))) = known else { continue };
                let Retype { table, column, to, collation, .. } = retype;
                let column = live.table(target, table).and_then(|table| table.column(column));
                let is_new =
                    column.is_some_and(|column| column.data_type == *to && column.collation == *collation);
                is_new == (asked == Asked::Gate)
            }
            Asked::Gate | Asked::WayBack => false,
        };
        if has_come {
            return Some(migration);
        }
    }
    None
}
