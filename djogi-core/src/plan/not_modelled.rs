//! What no plan can bring about, since the catalog has no kind for it: named, so that nobody takes a plan without changes
//! for a promise that it is there.

use std::collections::{BTreeMap, BTreeSet};

use super::inputs::{NOT_MODELLED, PlanError, TargetInputs};
use super::{PlanDiagnostic, Severity};
use crate::desired::NotModelled;
use crate::observation::Unmodelled;

/// With `--strict`: refuses to plan beside what djogi cannot manage.
pub(super) fn refuse(inputs: &TargetInputs) -> Result<(), PlanError> {
    let declared = inputs.not_modelled.iter().map(|declared| &declared.object);
    let all: BTreeSet<&Unmodelled> = declared.chain(&inputs.live.unmodelled).collect();
    if all.is_empty() {
        return Ok(());
    }
    let objects = all.iter().map(|object| format!("{} {}", object.kind, object.name)).collect();
    Err(PlanError::NotModelled { target: inputs.target.clone(), objects })
}

/// What is declared and will not be made, one finding for each kind.
pub(super) fn findings(declared: &[NotModelled]) -> Vec<PlanDiagnostic> {
    let mut kinds: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for NotModelled { object, source } in declared {
        let name = match source {
            Some(source) => format!("{} ({source})", object.name),
            None => object.name.clone(),
        };
        kinds.entry(&object.kind).or_default().push(name);
    }
    let finding = |(kind, names): (&str, Vec<String>)| PlanDiagnostic {
        code: NOT_MODELLED.to_owned(),
        severity: Severity::Warning,
        address: None,
        message: format!(
            "declared, and of a kind that djogi cannot manage yet: {kind}: {}",
            names.join(", ")
        ),
        help: Some("make it by hand where it is wanted; --strict refuses to go on without it".to_owned()),
    };
    kinds.into_iter().map(finding).collect()
}
