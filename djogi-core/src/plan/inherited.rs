//! Differences between a table and its declaration that no statement removes, named so that nobody takes a plan without
//! changes for a promise that there are none.

use std::collections::BTreeSet;

use super::{PlanDiagnostic, ResourceChange, Severity};
use crate::address::{Address, Kind};
use crate::desired::Desired;
use crate::diff::Rebased;
use crate::diff::inherited::differences;
use crate::kind::Resource;

/// The code of these findings.
const INHERITED_OTHERWISE: &str = "inherited_otherwise";

/// One finding for each managed table that no change is about.
pub(super) fn findings(
    desired: &Desired,
    rebased: &Rebased<'_>,
    changes: &[ResourceChange],
) -> Vec<PlanDiagnostic> {
    let changed: BTreeSet<Address> = changes
        .iter()
        .flat_map(|change| [Some(change.address.clone()), change.address.table_of_member()])
        .flatten()
        .collect();
    let tables = desired.iter().filter(|(address, _)| {
        address.kind() == Kind::Table
            && rebased.recorded.resources.contains_key(*address)
            && !changed.contains(*address)
    });
    tables
        .filter_map(|(address, declared)| {
            let (Some(Resource::Table(live)), Resource::Table(wanted)) =
                (rebased.live.get(address), &*declared.resource)
            else {
                return None;
            };
            let differences = differences(address, live, wanted, desired, &rebased.live);
            (!differences.is_empty()).then(|| PlanDiagnostic {
                code: INHERITED_OTHERWISE.to_owned(),
                severity: Severity::Warning,
                address: Some(address.clone()),
                message: differences.join("; "),
                help: Some(
                    "PostgreSQL has no statement for that; it matters once a parent loses it: declare it as it is, or make \
                     the table anew"
                        .to_owned(),
                ),
            })
        })
        .collect()
}
