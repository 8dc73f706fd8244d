//! `WITH (...)`, `SET (...)` and `RESET (...)`.

use crate::ident::Literal;
use crate::kind::{ParameterChange, Parameters};

/// ` WITH (...)`; nothing when there are no parameters.
pub(super) fn options_clause(parameters: &Parameters) -> String {
    if parameters.is_empty() { String::new() } else { format!(" WITH ({})", list(parameters)) }
}

/// `name = 'value'`, separated by commas. A parameter of the TOAST table has a dot in its name.
pub(super) fn list(parameters: &Parameters) -> String {
    let pairs = parameters.iter().map(|(name, value)| format!("{name} = {}", Literal(value)));
    pairs.collect::<Vec<_>>().join(", ")
}

/// The actions of `ALTER TABLE` or `ALTER VIEW` that make a change.
pub(super) fn parameter_actions(change: &ParameterChange) -> Vec<String> {
    let ParameterChange { set, reset } = change;
    let set = (!set.is_empty()).then(|| format!("SET ({})", list(set)));
    let reset = (!reset.is_empty()).then(|| format!("RESET ({})", reset.join(", ")));
    set.into_iter().chain(reset).collect()
}
